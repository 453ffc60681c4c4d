"""Who may see a case: the teams and people that worked, work or are told something on it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, exists, or_, select

from engine.models import Case, Notification, ServiceRequest, UserTask
from engine.notifications import FROM_DIAGRAMS


def may_see_case(connection: Connection, case_id: int, *, person_id: int, groups: Collection[str]) -> bool:
    """Tell whether a person with these groups may see a case."""
    found = select(Case.case_id).where(Case.case_id == case_id, seen_by(person_id, groups))
    return connection.execute(found).first() is not None


def seen_by(person_id: int, groups: Collection[str]) -> ColumnElement[bool]:
    """Return the condition on `Case` that a person with these groups may see it."""
    task = exists().where(
        UserTask.case_id == Case.case_id,
        or_(
            UserTask.candidate_group.in_(groups),
            UserTask.assignee_id == person_id,
            UserTask.ended_by_id == person_id,
        ),
    )
    request = exists().where(
        ServiceRequest.case_id == Case.case_id,
        or_(ServiceRequest.owner_group.in_(groups), ServiceRequest.owner_id == person_id),
    )
    told = exists().where(
        Notification.case_id == Case.case_id,
        Notification.kind.in_(FROM_DIAGRAMS),  # a task that was theirs for a while shows them no case for ever
        or_(Notification.group_key.in_(groups), Notification.person_id == person_id),
    )
    return or_(task, request, told)
