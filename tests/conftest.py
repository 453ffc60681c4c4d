"""Fixtures that every test may use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.world import World
from tests import postgres
from tests.once import compile_once
from tests.world import deployed_world, empty_world


def pytest_configure() -> None:
    """Compile once."""
    compile_once()


@pytest.fixture(autouse=True)
def _databases(request: pytest.FixtureRequest) -> Iterator[None]:
    """On PostgreSQL, drop the databases of the test's own folder when it ends."""
    yield
    folder = request.node.funcargs.get("tmp_path")
    if folder is not None and postgres.server_url():
        postgres.drop_databases(folder)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world on an empty database."""
    made = empty_world(tmp_path)
    yield made
    made.db.close()


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[World]:
    """A world with the product's processes in force."""
    made = deployed_world(tmp_path)
    yield made
    made.db.close()
