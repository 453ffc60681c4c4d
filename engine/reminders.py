"""Reminders: who is told that a task is overdue, and the email of the morning.

Both are looked for now and then by whoever works in the background, and each is told once: the moment up to which was
looked, and the day on which somebody's email was owed, are written in the transaction that tells.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, exists, insert, or_, select, update

from engine import bank_holidays, outbox
from engine.absences import groups_of
from engine.calendar import NATIONS, CalendarError
from engine.clock import LONDON
from engine.holds import hold_name
from engine.models import Case, Notification, Person, Setting, UserTask
from engine.notifications import tell_of_tasks
from engine.queries.sight import visible_to
from engine.queries.worklists import days_of
from engine.world import World

EVERY = timedelta(minutes=5)
FROM_HOUR = 7
"""London. The email of the morning is there when people begin."""
AT_ONCE = 50
"""Emails that are owed in one transaction."""
_MARK = "overdue told until"
_LISTED = 20


def remind(world: World) -> int:
    """Tell of what became overdue, and owe the emails of this morning; return how many people or groups were told."""
    return _tell_of_overdue(world) + _owe_digests(world)


def _tell_of_overdue(world: World) -> int:
    now = world.clock.now()
    with world.db.read() as connection:
        told_until = _told_until(connection)
    if told_until is not None and told_until <= now < told_until + EVERY:
        return 0
    with world.db.write() as connection:
        hold_name(connection, _MARK)
        told_until = _told_until(connection)
        # The first look only begins: nobody is told of years at once.
        late = [] if told_until is None else _late(connection, world, told_until, now)
        tell_of_tasks(connection, late, kind="overdue", words="Overdue", at=now)
        if told_until is None:
            connection.execute(insert(Setting).values(name=_MARK, value=now.isoformat()))
        else:
            connection.execute(update(Setting).where(Setting.name == _MARK).values(value=now.isoformat()))
    return len(late)


def _told_until(connection: Connection) -> datetime | None:
    found = connection.execute(select(Setting.value).where(Setting.name == _MARK)).scalar_one_or_none()
    return None if found is None else datetime.fromisoformat(found)


def _late(connection: Connection, world: World, since: datetime, now: datetime) -> list[object]:
    """Return the open tasks that became overdue and of which nobody was told, whichever way the clock has gone.

    They are read group by group: each then is a range of an index of open tasks.
    """
    told = exists().where(Notification.task_id == UserTask.task_id, Notification.kind == "overdue")
    found: list[object] = []
    for group in (*world.groups, None):
        of_group = UserTask.candidate_group.is_(None) if group is None else UserTask.candidate_group == group
        for held in (UserTask.assignee_id.is_(None), UserTask.assignee_id.is_not(None)):
            became = (UserTask.due_at > since, UserTask.due_at <= now, ~told)
            found += connection.execute(select(UserTask).where(UserTask.status == "open", of_group, held, *became))
    return found


def _owe_digests(world: World) -> int:
    now = world.clock.now().astimezone(LONDON)
    if now.hour < FROM_HOUR or not _is_workday(world, now.date()):
        return 0
    with world.db.read() as connection:
        waiting = list(
            connection.execute(select(Person.person_id).where(*_not_yet(now.date())).limit(AT_ONCE)).scalars()
        )
    if not waiting:
        return 0
    with world.db.write() as connection:
        return sum(_owe_digest(world, connection, person_id, now) for person_id in waiting)


def _is_workday(world: World, today: date) -> bool:
    """Tell whether any nation works today; where the holidays are not known, every day that is no weekend counts."""
    try:
        return any(bank_holidays.calendar(world).is_working_day(today, nation) for nation in NATIONS)
    except CalendarError:
        return today.weekday() < 5


def _not_yet(today: date) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that somebody is still to be sent the email of a morning."""
    not_sent = or_(Person.digest_sent_on.is_(None), Person.digest_sent_on < today)
    return Person.is_active.is_(True), Person.is_sent_digest.is_(True), Person.email.is_not(None), not_sent


def _owe_digest(world: World, connection: Connection, person_id: int, now: datetime) -> int:
    """Owe somebody the email of this morning, unless it was owed meanwhile or there is nothing to say."""
    today = now.date()
    taken = connection.execute(
        update(Person)
        .where(Person.person_id == person_id, *_not_yet(today))
        .values(digest_sent_on=today)
        .returning(Person.name, Person.email)
    ).one_or_none()
    if taken is None:
        return 0
    text = _digest(world, connection, person_id, taken.name, now)
    if text is None:
        return 0
    payload = {"to": taken.email, "subject": "Your work today", "text": text, "automatic": True}
    key = f"digest-{person_id}-{today.isoformat()}"
    outbox.owe(connection, key=key, kind="email", payload=payload, now=now, instance_id=None)
    return 1


def _digest(world: World, connection: Connection, person_id: int, name: str, now: datetime) -> str | None:
    """Return what somebody is told in the morning; no name of a client, because email is read anywhere.

    Nor anything of a case that they may not see any more. Where nobody has said what address people reach us by, tasks
    are named and not linked to.
    """
    links = world.settings.link_base
    sees = visible_to(world.groups, person_id=person_id, own=groups_of(connection, person_id))
    _, midnight = days_of("today", now)
    due = connection.execute(
        select(UserTask.task_id, UserTask.name, UserTask.due_at, Case.reference)
        .outerjoin(Case, Case.case_id == UserTask.case_id)
        .where(UserTask.status == "open", UserTask.assignee_id == person_id, UserTask.due_at < midnight)
        .order_by(UserTask.due_at, UserTask.task_id)
    ).all()
    notices = connection.execute(
        select(Notification.subject, Case.reference)
        .outerjoin(Case, Case.case_id == Notification.case_id)
        .where(Notification.person_id == person_id, Notification.seen_at.is_(None))
        .where(or_(Notification.case_id.is_(None), sees))
        .order_by(Notification.notification_id.desc())
    ).all()
    tasks = [(row.name, row.reference, f"{links}/tasks/{row.task_id}" if links else "") for row in due]
    late = sum(row.due_at < now for row in due)
    parts = [
        _part("Overdue", tasks[:late]),
        _part("Due today", tasks[late:]),
        _part("Alerts that you have not seen", [(row.subject, row.reference, "") for row in notices]),
    ]
    if not any(parts):
        return None
    said = "\n\n".join(filter(None, parts))
    where = f"Your tasks: {links}/tasks/\nYour alerts: {links}/alerts\n" if links else ""
    end = f"{where}Sign in to Redress to work on these. You can stop this email under Alerts."
    return f"Good morning {name}\n\n{said}\n\n{end}\n"


def _part(title: str, rows: list[tuple[str, str | None, str]]) -> str:
    if not rows:
        return ""
    lines = [
        "\n  ".join(filter(None, (f"- {what}, {reference}" if reference else f"- {what}", link)))
        for what, reference, link in rows[:_LISTED]
    ]
    more = [f"and {len(rows) - _LISTED} more"] if len(rows) > _LISTED else []
    return "\n".join([f"{title}: {len(rows)}", *lines, *more])
