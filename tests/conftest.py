"""Fixtures that every test may use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.world import World
from tests.world import deployed_world, make_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world on an empty database."""
    made = make_world(tmp_path)
    yield made
    made.db.close()


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[World]:
    """A world with the product's processes in force."""
    made = deployed_world(tmp_path)
    yield made
    made.db.close()
