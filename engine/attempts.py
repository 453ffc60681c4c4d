"""Attempts to reach the client: each is recorded once and stays. One that was recorded by mistake is taken back.

An attempt counts in the round of calls in which it is recorded, whenever it was made, and for the service request that
it was made for; one that was taken back counts no more, and a note says who took it back and why.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, update

from engine.cases import add_note
from engine.clock import LONDON, london_moment
from engine.errors import NotFound
from engine.models import ContactAttempt
from engine.people import Somebody
from engine.upserts import upsert
from engine.world import World

REACHED = "reached"
_NOON, _EVENING = 12, 17


def day_part(instant: datetime) -> str:
    """Return morning, afternoon or evening, by London time."""
    hour = instant.astimezone(LONDON).hour
    if hour < _NOON:
        return "morning"
    return "afternoon" if hour < _EVENING else "evening"


def add_attempt(
    connection: Connection,
    *,
    case_id: int,
    request_id: int | None,
    channel: str,
    outcome: str,
    note: str,
    made_by_id: int | None,
    made_at: datetime,
    recorded_at: datetime,
    sent_key: str | None = None,
) -> None:
    """Record one try to reach the client, unless one of the same key was recorded."""
    connection.execute(
        upsert(connection, ContactAttempt)
        .values(
            case_id=case_id,
            request_id=request_id,
            channel=channel,
            outcome=outcome,
            day_part=day_part(made_at),
            note=note,
            made_by_id=made_by_id,
            made_at=made_at,
            recorded_at=recorded_at,
            sent_key=sent_key,
        )
        .on_conflict_do_nothing(index_elements=["sent_key"])
    )


def tried_so_far(
    connection: Connection, *, case_id: int | None, request_id: int | None, since: datetime | None
) -> tuple[int, int]:
    """Return how many tries did not reach the client in a round of calls, and at how many parts of the day."""
    tried = select(ContactAttempt.day_part).where(
        ContactAttempt.case_id == case_id,
        ContactAttempt.request_id == request_id,
        ContactAttempt.outcome != REACHED,
        ContactAttempt.taken_back_at.is_(None),
    )
    if since is not None:
        tried = tried.where(ContactAttempt.recorded_at >= since)
    parts = connection.execute(tried).scalars().all()
    return len(parts), len(set(parts))


def take_back(world: World, case_id: int, attempt_id: int, *, what: str, why: str, actor: Somebody) -> bool:
    """Take back an attempt that was recorded by mistake; False when it had been taken back. Raises: NotFound.

    `what` names the outcome in words for the note.
    """
    now = world.clock.now()
    with world.db.write() as connection:
        attempt = connection.execute(
            select(ContactAttempt.made_at, ContactAttempt.request_id).where(
                ContactAttempt.attempt_id == attempt_id, ContactAttempt.case_id == case_id
            )
        ).one_or_none()
        if attempt is None:
            raise NotFound("There is no such attempt on this case.")
        taken = connection.execute(
            update(ContactAttempt)
            .where(ContactAttempt.attempt_id == attempt_id, ContactAttempt.taken_back_at.is_(None))
            .values(taken_back_at=now)
        )
        if not taken.rowcount:
            return False
        text = f"Correction: the attempt of {london_moment(attempt.made_at)} ({what}) was recorded by mistake. {why}"
        add_note(
            connection,
            world,
            case_id=case_id,
            request_id=attempt.request_id,
            text=text,
            author_id=actor.person_id,
        )
    return True
