"""The way that the requests of a case have gone: which numbered steps of their procedure were taken, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from engine.definitions import LoadedDefinition
from engine.lint.resources import split_steps
from engine.models import History, ProcessInstance
from engine.values import loads

_TELLING = ("submitted", "job_done", "completed")
# An element of the procedure's own diagrams that counts when it is passed; gateways, ends and calls do not.
_PASSED = frozenset({"startEvent", "scriptTask", "task", "manualTask", "intermediateThrowEvent"})
# What a shared diagram does by the way, whatever step it is called from.
_BY_THE_WAY = frozenset({"set_fields", "add_note", "notify_group", "log_contact_attempt"})
_SHARED = "/shared/"


@dataclass(frozen=True, slots=True)
class StepTaken:
    """A numbered step such as `Review 8`, and when it was first reached on this lap."""

    step: str
    at: datetime


def steps_taken(
    connection: Connection, case_id: int, loaded: Mapping[int, LoadedDefinition]
) -> dict[int, list[StepTaken]]:
    """Return the steps taken by each process instance of a case, the first one first; a repeated lap is told again.

    `loaded` are the definitions of its instances by their ids.
    """
    rows = connection.execute(
        select(
            History.instance_id,
            ProcessInstance.definition_id,
            History.kind,
            History.element_id,
            History.step,
            History.at,
            History.data,
        )
        .join(ProcessInstance, ProcessInstance.instance_id == History.instance_id)
        .where(History.case_id == case_id, History.step != "", History.kind.in_(_TELLING))
        .order_by(History.history_id)
    )
    taken: dict[int, list[StepTaken]] = {}
    for row in rows:
        if _counts(row, loaded[row.definition_id]):
            path = taken.setdefault(row.instance_id, [])
            step = _next(split_steps(row.step), path[-1].step if path else "", loaded[row.definition_id])
            if step:
                path.append(StepTaken(step, row.at))
    return taken


def _counts(row: Any, definition: LoadedDefinition) -> bool:
    """Tell whether a row of history is work on its step, and not something that is done there in passing."""
    if row.kind == "submitted":
        return True
    element = definition.program.elements.get(row.element_id)
    if element is None:
        return False
    is_shared = _SHARED in element.file
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
