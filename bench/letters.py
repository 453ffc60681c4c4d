"""How many letters a second one core sets, each a different one: `python -m bench.letters`.

A render makes PDF and plain text, as at issue. Aim: 20 letters a second a core or more.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable

from bench.report import Fact, Figure, told
from letters.catalogue import letter_files, load_letters
from letters.letter import Letter
from letters.render import preview, render
from letters.specimen import specimen

ROUNDS = 30
FILES = letter_files()


def milliseconds(act: Callable[[int], object]) -> list[float]:
    """Time `ROUNDS` calls, each with its own number so that none can be answered from a cache."""
    taken = []
    for number in range(ROUNDS):
        begun = time.perf_counter()
        act(number)
        taken.append((time.perf_counter() - begun) * 1000)
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


def measure() -> tuple[list[Figure], list[Fact]]:
    """Set every letter of the catalogue, and preview it."""
    rendered: list[float] = []
    pictured: list[float] = []
    for letter in load_letters(FILES).values():
        setting(letter, render)(-1)
        rendered += milliseconds(setting(letter, render))
        pictured += milliseconds(setting(letter, preview))
    weight = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    each = sum(rendered) / len(rendered)
    return [], [
        Fact("set a letter as PDF and text, mean over all letters", each, "ms", 50),
        Fact("preview a letter, mean over all letters", sum(pictured) / len(pictured), "ms"),
        Fact("memory after setting every letter", weight, "MB"),
    ]


def main() -> None:
    """Print the figures."""
    print(told(*measure()))


if __name__ == "__main__":
    main()
