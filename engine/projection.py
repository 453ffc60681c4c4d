"""Projection: the rows that worklists and waits are read from, kept up to date by their difference to the live tokens."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, delete, insert, select, update

from engine.models import UserTask, Wait
from engine.spiff import OpenTask, OpenWait, Program
from engine.values import dumps, plain


@dataclass(frozen=True, slots=True)
class Place:
    """Whose rows are written, and who acts in this step."""

    instance_id: int
    case_id: int | None
    now: datetime
    actor_id: int | None


def project_tasks(
    connection: Connection, place: Place, open_tasks: Iterable[OpenTask], *, completed: str | None
) -> None:
    """Add a row for each new user task and end the rows of those that are gone.

    `completed` is the token that the actor completed in this step; any other that is gone was withdrawn.
    """
    live = {task.token: task for task in open_tasks}
    rows = connection.execute(
        select(UserTask.task_id, UserTask.token).where(
            UserTask.instance_id == place.instance_id, UserTask.status == "open"
        )
    ).all()
    known = {row.token for row in rows}
    gone = [row.task_id for row in rows if row.token not in live and row.token != completed]
    done = [row.task_id for row in rows if row.token == completed]
    if done:
        ended = {"status": "completed", "ended_at": place.now, "ended_by_id": place.actor_id, "draft": None}
        connection.execute(update(UserTask).where(UserTask.task_id.in_(done)).values(**ended))
    if gone:
        ended = {"status": "withdrawn", "ended_at": place.now, "ended_by_id": place.actor_id}
        connection.execute(update(UserTask).where(UserTask.task_id.in_(gone)).values(**ended))
    new = [_task_row(task, place) for token, task in live.items() if token not in known]
    if new:
        connection.execute(insert(UserTask), new)


def project_waits(connection: Connection, place: Place, open_waits: Iterable[OpenWait], program: Program) -> None:
    """Add a row for each new wait and delete the rows of those that are over."""
    live = {_wait_key(wait.token, wait.element_id, wait.kind, wait.name, wait.due_at): wait for wait in open_waits}
    rows = connection.execute(
        select(Wait.wait_id, Wait.token, Wait.element_id, Wait.kind, Wait.name, Wait.due_at).where(
            Wait.instance_id == place.instance_id
        )
    ).all()
    known = {_wait_key(row.token, row.element_id, row.kind, row.name, row.due_at): row.wait_id for row in rows}
    over = [wait_id for key, wait_id in known.items() if key not in live]
    if over:
        connection.execute(delete(Wait).where(Wait.wait_id.in_(over)))
    new = [_wait_row(wait, place, program) for key, wait in live.items() if key not in known]
    if new:
        connection.execute(insert(Wait), new)


def _wait_key(*parts: object) -> tuple[object, ...]:
    return parts


def _task_row(task: OpenTask, place: Place) -> dict[str, object]:
    assignee = _person(task.assignee)
    return {
        "instance_id": place.instance_id,
        "case_id": place.case_id,
        "token": task.token,
        "element_id": task.element_id,
        "process_id": task.process_id,
        "name": task.name or task.element_id,
        "step": task.properties.get("step") or "",
        "form_id": task.form_id,
        "properties": dumps(plain(task.properties)),
        "candidate_group": _group(task),
        "assignee_id": assignee,
        "status": "open",
        "version": 1,
        "priority": int(task.priority) if task.priority is not None else 50,
        "created_at": place.now,
        "due_at": task.due_at,
    }


def _group(task: OpenTask) -> str | None:
    if task.candidate_groups:
        return str(task.candidate_groups[0])
    return re.sub(r"\W+", "_", task.lane.strip().lower()) if task.lane else None


def _person(assignee: object) -> int | None:
    if isinstance(assignee, int | Decimal) and not isinstance(assignee, bool):
        return int(assignee)
    return int(assignee) if isinstance(assignee, str) and assignee.isdecimal() else None


def _wait_row(wait: OpenWait, place: Place, program: Program) -> dict[str, object]:
    element = program.elements.get(wait.element_id)
    properties = element.properties if element else {}
    return {
        "instance_id": place.instance_id,
        "token": wait.token,
        "element_id": wait.element_id,
        "element_name": (element.name if element else None) or wait.element_id,
        "step": properties.get("step", ""),
        "form_id": properties.get("form"),
        "kind": wait.kind,
        "name": wait.name or "",
        "correlation_key": None if wait.key is None else str(wait.key),
        "due_at": wait.due_at,
        "rule": wait.rule or "",
        "created_at": place.now,
    }
