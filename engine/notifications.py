"""Notifications: what a group or a person was told. They are seen, not completed."""

from __future__ import annotations

from sqlalchemy import or_, update

from engine.errors import NotFound
from engine.models import Notification
from engine.people import Somebody
from engine.world import World


def mark_seen(world: World, notification_id: int, *, actor: Somebody) -> None:
    """Say that a notification of one's own, or of one's group, has been seen.

    Raises: NotFound when it is not theirs or was seen before.
    """
    with world.db.write() as connection:
        done = connection.execute(
            update(Notification)
            .where(
                Notification.notification_id == notification_id,
                Notification.seen_at.is_(None),
                or_(Notification.group_key.in_(actor.groups), Notification.person_id == actor.person_id),
            )
            .values(seen_at=world.clock.now(), seen_by_id=actor.person_id)
        )
        if done.rowcount != 1:
            raise NotFound("There is no such notification to mark as seen.")
