"""Random walks through Log, Resolution and Review: whatever is done in whatever order, the case stays sound.

Each seed is a walk of its own, always the same one. To take others: ``WALKS=1000-1200 pytest`` this file.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.processes.walks import Walk
from tests.world import deployed_world

STEPS = 40
FIRST, _, LAST = os.environ.get("WALKS", "1-9").partition("-")


@pytest.mark.parametrize("seed", range(int(FIRST), int(LAST) + 1))
def test_a_case_stays_sound_whatever_happens(tmp_path: Path, seed: int) -> None:
    world = deployed_world(tmp_path)
    walk = Walk(world, seed)
    faults = list(walk.faults())
    goes_on = True
    for _ in range(STEPS):
        goes_on = not faults and walk.step()
        faults = faults or list(walk.faults())
        if not goes_on:
            break
    if not goes_on and not faults:
        faults = list(walk.faults_at_the_end())
    world.db.close()
    assert not faults, "\n".join([*faults, *walk.said])
