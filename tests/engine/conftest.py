"""Fixtures of the engine's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A world with a case and people, on which a test deploys a small diagram."""
    made = Stage(tmp_path)
    yield made
    made.world.db.close()
