"""What is kept of a payment: its row, and the service request of its own in which it is worked on.

Each payment is worked on in a service request of the kind "Payment - Non Standard", which is a child of the request
whose plan asks for it: it opens with the draft, holds the approval form, and closes when the payment was made or
withdrawn. So the main request cannot close before. When each may happen is `handlers.payments`' to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from engine.cases import add_note, link_requests, open_request
from engine.context import StepContext
from engine.models import Payment, ServiceRequest
from engine.values import dumps, loads
from handlers.requests import SERIES as REQUEST_SERIES

SERIES = "payment"
KIND = "Payment - Non Standard"


def open_draft(context: StepContext, amount: int, reason: str) -> Mapping[str, object]:
    """Make a payment with its own service request, a child of the instance's."""
    if context.request_id is None or context.case_id is None:
        raise ValueError("A payment needs a service request.")
    # A counter is held until the commit: whoever takes both takes them in this order.
    own_number = f"SR-{context.next_number(REQUEST_SERIES):06d}"
    number = f"PAY-{context.next_number(SERIES):06d}"
    request_id = open_request(
        context.connection,
        context.world,
        case_id=context.case_id,
        number=own_number,
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
    return {"payment": number, "payment_request": own_number}


def find(context: StepContext, number: str) -> Any:
    """Return a payment of the instance's own request. Raises: ValueError when it is not one of them."""
    row = context.connection.execute(
        select(Payment.__table__).where(Payment.number == number, Payment.request_id == context.request_id)
    ).one_or_none()
    if row is None:
        raise ValueError(f"{number} is not a payment of this request.")
    return row


def find_to_change(context: StepContext, number: str) -> Any:
    """Return a payment, unless its instruction is on its way: whether it has left is then not known yet."""
    row = find(context, number)
    if row.instruction_ref is not None and row.instructed_at is None:
        raise ValueError(f"The instruction to pay {number} is just leaving. Try again when it was handed over.")
    return row


def refuse_if_it_left(row: Any) -> None:
    """Refuse what can no longer be done to a payment that was instructed or paid. Raises: ValueError."""
    if row.status == "Paid":
        raise ValueError(f"{row.number} has been paid already.")
    if row.status == "Instructed":
        raise ValueError(f"The instruction to pay {row.number} has left already.")


def known_of(connection: Connection, row: Any) -> dict[str, Any]:
    """Return what the payment's own service request knows: approved_by, approved_on ..."""
    found = connection.execute(
        select(ServiceRequest.facts).where(ServiceRequest.request_id == row.payment_request_id)
    ).scalar_one_or_none()
    facts: dict[str, Any] = loads(found) if found else {}
    return facts


def request_number(connection: Connection, row: Any) -> str | None:
    """Return the number of the payment's own service request."""
    return connection.execute(
        select(ServiceRequest.number).where(ServiceRequest.request_id == row.payment_request_id)
    ).scalar_one_or_none()


def work_on(context: StepContext, row: Any, status: str, sub_status: str, known: Mapping[str, object]) -> str | None:
    """Bring the payment's own service request up to date; return its number. Payments of earlier releases have none."""
    if row.payment_request_id is None:
        return None
    facts = known_of(context.connection, row)
    values = {
        "status": status,
        "sub_status": sub_status,
        "closed_at": context.now if status == "Closed" else None,
        "facts": dumps({**facts, **known}),
    }
    context.connection.execute(
        update(ServiceRequest).where(ServiceRequest.request_id == row.payment_request_id).values(values)
    )
    return request_number(context.connection, row)


def withdraw(context: StepContext, row: Any, why: str) -> None:
    """Withdraw a payment, and close its own request as withdrawn; what was approved stays on record there."""
    if row.status == "Withdrawn":
        return
    change(context, row.payment_id, status="Withdrawn")
    note_on(context, row, f"{row.number} was withdrawn: {why}")
    work_on(context, row, "Closed", "Withdrawn", {})


def note_on(context: StepContext, row: Any, text: str) -> None:
    """Write into the Notes of the payment's own request."""
    if context.case_id is not None:
        add_note(
            context.connection,
            context.world,
            case_id=context.case_id,
            request_id=row.payment_request_id or context.request_id,
            text=text,
            author_id=context.actor.person_id,
        )


def change(context: StepContext, payment_id: int, **columns: object) -> None:
    """Change columns of a payment."""
    connection = context.connection
    columns["updated_at"] = context.now
    connection.execute(update(Payment).where(Payment.payment_id == payment_id).values(**columns))
