"""The database's server dies as in a power cut and comes back: a worker waits for it, and goes on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.database_clock import DatabaseClock
from engine.errors import DatabaseAway
from engine.worker import prepare_queue, use_queue
from tests import postgres
from tests.page import Browser
from tests.scaled.rolling import LETTER, PATIENCE
from tests.scaled.test_killed_worker import start_worker, wait_until_sent
from tests.stage import Stage, _empty_database
from web import own_postgres
from web.app import create_app
from web.current import visitor


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


@pytest.fixture
def cut(queued: Stage) -> Callable[[], None]:
    """Lets the server end every connection of ours, as when it starts again."""

    def end_all() -> None:
        name = queued.world.db.engine.url.database
        with postgres._server() as server:
            server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])

    return end_all


def test_a_moment_whose_connection_is_lost_tells_of_an_outage_and_the_next_is_another(
    queued: Stage, cut: Callable[[], None]
) -> None:
    db = queued.world.db
    for _ in range(2):
        with db.one_look():
            with db.read() as connection:
                connection.exec_driver_sql("SELECT 1")
            cut()  # with nothing more read, the moment ends without a word
        with db.one_look():
            with db.read() as connection:
                connection.exec_driver_sql("SELECT 1")
            cut()
            with pytest.raises(DatabaseAway), db.read() as connection:
                connection.exec_driver_sql("SELECT 1")
            with db.read() as connection:
                assert connection.exec_driver_sql("SELECT 1").scalar() == 1


def test_a_page_that_loses_the_server_half_way_says_so_as_a_page(
    queued: Stage, cut: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    queued.world.clock = DatabaseClock(queued.world.db)  # type: ignore[assignment]
    monkeypatch.setattr("engine.database_clock._TOLD_FOR", 0.0)
    screen = Browser(create_app(world=queued.world)).sign_in("review_caseworker")
    for path, words in (("/tasks/", "cannot save at the moment"), ("/nowhere", "Page not found")):
        with monkeypatch.context() as changed:
            changed.setattr("web.access.visitor", lambda: cut() or visitor())
            if path == "/nowhere":
                changed.setattr("web.access.recognise", cut)
            assert words in screen.visit(path).heading
        assert screen.visit("/tasks/").status == 200
