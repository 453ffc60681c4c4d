"""The way that the requests of a case have gone: which numbered steps of their procedure were taken, and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from engine.counted import CLOCK
from engine.definitions import LoadedDefinition
from engine.lint.resources import split_steps
from engine.models import History, ProcessInstance
from engine.values import loads

_TELLING = ("submitted", "job_done", "completed", "decision")
_PASSING = ("submitted", "job_done", "completed", "decision", "chose")
# An element of the procedure's own diagrams that counts when it is passed; gateways, ends and calls do not.
_PASSED = frozenset({"startEvent", "scriptTask", "task", "manualTask", "intermediateThrowEvent"})
# What a shared diagram does by the way, whatever step it is called from.
_BY_THE_WAY = frozenset({"set_fields", "add_note", "notify_group", "log_contact_attempt", "read_payment"})
_SHARED = "/shared/"


@dataclass(frozen=True, slots=True)
class StepTaken:
    """A numbered step such as `Review 8`: when it was first reached on this lap, by whom, and at which element."""

    step: str
    at: datetime
    actor: str
    element_name: str


@dataclass(frozen=True, slots=True)
class Way:
    """The steps taken by each process instance, and the rule by which each of its dates was counted."""

    taken: dict[int, list[StepTaken]]
    rules: dict[tuple[int, datetime], str]


def steps_taken(
    connection: Connection, case_id: int, loaded: Mapping[int, LoadedDefinition]
) -> dict[int, list[StepTaken]]:
    """Return the steps taken by each process instance of a case, the first one first; a repeated lap is told again.

    `loaded` are the definitions of its instances by their ids.
    """
    return way_of(connection, case_id, loaded).taken


def way_of(connection: Connection, case_id: int, loaded: Mapping[int, LoadedDefinition]) -> Way:
    """Return the steps taken on a case and the rules of its dates, in one statement."""
    rows = connection.execute(
        select(
            History.instance_id,
            ProcessInstance.definition_id,
            History.kind,
            History.element_id,
            History.step,
            History.at,
            History.data,
            History.actor,
            History.element_name,
        )
        .join(ProcessInstance, ProcessInstance.instance_id == History.instance_id)
        .where(
            History.case_id == case_id,
            or_(and_(History.step != "", History.kind.in_(_TELLING)), History.kind == CLOCK),
        )
        .order_by(History.history_id)
    )
    taken: dict[int, list[StepTaken]] = {}
    rules: dict[tuple[int, datetime], str] = {}
    for row in rows:
        if row.kind == CLOCK:
            told = loads(row.data)
            rules[row.instance_id, told["due_at"]] = told["rule"]
        elif _counts(row, loaded[row.definition_id]):
            path = taken.setdefault(row.instance_id, [])
            last = path[-1].step if path else ""
            step = _next(split_steps(row.step), last, loaded[row.definition_id])
            if step and (row.kind != "decision" or _is_following(step, last, loaded[row.definition_id])):
                path.append(StepTaken(step, row.at, row.actor, row.element_name))
    return Way(taken, rules)


def rule_of(connection: Connection, instance_id: int, due_at: datetime) -> str:
    """Return the rule by which a date of an instance was counted; empty where somebody entered it."""
    rows = connection.execute(
        select(History.data)
        .where(History.instance_id == instance_id, History.kind == CLOCK)
        .order_by(History.history_id.desc())
    ).scalars()
    return next((str(told["rule"]) for told in map(loads, rows) if told["due_at"] == due_at), "")


def _counts(row: Any, definition: LoadedDefinition) -> bool:
    """Tell whether a row of history is work on its step, and not something that is done there in passing."""
    if row.kind == "submitted":
        return True
    # A decision is told by its own name, and since it is, with the task that made it.
    made_at = loads(row.data).get("element", "") if row.kind == "decision" else row.element_id
    element = definition.program.elements.get(made_at)
    if element is None:
        return False
    is_shared = _SHARED in element.file
    if row.kind == "decision":
        return not is_shared and "step" in element.properties
    if row.kind == "completed":
        return not is_shared and element.kind in _PASSED and "step" in element.properties
    return not (is_shared and loads(row.data).get("type") in _BY_THE_WAY)


def _next(steps: list[str], last: str, definition: LoadedDefinition) -> str:
    """Return the step that was reached; nothing when it is still the last one.

    An element that serves several steps stands for the nearest one ahead.
    """
    if last in steps:
        return ""
    order = {step: number for number, step in enumerate(definition.procedure)}
    known = sorted((step for step in steps if step in order), key=order.__getitem__)
    ahead = [step for step in known if order[step] > order.get(last, -1)]
    return (ahead or known or steps)[0]


def _is_following(step: str, last: str, definition: LoadedDefinition) -> bool:
    """Tell whether a step is the very next of the procedure: a table may be looked up long before its step is due."""
    order = list(definition.procedure)
    return last in order and order.index(last) + 1 < len(order) and order[order.index(last) + 1] == step


def elements_passed(connection: Connection, instance_id: int) -> dict[str, int]:
    """Return how often each element and each named flow of an instance was passed."""
    rows = connection.execute(
        select(History.kind, History.element_id, History.data).where(
            History.instance_id == instance_id, History.kind.in_(_PASSING)
        )
    )
    return Counter(loads(row.data).get("element", "") if row.kind == "decision" else row.element_id for row in rows)
