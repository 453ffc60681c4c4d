"""Timers: rows with a due time. One look at an index says which instances are due; no other is ever loaded."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, literal, select

from engine import event_starts
from engine.background import is_broken, move
from engine.instance_row import is_halted
from engine.models import Wait
from engine.step import nothing
from engine.world import TIMERS, World

BATCH = 200

# Written into the statement, because a partial index is chosen before parameters are known.
_IS_TIMER = Wait.kind == literal("timer", literal_execute=True)


def due_instances(connection: Connection, *, now: datetime, limit: int = BATCH) -> list[int]:
    """Return the instances with a timer that is due, the longest overdue first."""
    # Grouping would tempt the database to walk the index of instances, and so all waits.
    rows = connection.execute(
        select(Wait.instance_id)
        .where(_IS_TIMER, Wait.due_at <= now, ~is_broken(Wait.instance_id), ~is_halted(Wait.instance_id))
        .order_by(Wait.due_at)
        .limit(limit)
    )
    return list(dict.fromkeys(row.instance_id for row in rows))


def next_due(connection: Connection) -> datetime | None:
    """Return when the next timer is due, whether that lies ahead or behind."""
    found: datetime | None = connection.execute(
        select(Wait.due_at)
        .where(_IS_TIMER, Wait.due_at.is_not(None), ~is_halted(Wait.instance_id))
        .order_by(Wait.due_at)
        .limit(1)
    ).scalar_one_or_none()
    starts = event_starts.next_due(connection)
    return min((at for at in (found, starts) if at is not None), default=None)


def fire_due(world: World) -> int:
    """Fire every timer that is due, each instance in a step of its own; return how many fired.

    What a timer starts is owed here and made by `engine.dispatch`.
    """
    with world.db.read() as connection:
        due = due_instances(connection, now=world.clock.now())
        is_start_due = event_starts.is_due(connection, now=world.clock.now())
    owed = event_starts.owe_due(world) if is_start_due else 0
    return owed + sum(move(world, instance_id, nothing, actor=TIMERS) for instance_id in due)
