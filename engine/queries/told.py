"""History and notifications as pages tell them: rows with the names of people and the values that they gave."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from engine.db import once_a_look
from engine.models import Case, Definition, History, Notification, Person, ProcessInstance, Submission
from engine.queries.sight import visible_to
from engine.roles import Groups
from engine.values import loads

PAGE = 100
OF_AN_INSTANCE = 500
MOST_COUNTED = 1_000
_WITHOUT_A_CASE = {
    "assigned": "Work was given to you",
    "overdue": "A task became overdue",
    "replied": "A client replied",
}


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One thing that happened; `values` is what was given with it, None where nothing was or it was erased."""

    history_id: int
    instance_id: int
    definition_id: int
    title: str
    version: int
    seq: int
    at: datetime
    actor: str
    kind: str
    element_id: str
    element_name: str
    step: str
    data: dict[str, Any]
    hash: str
    values: dict[str, Any] | None
    number: str | None = None
    """The number of the service request that the instance works on."""


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """Something that a group or a person was told."""

    notification_id: int
    case_id: int | None
    reference: str | None
    client_name: str | None
    group_key: str | None
    subject: str
    text: str
    sent_at: datetime
    seen_at: datetime | None
    seen_by: str | None
    kind: str
    task_id: int | None
    is_open_to_them: bool
    """Whether they may see the case that it is about, if it is about one."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows of a case's history are wanted: all of `kinds`, those of jobs of `types`, those that name a mark.

    Nothing of these means all rows, but for `quiet_kinds` and the jobs of `quiet_types`. `number` keeps to one request.
    """

    kinds: Collection[str] = ()
    types: Collection[str] = ()
    marks: Collection[str] = ()
    quiet_kinds: Collection[str] = ()
    quiet_types: Collection[str] = ()
    number: str = ""


def history_of_case(connection: Connection, case_id: int, wanted: Wanted, *, page: int = 1) -> list[HistoryRow]:
    """Return what happened on a case, the newest on top; `page` 1 holds the newest rows."""
    return _history(connection, History.case_id == case_id, *_conditions(wanted), offset=(page - 1) * PAGE)


def _conditions(wanted: Wanted) -> list[Any]:
    found: list[Any] = [History.kind.not_in(wanted.quiet_kinds)] if wanted.quiet_kinds else []
    found += [~_is_of_type(one) for one in wanted.quiet_types]
    any_of = [
        *([History.kind.in_(wanted.kinds)] if wanted.kinds else []),
        *(_is_of_type(one) for one in wanted.types),
        *(Submission.values.contains(mark, autoescape=True) for mark in wanted.marks),
    ]
    if any_of:
        found.append(or_(*any_of))
    if wanted.number:
        found.append(ProcessInstance.business_key == wanted.number)
    return found


def _is_of_type(job_type: str) -> Any:
    """Return the condition that a row tells of a job of a type; how it is written in the row never changes."""
    return and_(History.kind == "job_done", History.data.contains(f'"type":"{job_type}"', autoescape=True))


def newest_of_case(connection: Connection, case_id: int, *, most: int, leave_out: Collection[str]) -> list[HistoryRow]:
    """Return the newest rows of a case's history, the newest on top, without the kinds that are left out."""
    return _history(connection, History.case_id == case_id, History.kind.not_in(leave_out), most=most)


def count_history(connection: Connection, case_id: int, wanted: Wanted) -> int:
    """Return how many rows of a case's history are wanted."""
    return connection.execute(
        select(func.count())
        .select_from(History)
        .join(ProcessInstance, ProcessInstance.instance_id == History.instance_id)
        .outerjoin(Submission, and_(Submission.instance_id == History.instance_id, Submission.seq == History.seq))
        .where(History.case_id == case_id, *_conditions(wanted))
    ).scalar_one()


def plan_of_request(connection: Connection, request_id: int, marks: Collection[str]) -> list[HistoryRow]:
    """Return what made and changed a request's plan, and what was decided on it, the oldest first.

    `marks` are names of which a submission or a result holds one. What sets fields is among them: it begins versions.
    """
    holds = or_(*(Submission.values.contains(f'"{mark}"', autoescape=True) for mark in marks))
    wanted = or_(and_(History.kind.in_(("submitted", "job_done")), holds), _is_of_type("set_fields"))
    return _history(connection, ProcessInstance.request_id == request_id, wanted, most=2_000)[::-1]


def submissions_with(connection: Connection, instance_id: int, marks: Collection[str]) -> list[HistoryRow]:
    """Return what people submitted in an instance with one of these names in it, the oldest first."""
    holds = or_(*(Submission.values.contains(f'"{mark}"', autoescape=True) for mark in marks))
    where = (History.instance_id == instance_id, History.kind == "submitted", holds)
    return _history(connection, *where, most=OF_AN_INSTANCE)[::-1]


def history_of_instance(connection: Connection, instance_id: int) -> list[HistoryRow]:
    """Return what happened in one instance, the newest on top."""
    return _history(connection, History.instance_id == instance_id, most=OF_AN_INSTANCE)


def _history(connection: Connection, *where: Any, most: int = PAGE, offset: int = 0) -> list[HistoryRow]:
    rows = connection.execute(
        select(
            History.history_id,
            History.instance_id,
            ProcessInstance.definition_id,
            Definition.title,
            Definition.version,
            History.seq,
            History.at,
            History.actor,
            History.kind,
            History.element_id,
            History.element_name,
            History.step,
            History.data,
            History.hash,
            Submission.values,
            ProcessInstance.business_key.label("number"),
        )
        .join(ProcessInstance, ProcessInstance.instance_id == History.instance_id)
        .join(Definition, Definition.definition_id == ProcessInstance.definition_id)
        .outerjoin(Submission, and_(Submission.instance_id == History.instance_id, Submission.seq == History.seq))
        .where(*where)
        .order_by(History.history_id.desc())
        .limit(most)
        .offset(offset)
    )
    return [
        HistoryRow(
            **{
                **row._mapping,
                "data": loads(row.data),
                "values": loads(row._mapping["values"]) if row._mapping["values"] else None,
            }
        )
        for row in rows
    ]


@once_a_look
def names_of_people(connection: Connection) -> dict[int, str]:
    """Return everybody's name by person id, those who left included."""
    rows = connection.execute(select(Person.person_id, Person.name))
    return {row.person_id: row.name for row in rows}


def notifications_for(
    connection: Connection, known: Groups, *, person_id: int, groups: Collection[str]
) -> list[NotificationRow]:
    """Return what a person or their groups were told: unseen first, then the newest.

    Of a case that they may not see any more it names neither the client, nor the case, nor a task.
    """
    sees = and_(Case.case_id.is_not(None), visible_to(known, person_id=person_id, own=groups))
    rows = connection.execute(
        select(
            Notification.notification_id,
            Notification.case_id,
            Case.reference,
            Case.client_name,
            Notification.group_key,
            Notification.subject,
            Notification.text,
            Notification.sent_at,
            Notification.seen_at,
            Person.name.label("seen_by"),
            Notification.kind,
            Notification.task_id,
            or_(Notification.case_id.is_(None), sees).label("is_open_to_them"),
        )
        .outerjoin(Case, Case.case_id == Notification.case_id)
        .outerjoin(Person, Person.person_id == Notification.seen_by_id)
        .where(or_(Notification.group_key.in_(groups), Notification.person_id == person_id))
        .order_by(Notification.seen_at.is_not(None), Notification.notification_id.desc())
        .limit(100)
    )
    return [_as_they_may_see(NotificationRow(**row._mapping)) for row in rows]


def _as_they_may_see(row: NotificationRow) -> NotificationRow:
    if row.is_open_to_them:
        return row
    subject = _WITHOUT_A_CASE.get(row.kind, "You were told of a case")
    return replace(row, subject=subject, case_id=None, task_id=None, reference=None, client_name=None, text="")


def count_unseen(connection: Connection, *, person_id: int, groups: Collection[str]) -> int:
    """Return how many notifications a person has not seen; MOST_COUNTED stands for that many and more."""
    rows = connection.execute(
        select(Notification.notification_id)
        .where(
            or_(Notification.group_key.in_(groups), Notification.person_id == person_id),
            Notification.seen_at.is_(None),
        )
        .limit(MOST_COUNTED)
    )
    return len(rows.all())
