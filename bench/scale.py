"""How much of each kind of work is measured: in full, and in a small form that shows in minutes that all of it runs."""

from __future__ import annotations

import os
from dataclasses import dataclass

VARIABLE = "BENCH_SCALE"


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes of crowds, and how often each thing is done."""

    sizes: tuple[int, ...]
    due: int
    steps: int
    alone: int
    """Tasks that one client completes in a round, and eight together."""
    laps: int
    messages: int


FULL = Scale(sizes=(1_000, 100_000, 1_000_000), due=10_000, steps=100, alone=40, laps=1_000, messages=40)
SMALL = Scale(sizes=(1_000, 3_000, 6_000), due=600, steps=12, alone=16, laps=60, messages=6)


def scale() -> Scale:
    """Return the scale of this run."""
    return SMALL if os.environ.get(VARIABLE) == "small" else FULL
