"""Notifications: what a group or a person was told. They are seen, not completed.

Some a diagram sends. Others tell of what changed for somebody without their doing: a task that became theirs, one that
became overdue, a client's reply about what they hold.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, literal, or_, select, update

from engine.errors import NotFound
from engine.models import Notification, UserTask
from engine.people import Somebody
from engine.prepared import Prepared
from engine.world import World

FROM_DIAGRAMS = ("told", "approved", "rejected")
"""The kinds that a diagram sends; the program itself sends `assigned`, `overdue` and `replied`."""
FOR_YOU = "A task for you"
_NOTIFICATION, _TASK = (model.metadata.tables[model.__tablename__] for model in (Notification, UserTask))
# Built once: a step that gives somebody a task runs it.
_TELL_HOLDERS = Prepared(
    insert(_NOTIFICATION).from_select(
        ["kind", "case_id", "instance_id", "task_id", "person_id", "subject", "text", "sent_at"],
        select(
            literal("assigned"),
            _TASK.c.case_id,
            _TASK.c.instance_id,
            _TASK.c.task_id,
            _TASK.c.assignee_id,
            literal(f"{FOR_YOU}: ") + _TASK.c.name,
            literal(""),
            bindparam("b_at", type_=_NOTIFICATION.c.sent_at.type),
        ).where(
            _TASK.c.instance_id == bindparam("b_instance"),
            _TASK.c.token == bindparam("b_token"),
            _TASK.c.assignee_id.is_not(None),
        ),
        include_defaults=False,
    )
)


def tell(
    connection: Connection,
    *,
    subject: str,
    at: datetime,
    kind: str = "told",
    text: str = "",
    person_id: int | None = None,
    group_key: str | None = None,
    case_id: int | None = None,
    instance_id: int | None = None,
) -> None:
    """Tell a person something, or a group where no person is named."""
    connection.execute(
        insert(Notification).values(
            kind=kind,
            case_id=case_id,
            instance_id=instance_id,
            group_key=None if person_id is not None else group_key,
            person_id=person_id,
            subject=subject,
            text=text,
            sent_at=at,
        )
    )


def tell_of_tasks(connection: Connection, tasks: Sequence[Any], *, kind: str, words: str, at: datetime) -> None:
    """Tell the holder of each task of it, or its group where nobody holds it; `words` stand before the task's name."""
    rows = [
        {
            "kind": kind,
            "case_id": task.case_id,
            "instance_id": task.instance_id,
            "task_id": task.task_id,
            "group_key": None if task.assignee_id is not None else task.candidate_group,
            "person_id": task.assignee_id,
            "subject": f"{words}: {task.name}",
            "text": "",
            "sent_at": at,
        }
        for task in tasks
    ]
    if rows:
        connection.execute(insert(Notification), rows)


def tell_new_holders(
    connection: Connection, instance_id: int, opened: Sequence[Any], *, actor_id: int | None, at: datetime
) -> None:
    """Tell people of the tasks that a step made theirs, but for whoever acted: they are led there anyway.

    `opened` are the rows of the tasks that the step opened, as `engine.projection.project` returns them.
    """
    theirs = [row for row in opened if row["assignee_id"] not in (None, actor_id)]
    if theirs:
        told = [{"b_instance": instance_id, "b_token": row["token"], "b_at": at} for row in theirs]
        _TELL_HOLDERS.change_each(connection, told)


def mark_seen(world: World, notification_id: int, *, actor: Somebody) -> None:
    """Say that a notification of one's own, or of one's group, has been seen.

    Raises: NotFound when it is not theirs.
    """
    with world.db.write() as connection:
        theirs, unseen = _unseen(actor.person_id, actor.groups)
        its_row = Notification.notification_id == notification_id, theirs
        done = connection.execute(
            update(Notification).where(*its_row, unseen).values(seen_at=world.clock.now(), seen_by_id=actor.person_id)
        )
        if done.rowcount != 1 and connection.execute(select(Notification.seen_at).where(*its_row)).first() is None:
            raise NotFound("There is no such notification to mark as seen.")


def mark_own_seen(world: World, *, up_to: int, actor: Somebody) -> int:
    """Say that one has seen all that was told to oneself up to a notification, and return how many that were.

    What a group was told stays: a colleague may still have to see it.
    """
    with world.db.write() as connection:
        done = connection.execute(
            update(Notification)
            .where(Notification.notification_id <= up_to, *_unseen(actor.person_id, ()))
            .values(seen_at=world.clock.now(), seen_by_id=actor.person_id)
        )
        return done.rowcount


def _unseen(person_id: int, groups: Collection[str]) -> tuple[Any, ...]:
    theirs = or_(Notification.group_key.in_(groups), Notification.person_id == person_id)
    return theirs, Notification.seen_at.is_(None)
