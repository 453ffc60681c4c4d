"""The tests of several processes on one PostgreSQL database. They need the server that TEST_DATABASE_URL names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.worker import prepare_queue, use_queue
from tests import postgres
from tests.stage import Stage


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say what is missing where there is no server: continuous integration has one."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and not postgres.server_url():
            item.add_marker(pytest.mark.skip(reason="needs PostgreSQL: make test runs it when it is installed"))


@pytest.fixture
def queued(tmp_path: Path) -> Iterator[Stage]:
    """A stage whose transactions leave jobs for workers."""
    stage = Stage(tmp_path)
    prepare_queue(stage.world)
    use_queue(stage.world)
    yield stage
    stage.world.db.close()
