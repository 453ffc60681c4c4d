"""What is live on a diagram: open tasks, waits and incidents, as rows of a table and as marks for the viewer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.definitions import LoadedDefinition
from engine.queries.operations import IncidentRow
from engine.queries.running import WaitRow
from engine.queries.worklist import TaskRow
from web.diagrams import callers_in, drawn_in
from web.groups import group_title
from web.procedure_text import message_title


@dataclass(frozen=True, slots=True)
class Token:
    """One thing that is live on a diagram, as a row of the table beside it."""

    element_id: str
    name: str
    step: str
    state: str
    kind: str
    since: datetime
    due_at: datetime | None
    rule: str
    file: str


def tokens_of(
    definition: LoadedDefinition, tasks: list[TaskRow], waits: list[WaitRow], incidents: list[IncidentRow]
) -> list[Token]:
    """Return everything that is live in an instance."""
    places = drawn_in(definition)
    found = [
        Token(
            task.element_id,
            task.name,
            task.step,
            f"Held by {task.assignee_name}"
            if task.assignee_name
            else f"In the queue of {group_title(definition, task.candidate_group)}",
            "active",
            task.created_at,
            task.due_at,
            "",
            places.get(task.element_id, ""),
        )
        for task in tasks
    ]
    states = {"timer": "Waits for a date", "message": "Waits for a message", "signal": "Waits for a signal"}
    found += [
        Token(
            wait.element_id,
            wait.element_name or wait.element_id,
            wait.step,
            f"{states.get(wait.kind, 'Waits for a delivery')}{_awaited(definition, wait)}",
            "waiting",
            wait.created_at,
            wait.due_at,
            wait.rule,
            places.get(wait.element_id, ""),
        )
        for wait in waits
    ]
    found += [
        Token(
            incident.element_id,
            incident.element_id,
            "",
            "Stopped: incident",
            "incident",
            incident.raised_at,
            None,
            "",
            places.get(incident.element_id, ""),
        )
        for incident in incidents
        if incident.element_id
    ]
    return found


def _awaited(definition: LoadedDefinition, wait: WaitRow) -> str:
    """Return which message is waited for, by its title."""
    return f": {message_title(definition, wait.name, wait.element_name)}" if wait.kind == "message" else ""


def marks_on(definition: LoadedDefinition, tokens: list[Token], file: str) -> str:
    """Return what the viewer marks: element id -> kind and how many, as JSON."""
    live: dict[str, dict[str, object]] = {}
    for token in tokens:
        places = [token.element_id] if token.file == file else callers_in(definition, token.element_id, file)
        for place in places:
            here = live.setdefault(place, {"kind": token.kind, "count": 0})
            here["count"] = int(str(here["count"])) + 1
            if token.kind == "incident":
                here["kind"] = "incident"
    return json.dumps(live)


def passed_on(definition: LoadedDefinition, passed: Mapping[str, int], file: str) -> str:
    """Return what the viewer marks as passed on a diagram: element or flow id -> how often, as JSON."""
    program, places = definition.program, drawn_in(definition)
    found: dict[str, int] = {}
    for element_id, times in passed.items():
        flow = program.flows.get(element_id)
        drawn = places.get(flow.source if flow is not None else element_id, "")
        if drawn == file:
            found[element_id] = times
        else:
            found |= {caller: max(found.get(caller, 0), 1) for caller in callers_in(definition, element_id, file)}
    return json.dumps(found)
