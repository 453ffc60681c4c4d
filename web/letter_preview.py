"""A letter before it is issued, exactly as it will be: made by the function that issues it, from the same facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from engine.definitions import LoadedDefinition
from handlers.letters import Draft, draft_letter, render_draft
from letters.render import Rendered, preview
from web.current import world

_APART = frozenset({"case", "request", "slots", "paragraph", "paragraphs", "enclosures", "actor"})


def draft_from(connection: Connection, letter_id: str, names: Mapping[str, Any]) -> Draft:
    """Gather a letter from what is visible at its task. A letter takes only the facts that it declares."""
    given = names.get("letter_facts")
    facts = {key: value for key, value in names.items() if key not in _APART}
    paragraph = names.get("paragraph")
    return draft_letter(
        world(),
        connection,
        letter_id,
        case=names.get("case") or {},
        request=names.get("request") or {},
        slots=names.get("slots"),
        paragraphs=[str(paragraph)] if paragraph else names.get("paragraphs") or [],
        enclosures=names.get("enclosures"),
        facts={**facts, **(given if isinstance(given, Mapping) else {})},
        now=world().clock.now(),
    )


def pictures(definition: LoadedDefinition, draft: Draft) -> list[bytes]:
    """Return the letter's pages as SVG. Raises: LetterError."""
    return preview(
        definition.letter_files,
        draft.letter_id,
        draft.facts,
        draft.slots,
        draft.paragraphs,
        dated=draft.dated,
        text_size=draft.text_size,
    )


def rendered(definition: LoadedDefinition, draft: Draft) -> Rendered:
    """Return the letter as PDF and as words. Raises: LetterError."""
    return render_draft(definition.letter_files, draft)
