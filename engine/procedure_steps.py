"""Which numbered steps of the procedure something belongs to: its own, else those of the activity that calls it.

A called process is shared by several procedures. Its elements may name a step of each, or none at all: in a Review they
belong to the Review's steps alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.lint.resources import split_steps


def step_of(texts: Iterable[str | None], procedure: Mapping[str, str]) -> str:
    """Return the first steps that count, as `Review 9, Review 10`; empty where there are none.

    `texts` are the `step` properties of an element and of the activities that it is inside, the nearest first.
    `procedure` holds the numbered steps of the procedure that runs; while it is empty, every step counts.
    """
    names = {step.partition(" ")[0] for step in procedure}
    for text in texts:
        steps = [] if text is None or text.startswith("=") else split_steps(text)
        counting = [step for step in steps if step and (not names or step.partition(" ")[0] in names)]
        if counting:
            return ", ".join(counting)
    return ""
