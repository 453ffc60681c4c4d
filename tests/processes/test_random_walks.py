"""Random walks through Log, Resolution and Review: whatever is done in whatever order, the case stays sound.

Each seed is a walk of its own, always the same one. `make soak` takes 200, `make soak SOAK_CASES=1000-1200` others.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.cases import walk_through


@pytest.mark.parametrize("seed", range(1, 10))
def test_a_case_stays_sound_whatever_happens(tmp_path: Path, seed: int) -> None:
    _, faults = walk_through(tmp_path, seed)
    assert not faults, faults
