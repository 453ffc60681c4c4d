"""The tasks of one page of a worklist, with all that a row says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from engine.models import Case, Definition, Person, ProcessInstance, ServiceRequest, UserTask
from engine.queries.clients import about_of
from engine.queries.holder_names import HOLDER_NAME
from engine.queries.other_open import other_open
from engine.values import loads


@dataclass(frozen=True, slots=True)
class ListedTask:
    """An open user task as a worklist shows it. `source` is who raised it where that was not the client."""

    task_id: int
    name: str
    step: str
    candidate_group: str | None
    assignee_id: int | None
    assignee_name: str | None
    case_id: int | None
    reference: str | None
    client_name: str | None
    nation: str
    stage: str
    source: str | None
    business_key: str | None
    procedure: str
    request_kind: str | None
    created_at: datetime
    due_at: datetime | None
    has_draft: bool
    about: str
    outside: str
    is_ice_gateway: bool
    other_open: int


def tasks_by_id(connection: Connection, task_ids: Sequence[int]) -> list[ListedTask]:
    """Return open tasks in the order of their ids as given."""
    if not task_ids:
        return []
    rows = connection.execute(_LISTED.where(UserTask.task_id.in_(task_ids))).all()
    found = {row.task_id: _listed(dict(row._mapping)) for row in rows}
    return [found[task_id] for task_id in task_ids if task_id in found]


def _listed(columns: dict[str, Any]) -> ListedTask:
    facts, pending = columns.pop("facts"), columns.pop("pending_facts")
    properties = columns.pop("properties")
    known = loads(facts or pending)
    columns["has_draft"] = bool(columns["has_draft"])
    outside = loads(properties).get("outside") if '"outside"' in properties else None
    return ListedTask(
        **columns,
        about=about_of(facts or pending),
        outside=str(outside or ""),
        is_ice_gateway=known.get("ice_gateway") is True,
    )


_LISTED = (
    select(
        UserTask.task_id,
        UserTask.name,
        UserTask.step,
        UserTask.candidate_group,
        UserTask.assignee_id,
        HOLDER_NAME.label("assignee_name"),
        UserTask.case_id,
        Case.reference,
        Case.client_name,
        UserTask.nation,
        UserTask.stage,
        UserTask.source,
        ProcessInstance.business_key,
        Definition.title.label("procedure"),
        ServiceRequest.kind.label("request_kind"),
        UserTask.created_at,
        UserTask.due_at,
        UserTask.draft.is_not(None).label("has_draft"),
        UserTask.properties,
        ServiceRequest.facts,
        ProcessInstance.pending_facts,
        other_open(UserTask.case_id, ProcessInstance.request_id, of=(UserTask, ProcessInstance)).label("other_open"),
    )
    .join(ProcessInstance, ProcessInstance.instance_id == UserTask.instance_id)
    .join(Definition, Definition.definition_id == ProcessInstance.definition_id)
    .outerjoin(ServiceRequest, ServiceRequest.request_id == ProcessInstance.request_id)
    .outerjoin(Case, Case.case_id == UserTask.case_id)
    .outerjoin(Person, Person.person_id == UserTask.assignee_id)
)
