"""A background step that ends its process each time: three processes, then a person, and nobody else waits for it."""

from __future__ import annotations

import multiprocessing
from datetime import timedelta

from engine import failpoints, jobs, timers
from tests import tiny
from tests.engine.test_timers import waiting
from tests.stage import Stage
from tests.world import open_world

WEEK = timedelta(days=7)


def end_in_the_step(stage: Stage) -> int | None:
    """Fire what is due in a process of its own that ends at once in the middle of the step; return its exit code."""

    def work() -> None:
        settings = stage.world.settings
        world = open_world(settings.data_dir, at=stage.world.clock.now(), processes=settings.processes_dir)
        failpoints.ask_for("step_after_act")
        timers.fire_due(world)

    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join()
    return process.exitcode


def due_timer(stage: Stage) -> None:
    stage.deploy(*waiting("P7D"))
    stage.start()
    stage.wait(WEEK)


def test_a_step_that_ends_its_process_each_time_is_left_to_a_person(stage: Stage) -> None:
    due_timer(stage)
    assert [end_in_the_step(stage) for _ in range(4)] == [137, 137, 137, 0]
    [incident] = stage.incidents()
    assert (stage.status(), stage.open_tasks()) == ("incident", [])
    assert "ended at once, 3 times" in incident.message
    assert stage.wait_and_work(WEEK) == 0
    jobs.retry_incident(stage.world, incident.incident_id, actor=stage.leader)
    assert (stage.open_tasks(), stage.incidents()) == (["after"], [])


def test_processes_that_ended_over_a_step_count_only_in_a_row(stage: Stage) -> None:
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.node("intermediateCatchEvent", "first", tiny.timer("P7D")),
        tiny.node("intermediateCatchEvent", "second", tiny.timer("P7D")),
        tiny.user_task("after", form="ask"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "first", "second", "after", "done"),
    )
    stage.start()
    for _ in range(2):
        stage.wait(WEEK)
        assert [end_in_the_step(stage) for _ in range(2)] == [137, 137]
        stage.wait_and_work()
    assert (stage.incidents(), stage.open_tasks()) == ([], ["after"])


def test_other_cases_go_on_beside_a_step_that_ends_its_process(stage: Stage) -> None:
    due_timer(stage)
    for _ in range(3):
        end_in_the_step(stage)
    stage.start(case_id=stage.open_case("CM-2"))
    stage.wait_and_work(WEEK)
    assert (stage.status(1), stage.open_tasks()) == ("incident", ["after"])


def test_a_mark_that_cannot_be_written_holds_up_no_work(stage: Stage) -> None:
    due_timer(stage)
    (stage.folder / "under_way").write_text("a file in the place of the folder")
    stage.wait_and_work()
    assert (stage.incidents(), stage.open_tasks()) == ([], ["after"])
