"""The draft of a task as its page carries it: which saving the page started from, and what the case said then."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field

from flask import request

from engine.drafts import Base, Draft
from web.addresses import row_number
from web.words import clock, day_of, local

_LONGEST_SEEN = 50_000


@dataclass(frozen=True, slots=True)
class Carried:
    """What a page sends back beside the answers: `base` of its draft, `seen` of the case, by question."""

    base: Base = field(default_factory=Base)
    seen: dict[str, str] = field(default_factory=dict)


def carried() -> Carried:
    """Return what the page that was sent carried; a page that says nothing of it carries nothing."""
    window = request.form.get("window", "")
    number = row_number(request.form.get("draft", "")) or 0
    return Carried(Base(number, window if window.isalnum() and len(window) <= 32 else ""), _seen())


def new_window() -> str:
    """Return a name for a window that has just been opened."""
    return secrets.token_hex(8)


def said(draft: Draft, own_id: int, by: str | None, *, today: str) -> str:
    """Return when a draft was saved, and by whom where that was somebody else."""
    if draft.saved_at is None:
        return "Draft saved"
    at = local(draft.saved_at)
    on = "" if day_of(draft.saved_at) == today else f" on {day_of(draft.saved_at)}"
    author = f" by {by}" if by and draft.by_id not in (None, own_id) else ""
    return f"Draft saved{author} at {clock(at.time())}{on}"


def _seen() -> dict[str, str]:
    text = request.form.get("seen", "")
    if not text or len(text) > _LONGEST_SEEN:
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return {str(name): str(mark) for name, mark in found.items()} if isinstance(found, dict) else {}
