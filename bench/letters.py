"""How many letters a second one core sets, each a different one: `python -m bench letters`.

A render makes PDF and plain text, as at issue. Aim: 20 letters a second a core or more.
"""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable

import typst

from bench.report import Fact, Figure, Measured
from letters.catalogue import letter_files, load_letters
from letters.letter import Letter
from letters.render import preview, render
from letters.specimen import specimen

ROUNDS = 30
FILES = letter_files()


def seconds(act: Callable[[int], object]) -> list[float]:
    """Time `ROUNDS` calls, each with its own number so that none can be answered from a cache."""
    taken = []
    for number in range(ROUNDS):
        begun = time.perf_counter()
        act(number)
        taken.append(time.perf_counter() - begun)
    return taken


def setting(letter: Letter, make: Callable[..., object]) -> Callable[[int], object]:
    """Return what sets one letter for a client of its own."""
    case = specimen(letter)

    def act(number: int) -> object:
        facts = {**case.facts, "request.number": f"SR-{number}", "case.client_name": f"Client {number}"}
        slots = {
            key: f"{value}\n\nReference {number}." if isinstance(value, str) and "\n" in value else value
            for key, value in case.slots.items()
        }
        return make(FILES, letter.id, facts, slots, case.paragraphs, dated=case.dated)

    return act


def measure() -> Measured:
    """Set every letter of the catalogue beside one page of plain words by Typst alone, and preview it."""
    rendered: list[float] = []
    pictured: list[float] = []
    alone: list[float] = []
    for letter in load_letters(FILES).values():
        setting(letter, render)(-1)
        for act, taken in ((setting(letter, render), rendered), (_plain, alone), (setting(letter, preview), pictured)):
            taken += seconds(act)
    weight = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    plain = "a page of plain words by Typst alone"
    return Measured(
        [
            Figure("set a letter as PDF and text", rendered, plain, alone),
            Figure("preview a letter", pictured, plain, alone),
        ],
        [
            Fact("set a letter as PDF and text, mean over all letters", statistics.mean(rendered) * 1000, "ms", 50),
            Fact("memory after setting every letter", weight, "MB"),
        ],
    )


def _plain(number: int) -> object:
    return typst.compile(f"= Letter {number}\n\n{'Words of a letter. ' * 300}".encode(), format="pdf")
