"""What is open on a case, and of which requests and procedures: read in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from engine.db import once_a_look
from engine.queries import cases, running, worklist
from engine.queries.together import Together

_TOGETHER = Together(
    case=cases.THE_CASE,
    requests=cases.REQUESTS,
    links=cases.LINKS,
    tasks=worklist.OF_CASE,
    waits=running.WAITS_OF_CASE,
    instances=running.INSTANCES_OF_CASE,
)


@dataclass(frozen=True, slots=True)
class OnCase:
    """The facts of a case, and its requests, open tasks, waits and procedures."""

    facts: dict[str, Any]
    requests: list[cases.RequestRow]
    tasks: list[worklist.TaskRow]
    waits: list[running.WaitRow]
    instances: list[running.InstanceRow]


@once_a_look
def on_case(connection: Connection, case_id: int) -> OnCase:
    """Return what is on a case. Raises: NotFound."""
    found = _TOGETHER.read(connection, b_case=case_id)
    return OnCase(
        facts=cases.facts_from(found["case"]),
        requests=cases.requests_from(found["requests"], found["links"]),
        tasks=[worklist.task_row(dict(vars(row))) for row in found["tasks"]],
        waits=[running.WaitRow(**vars(row)) for row in found["waits"]],
        instances=[running.InstanceRow(**vars(row)) for row in found["instances"]],
    )
