"""A database that cannot be reached or written for a while: nothing is half saved, nobody is called, and it goes on."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from engine import dispatch, tasks
from engine.database_clock import DatabaseClock
from engine.db import REACH, Database
from engine.errors import DatabaseAway
from engine.models import Note
from engine.worker import work_once
from tests import tiny
from tests.faults.oracle import faults_in
from tests.page import Browser
from tests.stage import Stage
from tests.world import is_postgres
from web.app import create_app

ASK_EVERY_DAY = (
    tiny.node("startEvent", "begin"),
    tiny.service_task("make", "create_request", {"kind": "Review", "main": "=true"}),
    tiny.user_task("ask", form="ask"),
    tiny.service_task("send", "send_email", {"to": "team@redress.example", "subject": "Hello", "text": "Hello"}),
    tiny.node("intermediateCatchEvent", "day", tiny.timer("P1D")),
    tiny.user_task("check", form="ask"),
    tiny.node("endEvent", "done"),
    tiny.chain("begin", "make", "ask", "send", "day", "check", "done"),
)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A stage on which a question is asked, an email owed and a day waited for."""
    made = Stage(tmp_path)
    made.deploy(*ASK_EVERY_DAY)
    made.start()
    yield made
    made.world.db.close()


@contextmanager
def cut_off(stage: Stage) -> Iterator[None]:
    """Keep the product from writing: on SQLite by another who writes, on PostgreSQL by cutting every connection."""
    if is_postgres():
        from tests import postgres

        name = stage.world.db.engine.url.database
        with postgres._server() as server:
            server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            yield
            server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        return
    for connection in (stage.world.db.engine.connect(), stage.world.db.engine.connect()):
        connection.exec_driver_sql("PRAGMA busy_timeout=20")  # it stays with the connection in the pool
        connection.close()
    other = sqlite3.connect(stage.folder / "redress.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


def test_a_person_is_told_that_nothing_was_changed_and_the_same_submit_counts_later(stage: Stage) -> None:
    tasks.claim(stage.world, stage.task_id("ask"), actor=stage.caseworker)
    task_id = stage.task_id("ask")
    with cut_off(stage), pytest.raises(DatabaseAway, match="nothing was changed"):
        tasks.complete(stage.world, task_id, {"answer": "Yes"}, actor=stage.caseworker)
    assert stage.task("ask").status == "open"
    tasks.complete(stage.world, task_id, {"answer": "Yes"}, actor=stage.caseworker)
    stage.wait_and_work()
    assert stage.waits() == ["day"]
    assert faults_in(stage.world) == []


def test_a_timer_that_could_not_be_saved_fires_later_and_needs_nobody(stage: Stage) -> None:
    stage.complete("ask", {"answer": "Yes"})
    stage.wait_and_work()
    stage.wait(timedelta(days=1))
    with cut_off(stage):
        assert work_once(stage.world) == 0
    assert stage.incidents() == []
    stage.wait_and_work()
    assert (stage.open_tasks(), stage.told().count(("timer_fired", "day"))) == (["check"], 1)
    assert faults_in(stage.world) == []


def cut_once(stage: Stage) -> None:
    """Let the next step meet a real error of the database just before its end, and no other."""

    def observe(_outcome: object) -> None:
        stage.world.observer = None
        with stage.world.db.engine.connect() as another:
            if is_postgres():
                another.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
            else:
                another.exec_driver_sql("BEGIN IMMEDIATE")  # while the step writes: the database is locked

    stage.world.observer = observe


def test_a_step_that_the_database_cuts_off_is_taken_back_and_tried_again_and_nobody_is_called(stage: Stage) -> None:
    stage.complete("ask", {"answer": "Yes"})
    stage.wait_and_work()
    with cut_off(stage):
        pass  # from now on, who finds the database locked does not wait
    stage.wait(timedelta(days=1))
    cut_once(stage)
    assert work_once(stage.world) == 0
    assert stage.world.observer is None
    assert (stage.incidents(), stage.waits(), stage.status()) == ([], ["day"], "active")
    stage.wait_and_work()
    assert stage.open_tasks() == ["check"]
    assert faults_in(stage.world) == []


def test_a_delivery_that_could_not_be_recorded_is_recorded_later_and_leaves_once(stage: Stage) -> None:
    stage.complete("ask", {"answer": "Yes"})
    real = stage.world.deliveries["email"]
    outage = cut_off(stage)

    def deliver_then_cut(*arguments: object) -> object:
        result = real(*arguments)  # type: ignore[arg-type]
        outage.__enter__()
        return result

    stage.world.deliveries = {**stage.world.deliveries, "email": deliver_then_cut}  # type: ignore[dict-item]
    with pytest.raises(DatabaseAway):
        dispatch.deliver_one(stage.world)
    outage.__exit__(None, None, None)
    stage.world.deliveries = {**stage.world.deliveries, "email": real}
    stage.wait_and_work(timedelta(minutes=2))
    assert (stage.waits(), [row.state for row in stage.outbox()]) == (["day"], ["sent"])
    assert len(list((stage.world.settings.spool_dir / "email").iterdir())) == 1
    assert faults_in(stage.world) == []


def test_a_page_says_that_the_service_cannot_save_and_the_same_button_works_later(stage: Stage) -> None:
    screen = Browser(create_app(world=stage.world))
    screen.sign_in("review_caseworker")
    screen.visit(f"/tasks/{stage.task_id('ask')}")
    with cut_off(stage):
        screen.press("Claim this task")
    assert screen.status == 503
    assert "the service cannot save at the moment" in screen.text
    screen.visit(f"/tasks/{stage.task_id('ask')}").press("Claim this task")
    assert stage.task("ask").assignee_id == stage.caseworker.person_id


@pytest.mark.parametrize("demo", [False, True])
def test_what_was_typed_while_the_database_is_away_is_kept_and_sent_again(stage: Stage, *, demo: bool) -> None:
    stage.world.settings = replace(stage.world.settings, demo=demo)
    if is_postgres():
        stage.world.clock = DatabaseClock(stage.world.db)  # as pages have it: it cannot be asked either
    screen = Browser(create_app(world=stage.world)).sign_in("review_caseworker")
    screen.client.environ_base["HTTP_ORIGIN"] = "http://localhost"
    screen.visit(f"/cases/{stage.case_id}")
    with cut_off(stage):
        screen.press("Add note", {"text": "She called about her letter."})
    assert (screen.status, screen.heading) == (503, "Sorry, the service cannot save at the moment")
    assert "so nothing was changed" in screen.text
    assert "She called about her letter." in screen.text
    assert stage.rows(Note) == []
    screen.press("Send it again")
    assert (screen.status, [row.text for row in stage.rows(Note)]) == (200, ["She called about her letter."])


def test_who_was_saved_is_not_told_that_nothing_was_changed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Browser(create_app(world=stage.world)).sign_in("review_caseworker")
    screen.client.environ_base["HTTP_ORIGIN"] = "http://localhost"
    screen.visit(f"/cases/{stage.case_id}")

    def lose_the_server(*_said: object) -> None:
        raise DatabaseAway

    monkeypatch.setattr("web.cases.flash", lose_the_server)  # the next that is done after the commit
    screen.press("Add note", {"text": "She called."})
    assert (screen.status, len(stage.rows(Note))) == (503, 1)
    assert "What you sent was saved" in screen.text
    assert "nothing was changed" not in screen.text


def test_a_fault_of_ours_is_not_taken_for_an_outage(stage: Stage) -> None:
    with pytest.raises(Exception, match="no_such_table") as raised, stage.world.db.read() as connection:
        connection.exec_driver_sql("SELECT * FROM no_such_table")
    assert not isinstance(raised.value, DatabaseAway)


def test_a_server_that_takes_the_call_and_says_nothing_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(REACH, "connect_timeout", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        db = Database(f"postgresql+psycopg://redress@127.0.0.1:{silent.getsockname()[1]}/redress")
        with pytest.raises(DatabaseAway), db.read():
            pass
        db.close()
