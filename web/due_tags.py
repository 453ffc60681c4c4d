"""How urgent a date is: in words, and by a colour that never says it alone."""

from __future__ import annotations

from datetime import datetime

from engine.clock import LONDON
from web.current import world


def due_tag(due_at: datetime | None) -> tuple[str, str]:
    """Return the tag of what is due then and its class; empty for what is not due yet."""
    if due_at is None:
        return "", ""
    now = world().clock.now()
    days = (now.astimezone(LONDON).date() - due_at.astimezone(LONDON).date()).days
    if due_at < now:
        return late(days), "govuk-tag--red"
    if not days:
        return "Due today", "govuk-tag--orange"
    return "", ""


def late(days: int) -> str:
    """Return how late something is that was due so many days ago; 0 is earlier today."""
    return f"{days} day{'' if days == 1 else 's'} late" if days else "Overdue today"
