"""What a team has to do: its open tasks by person, its open service requests by age, and decisions that wait."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, func, nulls_last, or_, select

from engine.models import Case, ListedRequest, Membership, Person, ProcessInstance, ServiceRequest, UserTask
from engine.queries.holder_names import HOLDER_NAME
from engine.values import loads

MOST = 2_000
"""Open service requests that are looked at: the oldest come first, so that none of the old ones is left out."""


@dataclass(frozen=True, slots=True)
class Load:
    """The open tasks of one person, or of the queue, where nobody holds them (`person_id` None); and their cases.

    `cases` are the open service requests that they have, whomever these wait for.
    """

    person_id: int | None
    name: str
    open: int = 0
    overdue: int = 0
    due_today: int = 0
    due_this_week: int = 0
    oldest_at: datetime | None = None
    cases: int = 0

    @property
    def later(self) -> int:
        """How many are due after this week, or have no date."""
        return self.open - self.overdue - self.due_today - self.due_this_week


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """An open service request of a team; `plan_version` counts its plans."""

    number: str
    kind: str
    case_id: int
    reference: str
    client_name: str
    nation: str
    owner_name: str | None
    opened_at: datetime
    plan_version: int


@dataclass(frozen=True, slots=True)
class Decision:
    """An open task that a leader, or somebody outside, has to decide on."""

    task_id: int
    name: str
    number: str | None
    reference: str | None
    client_name: str | None
    held_by: str | None
    is_outside: bool
    created_at: datetime
    due_at: datetime | None


def loads_of(
    connection: Connection, groups: Collection[str], *, now: datetime, tomorrow: datetime, next_week: datetime
) -> list[Load]:
    """Return the load of everyone in these groups, by name, those without a task too; the queue is last.

    `tomorrow` and `next_week` are the instants at which those begin. A task counts once: as overdue, due today, due
    later this week, or later.
    """
    counted = {row.assignee_id: row for row in connection.execute(_counts(groups, now, tomorrow, next_week))}
    cases = _cases(connection, groups)
    names = _people(connection, groups, [person_id for person_id in {*counted, *cases} if person_id is not None])
    found = [_load(person_id, name, counted.get(person_id), cases) for person_id, name in names]
    return [*found, _load(None, "Nobody holds these", counted.get(None), cases)]


def _cases(connection: Connection, groups: Collection[str]) -> dict[int | None, int]:
    """Return how many open service requests of these groups each person has."""
    rows = connection.execute(
        select(ListedRequest.owner_id, func.count())
        .where(ListedRequest.owner_group.in_(groups), ListedRequest.waits_for != "served")
        .group_by(ListedRequest.owner_id)
    )
    return {row[0]: row[1] for row in rows}


def _counts(groups: Collection[str], now: datetime, tomorrow: datetime, next_week: datetime) -> Any:
    due = UserTask.due_at
    return (
        select(
            UserTask.assignee_id,
            func.count().label("open"),
            func.sum(case((due < now, 1), else_=0)).label("overdue"),
            func.sum(case(((due >= now) & (due < tomorrow), 1), else_=0)).label("due_today"),
            func.sum(case(((due >= now) & (due >= tomorrow) & (due < next_week), 1), else_=0)).label("due_this_week"),
            func.min(UserTask.created_at).label("oldest_at"),
        )
        .where(UserTask.status == "open", UserTask.candidate_group.in_(groups))
        .group_by(UserTask.assignee_id)
    )


def _people(connection: Connection, groups: Collection[str], holders: Collection[int]) -> list[tuple[int, str]]:
    """Return (person id, name) of who is in the groups, or holds some of their work although they left them."""
    members = select(Membership.person_id).where(Membership.group_key.in_(groups))
    rows = connection.execute(
        select(Person.person_id, HOLDER_NAME.label("name"))
        .where(or_(Person.person_id.in_(members) & Person.is_active, Person.person_id.in_(holders)))
        .order_by(Person.name)
    )
    return [(row.person_id, row.name) for row in rows]


def _load(person_id: int | None, name: str, row: Any, cases: Mapping[int | None, int]) -> Load:
    held = cases.get(person_id, 0)
    if row is None:
        return Load(person_id, name, cases=held)
    return Load(person_id, name, row.open, row.overdue, row.due_today, row.due_this_week, row.oldest_at, held)


def requests_of(connection: Connection, groups: Collection[str]) -> list[OpenRequest]:
    """Return the open service requests that these groups own, the oldest first, `MOST` at most.

    Those that are worked on with another, such as payments, are not among them.
    """
    rows = connection.execute(
        select(
            ServiceRequest.number,
            ServiceRequest.kind,
            ServiceRequest.case_id,
            Case.reference,
            Case.client_name,
            Case.nation,
            HOLDER_NAME.label("owner_name"),
            ServiceRequest.opened_at,
            ServiceRequest.facts,
        )
        .join(ListedRequest, ListedRequest.request_id == ServiceRequest.request_id)
        .join(Case, Case.case_id == ServiceRequest.case_id)
        .outerjoin(Person, Person.person_id == ServiceRequest.owner_id)
        .where(ListedRequest.owner_group.in_(groups), ListedRequest.waits_for != "served")
        .order_by(ListedRequest.request_id)
        .limit(MOST)
    )
    return [OpenRequest(*row[:-1], plan_version=int(loads(row.facts).get("plan_version") or 0)) for row in rows]


def decisions_of(connection: Connection, groups: Collection[str], deciders: Collection[str]) -> list[Decision]:
    """Return what waits for the groups of `deciders`, or for somebody outside, what is due first on top."""
    rows = connection.execute(
        select(
            UserTask.task_id,
            UserTask.name,
            ProcessInstance.business_key,
            Case.reference,
            Case.client_name,
            HOLDER_NAME.label("held_by"),
            (UserTask.waits_for == "outside").label("is_outside"),
            UserTask.created_at,
            UserTask.due_at,
        )
        .join(ProcessInstance, ProcessInstance.instance_id == UserTask.instance_id)
        .outerjoin(Case, Case.case_id == UserTask.case_id)
        .outerjoin(Person, Person.person_id == UserTask.assignee_id)
        .where(
            UserTask.status == "open",
            UserTask.candidate_group.in_({*groups, *deciders}),
            or_(UserTask.candidate_group.in_(deciders), UserTask.waits_for == "outside"),
        )
        .order_by(nulls_last(UserTask.due_at), UserTask.task_id)
        .limit(100)
    )
    return [Decision(*row) for row in rows]
