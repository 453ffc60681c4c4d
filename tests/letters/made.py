"""Makes letters for the tests out of the examples in the catalogue, with what a test changes."""

from __future__ import annotations

from datetime import date
from typing import Any

from letters.catalogue import letter_files, load_letters
from letters.render import Rendered, TextSize, render
from letters.specimen import Specimen, specimen

FILES = letter_files()
LETTERS = load_letters(FILES)
TO_CLIENTS = [letter.id for letter in LETTERS.values() if letter.kind == "letter"]


def example(letter_id: str, nation: str | None = None) -> Specimen:
    """Return example values for a letter."""
    return specimen(LETTERS[letter_id], nation=nation)


def made(
    letter_id: str,
    *,
    nation: str | None = None,
    facts: dict[str, Any] | None = None,
    slots: dict[str, Any] | None = None,
    paragraphs: list[str] | None = None,
    dated: date | None = None,
    text_size: TextSize = 12,
) -> Rendered:
    """Render a letter from its example values and a test's own; a fact that is None is left out."""
    case = example(letter_id, nation)
    all_facts = {**case.facts, **(facts or {})}
    return render(
        FILES,
        letter_id,
        {name: value for name, value in all_facts.items() if value is not None},
        {**case.slots, **(slots or {})},
        paragraphs if paragraphs is not None else case.paragraphs,
        dated=dated or case.dated,
        text_size=text_size,
    )
