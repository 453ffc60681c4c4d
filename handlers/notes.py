"""Notes, notifications and the log of contact attempts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import insert, select

from engine.cases import add_note as write_note
from engine.clock import LONDON
from engine.context import StepContext
from engine.models import ContactAttempt, Notification
from handlers.earlier import request_on_case

_NOON, _EVENING = 12, 17


def add_note(context: StepContext, *, text: str, number: str | None = None) -> Mapping[str, object]:
    """Add a note to the service request, or to another one of the case by its number; an empty one is left out.

    Raises: ValueError when the number is not a request of the case.
    """
    if text and text.strip():
        write_note(
            context.connection,
            context.world,
            case_id=_case_id(context),
            request_id=request_on_case(context, number) if number else context.request_id,
            text=text,
            author_id=context.actor.person_id,
        )
    return {}


def notify_group(
    context: StepContext, *, subject: str, text: str = "", group: str | None = None, person: int | None = None
) -> Mapping[str, object]:
    """Tell a group, or one person, something about the case. Raises: ValueError when neither is named."""
    if not group and person is None:
        raise ValueError("A notification needs a group or a person.")
    context.connection.execute(
        insert(Notification).values(
            case_id=context.case_id,
            instance_id=context.instance_id,
            group_key=None if person is not None else group,
            person_id=person,
            subject=subject,
            text=text or "",
            sent_at=context.now,
        )
    )
    return {}


def log_contact_attempt(
    context: StepContext,
    *,
    outcome: str,
    channel: str = "phone",
    at: datetime | None = None,
    note: str | None = "",
    since: datetime | None = None,
) -> Mapping[str, object]:
    """Record one try to reach the client.

    Returns how many tries that did not reach the client were recorded in this round of calls, which began at `since`,
    and at how many different parts of the day (morning, afternoon, evening) they were made. A try counts in the round
    in which it is recorded, whenever it was made, and for the service request that it was made for.
    """
    made_at = at or context.now
    context.connection.execute(
        insert(ContactAttempt).values(
            case_id=_case_id(context),
            request_id=context.request_id,
            channel=channel,
            outcome=outcome,
            day_part=day_part(made_at),
            note=note or "",
            made_by_id=context.actor.person_id,
            made_at=made_at,
            recorded_at=context.now,
        )
    )
    tried = select(ContactAttempt.day_part).where(
        ContactAttempt.case_id == context.case_id,
        ContactAttempt.request_id == context.request_id,
        ContactAttempt.outcome != "reached",
    )
    if since is not None:
        tried = tried.where(ContactAttempt.recorded_at >= since)
    parts = context.connection.execute(tried).all()
    return {"attempts": len(parts), "day_parts": len({row.day_part for row in parts})}


def day_part(instant: datetime) -> str:
    """Return morning, afternoon or evening, by London time."""
    hour = instant.astimezone(LONDON).hour
    if hour < _NOON:
        return "morning"
    return "afternoon" if hour < _EVENING else "evening"


def _case_id(context: StepContext) -> int:
    if context.case_id is None:
        raise ValueError("This process has no case.")
    return context.case_id
