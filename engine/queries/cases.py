"""Cases as pages show them: the list, and everything that belongs to one case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, exists, select
from sqlalchemy.orm import aliased

from engine.errors import NotFound
from engine.facts import case_fields, request_fields
from engine.models import (
    Case,
    Person,
    RequestLink,
    ServiceRequest,
)
from engine.queries.holder_names import HOLDER_NAME
from engine.queries.together import Listed


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case in the list, with its newest service request."""

    case_id: int
    reference: str
    client_name: str
    nation: str
    request_number: str | None = None
    request_kind: str | None = None
    status: str | None = None
    sub_status: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """What ties a service request to another of its case, seen from here: `number` and `kind` are the other's.

    `relation` is as stored (child, related, raised_from); `is_outward` tells whether it was made from here.
    """

    relation: str
    number: str
    kind: str
    is_outward: bool


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A service request; `fields` are `request.*`, `links` tie it to others in both directions."""

    request_id: int
    number: str
    kind: str
    status: str
    sub_status: str | None
    resolution_code: str | None
    owner_name: str | None
    owner_group: str | None
    opened_at: datetime
    closed_at: datetime | None
    reopened_at: datetime | None
    fields: dict[str, Any]
    links: tuple[Link, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether work on it goes on."""
        return self.closed_at is None and self.status != "Closed"


def with_newest_request(connection: Connection, cases: Sequence[Any]) -> list[CaseRow]:
    """Return cases, given as id, reference, name and nation, each with its newest service request."""
    newest = _newest_requests(connection, [row[0] for row in cases])
    return [CaseRow(*row, *newest.get(row[0], (None,) * 4)) for row in cases]


def _newest_requests(connection: Connection, case_ids: list[int]) -> dict[int, tuple[Any, ...]]:
    """Return the newest request of each case; the child of another, such as a payment, only where there is no other."""
    is_child = exists().where(RequestLink.to_request_id == ServiceRequest.request_id, RequestLink.relation == "child")
    rows = connection.execute(
        select(
            ServiceRequest.case_id,
            ServiceRequest.number,
            ServiceRequest.kind,
            ServiceRequest.status,
            ServiceRequest.sub_status,
        )
        .where(ServiceRequest.case_id.in_(case_ids))
        .order_by(~is_child, ServiceRequest.request_id)
    )
    return {row.case_id: tuple(row)[1:] for row in rows}


_CASE = bindparam("b_case", type_=Integer)
_ONE, _OTHER = aliased(ServiceRequest), aliased(ServiceRequest)
THE_CASE = Listed(select(Case.__table__).where(Case.case_id == _CASE), (Case.case_id,))
REQUESTS = Listed(
    select(ServiceRequest.__table__, HOLDER_NAME.label("owner_name"))
    .outerjoin(Person, Person.person_id == ServiceRequest.owner_id)
    .where(ServiceRequest.case_id == _CASE),
    order=(ServiceRequest.request_id.desc(),),
)
LINKS = Listed(
    select(
        RequestLink.relation,
        _ONE.request_id.label("one_id"),
        _ONE.number.label("one_number"),
        _ONE.kind.label("one_kind"),
        _OTHER.request_id.label("other_id"),
        _OTHER.number.label("other_number"),
        _OTHER.kind.label("other_kind"),
    )
    .join(_ONE, _ONE.request_id == RequestLink.from_request_id)
    .join(_OTHER, _OTHER.request_id == RequestLink.to_request_id)
    .where(_ONE.case_id == _CASE),
    order=(RequestLink.link_id,),
)


def case_facts(connection: Connection, case_id: int) -> dict[str, Any]:
    """Return `case.*` of a case. Raises: NotFound."""
    return facts_from(connection.execute(THE_CASE.alone, {"b_case": case_id}).all())


def facts_from(rows: Sequence[Any]) -> dict[str, Any]:
    """Return `case.*` from what was read of a case. Raises: NotFound when that is nothing."""
    if not rows:
        raise NotFound("There is no such case.")
    return case_fields(rows[0])


def requests_of(connection: Connection, case_id: int) -> list[RequestRow]:
    """Return the service requests of a case, newest first."""
    links = connection.execute(LINKS.alone, {"b_case": case_id}).all()
    return requests_from(connection.execute(REQUESTS.alone, {"b_case": case_id}).all(), links)


def requests_from(rows: Sequence[Any], links: Sequence[Any]) -> list[RequestRow]:
    """Return the service requests of a case from their rows and those of their links."""
    linked = _links(links)
    return [_request(row, linked) for row in rows]


def _links(rows: Sequence[Any]) -> dict[int, list[Link]]:
    """Return the links of every request of a case, each seen from both of its ends."""
    links: dict[int, list[Link]] = {}
    for row in rows:
        relation = row.relation
        if relation == "related" and row.one_id > row.other_id:
            relation = "raised_from"  # a later request that names an earlier one came out of it
        links.setdefault(row.one_id, []).append(Link(relation, row.other_number, row.other_kind, is_outward=True))
        links.setdefault(row.other_id, []).append(Link(relation, row.one_number, row.one_kind, is_outward=False))
    return links


def _request(row: Any, links: dict[int, list[Link]]) -> RequestRow:
    return RequestRow(
        request_id=row.request_id,
        number=row.number,
        kind=row.kind,
        status=row.status,
        sub_status=row.sub_status,
        resolution_code=row.resolution_code,
        owner_name=row.owner_name,
        owner_group=row.owner_group,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        reopened_at=row.reopened_at,
        fields=request_fields(row),
        links=tuple(links.get(row.request_id, ())),
    )
