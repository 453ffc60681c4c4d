"""Timers: rows with a due time. One look at an index says which instances are due; no other is ever loaded."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, literal_column, select

from engine import event_starts, instance_row
from engine.background import guarded, is_broken
from engine.clock import london_moment
from engine.instance_row import SUSPENDED, is_halted
from engine.models import Wait
from engine.prepared import Prepared
from engine.step import nothing, step
from engine.world import TIMERS, World

log = logging.getLogger(__name__)

BATCH = 200

# Written into the statement, because a partial index is chosen before parameters are known.
_IS_TIMER = Wait.kind == literal_column("'timer'")
_DUE_OF = Prepared(
    select(Wait.wait_id, Wait.element_name, Wait.due_at)
    .where(Wait.instance_id == bindparam("b_instance"), _IS_TIMER, Wait.due_at <= bindparam("b_now"))
    .order_by(Wait.wait_id)
)


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
    waits = (
        select(Wait.due_at)
        .where(_IS_TIMER, Wait.due_at.is_not(None), ~is_halted(Wait.instance_id))
        .order_by(Wait.due_at)
        .limit(1)
    )
    found = connection.execute(select(waits.scalar_subquery(), event_starts.NEXT_DUE.scalar_subquery())).one()
    return min((at for at in found if at is not None), default=None)


def fire_due(world: World) -> int:
    """Fire every timer that is due, each instance in a step of its own; return how many fired.

    What a timer starts is owed here and made by `engine.dispatch`.
    """
    with world.db.read() as connection:
        due = due_instances(connection, now=world.clock.now())
        is_start_due = event_starts.is_due(connection, now=world.clock.now())
    owed = event_starts.owe_due(world) if is_start_due else 0
    return owed + sum(fire(world, instance_id) for instance_id in due)


class NoSuchTimer(Exception):
    """A row says that a timer is due which its instance does not have: stepped again and again, it would never fire."""


def fire(world: World, instance_id: int) -> bool:
    """Fire the timer of an instance that is due longest, and try again what had failed; return whether it moved."""

    def work(connection: Connection) -> bool:
        held = instance_row.lock(connection, instance_id)
        due = _due_of(connection, instance_id, now=world.clock.now())
        if held.ended_at is not None:
            _clear(connection, instance_id)
        if held.ended_at is not None or held.status == SUSPENDED:
            return False
        moved = step(world, connection, instance_id, nothing, actor=TIMERS, held=held)
        has_fired = any(one.kind == "timer_fired" for one in moved.happenings)
        if due and not has_fired and _due_of(connection, instance_id, now=world.clock.now()) == due:
            names = ", ".join(f"“{row.element_name}” was due on {london_moment(row.due_at)}" for row in due)
            raise NoSuchTimer(
                f"{names}, but the instance has no such timer. Nothing was changed. "
                "Try again writes its waits anew, as it stands."
            )
        return True

    return guarded(world, instance_id, work)


def _due_of(connection: Connection, instance_id: int, *, now: datetime) -> list[Any]:
    return _DUE_OF.rows(connection, {"b_instance": instance_id, "b_now": now})


def _clear(connection: Connection, instance_id: int) -> None:
    """Clear away what an instance that has ended cannot wait for."""
    cleared = connection.execute(delete(Wait).where(Wait.instance_id == instance_id)).rowcount
    if cleared:
        log.error("Cleared away waits of an instance that had ended", extra={"instance_id": instance_id})
