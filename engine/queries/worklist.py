"""Work lists: a person's tasks and a team's queue, what is due first on top."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, nulls_last, select

from engine.models import Case, Person, ProcessInstance, UserTask

PAGE = 100


@dataclass(frozen=True, slots=True)
class TaskRow:
    """An open user task as lists show it."""

    task_id: int
    name: str
    step: str
    element_id: str
    candidate_group: str | None
    assignee_id: int | None
    assignee_name: str | None
    case_id: int | None
    reference: str | None
    client_name: str | None
    business_key: str | None
    instance_id: int
    created_at: datetime
    due_at: datetime | None
    has_draft: bool


def tasks_of(connection: Connection, person_id: int) -> list[TaskRow]:
    """Return the open tasks that a person holds, what is due first on top."""
    return _rows(connection, _open().where(UserTask.assignee_id == person_id))


def queue_of(connection: Connection, groups: Collection[str]) -> list[TaskRow]:
    """Return the open tasks of groups that nobody holds, what is due first on top."""
    return _rows(connection, _open().where(UserTask.candidate_group.in_(groups), UserTask.assignee_id.is_(None)))


def held_in(connection: Connection, groups: Collection[str]) -> list[TaskRow]:
    """Return the open tasks of groups that somebody holds, what is due first on top."""
    return _rows(connection, _open().where(UserTask.candidate_group.in_(groups), UserTask.assignee_id.is_not(None)))


def tasks_of_case(connection: Connection, case_id: int) -> list[TaskRow]:
    """Return the open tasks of a case."""
    return _rows(connection, _open().where(UserTask.case_id == case_id))


def tasks_of_instance(connection: Connection, instance_id: int) -> list[TaskRow]:
    """Return the open tasks of a process instance."""
    return _rows(connection, _open().where(UserTask.instance_id == instance_id))


def count_queue(connection: Connection, groups: Collection[str]) -> int:
    """Return how many open tasks of groups nobody holds."""
    found = select(func.count()).where(
        UserTask.status == "open", UserTask.candidate_group.in_(groups), UserTask.assignee_id.is_(None)
    )
    return int(connection.execute(found).scalar_one())


def _open() -> Select[*tuple[Any, ...]]:
    return (
        select(
            UserTask.task_id,
            UserTask.name,
            UserTask.step,
            UserTask.element_id,
            UserTask.candidate_group,
            UserTask.assignee_id,
            Person.name.label("assignee_name"),
            UserTask.case_id,
            Case.reference,
            Case.client_name,
            ProcessInstance.business_key,
            UserTask.instance_id,
            UserTask.created_at,
            UserTask.due_at,
            UserTask.draft.is_not(None).label("has_draft"),
        )
        .join(ProcessInstance, ProcessInstance.instance_id == UserTask.instance_id)
        .outerjoin(Case, Case.case_id == UserTask.case_id)
        .outerjoin(Person, Person.person_id == UserTask.assignee_id)
        .where(UserTask.status == "open")
        .order_by(nulls_last(UserTask.due_at), UserTask.priority.desc(), UserTask.created_at, UserTask.task_id)
        .limit(PAGE)
    )


def _rows(connection: Connection, query: Select[*tuple[Any, ...]]) -> list[TaskRow]:
    return [TaskRow(**row._mapping) for row in connection.execute(query)]
