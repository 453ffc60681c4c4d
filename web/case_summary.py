"""A case in a few lines: who it is about, where its service request stands, and who holds it now."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from engine import definitions
from engine.definitions import LoadedDefinition
from engine.lint.resources import split_steps
from engine.queries.cases import RequestRow
from engine.queries.running import InstanceRow, WaitRow
from engine.queries.standing import on_case
from engine.queries.worklist import TaskRow
from web.away import away_today, request_noted, task_noted
from web.current import world
from web.groups import titles
from web.holders import Work, holder_of
from web.words import in_words

NATIONS = {"england_wales": "England and Wales", "scotland": "Scotland", "northern_ireland": "Northern Ireland"}
_PRINT = re.compile(r"large_print_(\d+)")
_SOURCES = {"client": "The client", "mp": "a Member of Parliament", "ice": "ICE", "phso": "PHSO"}


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """What stands beside a task and on top of a case."""

    case_id: int
    reference: str
    client_name: str
    rows: list[dict[str, Any]]
    holder: str
    flags: list[str]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is open on a case, read once. `loaded` are the definitions of its instances, `groups` titles of teams."""

    facts: dict[str, Any]
    requests: list[RequestRow]
    tasks: list[TaskRow]
    waits: list[WaitRow]
    instances: list[InstanceRow]
    loaded: Mapping[int, LoadedDefinition]
    groups: Mapping[str, str]

    def work_on(self, request: RequestRow | None) -> Work:
        """Return what is open on a request; with None, of the procedures that have no request yet."""
        request_id = request.request_id if request is not None else None
        return Work(
            request,
            furthest_first([task for task in self.tasks if task.request_id == request_id], self.loaded),
            [wait for wait in self.waits if wait.request_id == request_id],
            [row for row in self.instances if row.request_id == request_id and row.ended_at is None],
        )


def furthest_first(tasks: Iterable[TaskRow], loaded: Mapping[int, LoadedDefinition]) -> list[TaskRow]:
    """Return tasks with the furthest on top: earlier ones beside it are done by the way."""

    def place(task: TaskRow) -> tuple[int, bool, int]:
        order = list(loaded[task.definition_id].procedure)
        places = [order.index(step) for step in split_steps(task.step) if step in order]
        return -max(places, default=-1), task.assignee_id is None, task.task_id

    return sorted(tasks, key=place)


def read_standing(connection: Connection, case_id: int) -> Standing:
    """Read what is open on a case; how many statements that takes does not depend on the case. Raises: NotFound."""
    found = on_case(connection, case_id)
    away = away_today(connection)
    return Standing(
        facts=found.facts,
        requests=[request_noted(request, away) for request in found.requests],
        tasks=[task_noted(task, away) for task in found.tasks],
        waits=found.waits,
        instances=found.instances,
        loaded={row.definition_id: definitions.load(world(), connection, row.definition_id) for row in found.instances},
        groups=titles(connection),
    )


def summary_of(connection: Connection, case_id: int) -> CaseSummary:
    """Return the summary of a case. Raises: NotFound."""
    return summarise(read_standing(connection, case_id), case_id)


def summarise(standing: Standing, case_id: int) -> CaseSummary:
    """Return the summary of a case that was read."""
    facts, current = standing.facts, current_request(standing.requests)
    before = standing.work_on(None)
    is_before = current is None or (not current.is_open and bool(before.tasks))
    holder = holder_of(before if is_before else standing.work_on(current), standing.groups)
    pairs: list[tuple[str, object]] = [("Client", facts["client_name"]), ("Case", facts["reference"])]
    if current is not None:
        pairs += [
            ("Service request", f"{current.number}, {current.kind}"),
            ("Status", current.status),
            ("Sub Status", current.sub_status),
            ("Stage of Complaint", current.fields.get("stage_of_complaint")),
            ("Resolution Code", current.resolution_code),
            ("Received", current.fields.get("received_on")),
        ]
    pairs += [("Nation", NATIONS.get(facts["nation"], facts["nation"])), ("Who holds it now", holder)]
    rows = [{"key": {"text": name}, "value": {"text": in_words(value)}} for name, value in pairs if value]
    return CaseSummary(case_id, facts["reference"], facts["client_name"], rows, holder, _flags(facts, current))


def current_request(requests: list[RequestRow]) -> RequestRow | None:
    """Return the service request that the case is about now: the newest open one, else the newest that was reviewed.

    A payment has a request of its own, and the case is never about that alone.
    """
    for request in requests:
        if request.closed_at is None and request.status != "Closed" and request.kind != "Payment - Non Standard":
            return request
    reviewed = [request for request in requests if request.kind == "Review"]
    return (reviewed or requests or [None])[0]  # type: ignore[list-item]


def _flags(facts: dict[str, Any], request: RequestRow | None) -> list[str]:
    fields = request.fields if request is not None else {}
    flags = []
    if fields.get("ice_gateway"):
        flags.append("ICE gateway")
    if fields.get("source") in ("mp", "ice", "phso"):
        flags.append(f"Raised by {_SOURCES[fields['source']]}")
    if facts.get("letter_format") not in (None, "standard"):
        flags.append("Letters in " + _PRINT.sub(r"large print, \1 point", str(facts["letter_format"])))
    if facts.get("language") == "cy":
        flags.append("Letters in Welsh")
    if facts.get("lock_flag"):
        flags.append("Assignment locked")
    return flags
