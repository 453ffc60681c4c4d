"""The delivery of payment instructions: one file for each payment, from which the payment system takes it.

A file ``payments/PAY-000001.json`` in the spool folder, in this shape, and nothing else:

    {"format": "redress-payment-instruction/1",
     "number": "PAY-000001",                     the payment's number: the key by which a copy is refused
     "amount_pence": 4000, "currency": "GBP",    the approved amount
     "payee_reference": "CM-0000001",            the case's reference; the payment system knows the bank account
     "request_number": "SR-000002",              the request whose plan asks for the payment
     "payment_request_number": "SR-000003",      the payment's own request
     "approved_by": "Rowan Sample", "approved_on": "2026-11-22"}

It appears whole or not at all, and it is never overwritten.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select, update

from engine.clock import LONDON
from engine.failpoints import failpoint
from engine.holds import hold_instance
from engine.models import Payment, ServiceRequest
from engine.outbox import Owed
from engine.world import World
from handlers.delivery import put_once


class InstructionRefused(Exception):
    """The instruction was not sent, because the payment is not what was approved any more."""


def spool_payment(world: World, owed: Owed) -> Mapping[str, Any]:
    """Hand over a payment instruction, and mark the payment as Instructed.

    The payment is looked at, instructed and marked under one lock, so that none is instructed that is being withdrawn.
    Returns payment_instruction: {number, reference, instructed_at, instructed_on}.
    Raises: InstructionRefused when the payment was withdrawn or approved anew meanwhile, or another instruction with
    its number has left; OSError when the disk refuses.
    """
    instruction = dict(owed.payload)
    with world.db.write() as connection:
        if owed.instance_id is not None:
            hold_instance(connection, owed.instance_id)
        row = _payment(connection, instruction)
        path = put_once(world.settings.spool_dir / "payments", f"{row.number}.json", _written(instruction))
        if path.read_bytes() != _written(instruction):
            raise InstructionRefused(
                f"Another instruction for {row.number} has left already. Compare {path.name} in the spool folder."
            )
        failpoint("payment_spooled")
        instructed_at = row.instructed_at or world.clock.now()
        if row.status == "Approved":
            _mark(connection, row, path.name, instructed_at)
    return {
        "payment_instruction": {
            "number": row.number,
            "reference": path.name,
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


def _mark(connection: Connection, row: Any, reference: str, instructed_at: Any) -> None:
    connection.execute(
        update(Payment)
        .where(Payment.payment_id == row.payment_id)
        .values(status="Instructed", instructed_at=instructed_at, instruction_ref=reference, updated_at=instructed_at)
    )
    connection.execute(
        update(ServiceRequest)
        .where(ServiceRequest.request_id == row.payment_request_id)
        .values(sub_status="Instructed")
    )
