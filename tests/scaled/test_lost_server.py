"""The database's server dies as in a power cut and comes back: a worker waits for it, and goes on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.worker import prepare_queue, use_queue
from tests import postgres
from tests.scaled.rolling import LETTER, PATIENCE
from tests.scaled.test_killed_worker import start_worker, wait_until_sent
from tests.stage import Stage, _empty_database
from web import own_postgres


@pytest.fixture
def own_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A server of the test's own, in the stead of the one that tests share."""
    folder = postgres.place()
    with monkeypatch.context() as changed:
        changed.setenv(postgres.VARIABLE, postgres.start(folder))
        changed.setattr("tests.stage._empty_database", _empty_database.__wrapped__)  # what was made is elsewhere
        yield folder
    own_postgres.stop(folder, at_once=True)
    shutil.rmtree(folder)


def test_a_worker_waits_for_a_lost_server_and_goes_on(own_server: Path, tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    prepare_queue(stage.world)
    use_queue(stage.world)
    stage.deploy(*LETTER)
    worker = start_worker(stage)
    try:
        stage.start()
        wait_until_sent(stage)
        own_postgres.stop(own_server, at_once=True)
        postgres.start(own_server)
        stage.start()  # the pool notices that its connections are gone
        wait_until_sent(stage)
        assert worker.poll() is None
    finally:
        worker.terminate()
        assert worker.wait(timeout=PATIENCE) == 0
        stage.world.db.close()
    assert len(list((stage.folder / "spool" / "letters").glob("[!.]*"))) == 2
