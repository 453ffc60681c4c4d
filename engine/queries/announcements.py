"""What the task that comes next says about itself to who has just completed the one before."""

from __future__ import annotations

from sqlalchemy import Connection, select
from sqlalchemy.orm import aliased

from engine.models import UserTask
from engine.values import loads


def announcements_after(connection: Connection, task_id: int, *, person_id: int) -> list[str]:
    """Return the property ``announce`` of each task that a person now holds because they completed another."""
    completed, following = aliased(UserTask), aliased(UserTask)
    rows = connection.execute(
        select(following.properties)
        .join(completed, completed.instance_id == following.instance_id)
        .where(
            completed.task_id == task_id,
            following.created_at == completed.ended_at,
            following.assignee_id == person_id,
            following.status == "open",
        )
        .order_by(following.task_id)
    )
    said = (loads(row.properties).get("announce") for row in rows)
    return [str(text) for text in said if text]
