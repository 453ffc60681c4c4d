"""The delivery of payment instructions: one file for each payment, from which the payment system takes it.

A file ``payments/PAY-000001.json`` in the spool folder, in this shape, and nothing else:

    {"format": "redress-payment-instruction/1",
     "number": "PAY-000001",                     the payment's number: the key by which a copy is refused
     "amount_pence": 4000, "currency": "GBP",    the approved amount
     "payee_reference": "CM-0000001",            the case's reference; the payment system knows the bank account
     "request_number": "SR-000002",              the request whose plan asks for the payment
     "payment_request_number": "SR-000003",      the payment's own request
     "approved_by": "Rowan Sample", "approved_on": "2026-11-22"}

It appears whole or not at all, and it is never overwritten. Where the settings name a provider, it goes there instead.

Before it leaves, the payment is marked with its name, and committed. From there until it is marked as Instructed it may
have left: nobody withdraws it or approves it anew meanwhile, even if the program dies in between.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from engine import outbox
from engine.clock import LONDON
from engine.failpoints import failpoint
from engine.models import Payment, ServiceRequest
from engine.outbox import Owed
from engine.world import World
from handlers.delivery import hand_over, handed_over


class InstructionRefused(Exception):
    """The instruction was not sent, because the payment is not what was approved any more."""


def deliver_payment(world: World, owed: Owed) -> Mapping[str, Any]:
    """Hand over a payment instruction, and mark the payment as Instructed.

    Returns payment_instruction: {number, reference, instructed_at, instructed_on}.
    Raises: InstructionRefused when the payment was withdrawn or approved anew meanwhile, or another instruction with
    its number has left; OSError when the disk refuses.
    """
    instruction = dict(owed.payload)
    name, content = f"{instruction['number']}.json", _written(instruction)
    if handed_over(world, "payments", name) not in (None, content):
        raise InstructionRefused(f"Another instruction for {instruction['number']} has left already. Compare {name}.")
    with world.db.write() as connection:
        outbox.hold(connection, owed)
        row = _payment(connection, instruction)
        if row.instruction_ref is None:
            connection.execute(update(Payment).where(Payment.payment_id == row.payment_id).values(instruction_ref=name))
    failpoint("payment_marked")
    hand_over(world, "payments", name, content)
    with world.db.write() as connection:
        outbox.hold(connection, owed)
        row = _payment(connection, instruction)
        instructed_at = row.instructed_at or world.clock.now()
        if row.status == "Approved":
            _mark(connection, row, instructed_at)
    return {
        "payment_instruction": {
            "number": row.number,
            "reference": name,
            "instructed_at": instructed_at,
            "instructed_on": instructed_at.astimezone(LONDON).date(),
        }
    }


def _payment(connection: Connection, instruction: Mapping[str, Any]) -> Any:
    row = connection.execute(select(Payment.__table__).where(Payment.number == instruction["number"])).one()
    if row.status not in ("Approved", "Instructed", "Paid"):
        raise InstructionRefused(f"{row.number} is {row.status}. Nothing was instructed.")
    if row.approved_amount != instruction["amount_pence"]:
        raise InstructionRefused(f"{row.number} was approved for another amount meanwhile. Nothing was instructed.")
    return row


def _written(instruction: Mapping[str, Any]) -> bytes:
    return (json.dumps(instruction, indent=2, ensure_ascii=False) + "\n").encode()


def _mark(connection: Connection, row: Any, instructed_at: datetime) -> None:
    connection.execute(
        update(Payment)
        .where(Payment.payment_id == row.payment_id)
        .values(status="Instructed", instructed_at=instructed_at, updated_at=instructed_at)
    )
    connection.execute(
        update(ServiceRequest)
        .where(ServiceRequest.request_id == row.payment_request_id)
        .values(sub_status="Instructed")
    )
