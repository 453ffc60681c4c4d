"""A second copy of a letter that was lost: the very same PDF, dispatched again on purpose, with a reason.

It is a delivery of its own, marked as a second copy, and changes nothing else: the letter keeps the date on which it
was first dispatched, and no reply clock starts again. Refuses what has not left yet and what a supplier made.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, select

from engine import history
from engine.errors import Conflict, NotAllowed, NotFound, ValuesRefused
from engine.history import Event
from engine.holds import hold_instance
from engine.models import Document, History, Outbox, ServiceRequest, Submission, UserTask
from engine.outbox import owe
from engine.people import Somebody
from engine.values import loads
from engine.world import World

RESENT = "resent"
MAX_REASON = 500
_LETTERS = ("letter", "copy")


@dataclass(frozen=True, slots=True)
class SecondCopy:
    """A second copy that was asked for: by whom, why, and when it left, under which reference."""

    actor: str
    asked_at: datetime
    reason: str
    dispatched_at: datetime | None
    reference: str


def resend(world: World, document_id: int, reason: str, *, press: str, actor: Somebody) -> bool:
    """Owe a second copy of a letter; False when this very press has owed it already, as by a double click.

    `press` is what is the same when the same form comes in twice.
    Raises: NotFound; NotAllowed for others than the holder and a leader; Conflict; ValuesRefused by `reason`.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise ValuesRefused({"reason": "Enter why the letter is sent again"})
    if len(reason) > MAX_REASON:
        raise ValuesRefused({"reason": f"The reason must be {MAX_REASON} characters or fewer"})
    with world.db.write() as connection:
        letter = letter_of(connection, document_id)
        hold_instance(connection, letter.instance_id)
        if not may_resend(world, connection, letter, actor):
            raise NotAllowed("Who holds the case, or a team leader, sends a letter again.")
        first = first_delivery(connection, letter)
        refused = why_not(letter, first)
        if refused or first is None:
            raise Conflict(refused)
        key = f"{first.key}-second-copy-{hashlib.sha256(press.encode()).hexdigest()[:12]}"
        if connection.execute(select(Outbox.outbox_id).where(Outbox.key == key)).first() is not None:
            return False
        now = world.clock.now()
        owe(
            connection,
            key=key,
            kind="letter",
            payload={**loads(first.payload), "second_copy": True},
            now=now,
            instance_id=letter.instance_id,
            element_id=first.element_id,
        )
        event = Event(
            RESENT,
            first.element_id or "",
            str(letter.template_id),
            data={"document": document_id, "key": key},
            values={"reason": reason},
        )
        history.tell(connection, letter.instance_id, event, at=now, actor=actor.actor.key)
        return True


def may_resend(world: World, connection: Connection, letter: Any, actor: Somebody) -> bool:
    """Tell whether somebody holds the case of a letter, by its request or an open task, or leads those who worked."""
    request = connection.execute(
        select(ServiceRequest.owner_id, ServiceRequest.owner_group).where(
            ServiceRequest.request_id == letter.request_id
        )
    ).one_or_none()
    worked = connection.execute(
        select(UserTask.candidate_group, UserTask.assignee_id, UserTask.status)
        .where(UserTask.instance_id == letter.instance_id)
        .distinct()
    ).all()
    holders = {row.assignee_id for row in worked if row.status == "open"} | {request.owner_id if request else None}
    groups = {row.candidate_group for row in worked} | {request.owner_group if request else None}
    led = {world.groups[key].leads for key in actor.groups if key in world.groups} - {""}
    return actor.person_id in holders or bool(led & groups)


def why_not(letter: Any, first: Any | None) -> str:
    """Return why a letter cannot be sent again from here; empty when it can."""
    if letter.dispatched_at is None:
        return "The letter has not left yet, so it cannot be sent again. Operations see why it waits."
    if first is None:
        return "A supplier made and sent this letter. Ask the supplier for another copy, and record that in a note."
    return ""


def first_delivery(connection: Connection, letter: Any) -> Any | None:
    """Return the delivery by which a letter first left; None when it did not leave from here."""
    rows = connection.execute(
        select(
            *(Outbox.key, Outbox.payload, Outbox.element_id, Outbox.sent_at),
            *(Outbox.state, Outbox.attempts, Outbox.available_at),
        )
        .where(Outbox.instance_id == letter.instance_id, Outbox.kind == "letter")
        .order_by(Outbox.outbox_id)
    )
    sent = ((row, loads(row.payload)) for row in rows)
    return next((row for row, payload in sent if payload.get("document_id") == letter.document_id), None)


def second_copies(connection: Connection, letter: Any) -> list[SecondCopy]:
    """Return the second copies of a letter, the newest first."""
    rows = connection.execute(
        select(History.at, History.actor, History.data, Submission.values)
        .outerjoin(Submission, and_(Submission.instance_id == History.instance_id, Submission.seq == History.seq))
        .where(History.instance_id == letter.instance_id, History.kind == RESENT)
        .order_by(History.history_id.desc())
    ).all()
    told = [(row, loads(row.data)) for row in rows]
    keys = [data["key"] for _, data in told if data["document"] == letter.document_id]
    left = {
        row.key: row.sent_at
        for row in connection.execute(select(Outbox.key, Outbox.sent_at).where(Outbox.key.in_(keys)))
    }
    return [
        SecondCopy(
            row.actor,
            row.at,
            str(loads(row._mapping["values"]).get("reason", "")) if row._mapping["values"] else "",
            left.get(data["key"]),
            data["key"],
        )
        for row, data in told
        if data["document"] == letter.document_id
    ]


def letter_of(connection: Connection, document_id: int) -> Any:
    """Return a letter, or a representative's copy of one. Raises: NotFound."""
    row = connection.execute(select(Document.__table__).where(Document.document_id == document_id)).one_or_none()
    if row is None or row.kind not in _LETTERS or row.instance_id is None:
        raise NotFound("There is no such letter.")
    return row
