"""Walks through Log, Resolution and Review: the walks of `tests.processes.walks`, as one line of steps and faults."""

from __future__ import annotations

from pathlib import Path

from tests.processes.walks import Walk
from tests.world import deployed_world

STEPS = 40


def walk_through(folder: Path, seed: int) -> tuple[int, str]:
    """Take one walk; return its number of steps, and what is not sound about the case with all that happened."""
    world = deployed_world(folder)
    walk = Walk(world, seed)
    faults, steps, goes_on = list(walk.faults()), 0, True
    while goes_on and not faults and steps < STEPS:
        goes_on = walk.step()
        faults = list(walk.faults())
        steps += goes_on
    if not goes_on and not faults:
        faults = list(walk.faults_at_the_end())
    world.db.close()
    return steps, "\n".join([*faults, *walk.said]) if faults else ""
