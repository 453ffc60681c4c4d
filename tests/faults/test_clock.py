"""The clock jumps: waits keep their meaning, nothing fires twice, and nothing hangs until an hour that never comes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.clock import LONDON, MovableClock
from engine.models import Notification, Wait
from tests import tiny
from tests.faults.oracle import faults_in
from tests.stage import Stage

HOUR, DAY, FORTNIGHT = timedelta(hours=1), timedelta(days=1), timedelta(days=14)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A world with a case and people."""
    made = Stage(tmp_path)
    yield made
    made.world.db.close()


def at(stage: Stage, instant: datetime) -> None:
    """Set the clock, forwards or backwards, and do what is then due."""
    stage.world.clock = MovableClock(frozen_at=instant)
    stage.wait_and_work()


def wait_for(stage: Stage, text: str, kind: str = "timeDuration") -> datetime:
    """Start a case that waits for a timer; return when it is due."""
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.node("intermediateCatchEvent", "pause", tiny.timer(text, kind)),
        tiny.user_task("after", form="ask"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "pause", "after", "done"),
    )
    stage.start()
    [row] = stage.rows(Wait)
    due: datetime = row.due_at
    return due


def fired(stage: Stage) -> int:
    return stage.told().count(("timer_fired", "pause"))


@pytest.mark.parametrize("jump", [HOUR, -HOUR, -FORTNIGHT])
def test_a_clock_that_jumps_and_comes_back_leaves_a_wait_as_it_was(stage: Stage, jump: timedelta) -> None:
    begun = stage.world.clock.now()
    due = wait_for(stage, "P7D")
    at(stage, begun + jump)
    at(stage, begun)
    assert (fired(stage), stage.rows(Wait)[0].due_at) == (0, due)
    at(stage, due - timedelta(seconds=1))
    assert fired(stage) == 0
    at(stage, due)
    at(stage, due + jump)
    at(stage, due + FORTNIGHT)
    assert (fired(stage), stage.open_tasks()) == (1, ["after"])
    assert faults_in(stage.world) == []


def test_a_clock_that_runs_two_weeks_ahead_fires_what_is_then_due_and_not_again_when_it_is_set_back(
    stage: Stage,
) -> None:
    begun = stage.world.clock.now()
    due = wait_for(stage, "P7D")
    for instant in (begun + FORTNIGHT, begun, due, begun + FORTNIGHT):
        at(stage, instant)
        assert fired(stage) == 1
    assert faults_in(stage.world) == []


def test_a_reminder_fires_as_often_as_it_says_whatever_the_clock_does(stage: Stage) -> None:
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.user_task("ask", form="ask"),
        tiny.node(
            "boundaryEvent", "daily", tiny.timer("R3/P1D", "timeCycle"), attachedToRef="ask", cancelActivity="false"
        ),
        tiny.service_task("remind", "notify_group", {"subject": "Still open", "group": "review_team_leader"}),
        tiny.node("endEvent", "reminded"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "ask", "done"),
        tiny.chain("daily", "remind", "reminded"),
    )
    stage.start()
    begun = stage.world.clock.now()
    for instant in (begun + DAY, begun, begun + DAY + HOUR, begun - HOUR, begun + 2 * DAY, begun, begun + FORTNIGHT):
        at(stage, instant)
    assert len(stage.rows(Notification)) == 3
    assert (stage.waits(), stage.open_tasks()) == ([], ["ask"])
    assert faults_in(stage.world) == []


def test_a_job_that_was_put_off_while_the_clock_ran_ahead_is_tried_when_it_is_set_back(stage: Stage) -> None:
    fails = [True]

    def print_it(_context: object) -> dict[str, object]:
        if fails[0]:
            raise RuntimeError("out of paper")
        return {}

    stage.add_handler("print", print_it)
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.service_task("print", "print"),
        tiny.user_task("after", form="ask"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "print", "after", "done"),
    )
    right = stage.world.clock.now()
    stage.wait(FORTNIGHT)
    assert stage.start().status == "retrying"
    fails[0] = False
    at(stage, right)
    assert stage.open_tasks() == ["after"]
    assert faults_in(stage.world) == []


@pytest.mark.parametrize(
    ("begun", "text", "kind", "due"),
    [
        # In October 2026 the clocks go back on the 25th, in March 2027 forward on the 28th.
        ("2026-10-24T12:00", "P1D", "timeDuration", "2026-10-25T11:00"),
        ("2027-03-27T12:00", "P1D", "timeDuration", "2027-03-28T13:00"),
        ("2026-10-25T00:30", "PT2H", "timeDuration", "2026-10-25T01:30+00:00"),
        ("2026-10-24T12:00", "=calendar days after(now(), 2, case.nation)", "timeDate", "2026-10-26T23:59:59"),
        ("2027-03-24T12:00", "=calendar days after(now(), 6, case.nation)", "timeDate", "2027-03-30T23:59:59"),
        ("2026-10-23T12:00", "=working days after(now(), 2, case.nation)", "timeDate", "2026-10-27T23:59:59"),
        ("2027-03-24T12:00", "=working days after(now(), 3, case.nation)", "timeDate", "2027-03-31T23:59:59"),
    ],
)
def test_a_wait_across_a_change_of_the_clocks_ends_when_people_expect_it_and_once(
    stage: Stage, begun: str, text: str, kind: str, due: str
) -> None:
    """A duration is exact; a number of days ends with the day in London."""
    at(stage, datetime.fromisoformat(begun).replace(tzinfo=LONDON).astimezone(UTC))
    written = datetime.fromisoformat(due)
    expected = (written if written.tzinfo else written.replace(tzinfo=LONDON)).astimezone(UTC)
    assert wait_for(stage, text, kind) == expected
    local = expected - 2 * HOUR
    while local <= expected + 2 * HOUR:  # the same hour of the wall twice, or one that is left out
        at(stage, local)
        assert fired(stage) == (local >= expected)
        local += HOUR
    assert faults_in(stage.world) == []
