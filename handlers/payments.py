"""Non-standard payments: drafted when redress enters a plan, approved before they are progressed. Amounts in pence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select, update

from engine.context import StepContext
from engine.models import Payment

SERIES = "payment"


def draft_payment(
    context: StepContext,
    *,
    amount: int,
    reason: str | None = "",
    payment: str | None = None,
    status: str = "Draft",
) -> Mapping[str, object]:
    """Draft a payment on the service request; one drafted earlier (`payment`) is brought up to what is now asked for.

    With status ``Withdrawn`` an earlier draft is withdrawn, and none is made. What was paid stays: more than that is a
    payment of its own.
    Raises: ValueError without a service request, or for an amount that is not a whole number of pence.
    """
    amount = _pence(amount)
    earlier = _find(context, payment) if payment else None
    if status == "Withdrawn" or amount == 0:
        if earlier is not None and earlier.status != "Paid":
            _update(context, earlier.payment_id, status="Withdrawn")
        return {"payment": None}
    if earlier is not None and earlier.status != "Paid":
        _update(
            context, earlier.payment_id, status="Draft", requested_amount=amount, approved_amount=None, reason=reason
        )
        return {"payment": earlier.number}
    if context.request_id is None:
        raise ValueError("A payment needs a service request.")
    number = f"PAY-{context.next_number(SERIES):06d}"
    context.connection.execute(
        insert(Payment).values(
            request_id=context.request_id,
            number=number,
            status="Draft",
            requested_amount=amount,
            reason=reason or "",
            updated_at=context.now,
        )
    )
    return {"payment": number}


def approve_payment(
    context: StepContext, *, payment: str | None, amount: int | None, status: str = "Approved"
) -> Mapping[str, object]:
    """Approve a payment with the approved amount, or withdraw it when nothing was approved.

    Raises: ValueError when the payment is not this request's, or was paid already.
    """
    if not payment:
        return {}
    row = _find(context, payment)
    if row.status == "Paid":
        raise ValueError(f"{payment} has been paid already.")
    approved = _pence(amount)
    if status == "Approved" and approved > 0:
        _update(context, row.payment_id, status="Approved", approved_amount=approved)
    else:
        _update(context, row.payment_id, status="Withdrawn", approved_amount=None)
    return {"payment": payment, "approved_amount": approved}


def update_payment(
    context: StepContext, *, payment: str | None, status: str, amount: int | None = None
) -> Mapping[str, object]:
    """Move an approved payment on to Paid, keep it Approved, or withdraw it. It is paid with the approved amount only.

    Raises: ValueError for a payment that was not approved or was paid already, another amount, or another status.
    """
    if not payment:
        return {}
    row = _find(context, payment)
    if row.status == "Paid":
        raise ValueError(f"{payment} has been paid already, and what was paid is never changed.")
    if status not in ("Paid", "Approved", "Withdrawn"):
        raise ValueError(f"{payment} cannot become {status!r}: a payment is Approved, Paid or Withdrawn.")
    if status != "Withdrawn" and (row.status != "Approved" or row.approved_amount is None):
        raise ValueError(f"{payment} has not been approved, so it cannot be {status.lower()}.")
    if status == "Paid" and amount is not None and _pence(amount) != row.approved_amount:
        raise ValueError(f"{payment} was approved for another amount than the one to be paid.")
    _update(context, row.payment_id, status=status)
    return {"payment": payment, "approved_amount": row.approved_amount}


def _find(context: StepContext, number: str) -> Any:
    row = context.connection.execute(
        select(Payment.__table__).where(Payment.number == number, Payment.request_id == context.request_id)
    ).one_or_none()
    if row is None:
        raise ValueError(f"{number} is not a payment of this request.")
    return row


def _update(context: StepContext, payment_id: int, **columns: object) -> None:
    connection = context.connection
    columns["updated_at"] = context.now
    connection.execute(update(Payment).where(Payment.payment_id == payment_id).values(**columns))


def _pence(amount: object) -> int:
    if isinstance(amount, bool) or not isinstance(amount, int) or amount < 0:
        raise ValueError(f"An amount must be a whole number of pence, not {amount!r}.")
    return amount
