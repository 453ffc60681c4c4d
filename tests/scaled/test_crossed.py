"""Two changes that cross on PostgreSQL: one is taken back whole and made again, and nobody is told of an outage."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator

import pytest

from engine import tasks
from engine.models import History
from tests import tiny
from tests.faults.oracle import faults_in
from tests.page import Browser
from tests.stage import Stage
from web.app import create_app

ASK = (
    tiny.node("startEvent", "begin"),
    tiny.user_task("ask", form="ask"),
    tiny.user_task("check", form="ask"),
    tiny.node("endEvent", "done"),
    tiny.chain("begin", "ask", "check", "done"),
)
HOLD_NAME = "SELECT pg_advisory_xact_lock(7)"


@pytest.fixture
def asked(queued: Stage) -> Stage:
    """A stage on which a caseworker has claimed a task."""
    queued.deploy(*ASK)
    queued.start()
    tasks.claim(queued.world, queued.task_id("ask"), actor=queued.caseworker)
    return queued


@pytest.fixture
def screen(asked: Stage) -> Browser:
    """The page of the task, as its caseworker has it before them."""
    app = create_app(world=asked.world)
    return Browser(app).sign_in("review_caseworker").visit(f"/tasks/{asked.task_id('ask')}")


@pytest.fixture
def others(asked: Stage) -> Iterator[Callable[[str], None]]:
    """Let another who holds a name begin something that waits for our case, so that we cross when we want the name."""
    threads: list[threading.Thread] = []

    def cross(statement: str) -> None:
        holds = threading.Event()

        def run() -> None:
            with asked.world.db.engine.connect() as connection:
                connection.exec_driver_sql("SET LOCAL deadlock_timeout = '1min'")  # ours is to be taken back
                connection.exec_driver_sql(HOLD_NAME)
                holds.set()
                connection.exec_driver_sql(statement)
                connection.commit()

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        assert holds.wait(timeout=10)

    yield cross
    for thread in threads:
        thread.join(timeout=20)


def when_it_steps(stage: Stage, others: Callable[[str], None], *, times: int, patience: str) -> list[int]:
    """Let the next steps cross with another; return the list that grows with each."""
    crossed: list[int] = []

    def observe(_outcome: object) -> None:
        if len(crossed) < times:
            crossed.append(1)
            others(f"UPDATE case_file SET lock_flag = lock_flag WHERE case_id = {stage.case_id}")
            connection = stage.world.db.writing
            assert connection is not None
            connection.exec_driver_sql(f"SET LOCAL {patience} = '20ms'")
            connection.exec_driver_sql(HOLD_NAME)

    stage.world.observer = observe
    return crossed


def test_a_submit_that_crosses_with_another_change_is_made_again_and_counts_once(
    asked: Stage, screen: Browser, others: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    crossed = when_it_steps(asked, others, times=1, patience="deadlock_timeout")
    with caplog.at_level(logging.WARNING):
        screen.press("Complete this task", {"answer": "Yes"})
    assert (screen.status, len(crossed), asked.open_tasks()) == (200, 1, ["check"])
    assert [row.kind for row in asked.rows(History)].count("submitted") == 1
    [told] = [record for record in caplog.records if record.message == "Two changes crossed"]
    assert told.__dict__["error"] == "DeadlockDetected"
    assert faults_in(asked.world) == []


def test_a_submit_that_crosses_again_and_again_says_so_and_changes_nothing(
    asked: Stage, screen: Browser, others: Callable[[str], None]
) -> None:
    crossed = when_it_steps(asked, others, times=9, patience="deadlock_timeout")
    screen.press("Complete this task", {"answer": "Yes"})
    assert (screen.status, screen.heading, len(crossed)) == (503, "Others are changing this at the same moment", 3)
    asked.world.observer = None
    screen.visit(f"/tasks/{asked.task_id('ask')}").press("Complete this task", {"answer": "Yes"})
    assert asked.open_tasks() == ["check"]


def test_who_waits_too_long_for_another_change_is_told_so_and_does_not_wait_again(
    asked: Stage, screen: Browser, others: Callable[[str], None]
) -> None:
    crossed = when_it_steps(asked, others, times=9, patience="lock_timeout")
    screen.press("Complete this task", {"answer": "Yes"})
    assert (screen.status, screen.heading, len(crossed)) == (503, "Others are changing this at the same moment", 1)
