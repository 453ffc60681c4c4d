"""Non-standard payments: drafted when redress enters a plan, approved, instructed, paid. Amounts in pence.

Each payment is worked on in a service request of its own, of the kind "Payment - Non Standard", which is a child of the
request whose plan asks for it: it opens with the draft, holds the approval form, and closes when the payment was made
or withdrawn. So the main request cannot close before.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from engine.cases import add_note, link_requests, open_request
from engine.clock import LONDON
from engine.context import Deferred, StepContext
from engine.models import Payment, Person, ServiceRequest
from engine.values import dumps, loads
from handlers.requests import SERIES as REQUEST_SERIES

SERIES = "payment"
KIND = "Payment - Non Standard"
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
    earlier = _find_to_change(context, payment) if payment else None
    if earlier is not None and (earlier.status in _LEFT or earlier.instructed_at is not None):
        earlier = None
    if status == "Withdrawn" or amount == 0:
        if earlier is not None:
            _withdraw(context, earlier, "the plan no longer asks for it")
        return {"payment": None, "payment_request": None}
    if earlier is not None:
        _update(
            context, earlier.payment_id, status="Draft", requested_amount=amount, approved_amount=None, reason=reason
        )
        known = {"requested_amount": amount, "approved_amount": None, "approved_by": None, "approved_on": None}
        return {"payment": earlier.number, "payment_request": _work_on(context, earlier, "Open", "Draft", known)}
    return _draft(context, amount, reason or "")


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
    row = _find(context, payment)
    known = _known(context.connection, row)
    return {
        **besides,
        "payment_request": _request_number(context.connection, row),
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
    row = _find_to_change(context, payment)
    _refuse_if_it_left(row)
    approved = _pence(amount)
    if status != "Approved" or approved == 0:
        _update(context, row.payment_id, approved_amount=None)
        _withdraw(context, row, "nothing was approved")
        return {"payment": payment, "approved_amount": approved}
    if approved > row.requested_amount:
        raise ValueError(
            f"More was approved for {payment} than was asked for. A new version of the plan asks for more."
        )
    _update(context, row.payment_id, status="Approved", approved_amount=approved)
    known = {
        "approved_amount": approved,
        "approved_by": approved_by or context.actor.person_id,
        "approved_on": _today(context),
        "approval_recorded_by": context.actor.person_id,
    }
    _work_on(context, row, "In Progress", "Approved", known)
    return {"payment": payment, "approved_amount": approved}


def instruct_payment(context: StepContext, *, payment: str) -> Deferred:
    """Owe the instruction to pay the approved amount; the token waits until it was handed over.

    Raises: ValueError for a payment that was not approved, or whose instruction has left already.
    """
    row = _find(context, payment)
    _refuse_if_it_left(row)
    if row.status != "Approved" or not row.approved_amount:
        raise ValueError(f"{payment} has not been approved, so it cannot be instructed.")
    known = _known(context.connection, row)
    instruction: dict[str, object] = {
        "format": INSTRUCTION,
        "number": row.number,
        "amount_pence": row.approved_amount,
        "currency": "GBP",
        "payee_reference": context.case["reference"],
        "request_number": context.request["number"],
        "payment_request_number": _request_number(context.connection, row),
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
    row = _find_to_change(context, payment)
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
        _withdraw(context, row, note or "it is not to be made")
    elif status == "Paid":
        _update(context, row.payment_id, status="Paid")
        known = {"paid_on": paid_on or _today(context), "payment_reference": reference}
        _work_on(context, row, "Closed", "Complete", known)
    elif note:
        _note(context, row, note)
    return {"payment": payment, "approved_amount": row.approved_amount}


def _draft(context: StepContext, amount: int, reason: str) -> Mapping[str, object]:
    """Make a payment with its own service request, a child of the instance's."""
    if context.request_id is None or context.case_id is None:
        raise ValueError("A payment needs a service request.")
    # A counter is held until the commit: whoever takes both takes them in this order.
    request_number = f"SR-{context.next_number(REQUEST_SERIES):06d}"
    number = f"PAY-{context.next_number(SERIES):06d}"
    request_id = open_request(
        context.connection,
        context.world,
        case_id=context.case_id,
        number=request_number,
        fields={
            "kind": KIND,
            "status": "Open",
            "sub_status": "Draft",
            "caseworker": context.request.get("caseworker"),
            "owner_group": context.request.get("owner_group"),
            "payment": number,
            "requested_amount": amount,
        },
    )
    link_requests(context.connection, context.request_id, request_id, "child")
    context.connection.execute(
        insert(Payment).values(
            request_id=context.request_id,
            payment_request_id=request_id,
            number=number,
            status="Draft",
            requested_amount=amount,
            reason=reason,
            updated_at=context.now,
        )
    )
    return {"payment": number, "payment_request": request_number}


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


def _withdraw(context: StepContext, row: Any, why: str) -> None:
    """Withdraw a payment, and close its own request as withdrawn; what was approved stays on record there."""
    if row.status == "Withdrawn":
        return
    _update(context, row.payment_id, status="Withdrawn")
    _note(context, row, f"{row.number} was withdrawn: {why}")
    _work_on(context, row, "Closed", "Withdrawn", {})


def _work_on(context: StepContext, row: Any, status: str, sub_status: str, known: Mapping[str, object]) -> str | None:
    """Bring the payment's own service request up to date; return its number. Payments of earlier releases have none."""
    if row.payment_request_id is None:
        return None
    facts = _known(context.connection, row)
    values = {
        "status": status,
        "sub_status": sub_status,
        "closed_at": context.now if status == "Closed" else None,
        "facts": dumps({**facts, **known}),
    }
    context.connection.execute(
        update(ServiceRequest).where(ServiceRequest.request_id == row.payment_request_id).values(values)
    )
    return _request_number(context.connection, row)


def _note(context: StepContext, row: Any, text: str) -> None:
    if context.case_id is not None:
        add_note(
            context.connection,
            context.world,
            case_id=context.case_id,
            request_id=row.payment_request_id or context.request_id,
            text=text,
            author_id=context.actor.person_id,
        )


def _known(connection: Connection, row: Any) -> dict[str, Any]:
    """Return what the payment's own service request knows: approved_by, approved_on ..."""
    found = connection.execute(
        select(ServiceRequest.facts).where(ServiceRequest.request_id == row.payment_request_id)
    ).scalar_one_or_none()
    facts: dict[str, Any] = loads(found) if found else {}
    return facts


def _request_number(connection: Connection, row: Any) -> str | None:
    return connection.execute(
        select(ServiceRequest.number).where(ServiceRequest.request_id == row.payment_request_id)
    ).scalar_one_or_none()


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


def _find(context: StepContext, number: str) -> Any:
    row = context.connection.execute(
        select(Payment.__table__).where(Payment.number == number, Payment.request_id == context.request_id)
    ).one_or_none()
    if row is None:
        raise ValueError(f"{number} is not a payment of this request.")
    return row


def _find_to_change(context: StepContext, number: str) -> Any:
    """Return a payment, unless its instruction is on its way: whether it has left is then not known yet."""
    row = _find(context, number)
    if row.instruction_ref is not None and row.instructed_at is None:
        raise ValueError(f"The instruction to pay {number} is just leaving. Try again when it was handed over.")
    return row


def _refuse_if_it_left(row: Any) -> None:
    if row.status == "Paid":
        raise ValueError(f"{row.number} has been paid already.")
    if row.status == "Instructed":
        raise ValueError(f"The instruction to pay {row.number} has left already.")


def _update(context: StepContext, payment_id: int, **columns: object) -> None:
    connection = context.connection
    columns["updated_at"] = context.now
    connection.execute(update(Payment).where(Payment.payment_id == payment_id).values(**columns))


def _today(context: StepContext) -> date:
    return context.now.astimezone(LONDON).date()


def _iso(day: object) -> str | None:
    return day.isoformat() if isinstance(day, date) else None


def _pence(amount: object) -> int:
    if isinstance(amount, bool) or not isinstance(amount, int) or amount < 0:
        raise ValueError(f"An amount must be a whole number of pence, not {amount!r}.")
    return amount
