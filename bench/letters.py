"""How many letters a second one core sets, each a different one: `python -m bench.letters`.

Prints, for every letter, the median of a render (PDF and plain text, as at issue) and of a preview; then letters a
second over the whole mix, and what the process weighs afterwards. Aim: 20 letters a second a core or more.
"""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable

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


def main() -> None:
    """Measure every letter of the catalogue."""
    print(f"{'letter':<14}{'render, ms':>12}{'preview, ms':>13}   medians of {ROUNDS}")
    everything: list[float] = []
    for letter in load_letters(FILES).values():
        setting(letter, render)(-1)
        rendered = milliseconds(setting(letter, render))
        pictured = milliseconds(setting(letter, preview))
        everything += rendered
        print(f"{letter.id:<14}{statistics.median(rendered):>12.1f}{statistics.median(pictured):>13.1f}")
    weight = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rate = 1000 * len(everything) / sum(everything)
    print(f"{rate:.0f} letters a second on one core (aim: 20 or more); {weight:.0f} MB at most")


if __name__ == "__main__":
    main()
