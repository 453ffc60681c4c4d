"""Which numbered steps of the procedure something belongs to: its own, else those of the activity that calls it.

A called process is shared by several procedures. Its elements may name a step of each, or none at all: in a Review they
belong to the Review's steps alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.lint.resources import split_steps


def procedures_in(procedure: Mapping[str, str]) -> frozenset[str]:
    """Return the first words of numbered steps, such as `Review`."""
    return frozenset(step.partition(" ")[0] for step in procedure)


def step_of(texts: Iterable[str | None], names: frozenset[str]) -> str:
    """Return the first steps that count, as `Review 9, Review 10`; empty where there are none.

    `texts` are the `step` properties of an element and of the activities that it is inside, the nearest first.
    `names` are those of the procedure that runs (`procedures_in`); while there are none, every step counts.
    """
    for text in texts:
        steps = [] if text is None or text.startswith("=") else split_steps(text)
        counting = [step for step in steps if step and (not names or step.partition(" ")[0] in names)]
        if counting:
            return ", ".join(counting)
    return ""
