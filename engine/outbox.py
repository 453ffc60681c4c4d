"""The outbox: effects that are owed, written in the step's own transaction, delivered after it, once by their key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select, update

from engine.models import Outbox
from engine.values import dumps, loads

LEASE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Owed:
    """One effect to deliver: `key` is what its receiver uses to refuse a second copy."""

    outbox_id: int
    key: str
    kind: str
    payload: Mapping[str, Any]
    instance_id: int | None
    token: str | None
    element_id: str | None
    attempts: int


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
    connection.execute(
        insert(Outbox).values(
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
    )


def claim(connection: Connection, *, now: datetime, limit: int = 20) -> list[Owed]:
    """Take effects that are due, and those whose holder vanished, for delivery within the lease."""
    rows = connection.execute(
        select(Outbox.__table__).where(_due(now)).order_by(Outbox.available_at).limit(limit)
    ).all()
    claimed = []
    for row in rows:
        connection.execute(
            update(Outbox)
            .where(Outbox.outbox_id == row.outbox_id)
            .values(state="busy", lease_until=now + LEASE, attempts=row.attempts + 1)
        )
        claimed.append(
            Owed(
                outbox_id=row.outbox_id,
                key=row.key,
                kind=row.kind,
                payload=loads(row.payload),
                instance_id=row.instance_id,
                token=row.token,
                element_id=row.element_id,
                attempts=row.attempts + 1,
            )
        )
    return claimed


def is_due(connection: Connection, *, now: datetime) -> bool:
    """Tell whether there is anything to claim."""
    return connection.execute(select(Outbox.outbox_id).where(_due(now)).limit(1)).first() is not None


def _due(now: datetime) -> ColumnElement[bool]:
    return or_(
        and_(Outbox.state == "new", Outbox.available_at <= now),
        and_(Outbox.state == "busy", Outbox.lease_until <= now),
    )


def mark_sent(connection: Connection, owed: Owed, result: Mapping[str, object], *, now: datetime) -> bool:
    """Record a delivery. Returns False when another worker recorded it first."""
    done = connection.execute(
        update(Outbox)
        .where(Outbox.outbox_id == owed.outbox_id, Outbox.state == "busy")
        .values(state="sent", sent_at=now, result=dumps(result), last_error=None, lease_until=None)
    )
    return done.rowcount == 1


def mark_for_retry(connection: Connection, owed: Owed, error: str, *, at: datetime) -> None:
    """Put a failed delivery back, to be tried again at an instant."""
    connection.execute(
        update(Outbox)
        .where(Outbox.outbox_id == owed.outbox_id, Outbox.state == "busy")
        .values(state="new", available_at=at, last_error=error, lease_until=None)
    )


def mark_failed(connection: Connection, owed: Owed, error: str) -> bool:
    """Give a delivery up until a person asks for it again. Returns False when another worker recorded it meanwhile."""
    done = connection.execute(
        update(Outbox)
        .where(Outbox.outbox_id == owed.outbox_id, Outbox.state == "busy")
        .values(state="failed", last_error=error, lease_until=None)
    )
    return done.rowcount == 1


def reopen(connection: Connection, outbox_id: int, *, now: datetime) -> None:
    """Owe a given-up delivery again."""
    connection.execute(
        update(Outbox)
        .where(Outbox.outbox_id == outbox_id, Outbox.state == "failed")
        .values(state="new", available_at=now, attempts=0)
    )
