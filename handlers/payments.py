"""Non-standard payments: drafted when redress enters a plan, approved, instructed, paid. Amounts in pence.

What is kept of one is in `handlers.payment_records`; how its instruction leaves, in `handlers.payments_delivery`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from engine.clock import LONDON
from engine.context import Deferred, StepContext
from engine.models import Payment, Person
from handlers.payment_records import (
    change,
    find,
    find_to_change,
    known_of,
    note_on,
    open_draft,
    refuse_if_it_left,
    request_number,
    withdraw,
    work_on,
)

INSTRUCTION = "redress-payment-instruction/1"
_LEFT = ("Instructed", "Paid")


def draft_payment(
    context: StepContext,
    *,
    amount: int,
    reason: str | None = "",
    payment: str | None = None,
    status: str = "Draft",
) -> Mapping[str, object]:
    """Draft a payment on the service request; one drafted earlier (`payment`) is brought up to what is now asked for.

    With status ``Withdrawn`` an earlier draft is withdrawn, and none is made. What was instructed or paid stays: more
    than that is a payment of its own.
    Returns the numbers of the payment and of its own service request (`payment_request`).
    Raises: ValueError without a service request, or for an amount that is not a whole number of pence.
    """
    amount = _pence(amount)
    earlier = find_to_change(context, payment) if payment else None
    if earlier is not None and (earlier.status in _LEFT or earlier.instructed_at is not None):
        earlier = None
    if status == "Withdrawn" or amount == 0:
        if earlier is not None:
            withdraw(context, earlier, "the plan no longer asks for it")
        return {"payment": None, "payment_request": None}
    if earlier is not None:
        change(
            context, earlier.payment_id, status="Draft", requested_amount=amount, approved_amount=None, reason=reason
        )
        known = {"requested_amount": amount, "approved_amount": None, "approved_by": None, "approved_on": None}
        return {"payment": earlier.number, "payment_request": work_on(context, earlier, "Open", "Draft", known)}
    return open_draft(context, amount, reason or "")


def read_payment(context: StepContext, *, payment: str | None) -> Mapping[str, object]:
    """Return what is known of a payment, and `approved_besides`: what else was approved on this request, in pence.

    Of a payment that is: payment_request (the number of its own service request), payment_status, requested_amount,
    approved_amount, approved_by (a name), approved_on, payment_approver (the person who approved it, or recorded the
    approval of somebody outside), and payment_instruction ({number, reference, instructed_at, instructed_on}, or null
    while none has left).
    Raises: ValueError when the payment is not this request's.
    """
    besides = {"approved_besides": _approved_besides(context, payment)}
    if not payment:
        return {**besides, "payment_request": None}
    row = find(context, payment)
    known = known_of(context.connection, row)
    return {
        **besides,
        "payment_request": request_number(context.connection, row),
        "payment_status": row.status,
        "requested_amount": row.requested_amount,
        "approved_amount": row.approved_amount,
        "approved_by": _said(context.connection, known.get("approved_by")),
        "approved_on": known.get("approved_on"),
        "payment_approver": known.get("approval_recorded_by"),
        "payment_instruction": _instruction(row),
    }


def approve_payment(
    context: StepContext,
    *,
    payment: str | None,
    amount: int | None,
    status: str = "Approved",
    approved_by: int | str | None = None,
) -> Mapping[str, object]:
    """Approve a payment with the approved amount, or withdraw it when nothing was approved.

    `approved_by` names a manager outside the system; without it the person who acted approved.
    Raises: ValueError when the payment is not this request's, was instructed already, or more is approved than asked.
    """
    if not payment:
        return {}
    row = find_to_change(context, payment)
    refuse_if_it_left(row)
    approved = _pence(amount)
    if status != "Approved" or approved == 0:
        change(context, row.payment_id, approved_amount=None)
        withdraw(context, row, "nothing was approved")
        return {"payment": payment, "approved_amount": approved}
    if approved > row.requested_amount:
        raise ValueError(
            f"More was approved for {payment} than was asked for. A new version of the plan asks for more."
        )
    change(context, row.payment_id, status="Approved", approved_amount=approved)
    known = {
        "approved_amount": approved,
        "approved_by": approved_by or context.actor.person_id,
        "approved_on": _today(context),
        "approval_recorded_by": context.actor.person_id,
    }
    work_on(context, row, "In Progress", "Approved", known)
    return {"payment": payment, "approved_amount": approved}


def instruct_payment(context: StepContext, *, payment: str) -> Deferred:
    """Owe the instruction to pay the approved amount; the token waits until it was handed over.

    Raises: ValueError for a payment that was not approved, or whose instruction has left already.
    """
    row = find(context, payment)
    refuse_if_it_left(row)
    if row.status != "Approved" or not row.approved_amount:
        raise ValueError(f"{payment} has not been approved, so it cannot be instructed.")
    known = known_of(context.connection, row)
    instruction: dict[str, object] = {
        "format": INSTRUCTION,
        "number": row.number,
        "amount_pence": row.approved_amount,
        "currency": "GBP",
        "payee_reference": context.case["reference"],
        "request_number": context.request["number"],
        "payment_request_number": request_number(context.connection, row),
        "approved_by": _said(context.connection, known.get("approved_by")),
        "approved_on": _iso(known.get("approved_on")),
    }
    return context.enqueue("payment", instruction)


def update_payment(
    context: StepContext,
    *,
    payment: str | None,
    status: str,
    amount: int | None = None,
    paid_on: date | None = None,
    reference: str | None = None,
    note: str | None = None,
) -> Mapping[str, object]:
    """Move an approved payment on to Paid, keep it as it is, or withdraw it. It is paid with the approved amount only.

    Paid and Withdrawn close the payment's own service request. `paid_on` and `reference` say when it was made and under
    which reference of the payment system; a `note` goes into the Notes of the payment's own request.
    Raises: ValueError for a payment that was not approved and instructed, or was paid already, for another amount or
    another status.
    """
    if not payment:
        return {}
    row = find_to_change(context, payment)
    if row.status == "Paid":
        raise ValueError(f"{payment} has been paid already, and what was paid is never changed.")
    if status not in ("Paid", "Approved", "Instructed", "Withdrawn"):
        raise ValueError(f"{payment} cannot become {status!r}: a payment is Approved, Instructed, Paid or Withdrawn.")
    if status != "Withdrawn" and (row.status not in ("Approved", "Instructed") or row.approved_amount is None):
        raise ValueError(f"{payment} has not been approved, so it cannot be {status.lower()}.")
    if status == "Paid" and row.status != "Instructed":
        raise ValueError(f"{payment} has not been instructed, so it cannot be paid.")
    if status == "Paid" and amount is not None and _pence(amount) != row.approved_amount:
        raise ValueError(f"{payment} was approved for another amount than the one to be paid.")
    if status == "Withdrawn":
        withdraw(context, row, note or "it is not to be made")
    elif status == "Paid":
        change(context, row.payment_id, status="Paid")
        known = {"paid_on": paid_on or _today(context), "payment_reference": reference}
        work_on(context, row, "Closed", "Complete", known)
    elif note:
        note_on(context, row, note)
    return {"payment": payment, "approved_amount": row.approved_amount}


def _approved_besides(context: StepContext, payment: str | None) -> int:
    """Return what was approved for the request's other payments, whether paid yet or not."""
    found = context.connection.execute(
        select(func.coalesce(func.sum(Payment.approved_amount), 0)).where(
            Payment.request_id == context.request_id,
            Payment.status.in_(("Approved", *_LEFT)),
            Payment.number != (payment or ""),
        )
    )
    return int(found.scalar_one() or 0)


def _instruction(row: Any) -> dict[str, object] | None:
    if row.instructed_at is None:
        return None
    instructed_on = row.instructed_at.astimezone(LONDON).date()
    return {
        "number": row.number,
        "reference": row.instruction_ref,
        "instructed_at": row.instructed_at,
        "instructed_on": instructed_on,
    }


def _said(connection: Connection, who: object) -> str | None:
    """Return the name of a person, or the name of somebody outside as it was recorded."""
    if who is None or isinstance(who, str):
        return who
    return connection.execute(select(Person.name).where(Person.person_id == who)).scalar_one_or_none()


def _today(context: StepContext) -> date:
    return context.now.astimezone(LONDON).date()


def _iso(day: object) -> str | None:
    return day.isoformat() if isinstance(day, date) else None


def _pence(amount: object) -> int:
    if isinstance(amount, bool) or not isinstance(amount, int) or amount < 0:
        raise ValueError(f"An amount must be a whole number of pence, not {amount!r}.")
    return amount
