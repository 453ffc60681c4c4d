"""Timers: rows with a due time. Each fires once, in order, and an instance that is not due is never touched."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from engine import jobs, timers
from engine.models import Notification, ProcessInstance, UserTask, Wait
from engine.worker import next_work_at, work_once
from tests import tiny
from tests.faults.oracle import faults_in
from tests.plans import plan_of
from tests.stage import Stage


def waiting(text: str, kind: str = "timeDuration") -> tuple[str, ...]:
    return (
        tiny.node("startEvent", "begin"),
        tiny.node("intermediateCatchEvent", "pause", tiny.timer(text, kind)),
        tiny.user_task("after", form="ask"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "pause", "after", "done"),
    )


def test_a_timer_fires_when_it_is_due_and_only_once(stage: Stage) -> None:
    stage.deploy(*waiting("P7D"))
    stage.start()
    stage.wait_and_work(timedelta(days=7) - timedelta(seconds=1))
    assert stage.open_tasks() == []
    stage.wait_and_work(timedelta(seconds=1))
    assert stage.open_tasks() == ["after"]
    stage.wait_and_work(timedelta(days=100))
    assert len(stage.rows(UserTask)) == 1
    assert stage.told().count(("timer_fired", "pause")) == 1


@pytest.mark.parametrize(
    ("text", "kind", "due", "rule"),
    [
        ("P7D", "timeDuration", datetime(2026, 10, 8, 8, tzinfo=UTC), "P7D after the wait began"),
        ('=duration("PT36H")', "timeDuration", datetime(2026, 10, 2, 20, tzinfo=UTC), 'duration("PT36H")'),
        # The clocks go back on 25 October 2026: midnight in London is then an hour later in UTC.
        (
            "=calendar days after(now(), 25, case.nation)",
            "timeDate",
            datetime(2026, 10, 26, 23, 59, 59, tzinfo=UTC),
            "",
        ),
        ("=working days after(now(), 2, case.nation)", "timeDate", datetime(2026, 10, 5, 22, 59, 59, tzinfo=UTC), ""),
    ],
)
def test_a_wait_says_until_when_and_by_what_rule(stage: Stage, text: str, kind: str, due: datetime, rule: str) -> None:
    stage.deploy(*waiting(text, kind))
    stage.start()
    [row] = stage.rows(Wait)
    assert row.due_at == due
    assert row.rule == rule or (not rule and "England and Wales" in row.rule)
    assert next_work_at(stage.world) == due


def test_a_timer_that_gives_no_date_is_an_incident_that_says_why(stage: Stage) -> None:
    stage.deploy(*waiting('=calendar days after(now(), 7, "atlantis")', "timeDate"))
    assert stage.start().status == "incident"
    assert "atlantis" in stage.incidents()[0].message


def test_a_repeating_timer_fires_as_often_as_it_says_even_when_the_worker_was_away(stage: Stage) -> None:
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
    stage.wait_and_work(timedelta(days=1))
    assert len(stage.rows(Notification)) == 1
    stage.wait_and_work(timedelta(days=30))
    assert len(stage.rows(Notification)) == 3
    assert stage.waits() == []
    assert stage.open_tasks() == ["ask"]


def test_the_longest_overdue_fires_first(stage: Stage) -> None:
    stage.deploy(*waiting("P7D"))
    second_due = stage.start().instance_id
    stage.wait(timedelta(hours=1))
    stage.start()
    stage.wait(timedelta(days=8))
    with stage.world.db.read() as connection:
        assert timers.due_instances(connection, now=stage.world.clock.now()) == [second_due, second_due + 1]
        assert timers.due_instances(connection, now=stage.world.clock.now(), limit=1) == [second_due]


def test_a_poll_never_loads_an_instance_that_is_not_due(stage: Stage) -> None:
    stage.deploy(*waiting("P7D"))
    for _ in range(5):
        stage.start()
    work_once(stage.world)  # the first writes down from when people are told of what is overdue
    with stage.statements() as idle:
        assert work_once(stage.world) == 0
    selects = [statement for statement in idle if statement.lstrip().startswith("SELECT")]
    # Timers, timers that start something, jobs, what people are told of, emails of the morning, outbox: one look each.
    assert len(selects) == 6
    assert not any("process_instance.state," in statement for statement in idle)
    assert not any(statement.lstrip().startswith(("UPDATE", "INSERT", "DELETE", "BEGIN IMM")) for statement in idle)

    stage.wait(timedelta(days=3))
    later = stage.start().instance_id
    stage.wait(timedelta(days=5))
    with stage.statements() as due:
        assert timers.fire_due(stage.world) == 5
    loads = [statement for statement in due if "process_instance.state," in statement]
    assert len(loads) == 5
    assert [row.instance_id for row in stage.rows(Wait)] == [later]


def test_a_poll_looks_at_the_index_of_due_times_only(stage: Stage) -> None:
    plan = plan_of(stage.world, lambda: timers.fire_due(stage.world), about="FROM wait")
    found = "USING INDEX ix_wait_due (due_at<?)" if stage.world.db.is_sqlite else "Index Scan using ix_wait_due on wait"
    assert found in plan, plan


def add_a_wait_of_nothing(stage: Stage, instance_id: int) -> None:
    """Write a row for a timer that the instance does not have, as a fault of ours would."""
    with stage.world.db.write() as connection:
        now = stage.world.clock.now()
        ghost = {"token": "0" * 32, "element_id": "ghost", "element_name": "Ghost", "kind": "timer"}
        connection.execute(insert(Wait).values(instance_id=instance_id, due_at=now, created_at=now, **ghost))


def test_a_wait_that_its_instance_knows_nothing_of_is_an_incident_and_not_stepped_for_ever(stage: Stage) -> None:
    stage.deploy(*waiting("P7D"))
    wrong, right = stage.start().instance_id, stage.start().instance_id
    add_a_wait_of_nothing(stage, wrong)
    version = stage.rows(ProcessInstance)[0].version
    assert timers.fire_due(stage.world) == 0
    assert timers.fire_due(stage.world) == 0
    [incident] = stage.incidents()
    assert (incident.instance_id, stage.rows(ProcessInstance)[0].version) == (wrong, version)
    assert "“Ghost” was due on 1 October 2026 at 9am" in incident.message
    stage.wait_and_work(timedelta(days=7))
    assert [row.instance_id for row in stage.rows(UserTask)] == [right]
    jobs.retry_incident(stage.world, incident.incident_id, actor=stage.leader)
    stage.wait_and_work()
    assert (stage.incidents(), stage.status(wrong), stage.rows(Wait)) == ([], "active", [])
    assert faults_in(stage.world) == []


def test_a_wait_of_an_instance_that_has_ended_is_cleared_away(stage: Stage) -> None:
    stage.deploy(*waiting("P7D"))
    stage.start()
    stage.wait_and_work(timedelta(days=7))
    stage.complete("after", {"answer": "Yes"})
    add_a_wait_of_nothing(stage, 1)
    assert timers.fire_due(stage.world) == 0
    assert (stage.rows(Wait), stage.incidents(), stage.status()) == ([], [], "completed")


def test_two_workers_that_poll_at_once_fire_a_timer_once(stage: Stage) -> None:
    stage.deploy(*waiting("P7D"))
    stage.start()
    stage.wait(timedelta(days=7))
    threads = [threading.Thread(target=timers.fire_due, args=(stage.world,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stage.told().count(("timer_fired", "pause")) == 1
    assert len(stage.rows(UserTask)) == 1
