"""The open tasks of a case or an instance, what is due first on top. Worklists are in `engine.queries.worklists`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, Select, bindparam, nulls_last, select

from engine.models import Case, Definition, Person, ProcessInstance, ServiceRequest, UserTask
from engine.queries.holder_names import HOLDER_NAME
from engine.queries.together import Listed
from engine.values import loads

PAGE = 100
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


def tasks_of_instance(connection: Connection, instance_id: int) -> list[TaskRow]:
    """Return the open tasks of a process instance."""
    return _rows(connection, _open().where(UserTask.instance_id == instance_id))


def _open() -> Select[*tuple[Any, ...]]:
    return (
        select(
            UserTask.task_id,
            UserTask.name,
            UserTask.step,
            UserTask.element_id,
            UserTask.candidate_group,
            UserTask.assignee_id,
            HOLDER_NAME.label("assignee_name"),
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


def _rows(connection: Connection, query: Select[*tuple[Any, ...]]) -> list[TaskRow]:
    return [task_row(dict(row._mapping)) for row in connection.execute(query.order_by(*_SOONEST).limit(PAGE))]


def task_row(columns: dict[str, Any]) -> TaskRow:
    """Return a task; `outside` is written by the diagram as a property of the element."""
    text = columns.pop("properties")
    outside = loads(text).get("outside") if '"outside"' in text else None
    return TaskRow(**columns, outside=str(outside or ""))


OF_CASE = Listed(_open().where(UserTask.case_id == bindparam("b_case", type_=Integer)), _SOONEST, PAGE)
OF_REQUESTS = Listed(_open().where(ProcessInstance.request_id.in_(bindparam("b_requests", expanding=True))), _SOONEST)
