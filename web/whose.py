"""Whose something is: what a person sees, and whether what an address names is theirs. The rules of access ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import g
from sqlalchemy import Connection, select

from engine import roles
from engine.absences import groups_of
from engine.dictionary import Role
from engine.errors import NotAllowed, NotFound
from engine.intake_questions import in_force, may_record
from engine.models import Absence, Document, Notification
from engine.people import Somebody
from engine.queries.holding import holders
from engine.queries.sight import may_see_case
from engine.tasks import get_task
from web.current import world


def sight_of(person: Somebody) -> frozenset[str]:
    """Return the groups whose cases a person sees: their own, those that they lead and those that they oversee."""
    return roles.sight_of(world().groups, person.groups)


def has_role(person: Somebody, *wanted: Role) -> bool:
    """Tell whether a person has one of these roles."""
    return not roles.roles_of(world().groups, person.groups).isdisjoint(wanted)


def sees_every_case(person: Somebody) -> bool:
    """Tell whether a person may read every case: operations, to put things right, and auditors."""
    return has_role(person, Role.OPERATIONS, Role.AUDITOR)


def records_contacts(connection: Connection, person: Somebody) -> bool:
    """Tell whether a person records contacts."""
    try:
        return may_record(in_force(world(), connection), sight_of(person))
    except NotFound:
        return False  # no procedure takes contacts in


def is_their_case(connection: Connection, person: Somebody, args: Mapping[str, Any]) -> bool:
    """Tell whether a person may see the case."""
    return may_see_case(connection, args["case_id"], person_id=person.person_id, groups=sight_of(person))


def find_task(connection: Connection, args: Mapping[str, Any]) -> None:
    """Read the task, for its page too. Raises: NotFound."""
    g.task = get_task(connection, args["task_id"])


def is_their_task(connection: Connection, person: Somebody, _args: Mapping[str, Any]) -> bool:
    """Tell whether a task is its holder's, their group's, or on a case of theirs."""
    task = g.task
    if task.assignee_id == person.person_id or task.candidate_group in sight_of(person):
        return True
    if task.case_id is None:
        raise NotAllowed("This task is for another team.")
    return may_see_case(connection, task.case_id, person_id=person.person_id, groups=sight_of(person))


def find_document(connection: Connection, args: Mapping[str, Any]) -> None:
    """Note whose case a document is of. Raises: NotFound."""
    of_case = select(Document.case_id).where(Document.document_id == args["document_id"])
    g.document_case_id = connection.execute(of_case).scalar_one_or_none()
    if g.document_case_id is None:
        raise NotFound("There is no such document.")


def is_their_document(connection: Connection, person: Somebody, _args: Mapping[str, Any]) -> bool:
    """Tell whether a person may see the case that a document is of."""
    return may_see_case(connection, g.document_case_id, person_id=person.person_id, groups=sight_of(person))


def is_told_to_them(connection: Connection, person: Somebody, args: Mapping[str, Any]) -> bool:
    """Tell whether a notification is for a person, or for a group of theirs."""
    told = select(Notification.group_key, Notification.person_id).where(
        Notification.notification_id == args["notification_id"]
    )
    found = connection.execute(told).one_or_none()
    return found is not None and (found.person_id == person.person_id or found.group_key in person.groups)


def takes_contacts(connection: Connection, person: Somebody, _args: Mapping[str, Any]) -> bool:
    """Tell whether a person records contacts."""
    return records_contacts(connection, person)


def is_of_their_team(connection: Connection, person: Somebody, args: Mapping[str, Any]) -> bool:
    """Tell whether a person answers for somebody's work."""
    teams = roles.teams_answered_for(world().groups, person.groups)
    return any(found == args["person_id"] for found, _, _ in holders(connection, teams))


def is_their_absence(connection: Connection, person: Somebody, args: Mapping[str, Any]) -> bool:
    """Tell whether an absence is a person's own, or of somebody they answer for."""
    away = select(Absence.person_id).where(Absence.absence_id == args["absence_id"])
    person_id = connection.execute(away).scalar_one_or_none()
    if person_id is None or person_id == person.person_id:
        return True  # one that is not there was removed already, and that may be told
    groups = groups_of(connection, person_id)
    return any(roles.answers_for(world().groups, person.groups, group) for group in groups)


def is_demonstration(_connection: Connection, _person: Somebody, _args: Mapping[str, Any]) -> bool:
    """Tell whether this is a demonstration."""
    return world().settings.demo
