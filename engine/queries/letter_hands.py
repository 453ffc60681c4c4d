"""Who wrote a letter and who checked it, and when: from the tasks that were completed, which are never deleted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from engine.models import Person, UserTask
from engine.values import loads

WRITTEN, CHECKED = "written", "checked"


@dataclass(frozen=True, slots=True)
class Hand:
    """One task on a letter that somebody completed: `what` they did, written or checked."""

    letter_id: str
    instance_id: int
    what: str
    by: str
    at: datetime


def hands_of_case(connection: Connection, case_id: int) -> list[Hand]:
    """Return who wrote and who checked the letters of a case, the newest on top."""
    rows = connection.execute(
        select(UserTask.instance_id, UserTask.properties, UserTask.ended_at, Person.name)
        .join(Person, Person.person_id == UserTask.ended_by_id)
        .where(
            UserTask.case_id == case_id,
            UserTask.status == "completed",
            # Only few tasks have to do with a letter; which, their properties say.
            UserTask.properties.contains('"letter":') | UserTask.properties.contains('"preview":'),
        )
        .order_by(UserTask.ended_at.desc(), UserTask.task_id.desc())
    )
    found = []
    for row in rows:
        properties = loads(row.properties)
        what = WRITTEN if properties.get("letter") else CHECKED
        letter_id = properties.get("letter") or properties.get("preview")
        if letter_id:
            found.append(Hand(str(letter_id), row.instance_id, what, row.name, row.ended_at))
    return found


def hands_on(hands: list[Hand], letter_id: str, *, instance_id: int) -> list[Hand]:
    """Return who wrote and who checked one letter last, in that order."""
    own = [hand for hand in hands if hand.letter_id == letter_id and hand.instance_id == instance_id]
    newest = {what: next((hand for hand in own if hand.what == what), None) for what in (WRITTEN, CHECKED)}
    return [hand for hand in newest.values() if hand is not None]
