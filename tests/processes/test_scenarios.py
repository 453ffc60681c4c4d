"""Every scenario of every process folder, told to the real engine with a moved clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import scenarios
from engine.definitions import process_folders
from tests.world import PROCESSES, deployed_world

STORIES = sorted(path for folder in process_folders(PROCESSES) for path in folder.glob("scenarios/*.toml"))


@pytest.mark.parametrize("path", STORIES, ids=lambda path: f"{path.parent.parent.name}-{path.stem}")
def test_a_scenario_goes_as_it_says(path: Path, tmp_path: Path) -> None:
    world = deployed_world(tmp_path)
    told = scenarios.tell(world, scenarios.read_scenario(path.read_bytes(), file=path.name))
    world.db.close()
    assert told.failures == []
