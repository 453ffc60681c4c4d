"""Timers and what is shown of them, escalations, receive tasks, signals, due dates: events beyond the stock faults."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from engine.runner import run as play
from engine.spiff import EvaluationFailed, HandlerFailed, OpenWait
from tests.engine.spiff_world import (
    HEAD,
    START,
    Run,
    end,
    extend,
    flow,
    io,
    log,
    node,
    on_error,
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


CYCLE = timer("R3/PT1H", "timeCycle")


def test_a_cycle_that_a_token_waits_for_happens_once(stored: bool) -> None:
    event = node("intermediateCatchEvent", "t", CYCLE)
    run = Run(program(start(), event, log("a"), end(), seq("s", "t", "a", "e")), stored=stored).wait(minutes=59)
    assert run.waits == ["t"]
    run.wait(hours=9)
    assert (run.trace, run.ended) == (["a"], True)


def test_an_interrupting_cycle_happens_once(stored: bool) -> None:
    late = node("boundaryEvent", "bd", CYCLE, attachedToRef="u")
    body = (start(), user("u"), late, user("a"), end(), end("e2"), seq("s", "u", "e"), seq("bd", "a", "e2"))
    run = Run(program(*body), stored=stored).wait(hours=9)
    assert (run.tasks, run.waits) == (["a"], [])
    assert run.wait(hours=9).do("a").ended


def test_a_cycle_behind_an_event_based_gateway_happens_once(stored: bool) -> None:
    events = node("intermediateCatchEvent", "t", CYCLE), node("intermediateCatchEvent", "m", on_message())
    body = (start(), node("eventBasedGateway", "g"), *events, log("a"), end(), end("e2"))
    run = Run(program(*body, seq("s", "g", "t", "a", "e"), seq("g", "m", "e2")), stored=stored).wait(hours=9)
    assert (run.trace, run.ended) == (["a"], True)


def plain_timer(definition: str, *steps: str) -> tuple[str, ...]:
    """Play a user task with a non-interrupting timer in a plain file from 5 January 2026, 9:00."""
    late = node("boundaryEvent", "bd", definition, attachedToRef="u", cancelActivity="false")
    body = start(), node("userTask", "u"), late, end(), end("late"), seq("s", "u", "e"), seq("bd", "late")
    head = HEAD.partition("xmlns:modeler")[0] + 'id="D" targetNamespace="x">'
    text = head + process("p", *body) + "</bpmn:definitions>"
    return play(text.encode(), {"step": [{"wait": step} for step in steps]}).completed


def test_a_week_is_seven_days() -> None:
    assert plain_timer(timer("P1W"), "P6DT23H59M") == ("s",)
    assert plain_timer(timer("P1W"), "P7D") == ("s", "bd", "late")
    assert plain_timer(timer("R2/P1W", "timeCycle"), "P13D").count("late") == 1
    assert plain_timer(timer("R2/P1W", "timeCycle"), "P40D").count("late") == 2


def test_a_cycle_may_say_when_it_begins() -> None:
    cycle = timer("R3/2026-01-06T09:00:00Z/PT1H", "timeCycle")
    assert plain_timer(cycle, "PT23H59M") == ("s",)
    assert plain_timer(cycle, "PT24H").count("late") == 1
    assert plain_timer(cycle, "P40D").count("late") == 3


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


def test_a_signal_carries_its_throwers_inputs_to_other_instances(stored: bool) -> None:
    thrown = io({"reason": '="Fraud"', "list": "=[1, 2]"})
    thrower = program(start(), user("u"), end("x", extend(thrown), on_signal()), seq("s", "u", "x"))
    catch = node("intermediateCatchEvent", "c", on_signal())
    catcher = Run(program(start(), catch, user("v"), end(), seq("s", "c", "v", "e")), stored=stored)
    throwing = Run(thrower)
    task = throwing.workflow.open_tasks()[0]
    throwing.workflow.complete_task(task.token, {"secret": 1})
    throwing.workflow.run_to_rest()
    ((name, payload),) = throwing.workflow.thrown
    assert (name, payload) == ("sig", {"reason": "Fraud", "list": [1, 2]})
    assert catcher.workflow.deliver_signal(name, payload)
    payload["list"].append(3)
    catcher.go_on()
    assert catcher.variables == {"k": "K", "reason": "Fraud", "list": [1, 2]}
    assert catcher.tasks == ["v"]


# A body that ends while a handler runs: the standard's state "Completing" (BPMN 2.0, 13.3.2). The scope waits for its
# running handlers and starts no new ones.


def with_handlers(*around: str) -> tuple[str, ...]:
    def handler(name: str, on: str, interrupting: str) -> str:
        return node(
            "subProcess", f"h{name}", start(f"hs{name}", on, isInterrupting=interrupting), user(f"hu{name}"),
            end(f"he{name}"), seq(f"hs{name}", f"hu{name}", f"he{name}"), triggeredByEvent="true",
        )  # fmt: skip

    return (*around, handler("1", on_message("M1"), "false"), handler("2", on_message("M2"), "true"))


def test_a_process_ends_only_when_its_running_handlers_have(stored: bool) -> None:
    run = Run(program(*with_handlers(start("b"), user("u"), end("be"), seq("b", "u", "be"))), stored=stored)
    assert run.message("Hi")
    assert run.message("Hi")
    run.do("u")
    assert (run.tasks, run.ended) == (["hu1", "hu1"], False)
    run.do("hu1")
    assert not run.ended
    assert run.do("hu1").ended


def test_no_handler_starts_once_the_body_has_ended(stored: bool) -> None:
    run = Run(program(*with_handlers(start("b"), user("u"), end("be"), seq("b", "u", "be"))), stored=stored)
    assert run.message("Hi")
    run.do("u")
    assert run.waits == []
    assert not run.message("Hi")
    assert not run.message("Ho")
    assert run.do("hu1").ended


def test_what_follows_a_sub_process_waits_for_its_handlers_and_its_boundary_may_end_them(stored: bool) -> None:
    inner = node("subProcess", "sp", *with_handlers(start("b"), user("u"), end("be"), seq("b", "u", "be")))
    late = node("boundaryEvent", "bd", timer("P1D"), attachedToRef="sp")
    body = (start(), inner, late, log("after"), log("late"), end(), end("e2"))
    compiled = program(*body, seq("s", "sp", "after", "e"), seq("bd", "late", "e2"))
    run = Run(compiled, stored=stored)
    assert run.message("Hi")
    assert (run.do("u").trace, run.tasks, run.waits) == ([], ["hu1"], ["bd"])
    assert (run.do("hu1").trace, run.ended) == (["after"], True)
    again = Run(compiled, stored=stored)
    assert again.message("Hi")
    assert (again.do("u").wait(days=1).trace, again.tasks, again.ended) == (["late"], [], True)


def test_a_handler_of_a_body_that_has_ended_can_still_fail_the_scope(stored: bool) -> None:
    failing = node(
        "subProcess", "h", start("hs", on_message(), isInterrupting="false"), user("hu"), end("he", on_error()),
        seq("hs", "hu", "he"), triggeredByEvent="true",
    )  # fmt: skip
    inner = node("subProcess", "sp", start("b"), user("u"), end("be"), seq("b", "u", "be"), failing)
    caught = node("boundaryEvent", "bd", on_error(), attachedToRef="sp")
    body = (start(), inner, caught, log("after"), log("failed"), end(), end("e2"))
    run = Run(program(*body, seq("s", "sp", "after", "e"), seq("bd", "failed", "e2")), stored=stored)
    assert run.message("Hi")
    assert (run.do("u").do("hu").trace, run.ended) == (["failed"], True)
