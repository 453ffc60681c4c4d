"""The dates that were ever set on a case, each with the rule that it was counted by, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from engine.counted import CLOCK
from engine.models import History, ProcessInstance, ServiceRequest, UserTask, Wait
from engine.values import loads


@dataclass(frozen=True, slots=True)
class ClockRow:
    """A date that was set. `of` is wait, task or fact; `ended` is running, came_due, completed, withdrawn or over."""

    instance_id: int
    definition_id: int
    number: str | None
    element_id: str
    name: str
    step: str
    of: str
    set_at: datetime
    due_at: datetime
    rule: str
    ended: str
    ended_at: datetime | None


def clocks_of(connection: Connection, case_id: int) -> list[ClockRow]:
    """Return every date that was set on a case, the newest first."""
    running = _running(connection, case_id)
    tasks = _tasks(connection, case_id)
    clocks: list[ClockRow] = []
    fired: dict[tuple[int, str, datetime], datetime] = {}
    for row in _told(connection, case_id):
        data = loads(row.data)
        if "due_at" not in data:
            continue  # of a release that did not keep it
        key = (row.instance_id, row.element_id, data["due_at"])
        if row.kind != CLOCK:
            fired[key] = row.at
            continue
        ended, ended_at = "over", None
        if key in running:
            ended = "running"
        elif key in fired:
            ended, ended_at = "came_due", fired[key]
        elif data["of"] == "task" and tasks.get(key):
            ended, ended_at = tasks[key].pop(0)
        clocks.append(
            ClockRow(
                row.instance_id,
                row.definition_id,
                row.number,
                row.element_id,
                row.element_name,
                row.step,
                data["of"],
                row.at,
                data["due_at"],
                data["rule"],
                ended,
                ended_at,
            )
        )
    return clocks


def _told(connection: Connection, case_id: int) -> Sequence[Any]:
    return connection.execute(
        select(
            History.instance_id,
            ProcessInstance.definition_id,
            ServiceRequest.number,
            History.element_id,
            History.element_name,
            History.step,
            History.kind,
            History.at,
            History.data,
        )
        .join(ProcessInstance, ProcessInstance.instance_id == History.instance_id)
        .outerjoin(ServiceRequest, ServiceRequest.request_id == ProcessInstance.request_id)
        .where(History.case_id == case_id, History.kind.in_((CLOCK, "timer_fired")))
        .order_by(History.history_id.desc())
    ).all()


def _running(connection: Connection, case_id: int) -> set[tuple[int, str, datetime]]:
    """Return the timers that run, as what tells their dates apart."""
    rows = connection.execute(
        select(Wait.instance_id, Wait.element_id, Wait.due_at)
        .join(ProcessInstance, ProcessInstance.instance_id == Wait.instance_id)
        .where(ProcessInstance.case_id == case_id, Wait.kind == "timer")
    )
    return {(row.instance_id, row.element_id, row.due_at) for row in rows if row.due_at is not None}


def _tasks(connection: Connection, case_id: int) -> dict[tuple[int, str, datetime], list[tuple[str, datetime | None]]]:
    """Return what became of the tasks that have a date, the newest of each first."""
    found: dict[tuple[int, str, datetime], list[tuple[str, datetime | None]]] = {}
    rows = connection.execute(
        select(UserTask.instance_id, UserTask.element_id, UserTask.due_at, UserTask.status, UserTask.ended_at)
        .where(UserTask.case_id == case_id, UserTask.due_at.is_not(None))
        .order_by(UserTask.task_id.desc())
    )
    for row in rows:
        status = "running" if row.status == "open" else row.status
        found.setdefault((row.instance_id, row.element_id, row.due_at), []).append((status, row.ended_at))
    return found
