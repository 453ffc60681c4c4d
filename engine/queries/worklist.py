"""Work lists: a person's tasks and a team's queue, what is due first on top."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, Select, bindparam, func, nulls_last, select
from sqlalchemy.orm import aliased

from engine.models import Case, Definition, Person, ProcessInstance, ServiceRequest, UserTask
from engine.queries.together import Listed
from engine.values import loads

PAGE = 100
MOST_COUNTED = 1_000
"""A page says 999+ for it: to count a million takes longer than to open the page."""
_SOONEST = (nulls_last(UserTask.due_at), UserTask.priority.desc(), UserTask.created_at, UserTask.task_id)


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
    definition_id: int
    procedure: str
    request_id: int | None
    request_kind: str | None
    created_at: datetime
    due_at: datetime | None
    has_draft: bool
    outside: str = ""
    """Who decides although they cannot sign in: this task records what they say."""
    other_open: int = 0
    """How many other requests of the case are open; counted for the lists of tasks alone."""


def tasks_of(connection: Connection, person_id: int) -> list[TaskRow]:
    """Return the open tasks that a person holds, what is due first on top."""
    return _rows(connection, _listed().where(UserTask.assignee_id == person_id))


def queue_of(connection: Connection, groups: Collection[str]) -> list[TaskRow]:
    """Return the open tasks of groups that nobody holds, what is due first on top."""
    return _rows(connection, _listed().where(UserTask.candidate_group.in_(groups), UserTask.assignee_id.is_(None)))


def held_in(connection: Connection, groups: Collection[str]) -> list[TaskRow]:
    """Return the open tasks of groups that somebody holds, what is due first on top."""
    return _rows(connection, _listed().where(UserTask.candidate_group.in_(groups), UserTask.assignee_id.is_not(None)))


def tasks_of_instance(connection: Connection, instance_id: int) -> list[TaskRow]:
    """Return the open tasks of a process instance."""
    return _rows(connection, _open().where(UserTask.instance_id == instance_id))


def count_queue(connection: Connection, groups: Collection[str]) -> int:
    """Return how many open tasks of groups nobody holds; MOST_COUNTED stands for that many and more."""
    found = (
        select(UserTask.task_id)
        .where(UserTask.status == "open", UserTask.candidate_group.in_(groups), UserTask.assignee_id.is_(None))
        .limit(MOST_COUNTED)
    )
    return int(connection.execute(select(func.count()).select_from(found.subquery())).scalar_one())


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
            ProcessInstance.definition_id,
            Definition.title.label("procedure"),
            ProcessInstance.request_id,
            ServiceRequest.kind.label("request_kind"),
            UserTask.created_at,
            UserTask.due_at,
            UserTask.draft.is_not(None).label("has_draft"),
            UserTask.properties,
        )
        .join(ProcessInstance, ProcessInstance.instance_id == UserTask.instance_id)
        .join(Definition, Definition.definition_id == ProcessInstance.definition_id)
        .outerjoin(ServiceRequest, ServiceRequest.request_id == ProcessInstance.request_id)
        .outerjoin(Case, Case.case_id == UserTask.case_id)
        .outerjoin(Person, Person.person_id == UserTask.assignee_id)
        .where(UserTask.status == "open")
    )


def _listed() -> Select[*tuple[Any, ...]]:
    """Return open tasks with how many other requests of their case are open."""
    other = aliased(ServiceRequest)
    others = select(func.count()).where(
        other.case_id == UserTask.case_id,
        other.status != "Closed",
        other.request_id.is_distinct_from(ProcessInstance.request_id),
    )
    return _open().add_columns(others.correlate(UserTask, ProcessInstance).scalar_subquery().label("other_open"))


def _rows(connection: Connection, query: Select[*tuple[Any, ...]]) -> list[TaskRow]:
    return [task_row(dict(row._mapping)) for row in connection.execute(query.order_by(*_SOONEST).limit(PAGE))]


def task_row(columns: dict[str, Any]) -> TaskRow:
    """Return a task; `outside` is written by the diagram as a property of the element."""
    text = columns.pop("properties")
    outside = loads(text).get("outside") if '"outside"' in text else None
    return TaskRow(**columns, outside=str(outside or ""))


OF_CASE = Listed(_open().where(UserTask.case_id == bindparam("b_case", type_=Integer)), _SOONEST, PAGE)
