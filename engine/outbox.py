"""The outbox: effects that are owed, written in the step's own transaction, delivered after it, once by their key.

Whoever delivers one claims it first, under a name of its own and for the time of a lease. Only the name that holds it
may record what became of it: a worker that slept through its lease changes nothing when it wakes.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Update, and_, insert, or_, select, update

from engine import queue
from engine.holds import hold_instance
from engine.instance_row import is_halted
from engine.models import Outbox
from engine.values import dumps, loads

LEASE = timedelta(minutes=2)
BACK_OFF = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=5), timedelta(minutes=30))


@dataclass(frozen=True, slots=True)
class Owed:
    """One effect to deliver: `key` is what its receiver uses to refuse a second copy; `owner` is who claimed it."""

    outbox_id: int
    key: str
    kind: str
    payload: Mapping[str, Any]
    instance_id: int | None
    token: str | None
    element_id: str | None
    attempts: int
    owner: str = ""
    owed_at: datetime | None = None


def described(kind: str, payload: Mapping[str, Any], letters: Mapping[int, str]) -> str:
    """Return in words what is owed. `letters` are what documents are called, by their numbers."""
    if kind == "letter":
        name = letters.get(int(payload["document_id"]), "A letter")
        return f"A second copy of {name}" if payload.get("second_copy") else name
    if kind == "email":
        return f"The email “{payload['subject']}”"
    return f"The instruction to pay {payload['number']}" if kind == "payment" else "A message to another system"


def hold(connection: Connection, owed: Owed) -> None:
    """Hold the case that owes an effect, if one does, before what became of it is written."""
    if owed.instance_id is not None:
        hold_instance(connection, owed.instance_id)


def owe(
    connection: Connection,
    *,
    key: str,
    kind: str,
    payload: Mapping[str, object],
    now: datetime,
    instance_id: int | None,
    token: str | None = None,
    element_id: str | None = None,
) -> None:
    """Write a row of the outbox. The key is what makes delivery happen once."""
    outbox_id = connection.execute(
        insert(Outbox)
        .values(
            key=key,
            kind=kind,
            payload=dumps(payload),
            instance_id=instance_id,
            token=token,
            element_id=element_id,
            state="new",
            attempts=0,
            available_at=now,
            created_at=now,
        )
        .returning(Outbox.outbox_id)
    ).scalar_one()
    queue.note(connection, "deliver", outbox_id)


def claim(connection: Connection, *, now: datetime, outbox_id: int | None = None) -> Owed | None:
    """Take the effect that is due longest, or the one that is named if it is due; None when there is none to take.

    It is this holder's for the time of the lease. One that another worker is just taking is passed over.
    """
    due = select(Outbox.outbox_id).where(_due(now)).order_by(Outbox.available_at, Outbox.outbox_id).limit(1)
    if outbox_id is not None:
        due = due.where(Outbox.outbox_id == outbox_id)
    found = connection.execute(due.with_for_update(skip_locked=True)).scalar_one_or_none()
    if found is None:
        return None
    row = connection.execute(
        update(Outbox)
        .where(Outbox.outbox_id == found)
        .values(state="busy", owner=_new_owner(), lease_until=now + LEASE, attempts=Outbox.attempts + 1)
        .returning(Outbox.__table__)
    ).one()
    return Owed(
        outbox_id=row.outbox_id,
        key=row.key,
        kind=row.kind,
        payload=loads(row.payload),
        instance_id=row.instance_id,
        token=row.token,
        element_id=row.element_id,
        attempts=row.attempts,
        owner=row.owner,
        owed_at=row.created_at,
    )


def due_ids(connection: Connection, *, now: datetime, limit: int) -> list[int]:
    """Return what there is to claim, the longest due first."""
    due = select(Outbox.outbox_id).where(_due(now)).order_by(Outbox.available_at, Outbox.outbox_id).limit(limit)
    return list(connection.execute(due).scalars())


def is_due(connection: Connection, *, now: datetime) -> bool:
    """Tell whether there is anything to claim."""
    return connection.execute(select(Outbox.outbox_id).where(_due(now)).limit(1)).first() is not None


def _due(now: datetime) -> ColumnElement[bool]:
    """Return the condition that an effect may be claimed.

    What lies further ahead than anybody puts it was written while the clock was wrong, and does not wait for that hour.
    """
    overdue = or_(
        and_(Outbox.state == "new", Outbox.available_at <= now),
        and_(Outbox.state == "busy", Outbox.lease_until <= now),
        and_(Outbox.state == "new", Outbox.available_at > now + BACK_OFF[-1]),
        and_(Outbox.state == "busy", Outbox.lease_until > now + LEASE),
    )
    return and_(overdue, ~is_halted(Outbox.instance_id))


def _new_owner() -> str:
    """Return a name for one claim: never the same twice, so that an earlier claim is never taken for a later one."""
    return f"{socket.gethostname()[:60]}/{os.getpid()}/{secrets.token_hex(8)}"


def mark_sent(connection: Connection, owed: Owed, result: Mapping[str, object], *, now: datetime) -> bool:
    """Record a delivery. Returns False when it is no longer this holder's to record."""
    done = connection.execute(
        _held(owed).values(state="sent", sent_at=now, result=dumps(result), last_error=None, lease_until=None)
    )
    return done.rowcount == 1


def mark_for_retry(connection: Connection, owed: Owed, error: str, *, at: datetime) -> None:
    """Put a failed delivery back, to be tried again at an instant; changes nothing when another holds it."""
    connection.execute(_held(owed).values(state="new", available_at=at, last_error=error, lease_until=None))


def mark_failed(connection: Connection, owed: Owed, error: str) -> bool:
    """Give a delivery up until a person asks for it again. Returns False when another holds it."""
    done = connection.execute(_held(owed).values(state="failed", last_error=error, lease_until=None))
    return done.rowcount == 1


def _held(owed: Owed) -> Update:
    return update(Outbox).where(Outbox.outbox_id == owed.outbox_id, Outbox.state == "busy", Outbox.owner == owed.owner)


def reopen(connection: Connection, outbox_id: int, *, now: datetime) -> bool:
    """Owe a delivery that was given up again, or one that pauses at once; return whether that changed anything."""
    pauses = and_(Outbox.state == "new", Outbox.available_at > now)
    changed = connection.execute(
        update(Outbox)
        .where(Outbox.outbox_id == outbox_id, or_(Outbox.state == "failed", pauses))
        .values(state="new", available_at=now, attempts=0)
    )
    return bool(changed.rowcount)
