"""Timers and what is shown of them, escalations, receive tasks, signals, due dates: events beyond the stock faults."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from engine.spiff import EvaluationFailed, HandlerFailed, OpenWait
from tests.engine.spiff_world import (
    START,
    Run,
    end,
    extend,
    flow,
    io,
    log,
    node,
    on_escalation,
    on_message,
    on_signal,
    process,
    program,
    seq,
    service,
    start,
    timer,
    user,
)


@pytest.fixture(params=[False, True], ids=["in memory", "stored"])
def stored(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def test_a_boundary_timer_sees_the_inputs_of_its_activity(stored: bool) -> None:
    compiled = program(
        start(),
        user("u", io({"patience": '=duration("P3D")'})),
        node("boundaryEvent", "bd", timer("=patience"), attachedToRef="u", name="Too late"),
        end("e1"),
        end("e2"),
        seq("s", "u", "e1"),
        seq("bd", "e2"),
    )
    run = Run(compiled, stored=stored)
    (wait,) = run.workflow.open_waits()
    assert wait == OpenWait(
        token=wait.token,
        element_id="bd",
        kind="timer",
        due_at=START + timedelta(days=3),
        rule="=patience",
        interrupting=True,
        process_id="p",
        element_name="Too late",
        attached_to="u",
    )


def test_a_timer_whose_date_has_passed_fires_in_the_same_step(stored: bool) -> None:
    event = node("intermediateCatchEvent", "t", timer("2026-11-01T09:00:00+00:00", "timeDate"))
    run = Run(program(start(), event, log("a"), end(), seq("s", "t", "a", "e")), stored=stored)
    assert (run.trace, run.ended) == (["a"], True)


def test_a_timer_fires_at_its_instant_and_not_before(stored: bool) -> None:
    event = node("intermediateCatchEvent", "t", timer("PT1H"))
    run = Run(program(start(), event, end(), seq("s", "t", "e")), stored=stored).wait(minutes=59)
    assert (run.ended, run.waits) == (False, ["t"])
    run.wait(minutes=1)
    assert run.ended
    (fired,) = [event for event in run.world.happenings if event.kind == "timer_fired"]
    assert fired.detail == {"due_at": START + timedelta(hours=1), "rule": "PT1H"}


def test_timers_fire_in_the_order_in_which_they_are_due(stored: bool) -> None:
    compiled = program(
        start(),
        node("parallelGateway", "pg"),
        *(node("intermediateCatchEvent", f"t{days}", timer(f"P{days}D")) + end(f"e{days}") for days in (3, 1, 2)),
        *(seq("pg", f"t{days}", f"e{days}") for days in (3, 1, 2)),
        seq("s", "pg"),
    )
    run = Run(compiled, stored=stored).wait(days=9)
    assert run.world.seen("timer_fired") == ["t1", "t2", "t3"]


def test_an_escalation_that_nobody_catches_is_no_fault(stored: bool) -> None:
    thrown = node("intermediateThrowEvent", "th", on_escalation())
    assert Run(program(start(), thrown, end(), seq("s", "th", "e")), stored=stored).ended


def test_an_escalation_leaves_a_called_process_that_runs_on(stored: bool) -> None:
    called = process("q", start("qs"), user("qu"), end("qe", on_escalation()), seq("qs", "qu", "qe"))
    compiled = program(
        start(),
        node("callActivity", "c", extend('<zeebe:calledElement processId="q"/>')),
        node("boundaryEvent", "other", on_escalation("X2"), attachedToRef="c", cancelActivity="false"),
        node("boundaryEvent", "bd", on_escalation(), attachedToRef="c", cancelActivity="false"),
        log("h"),
        end("e1"),
        end("e2"),
        end("e3"),
        seq("s", "c", "e1"),
        seq("bd", "h", "e2"),
        seq("other", "e3"),
        more=called,
    )
    run = Run(compiled, stored=stored).do("qu")
    assert (run.trace, run.ended) == (["h"], True)
    assert run.world.seen("escalation_caught") == ["bd"]
    assert run.world.seen("process_started", "process_ended") == ["p", "q", "q", "p"]


def test_a_receive_task_waits_for_its_message_and_may_be_interrupted(stored: bool) -> None:
    compiled = program(
        start(),
        node("receiveTask", "r", messageRef="M1"),
        node("boundaryEvent", "bd", timer("P1D"), attachedToRef="r"),
        log("a"),
        log("b"),
        end("e1"),
        end("e2"),
        seq("s", "r", "a", "e1"),
        seq("bd", "b", "e2"),
    )
    run = Run(compiled, stored=stored)
    assert run.message(answer="yes")
    assert (run.trace, run.variables["answer"], run.ended) == (["a"], "yes", True)
    late = Run(compiled, stored=stored).wait(days=1)
    assert (late.trace, late.message()) == (["b"], False)


def test_a_signal_reaches_everyone_who_waits(stored: bool) -> None:
    compiled = program(
        start(),
        node("parallelGateway", "pg"),
        node("intermediateCatchEvent", "c1", on_signal()),
        node("intermediateCatchEvent", "c2", on_signal()),
        end("e1"),
        end("e2"),
        seq("s", "pg", "c1", "e1"),
        seq("pg", "c2", "e2"),
    )
    run = Run(compiled, stored=stored)
    assert run.workflow.deliver_signal("sig", {"x": 1})
    run.go_on()
    assert (run.ended, run.variables["x"]) == (True, 1)
    assert not run.workflow.deliver_signal("sig", {})


def test_event_sub_processes_stand_inside_one_another(stored: bool) -> None:
    inner = node(
        "subProcess", "in", start("ins", on_message("M2")), user("inu"), end("ine"), seq("ins", "inu", "ine"),
        triggeredByEvent="true",
    )  # fmt: skip
    outer = node(
        "subProcess", "out", start("outs", on_message("M1")), user("outu"), end("oute"), seq("outs", "outu", "oute"),
        inner, triggeredByEvent="true",
    )  # fmt: skip
    run = Run(program(start(), user("u"), end(), seq("s", "u", "e"), outer), stored=stored)
    assert (run.tasks, run.waits) == (["u"], ["outs"])
    run.message("Hi")
    assert (run.tasks, run.waits) == (["outu"], ["ins"])
    run.message("Ho")
    assert (run.tasks, run.waits) == (["inu"], [])
    assert run.do("inu").ended


@pytest.mark.parametrize("due", ["=5", "next week", '=duration("P1D")'])
def test_a_due_date_that_is_none_is_told_when_the_task_is_reached(due: str, stored: bool) -> None:
    schedule = f"<zeebe:taskSchedule dueDate='{due}'/>"
    with pytest.raises(EvaluationFailed, match=r"u: .*dueDate"):
        Run(program(start(), user("u", schedule), end(), seq("s", "u", "e")), stored=stored)


def test_a_due_date_that_is_null_is_no_due_date(stored: bool) -> None:
    schedule = '<zeebe:taskSchedule dueDate="=unknown"/>'
    run = Run(program(start(), user("u", schedule), end(), seq("s", "u", "e")), stored=stored)
    assert run.workflow.open_tasks()[0].due_at is None


def test_a_day_in_summer_ends_at_midnight_in_london(stored: bool) -> None:
    schedule = '<zeebe:taskSchedule dueDate="2027-07-01"/>'
    run = Run(program(start(), user("u", schedule), end(), seq("s", "u", "e")), stored=stored)
    assert run.workflow.open_tasks()[0].due_at == datetime.fromisoformat("2027-07-01T22:59:59+00:00")


def test_a_technical_failure_names_the_element_and_keeps_its_cause(stored: bool) -> None:
    def broken(_job: object) -> dict[str, object]:
        raise OSError("disk full")

    with pytest.raises(HandlerFailed, match="j: OSError: disk full") as failed:
        Run(
            program(start(), service("j", "broken"), end(), seq("s", "j", "e")),
            stored=stored,
            handlers={"broken": broken},
        )
    assert isinstance(failed.value.cause, OSError)


def test_a_diagram_that_can_never_go_on_is_stuck_and_says_so(stored: bool) -> None:
    compiled = program(
        start(),
        node("exclusiveGateway", "x", default="f_x_j"),
        user("u"),
        node("parallelGateway", "j"),
        end(),
        seq("s", "x"),
        flow("x", "u", "=false"),
        flow("x", "j"),
        seq("u", "j", "e"),
    )
    run = Run(compiled, stored=stored)
    assert (run.workflow.is_stuck, run.ended) == (True, False)
