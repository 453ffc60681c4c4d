"""The open service requests of one page of a list, with all that is open on each of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, exists, or_, select

from engine.models import Case, ListedRequest, Membership, Person, ServiceRequest
from engine.queries import running, worklist
from engine.queries.clients import about_of
from engine.queries.holder_names import HOLDER_NAME
from engine.queries.other_open import other_open
from engine.queries.running import InstanceRow, WaitRow
from engine.queries.together import Listed, Together
from engine.queries.worklist import TaskRow
from engine.values import loads


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """An open service request as lists show it. `instances` are the procedures under way, the newest first."""

    request_id: int
    business_key: str
    request_kind: str
    status: str
    sub_status: str | None
    case_id: int
    reference: str
    client_name: str
    source: str | None
    owner_id: int | None
    owner_name: str | None
    owner_group: str | None
    opened_at: datetime
    due_at: datetime | None
    about: str
    is_ice_gateway: bool
    other_open: int
    tasks: tuple[TaskRow, ...]
    waits: tuple[WaitRow, ...]
    instances: tuple[InstanceRow, ...]


def requests_by_id(connection: Connection, request_ids: Sequence[int]) -> list[OpenRequest]:
    """Return open requests in the order of their ids as given, by one statement."""
    if not request_ids:
        return []
    found = _TOGETHER.read(connection, b_requests=list(request_ids))
    tasks = [worklist.task_row(dict(vars(row))) for row in found["tasks"]]
    waits = [WaitRow(**vars(row)) for row in found["waits"]]
    instances = [InstanceRow(**vars(row)) for row in found["instances"]]

    def of(request_id: int, rows: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(row for row in rows if row.request_id == request_id)

    listed = {}
    for row in found["requests"]:
        columns = dict(vars(row))
        facts = columns.pop("facts")
        listed[row.request_id] = OpenRequest(
            **columns,
            about=about_of(facts),
            is_ice_gateway=loads(facts).get("ice_gateway") is True,
            tasks=of(row.request_id, tasks),
            waits=of(row.request_id, waits),
            instances=of(row.request_id, instances),
        )
    return [listed[request_id] for request_id in request_ids if request_id in listed]


def owners_in(connection: Connection, groups: Collection[str]) -> dict[str, str]:
    """Return {person id: name} of who belongs to groups, or still has an open request of theirs, by name."""
    member = select(Membership.person_id).where(Membership.group_key.in_(groups))
    has = exists().where(ListedRequest.owner_id == Person.person_id, ListedRequest.owner_group.in_(groups))
    rows = connection.execute(
        select(Person.person_id, Person.name)
        .where(or_(and_(Person.person_id.in_(member), Person.is_active), has))
        .order_by(Person.name, Person.person_id)
    )
    return {str(row.person_id): row.name for row in rows}


_REQUESTS = (
    select(
        ServiceRequest.request_id,
        ServiceRequest.number.label("business_key"),
        ServiceRequest.kind.label("request_kind"),
        ServiceRequest.status,
        ServiceRequest.sub_status,
        ServiceRequest.case_id,
        Case.reference,
        Case.client_name,
        ListedRequest.source,
        ServiceRequest.owner_id,
        HOLDER_NAME.label("owner_name"),
        ServiceRequest.owner_group,
        ServiceRequest.opened_at,
        ListedRequest.due_at,
        ServiceRequest.facts,
        other_open(ServiceRequest.case_id, ServiceRequest.request_id, of=(ServiceRequest,)).label("other_open"),
    )
    .join(ListedRequest, ListedRequest.request_id == ServiceRequest.request_id)
    .join(Case, Case.case_id == ServiceRequest.case_id)
    .outerjoin(Person, Person.person_id == ServiceRequest.owner_id)
    .where(ServiceRequest.request_id.in_(bindparam("b_requests", expanding=True)))
)
_TOGETHER = Together(
    requests=Listed(_REQUESTS, (ServiceRequest.request_id,)),
    tasks=worklist.OF_REQUESTS,
    waits=running.WAITS_OF_REQUESTS,
    instances=running.UNDER_WAY_OF_REQUESTS,
)
