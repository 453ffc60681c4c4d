"""Which events start procedures: registered when a version is put in force, replaced by the next, gone when withdrawn.

A signal and a timer owe the start to the outbox, which makes each instance in a step of its own, once. A timer is a row
with a due date: nothing else remembers it, so that a restart forgets nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from engine.bank_holidays import calendar
from engine.due import next_round, work_out_due
from engine.errors import RedressError
from engine.lint.finding import Finding, error
from engine.models import EventStart, Outbox
from engine.outbox import owe
from engine.spiff import Due, Program, Start
from engine.world import World

BATCH = 200
NEXT_DUE = select(EventStart.due_at).where(EventStart.due_at.is_not(None)).order_by(EventStart.due_at).limit(1)
"""When the next timer that starts a procedure is due."""


def register(world: World, connection: Connection, program: Program, *, key: str, definition_id: int) -> list[Finding]:
    """Let the events of a version start it, instead of those of the version before.

    A timer that is drawn as before keeps its rhythm. Returns what refuses the deployment: a timer that gives no date,
    or one that has passed.
    """
    before = {row.element_id: row for row in connection.execute(rows().where(EventStart.key == key))}
    withdraw(connection, key)
    findings = []
    for start in program.starts.get(program.process_id, ()):
        values: dict[str, object] = {"name": start.text}
        if start.kind == "timer":
            try:
                values = _timer(world, start, before.get(start.element_id))
            except RedressError as fault:
                file = program.elements[start.element_id].file
                findings.append(error(file, start.element_id, "timer-start", f"{fault} Correct the timer."))
                continue
        connection.execute(
            insert(EventStart).values(
                definition_id=definition_id,
                key=key,
                element_id=start.element_id,
                kind=start.kind,
                created_at=world.clock.now(),
                **values,
            )
        )
    return findings


def withdraw(connection: Connection, key: str) -> None:
    """Let no event start a procedure any more."""
    connection.execute(delete(EventStart).where(EventStart.key == key))


def _timer(world: World, start: Start, before: Any) -> dict[str, object]:
    """Return a timer's columns. Raises: RedressError when it can never come due."""
    if before is not None and before.rule == start.text:
        return {"name": "", "rule": start.text, **{c: getattr(before, c) for c in ("due_at", "repeats", "every")}}
    now = world.clock.now()
    due = work_out_due(start.how, start.text, {}, now=now, calendar=calendar(world))
    if due.at < now:
        raise RedressError(f"The timer {start.text} is due in the past, so that it would never start anything.")
    return {"name": "", "rule": start.text, "due_at": due.at, "repeats": due.repeats, "every": due.every}


# Timers


def is_due(connection: Connection, *, now: datetime) -> bool:
    """Tell whether a timer that starts a procedure is due."""
    return (
        connection.execute(select(EventStart.event_start_id).where(EventStart.due_at <= now).limit(1)).first()
        is not None
    )


def owe_due(world: World) -> int:
    """Owe an instance for each timer that is due, and for each round of a cycle; return how many are owed."""
    owed = 0
    due = rows().where(EventStart.due_at <= world.clock.now()).order_by(EventStart.due_at)
    with world.db.write() as connection:
        # What another worker is just owing is passed over.
        for row in connection.execute(due.with_for_update(skip_locked=True)).all():
            owed += _owe_rounds(world, connection, row, most=BATCH)
    return owed


def _owe_rounds(world: World, connection: Connection, row: Any, *, most: int) -> int:
    due: Due | None = Due(row.due_at, row.rule, row.repeats, row.every)
    rounds = 0
    while due is not None and due.at <= world.clock.now() and rounds < most:
        # The version is left out: a round that was owed before a deployment is not owed again after it.
        key = f"start-{row.key}-{row.element_id}-{due.at.isoformat()}"
        if connection.execute(select(Outbox.outbox_id).where(Outbox.key == key)).first() is None:
            owe_start(connection, row, {}, key=key, sender=None, now=world.clock.now())
        due = next_round(due)
        rounds += 1
    left = {"due_at": None} if due is None else {"due_at": due.at, "repeats": due.repeats}
    moved = update(EventStart).where(EventStart.event_start_id == row.event_start_id, EventStart.due_at == row.due_at)
    connection.execute(moved.values(**left))
    return rounds


def owe_start(
    connection: Connection, row: Any, values: Mapping[str, object], *, key: str, sender: int | None, now: datetime
) -> None:
    """Owe an instance of the procedure of a row, with what it begins with."""
    owe(
        connection,
        key=key,
        kind="start",
        payload={
            "definition_id": row.definition_id,
            "kind": row.kind,
            "name": row.name or row.rule,
            "values": dict(values),
        },
        now=now,
        instance_id=sender,
        element_id=row.element_id,
    )


def rows() -> Any:
    """Return the query of all rows."""
    return select(EventStart.__table__)
