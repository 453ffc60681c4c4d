"""The markers of activities that run more than once, by chance."""

from __future__ import annotations

import random

from tests.soak.blocks import Again, Many


def marker(chance: random.Random, kind: str, loop: str, *, at_least: int = 0) -> Many | Again:
    """Return a marker for an activity of this kind; `loop` is one of `tests.soak.wishes.LOOPS`."""
    if loop in ("most", "while", "before"):
        return Again(chance.randint(1, 3), None if loop == "most" else chance.randint(2, 7), loop == "before")
    count = max(at_least, chance.choice([0, 1, 2, 3, 3]))
    sequential = loop in ("sequential", "numbers")
    if loop == "until":
        count = chance.randint(2, 4)
        # Whole scopes that run at once can end at once: it would be left to chance which of them counts.
        sequential = kind in ("subprocess", "call") or chance.random() < 0.5
    if kind == "receive" and not sequential:
        count = min(count, 1)  # of several with one correlation key, it is not said which gets the message
    until = (chance.randint(1, max(1, count)), chance.randint(4, 9)) if loop == "until" else None
    by = "list"
    if loop in ("number", "numbers"):
        by = "number" if at_least else chance.choice(["number", "number", "variable"])
    return Many(count, sequential, until, by)
