"""Who may see a case: the teams and people that worked, work or are told something on it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, exists, or_, select, true

from engine.dictionary import Role
from engine.models import Case, Notification, ServiceRequest, UserTask
from engine.notifications import FROM_DIAGRAMS
from engine.roles import Groups, roles_of, sight_of


def may_see_case(connection: Connection, case_id: int, *, person_id: int, groups: Collection[str]) -> bool:
    """Tell whether a person with these groups may see a case."""
    found = select(Case.case_id).where(Case.case_id == case_id, seen_by(person_id, groups))
    return connection.execute(found).first() is not None


def visible_to(groups: Groups, *, person_id: int, own: Collection[str]) -> ColumnElement[bool]:
    """Return the condition on `Case` that a person in their `own` groups may see it, whatever their role."""
    if not roles_of(groups, own).isdisjoint((Role.OPERATIONS, Role.AUDITOR)):
        return true()
    return seen_by(person_id, sight_of(groups, own))


def seen_by(person_id: int, groups: Collection[str]) -> ColumnElement[bool]:
    """Return the condition on `Case` that a person with these groups may see it."""
    task = (
        exists()
        .correlate(Case)
        .where(
            UserTask.case_id == Case.case_id,
            or_(
                UserTask.candidate_group.in_(groups),
                UserTask.assignee_id == person_id,
                UserTask.ended_by_id == person_id,
            ),
        )
    )
    request = (
        exists()
        .correlate(Case)
        .where(
            ServiceRequest.case_id == Case.case_id,
            or_(ServiceRequest.owner_group.in_(groups), ServiceRequest.owner_id == person_id),
        )
    )
    told = (
        exists()
        .correlate(Case)
        .where(
            Notification.case_id == Case.case_id,
            Notification.kind.in_(FROM_DIAGRAMS),  # a task that was theirs for a while shows them no case for ever
            or_(Notification.group_key.in_(groups), Notification.person_id == person_id),
        )
    )
    return or_(task, request, told)
