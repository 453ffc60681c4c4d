"""After an outage, overdue timers take their course in the order in which they were due."""

from __future__ import annotations

from datetime import timedelta

from tests import tiny
from tests.stage import Stage


def test_an_overdue_timer_whose_effect_ends_another_keeps_that_one_from_firing(stage: Stage) -> None:
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.node(
            "subProcess",
            "inside",
            tiny.node("startEvent", "in"),
            tiny.user_task("ask", form="ask"),
            tiny.node("boundaryEvent", "one_day", tiny.timer("P1D"), attachedToRef="ask"),
            tiny.node("endEvent", "out"),
            tiny.chain("in", "ask", "out"),
            tiny.flow("one_day", "out"),
        ),
        tiny.node("boundaryEvent", "two_days", tiny.timer("P2D"), attachedToRef="inside"),
        tiny.service_task("late", "notify_group", {"group": "review_caseworker", "subject": "Late"}),
        tiny.node("endEvent", "done"),
        tiny.node("endEvent", "was_late"),
        tiny.chain("begin", "inside", "done"),
        tiny.chain("two_days", "late", "was_late"),
    )
    stage.start()
    stage.wait_and_work(timedelta(days=3))
    assert stage.status() == "completed"
    assert "late" not in {element for _, element in stage.told()}
