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
    if due_at < now:
        return "Overdue", "govuk-tag--red"
    if due_at.astimezone(LONDON).date() == now.astimezone(LONDON).date():
        return "Due today", "govuk-tag--orange"
    return "", ""
