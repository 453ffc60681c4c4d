"""Absences: days on which somebody does not work, and who stands in for them.

The cover sees what the absent person holds and may take it, task by task, where it is their group's work. What diagrams
assign by themselves stays as drawn, absent or not: a case keeps its caseworker, and the lists say that they are away.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, delete, insert, select
from sqlalchemy.orm import aliased

from engine import roles, tasks
from engine.clock import LONDON
from engine.db import once_a_look
from engine.errors import NotAllowed, NotFound, ValuesRefused
from engine.holds import hold_name, hold_task
from engine.models import Absence, Membership, Person
from engine.people import Somebody
from engine.world import World

LONGEST_DAYS = 730


@dataclass(frozen=True, slots=True)
class Away:
    """An absence, with both days included; `cover_name` is empty where nobody stands in."""

    absence_id: int
    person_id: int
    person_name: str
    first_on: date
    last_on: date
    cover_id: int | None
    cover_name: str


def today(world: World) -> date:
    """Return the day that it is in London."""
    return world.clock.now().astimezone(LONDON).date()


@once_a_look
def away_on(connection: Connection, day: date) -> dict[int, Away]:
    """Return who is away on a day, by person id."""
    return {away.person_id: away for away in _read(connection, Absence.first_on <= day, Absence.last_on >= day)}


def absences_of(connection: Connection, people: Collection[int], *, since: date) -> list[Away]:
    """Return the absences of people that are not over, the next first."""
    return _read(connection, Absence.person_id.in_(people), Absence.last_on >= since)


def covered_by(connection: Connection, person_id: int, day: date) -> list[Away]:
    """Return the absences in which somebody stands in on a day."""
    return [away for away in away_on(connection, day).values() if away.cover_id == person_id]


def record(
    world: World, person_id: int, *, first_on: date, last_on: date, cover_id: int | None, actor: Somebody
) -> None:
    """Record an absence; one's own, or as a leader or manager who answers for the person.

    Raises: NotFound, NotAllowed, ValuesRefused.
    """
    with world.db.write() as connection:
        hold_name(connection, f"absences of {person_id}")
        groups = groups_of(connection, person_id)
        _check_actor(world, actor, person_id, groups)
        problems = {}
        if last_on < first_on:
            problems["last_on"] = "The last day must be the first day or later"
        elif (last_on - first_on).days > LONGEST_DAYS:
            problems["last_on"] = "The last day must be within two years of the first"
        elif last_on < today(world):
            problems["last_on"] = "The last day must be today or in the future"
        elif _read(
            connection, Absence.person_id == person_id, Absence.first_on <= last_on, Absence.last_on >= first_on
        ):
            problems["first_on"] = "An absence on some of these days is recorded already. Remove that one first"
        if cover_id is not None and (cover_id == person_id or not groups & groups_of(connection, cover_id)):
            problems["cover_id"] = "Choose a colleague from a team of this person"
        if problems:
            raise ValuesRefused(problems)
        said = {"person_id": person_id, "first_on": first_on, "last_on": last_on, "cover_id": cover_id}
        connection.execute(
            insert(Absence).values(**said, recorded_by_id=actor.person_id, recorded_at=world.clock.now())
        )


def remove(world: World, absence_id: int, *, actor: Somebody) -> None:
    """Remove an absence, as whoever may record it. Raises: NotFound, NotAllowed."""
    with world.db.write() as connection:
        found = _read(connection, Absence.absence_id == absence_id)
        if not found:
            raise NotFound("There is no such absence. It may have been removed already.")
        _check_actor(world, actor, found[0].person_id, groups_of(connection, found[0].person_id))
        connection.execute(delete(Absence).where(Absence.absence_id == absence_id))


def take(world: World, task_id: int, *, actor: Somebody) -> None:
    """Take a task of somebody for whom one stands in today.

    Raises: NotFound, NotAllowed, TaskAlreadyCompleted, TaskWithdrawn.
    """
    with world.db.write() as connection:
        hold_task(connection, task_id)
        task = tasks.get_open_task(connection, task_id)
        covered = {away.person_id for away in covered_by(connection, actor.person_id, today(world))}
        if task.assignee_id == actor.person_id:
            return
        if task.assignee_id not in covered:
            raise NotAllowed("You do not stand in for whoever holds this task. Ask them, or a team leader.")
        if task.candidate_group is not None and task.candidate_group not in actor.groups:
            raise NotAllowed("This task is for another team, so you cannot take it. Ask a team leader.")
        tasks.refuse_excluded(world, connection, task, actor.person_id)
        tasks.give(world, connection, task, to=actor.person_id, kind="covered", actor=actor)


def groups_of(connection: Connection, person_id: int) -> frozenset[str]:
    """Return the groups of a person, whether or not they may sign in. Raises: NotFound."""
    rows = connection.execute(
        select(Membership.group_key)
        .select_from(Person)
        .outerjoin(Membership, Membership.person_id == Person.person_id)
        .where(Person.person_id == person_id)
    ).all()
    if not rows:
        raise NotFound("There is no such person.")
    return frozenset(row.group_key for row in rows if row.group_key)


def _check_actor(world: World, actor: Somebody, person_id: int, groups: Collection[str]) -> None:
    if person_id != actor.person_id and not any(roles.answers_for(world.groups, actor.groups, key) for key in groups):
        raise NotAllowed("Absences are recorded by the person, or by whoever leads or manages their team.")


def _read(connection: Connection, *conditions: ColumnElement[bool]) -> list[Away]:
    cover = aliased(Person)
    rows = connection.execute(
        select(
            Absence.absence_id,
            Absence.person_id,
            Person.name,
            Absence.first_on,
            Absence.last_on,
            Absence.cover_id,
            cover.name,
        )
        .join(Person, Person.person_id == Absence.person_id)
        .outerjoin(cover, cover.person_id == Absence.cover_id)
        .where(*conditions)
        .order_by(Absence.first_on, Absence.absence_id)
    )
    return [Away(*row[:6], row[6] or "") for row in rows]
