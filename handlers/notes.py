"""Notes, notifications and the log of contact attempts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from engine.attempts import add_attempt, tried_so_far
from engine.cases import add_note as write_note
from engine.context import StepContext
from engine.notifications import FROM_DIAGRAMS, tell
from handlers.earlier import request_on_case


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
    context: StepContext,
    *,
    subject: str,
    text: str = "",
    group: str | None = None,
    person: int | None = None,
    kind: str = "told",
) -> Mapping[str, object]:
    """Tell a group, or one person, something about the case; `kind` is told, approved or rejected.

    Raises: ValueError when neither is named, or the kind is another.
    """
    if not group and person is None:
        raise ValueError("A notification needs a group or a person.")
    if kind not in FROM_DIAGRAMS:
        raise ValueError(f"A notification is one of {', '.join(FROM_DIAGRAMS)}, and not {kind}.")
    tell(
        context.connection,
        kind=kind,
        subject=subject,
        text=text or "",
        at=context.now,
        person_id=person,
        group_key=group,
        case_id=context.case_id,
        instance_id=context.instance_id,
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
    add_attempt(
        context.connection,
        case_id=_case_id(context),
        request_id=context.request_id,
        channel=channel,
        outcome=outcome,
        note=note or "",
        made_by_id=context.actor.person_id,
        made_at=at or context.now,
        recorded_at=context.now,
    )
    attempts, day_parts = tried_so_far(
        context.connection, case_id=context.case_id, request_id=context.request_id, since=since
    )
    return {"attempts": attempts, "day_parts": day_parts}


def _case_id(context: StepContext) -> int:
    if context.case_id is None:
        raise ValueError("This process has no case.")
    return context.case_id
