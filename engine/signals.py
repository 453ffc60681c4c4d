"""Signals: one that an instance throws is owed to each instance that waits for it then, and to what it starts.

Each hears it in a step of its own, once. Inside the instance that threw it, it was heard in the same step.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from engine.event_starts import owe_start, rows
from engine.models import EventStart, Wait
from engine.outbox import owe


def broadcast(
    connection: Connection, name: str, values: Mapping[str, object], *, key: str, sender: int | None, now: datetime
) -> None:
    """Owe a signal, with what it carries, to everyone who waits for it now. `key` tells it from every other."""
    waiting = select(Wait.instance_id).where(Wait.kind == "signal", Wait.name == name)
    if sender is not None:
        waiting = waiting.where(Wait.instance_id != sender)
    for row in connection.execute(waiting.distinct().order_by(Wait.instance_id)).all():
        owe(
            connection,
            key=f"{key}-to-{row.instance_id}",
            kind="signal",
            payload={"name": name, "values": dict(values)},
            now=now,
            instance_id=row.instance_id,
        )
    for row in connection.execute(rows().where(EventStart.kind == "signal", EventStart.name == name)).all():
        owe_start(connection, row, values, key=f"{key}-start-{row.key}", sender=sender, now=now)
