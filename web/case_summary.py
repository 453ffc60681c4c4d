"""A case in a few lines: who it is about, where its service request stands, and who holds it now."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from engine.queries import cases, running, worklist
from engine.queries.cases import RequestRow
from engine.queries.running import WaitRow
from engine.queries.worklist import TaskRow
from web.groups import titles
from web.words import due, in_words

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


def summary_of(connection: Connection, case_id: int) -> CaseSummary:
    """Return the summary of a case."""
    facts = cases.case_facts(connection, case_id)
    requests = cases.requests_of(connection, case_id)
    tasks = worklist.tasks_of_case(connection, case_id)
    waits = running.waits_of_case(connection, case_id)
    current = current_request(requests)
    holder = who_holds(current, tasks, waits, titles(connection))
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
    """Return the service request that the case is about now: the newest open one, else the newest that was reviewed."""
    for request in requests:
        if request.closed_at is None and request.status != "Closed":
            return request
    reviewed = [request for request in requests if request.kind == "Review"]
    return (reviewed or requests or [None])[0]  # type: ignore[list-item]


def who_holds(request: RequestRow | None, tasks: list[TaskRow], waits: list[WaitRow], groups: Mapping[str, str]) -> str:
    """Return the one answer to who holds a case now."""
    if tasks:
        held_first = sorted(tasks, key=lambda task: task.assignee_id is None)
        return "; ".join(f"{_holder(task, groups)}: {task.name}" for task in held_first)
    owner = request.owner_name if request is not None and request.status != "Closed" else None
    replies = [wait for wait in waits if wait.kind == "message"]
    dates = [wait.due_at for wait in waits if wait.kind == "timer" and wait.due_at is not None]
    jobs = [wait for wait in waits if wait.kind == "job"]
    if jobs:
        return f"{owner or 'The service'}, while a letter or a message is being handed over"
    if replies or dates:
        until = f" until {due(min(dates))}" if dates else ""
        return f"{owner or 'The service'}, waiting{until}"
    if request is None or request.status == "Closed":
        return "Nobody: it is closed"
    return owner or (
        _group(request.owner_group, groups) if request.owner_group else "Nobody: no procedure is under way"
    )


def _holder(task: TaskRow, groups: Mapping[str, str]) -> str:
    return task.assignee_name or f"{_group(task.candidate_group, groups)} (nobody has claimed it)"


def _group(key: str | None, groups: Mapping[str, str]) -> str:
    return groups.get(key or "", (key or "a team").replace("_", " ").capitalize())


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
