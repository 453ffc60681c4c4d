"""Invented values with which any letter can be made: for the check at deployment, the gallery, tests and measurements.

Every value is out of `letters.toml` and openly an example; none is a case's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from letters.catalogue import load_letters, only_letter_files
from letters.letter import Fact, Json, Letter, LetterError, Slot
from letters.render import render

_TEXT = "We are sorry for what happened.\n\nThis is what we have done:\n- first, one thing\n- then, another"
_DAY = date(2026, 11, 23)


@dataclass(frozen=True, slots=True)
class Specimen:
    """What `render` takes, filled in."""

    facts: Json
    slots: Json
    paragraphs: tuple[str, ...]
    dated: date


def specimen(letter: Letter, *, nation: str | None = None, dated: date = _DAY) -> Specimen:
    """Return example values for all that a letter is told or asks for, with the default paragraph of each group."""
    facts = {fact.name: _fact_example(fact, dated) for fact in letter.facts}
    facts["case.nation"] = nation or letter.nations[0]
    chosen = tuple(group.default for group in letter.paragraph_groups)
    for group in letter.paragraph_groups:
        for option in group.options:
            for name, value in option.untrue_when.items():
                facts[name] = value if option.id not in chosen else not value
    return Specimen(
        facts={name: value for name, value in facts.items() if value is not None},
        slots={slot.key: _slot_example(slot, dated) for slot in letter.slots},
        paragraphs=chosen,
        dated=dated,
    )


def check_templates(files: Mapping[str, bytes]) -> list[str]:
    """Set every letter of a bundle once for each of its nations; return what cannot be set. For deployment: 0.5 s."""
    return list(_faults(only_letter_files(files)))


@lru_cache(maxsize=8)  # several procedures are deployed with the same letters
def _faults(letter_files: tuple[tuple[str, bytes], ...]) -> tuple[str, ...]:
    files = dict(letter_files)
    faults: list[str] = []
    try:
        letters = load_letters(files)
    except LetterError as error:
        return tuple(error.faults)
    for letter in letters.values():
        for nation in letter.nations:
            case = specimen(letter, nation=nation)
            try:
                render(files, letter.id, case.facts, case.slots, case.paragraphs, dated=case.dated)
            except LetterError as error:
                faults += [fault for fault in error.faults if fault not in faults]
    return tuple(faults)


def _fact_example(fact: Fact, dated: date) -> object:
    if fact.name == "enclosures":
        return None  # the letter's own
    if fact.example_days is not None:
        return dated + timedelta(days=fact.example_days)
    if fact.type == "rows" and isinstance(fact.example, list):
        return [_row_example(row, dated) for row in fact.example]
    return fact.values[0] if fact.values else fact.example


def _row_example(row: Mapping[str, object], dated: date) -> dict[str, object]:
    return {
        name.removesuffix("_days"): dated + timedelta(days=int(str(value))) if name.endswith("_days") else value
        for name, value in row.items()
    }


def _slot_example(slot: Slot, dated: date) -> object:
    if slot.type == "textarea":
        return _TEXT
    if slot.type == "textfield":
        return "Example"
    if slot.type == "datetime":
        return dated + timedelta(days=21)
    return 21
