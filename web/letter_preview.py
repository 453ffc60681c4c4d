"""A letter before it is issued, exactly as it will be: made by the function that issues it, from the same facts.

And the papers that a task works from, such as the text that a translator is to be given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from engine.definitions import LoadedDefinition
from engine.models import Document
from handlers.letters import Draft, draft_letter, render_draft
from letters.render import Rendered, preview
from web.current import world

SIZES = {12: "Ordinary print", 16: "Large print, 16 point", 18: "Large print, 18 point", 24: "Large print, 24 point"}


@dataclass(frozen=True, slots=True)
class Paper:
    """A document of the case that a task works from."""

    document_id: int
    title: str


def draft_from(connection: Connection, definition: LoadedDefinition, letter_id: str, names: Mapping[str, Any]) -> Draft:
    """Gather a letter from what is visible at its task, as the shared process that issues it does.

    Its variables are `slots`, `paragraph`, `enclosures` and `letter_facts`: what only the diagram knows.
    """
    given = names.get("letter_facts")
    paragraph = names.get("paragraph")
    return draft_letter(
        world(),
        connection,
        letter_id,
        case=names.get("case") or {},
        request=names.get("request") or {},
        slots=names.get("slots"),
        paragraphs=[str(paragraph)] if paragraph else [],
        enclosures=names.get("enclosures"),
        facts=given if isinstance(given, Mapping) else {},
        now=world().clock.now(),
        version=_version(definition, names),
    )


def _version(definition: LoadedDefinition, names: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return who makes what the client reads, decided as the process decides it before it issues the letter."""
    decision = definition.decisions.get("letter_version")
    found = decision.evaluate(names, now=world().clock.now()) if decision else None
    return found if isinstance(found, Mapping) else None


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


def papers(connection: Connection, case_id: int | None, numbers: object) -> list[Paper]:
    """Return the documents that a task's property ``documents`` names, in its order; those of another case are not."""
    wanted = [int(str(number)) for number in numbers] if isinstance(numbers, list) else []
    if not wanted:
        return []
    known = select(Document.document_id, Document.title).where(Document.document_id.in_(wanted))
    found = connection.execute(known.where(Document.case_id == case_id))
    titles = {row.document_id: row.title for row in found}
    return [Paper(number, titles[number]) for number in wanted if number in titles]
