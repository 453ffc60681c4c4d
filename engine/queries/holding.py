"""Who holds work of some teams, who could be given it, and how much each has."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, literal, select, union_all

from engine.errors import NotFound
from engine.models import ListedRequest, Membership, Person, ServiceRequest, UserTask


@dataclass(frozen=True, slots=True)
class Load:
    """How much somebody has: open tasks that they hold, and open service requests that they own."""

    tasks: int = 0
    cases: int = 0


def load_of(connection: Connection, people: Collection[int]) -> dict[int, Load]:
    """Return how much each of these people has."""
    holding = (
        select(UserTask.assignee_id.label("person_id"), literal("tasks").label("what"), func.count().label("number"))
        .where(UserTask.status == "open", UserTask.assignee_id.in_(people))
        .group_by(UserTask.assignee_id)
    )
    owning = (
        select(ListedRequest.owner_id, literal("cases"), func.count())
        .where(ListedRequest.waits_for != "served", ListedRequest.owner_id.in_(people))
        .group_by(ListedRequest.owner_id)
    )
    found: dict[int, dict[str, int]] = {person_id: {} for person_id in people}
    for row in connection.execute(union_all(holding, owning)):
        found[row.person_id][row.what] = row.number
    return {person_id: Load(**counted) for person_id, counted in found.items()}


def holders(connection: Connection, groups: Collection[str]) -> list[tuple[int, str, bool]]:
    """Return (id, name, may sign in) of who belongs to groups or holds work of theirs, by name."""
    member = select(Membership.person_id).where(Membership.group_key.in_(groups))
    holding = select(UserTask.assignee_id).where(UserTask.status == "open", UserTask.candidate_group.in_(groups))
    owning = select(ServiceRequest.owner_id).where(
        ServiceRequest.closed_at.is_(None), ServiceRequest.owner_group.in_(groups)
    )
    rows = connection.execute(
        select(Person.person_id, Person.name, Person.is_active)
        .where(Person.person_id.in_(member) | Person.person_id.in_(holding) | Person.person_id.in_(owning))
        .order_by(Person.name)
    )
    return [(row.person_id, row.name, row.is_active) for row in rows]


def people_of(connection: Connection, groups: Collection[str]) -> Mapping[int, str]:
    """Return who may sign in and belongs to any of these groups, by name."""
    rows = connection.execute(
        select(Person.person_id, Person.name)
        .where(
            Person.is_active,
            Person.person_id.in_(select(Membership.person_id).where(Membership.group_key.in_(groups))),
        )
        .order_by(Person.name)
    )
    return {row.person_id: row.name for row in rows}


def check_source(connection: Connection, person_id: int, groups: Collection[str]) -> str:
    """Return the name of somebody whose work may be handed over. Raises: NotFound."""
    for found, name, _ in holders(connection, groups):
        if found == person_id:
            return name
    raise NotFound("There is no such person in a team of yours.")
