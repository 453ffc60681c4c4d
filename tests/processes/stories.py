"""The stories of the process folders, each told once per test run."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from engine import scenarios
from engine.definitions import process_folders
from engine.scenarios import Told
from tests.world import PROCESSES, deployed_world

FOLDERS = process_folders(PROCESSES)
STORIES = [path for folder in FOLDERS for path in scenarios.story_files(folder)]


def name_of(path: Path) -> str:
    """Return what a test calls a story or a folder: review-no_further_action_silence."""
    return f"{path.parent.parent.name}-{path.stem}" if path.suffix else path.name


@cache
def told(path: Path) -> Told:
    """Tell a story to the real engine, in a world of its own."""
    with tempfile.TemporaryDirectory() as folder:
        world = deployed_world(Path(folder))
        try:
            return scenarios.tell(world, scenarios.read_story(path))
        finally:
            world.db.close()
