"""Non-standard payments: drafted when redress enters a plan, approved before they are progressed. Amounts in pence."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import insert, select, update

from engine.context import StepContext
from engine.models import Payment

SERIES = "payment"


def draft_payment(context: StepContext, *, amount: int, reason: str | None = "") -> Mapping[str, object]:
    """Draft a payment on the service request, or bring the draft up to the amount now asked for.

    Raises: ValueError when there is no service request, or the amount is not a whole number of pence above nought.
    """
    if context.request_id is None:
        raise ValueError("A payment needs a service request.")
    if not isinstance(amount, int) or isinstance(amount, bool) or amount <= 0:
        raise ValueError(f"A payment needs an amount in whole pence, not {amount!r}.")
    draft = context.connection.execute(
        select(Payment.payment_id, Payment.number).where(
            Payment.request_id == context.request_id, Payment.status == "Draft"
        )
    ).first()
    if draft is not None:
        context.connection.execute(
            update(Payment)
            .where(Payment.payment_id == draft.payment_id)
            .values(requested_amount=amount, reason=reason or "", updated_at=context.now)
        )
        return {"payment": draft.number}
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


def update_payment(
    context: StepContext, *, payment: str, status: str, amount: int | None = None
) -> Mapping[str, object]:
    """Move a payment on: Draft, Approved (with the approved amount), Paid, Withdrawn.

    Only an approved payment can be paid, and only with its approved amount.
    Raises: ValueError for anything else.
    """
    row = context.connection.execute(
        select(Payment.__table__).where(Payment.number == payment, Payment.request_id == context.request_id)
    ).one_or_none()
    if row is None:
        raise ValueError(f"{payment} is not a payment of this request.")
    if status == "Paid" and (row.status != "Approved" or row.approved_amount is None):
        raise ValueError(f"{payment} has not been approved, so it cannot be paid.")
    if status == "Paid" and row.status == "Paid":
        raise ValueError(f"{payment} has been paid already.")
    approved = row.approved_amount
    if status == "Approved":
        if not isinstance(amount, int) or isinstance(amount, bool) or amount < 0:
            raise ValueError("An approval needs the approved amount in whole pence.")
        approved = amount
    context.connection.execute(
        update(Payment)
        .where(Payment.payment_id == row.payment_id)
        .values(status=status, approved_amount=approved, updated_at=context.now)
    )
    return {"payment": payment, "approved_amount": approved}
