"""Dates that a step counted to: told in history with the rule, so that "why this date?" has an answer for ever.

Rows of waits are gone when the wait is over, and a task's row holds its date alone. What is told: each new timer, each
new task whose date was counted in this step, and each date of the service request that was.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from engine.calendar import CalendarUse
from engine.definitions import LoadedDefinition
from engine.history import Event
from engine.spiff import OpenTask, OpenWait

CLOCK = "clock"


def note_uses(counted: dict[datetime, str], value: object, uses: Collection[CalendarUse]) -> None:
    """Remember which rule led to which date; a date that was counted in several goes has all their rules."""
    for use in uses:
        counted[use.due_at] = use.rule
    if isinstance(value, datetime) and value.tzinfo is not None and uses:
        counted[value] = "; ".join(use.rule for use in uses)


def clocks_told(
    definition: LoadedDefinition,
    counted: Mapping[datetime, str],
    *,
    waits: Collection[OpenWait],
    tasks: Collection[OpenTask],
    facts: Mapping[str, object],
) -> list[Event]:
    """Return the events that tell the dates of new waits and tasks, and of the request's own fields."""
    told = [_told(definition, wait, wait.due_at, wait.rule, "wait") for wait in waits if wait.kind == "timer"]
    told += [
        _told(definition, task, task.due_at, counted.get(task.due_at, ""), "task") for task in tasks if task.due_at
    ]
    told += [
        Event(CLOCK, element_name=f"request.{name}", data=_data(value, counted[value], "fact"))
        for name, value in facts.items()
        if isinstance(value, datetime) and value in counted
    ]
    return [event for event in told if event.data and event.data["rule"]]


def _told(definition: LoadedDefinition, one: OpenWait | OpenTask, due_at: datetime | None, rule: str, of: str) -> Event:
    element = definition.program.elements.get(one.element_id)
    name = element.name if element is not None else ""
    step = definition.step_of(one.element_id, one.callers)
    return Event(CLOCK, one.element_id, name or one.element_id, step, data=_data(due_at, rule, of))


def _data(due_at: datetime | None, rule: str, of: str) -> dict[str, object]:
    return {"due_at": due_at, "rule": rule, "of": of}
