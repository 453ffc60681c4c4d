"""What SpiffWorkflow runs wrongly without a word: each is put right here, in memory and through stored states alike.

The expected traces are written by hand from BPMN 2.0.
"""

from __future__ import annotations

from typing import Any

import pytest

from engine.spiff import EvaluationFailed, StepBudgetExceeded, TokenNotOpen, UnhandledBpmnError, Workflow
from tests.engine.spiff_world import (
    TERMINATE,
    Run,
    World,
    end,
    extend,
    fail_with,
    flow,
    io,
    job,
    log,
    many,
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


def boundary(element_id: str, attached: str, trigger: str, **attributes: str) -> str:
    return node("boundaryEvent", element_id, trigger, attachedToRef=attached, **attributes)


def catch(element_id: str, trigger: str) -> str:
    return node("intermediateCatchEvent", element_id, trigger)


def throw(element_id: str, trigger: str = "") -> str:
    return node("intermediateThrowEvent", element_id, trigger)


# Event-based gateways -------------------------------------------------------------------------------------------------

TWO_TIMERS = program(
    start(),
    node("eventBasedGateway", "g"),
    catch("t14", timer("P14D")),
    catch("t1", timer("P1D")),
    log("a"),
    log("b"),
    end("e1"),
    end("e2"),
    seq("s", "g", "t14", "a", "e1"),
    seq("g", "t1", "b", "e2"),
)


def test_each_timer_of_an_event_gateway_has_its_own_due_time(stored: bool) -> None:
    run = Run(TWO_TIMERS, stored=stored)
    assert [(w.element_id, (w.due_at - run.world.now).days) for w in run.workflow.open_waits() if w.due_at] == [
        ("t14", 14),
        ("t1", 1),
    ]
    run.wait(days=1)
    assert (run.trace, run.waits, run.ended) == (["b"], [], True)


def test_the_earliest_of_several_overdue_timers_wins(stored: bool) -> None:
    run = Run(TWO_TIMERS, stored=stored).wait(days=99)
    assert (run.trace, run.ended) == (["b"], True)
    assert run.world.seen("timer_fired") == ["t1"]


def test_an_event_gateway_says_what_it_waits_for_and_takes_a_message(stored: bool) -> None:
    compiled = program(
        start(),
        node("eventBasedGateway", "g"),
        catch("t", timer("P1D")),
        node("intermediateCatchEvent", "m", extend(io(None, {"got": "=answer"})), on_message()),
        log("a"),
        log("b"),
        end("e1"),
        end("e2"),
        seq("s", "g", "t", "a", "e1"),
        seq("g", "m", "b", "e2"),
    )
    run = Run(compiled, stored=stored)
    assert run.waits == ["m", "t"]
    assert not run.message("Hi", "another key")
    assert run.message("Hi", "K", answer="yes")
    assert (run.trace, run.ended, run.variables["got"]) == (["b"], True, "yes")
    assert "answer" not in run.variables
    assert run.world.seen("flow") == ["f_s_g", "f_g_m", "f_m_b", "f_b_e2"]


# Boundary events on sub-processes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("trigger", [on_escalation(), on_signal()], ids=["escalation", "signal"])
def test_an_interrupting_boundary_event_fired_from_inside_stops_the_rest_at_once(trigger: str, stored: bool) -> None:
    compiled = program(
        start(),
        node(
            "subProcess",
            "sp",
            start("i"),
            node("parallelGateway", "pg"),
            throw("th", trigger),
            log("x1"),
            log("x2"),
            end("ie1"),
            end("ie2"),
            seq("i", "pg", "th", "x1", "ie1"),
            seq("pg", "x2", "ie2"),
        ),
        boundary("bd", "sp", trigger),
        log("h"),
        log("after"),
        end("e1"),
        end("e2"),
        seq("s", "sp", "after", "e1"),
        seq("bd", "h", "e2"),
    )
    run = Run(compiled, stored=stored)
    assert (run.trace, run.tasks, run.ended) == (["h"], [], True)


def test_an_error_end_event_two_levels_down_reaches_the_outer_boundary(stored: bool) -> None:
    compiled = program(
        start(),
        node(
            "subProcess",
            "o",
            start("i"),
            node("subProcess", "m", start("j"), end("boom", on_error()), seq("j", "boom")),
            log("no"),
            end("k"),
            seq("i", "m", "no", "k"),
        ),
        boundary("bd", "o", on_error()),
        log("h"),
        end("e1"),
        end("e2"),
        seq("s", "o", "e1"),
        seq("bd", "h", "e2"),
    )
    run = Run(compiled, stored=stored)
    assert (run.trace, run.ended) == (["h"], True)
    assert run.world.seen("error_caught") == ["bd"]
    assert "boom" in run.world.seen("completed")
    assert run.world.seen("cancelled") == ["m", "o"]


def test_an_error_reaches_only_the_boundary_of_the_activity_it_came_from(stored: bool) -> None:
    branches = "".join(
        node(
            "subProcess",
            f"o{i}",
            start(f"i{i}"),
            user(f"u{i}"),
            end(f"boom{i}", on_error()),
            seq(f"i{i}", f"u{i}", f"boom{i}"),
        )
        + boundary(f"bd{i}", f"o{i}", on_error())
        + log(f"h{i}")
        + end(f"e{i}")
        + end(f"f{i}")
        + seq("pg", f"o{i}", f"e{i}")
        + seq(f"bd{i}", f"h{i}", f"f{i}")
        for i in (1, 2)
    )
    run = Run(program(start(), node("parallelGateway", "pg"), branches, seq("s", "pg")), stored=stored).do("u2")
    assert (run.trace, run.tasks, run.ended) == (["h2"], ["u1"], False)


def test_interrupting_a_multi_instance_sub_process_leaves_no_orphans(stored: bool) -> None:
    compiled = program(
        start(),
        node("subProcess", "sp", many("=[1,2,3]", "it"), start("i"), user("u"), end("ie"), seq("i", "u", "ie")),
        boundary("bd", "sp", timer("P1D")),
        log("h"),
        end("e1"),
        end("e2"),
        seq("s", "sp", "e1"),
        seq("bd", "h", "e2"),
    )
    run = Run(compiled, stored=stored)
    assert run.tasks == ["u", "u", "u"]
    run.wait(days=2)
    assert (run.trace, run.tasks, run.waits, run.ended) == (["h"], [], [], True)
    assert run.world.seen("cancelled").count("u") == 3


def test_a_non_interrupting_boundary_event_fires_more_than_once(stored: bool) -> None:
    compiled = program(
        start(),
        user("u"),
        boundary("bd", "u", on_message(), cancelActivity="false"),
        log("h"),
        end("e1"),
        end("e2"),
        seq("s", "u", "e1"),
        seq("bd", "h", "e2"),
    )
    run = Run(compiled, stored=stored)
    assert [run.message(), run.message()] == [True, True]
    assert (run.trace, run.tasks, run.waits) == (["h", "h"], ["u"], ["bd"])
    run.do("u")
    assert (run.ended, run.waits) == (True, [])
    assert not run.message()


def test_a_non_interrupting_handler_with_a_fork_does_not_harm_an_earlier_one(stored: bool) -> None:
    # Stock's joins drop what follows any earlier join of the same name that is not an ancestor.
    compiled = program(
        start(),
        user("u"),
        boundary("bd", "u", on_message(), cancelActivity="false"),
        node("parallelGateway", "pf"),
        log("x"),
        log("y"),
        node("parallelGateway", "pj"),
        user("v"),
        end("e1"),
        end("e2"),
        seq("s", "u", "e1"),
        seq("bd", "pf", "x", "pj", "v", "e2"),
        seq("pf", "y", "pj"),
    )
    run = Run(compiled, stored=stored)
    assert [run.message(), run.message()] == [True, True]
    assert run.tasks == ["u", "v", "v"]


def test_an_overdue_interrupting_timer_beats_a_late_submit(stored: bool) -> None:
    compiled = program(
        start(),
        user("u"),
        boundary("bd", "u", timer("P1D")),
        log("h"),
        end("e1"),
        end("e2"),
        seq("s", "u", "e1"),
        seq("bd", "h", "e2"),
    )
    run = Run(compiled, stored=stored)
    token = run.workflow.open_tasks()[0].token
    run.world.now = run.workflow.open_waits()[0].due_at or run.world.now
    assert run.workflow.fire_due_timers() == 1
    with pytest.raises(TokenNotOpen):
        run.workflow.complete_task(token, {})


def test_a_cycle_on_a_boundary_fires_as_often_as_it_says(stored: bool) -> None:
    compiled = program(
        start(),
        user("u"),
        boundary("bd", "u", timer("R3/P1D", "timeCycle"), cancelActivity="false"),
        log("h"),
        end("e1"),
        end("e2"),
        seq("s", "u", "e1"),
        seq("bd", "h", "e2"),
    )
    run = Run(compiled, stored=stored).wait(days=1)
    assert (run.trace, run.waits) == (["h"], ["bd"])
    run.wait(days=9)
    assert (run.trace, run.waits, run.tasks) == (["h", "h", "h"], [], ["u"])


# Errors of handlers ---------------------------------------------------------------------------------------------------

GUARDED = program(
    start(),
    service("t", "boom"),
    boundary("b1", "t", on_error()),
    boundary("b0", "t", on_error("")),
    log("h1"),
    log("h0"),
    end("e1"),
    end("e2"),
    end("e3"),
    seq("s", "t", "e1"),
    seq("b1", "h1", "e2"),
    seq("b0", "h0", "e3"),
)


@pytest.mark.parametrize(("code", "handler"), [("E1", "h1"), ("ZZ", "h0")])
def test_a_handlers_error_takes_the_specific_boundary_before_the_catch_all(
    code: str, handler: str, stored: bool
) -> None:
    run = Run(GUARDED, stored=stored, handlers={"boom": fail_with(code, why="bad")})
    assert (run.trace, run.ended, run.variables["why"]) == ([handler], True, "bad")


@pytest.mark.parametrize("called", [False, True], ids=["sub-process", "call activity"])
def test_a_handlers_error_leaves_a_sub_process_or_a_called_process(called: bool, stored: bool) -> None:
    inside = (start("i"), service("t", "boom"), log("no"), end("k"), seq("i", "t", "no", "k"))
    activity = (
        node("callActivity", "o", extend('<zeebe:calledElement processId="q"/>'))
        if called
        else node("subProcess", "o", *inside)
    )
    compiled = program(
        start(),
        activity,
        boundary("bd", "o", on_error()),
        log("h"),
        end("e1"),
        end("e2"),
        seq("s", "o", "e1"),
        seq("bd", "h", "e2"),
        more=process("q", *inside) if called else "",
    )
    run = Run(compiled, stored=stored, handlers={"boom": fail_with("E1")})
    assert (run.trace, run.ended) == (["h"], True)


def test_an_error_that_nothing_catches_names_the_element(stored: bool) -> None:
    compiled = program(start(), user("u"), service("t", "boom"), end(), seq("s", "u", "t", "e"))
    run = Run(compiled, stored=stored, handlers={"boom": fail_with("E9")})
    with pytest.raises(UnhandledBpmnError, match="t: nothing catches the error E9"):
        run.do("u")


def test_a_deferred_job_waits_visibly_and_comes_back_with_a_result_or_an_error(stored: bool) -> None:
    compiled = program(
        start(),
        service("t", "later", io({"letter": "CMSL1"}, {"sent": "=reference"})),
        boundary("bd", "t", on_error()),
        log("h"),
        log("after"),
        end("e1"),
        end("e2"),
        seq("s", "t", "after", "e1"),
        seq("bd", "h", "e2"),
    )
    run = Run(compiled, stored=stored)
    assert [(w.kind, w.element_id, w.name) for w in run.workflow.open_waits()] == [("job", "t", "later")]
    assert run.world.jobs[0].inputs == {"letter": "CMSL1"}
    run.job_done("t", reference="R1", other=2)
    assert (run.trace, run.variables) == (["after"], {"k": "K", "sent": "R1"})
    again = Run(compiled, stored=stored).job_failed("t", "E1", why="gone")
    assert (again.trace, again.ended, again.variables["why"]) == (["h"], True, "gone")


# Ends, links, loops ---------------------------------------------------------------------------------------------------


def test_a_signal_end_event_is_heard_inside_and_told_to_others(stored: bool) -> None:
    compiled = program(
        start(),
        node("parallelGateway", "pg"),
        user("u"),
        boundary("bd", "u", on_signal()),
        log("h"),
        end("e1"),
        end("e2"),
        end("es", on_signal()),
        seq("s", "pg", "u", "e1"),
        seq("bd", "h", "e2"),
        seq("pg", "es"),
    )
    run = Run(compiled, stored=stored)
    assert (run.trace, run.ended, run.signals) == (["h"], True, ["sig"])


def test_link_events_lead_on(stored: bool) -> None:
    link = '<bpmn:linkEventDefinition name="A"/>'
    compiled = program(
        start(),
        log("a"),
        throw("lt", link),
        throw("lt2", link),
        node("exclusiveGateway", "g", default="f_g_lt2"),
        catch("lc", link),
        log("b"),
        end(),
        seq("s", "a", "g"),
        flow("g", "lt", "=false"),
        flow("g", "lt2"),
        seq("lc", "b", "e"),
    )
    run = Run(compiled, stored=stored)
    assert (run.trace, run.ended) == (["a", "b"], True)
    assert run.world.seen("flow") == ["f_s_a", "f_a_g", "f_g_lt2", "f_lc_b", "f_b_e"]


def test_a_terminate_end_event_ends_everything_in_its_process(stored: bool) -> None:
    compiled = program(
        start(),
        node("parallelGateway", "pg"),
        user("u"),
        user("v"),
        end("e1"),
        end("e2", TERMINATE),
        seq("s", "pg", "u", "e1"),
        seq("pg", "v", "e2"),
    )
    run = Run(compiled, stored=stored).do("v")
    assert (run.tasks, run.ended, run.world.seen("cancelled")) == ([], True, ["u"])


def test_a_terminate_end_event_also_ends_running_event_sub_processes(stored: bool) -> None:
    compiled = event_subprocess(on_message(), "false", [user("u"), end("e", TERMINATE), seq("s", "u", "e")], user("h"))
    run = Run(compiled, stored=stored)
    run.message()
    assert run.tasks == ["h", "u"]
    run.do("u")
    assert (run.tasks, run.ended) == ([], True)


def test_a_terminate_end_event_in_a_sub_process_ends_only_that(stored: bool) -> None:
    inside = node(
        "subProcess",
        "sp",
        start("i"),
        node("parallelGateway", "pg"),
        user("u"),
        user("v"),
        end("k1"),
        end("k2", TERMINATE),
        seq("i", "pg", "u", "k1"),
        seq("pg", "v", "k2"),
    )
    run = Run(program(start(), inside, log("after"), end(), seq("s", "sp", "after", "e")), stored=stored).do("v")
    assert (run.trace, run.ended) == (["after"], True)


PARALLEL_LOOP = program(
    start(),
    node("exclusiveGateway", "m"),
    node("parallelGateway", "pg"),
    user("a"),
    user("b"),
    node("parallelGateway", "pj"),
    log("j"),
    node("exclusiveGateway", "g", default="f_g_m"),
    end(),
    seq("s", "m", "pg", "a", "pj", "j", "g"),
    seq("pg", "b", "pj"),
    flow("g", "e", "=stop = true"),
    flow("g", "m"),
)


def test_a_parallel_join_in_a_loop_waits_for_both_branches_on_every_lap(stored: bool) -> None:
    run = Run(PARALLEL_LOOP, stored=stored).do("a").do("b")
    run.do("b")
    assert (run.trace, run.tasks) == (["j"], ["a"])
    run.do("a").do("a").do("b", stop=True)
    assert (run.trace, run.ended) == (["j", "j", "j"], True)


def test_a_parallel_join_keeps_tokens_in_excess(stored: bool) -> None:
    compiled = program(
        start(),
        node("parallelGateway", "pg"),
        node("exclusiveGateway", "m"),
        user("a"),
        user("b"),
        user("c"),
        node("parallelGateway", "pj"),
        log("j"),
        end(),
        seq("s", "pg", "a", "m"),
        seq("pg", "b", "m"),
        seq("m", "pj", "j", "e"),
        seq("pg", "c", "pj"),
    )
    run = Run(compiled, stored=stored).do("a").do("b")
    assert run.trace == []
    run.do("c")
    # One token has met its partner; the other waits for ever: that is the diagram's fault, and it is seen.
    assert (run.trace, run.ended, run.workflow.is_stuck) == (["j"], False, True)


def test_a_loop_without_a_wait_is_stopped_and_named() -> None:
    compiled = program(
        start(),
        node("exclusiveGateway", "m"),
        log("a"),
        node("exclusiveGateway", "g", default="f_g_m"),
        end(),
        seq("s", "m", "a", "g"),
        flow("g", "e", "=false"),
        flow("g", "m"),
    )
    with pytest.raises(StepBudgetExceeded, match="more than 2000 steps without waiting"):
        Run(compiled)


def test_a_process_that_calls_itself_without_a_wait_is_stopped() -> None:
    call = node("callActivity", "c", extend('<zeebe:calledElement processId="p"/>'))
    with pytest.raises(StepBudgetExceeded):
        Run(program(start(), call, end(), seq("s", "c", "e")))


def test_a_thousand_automatic_laps_in_one_step_lose_no_token(stored: bool) -> None:
    # Stock loses sight of tasks below a depth of 1,000 and then calls the instance completed.
    compiled = program(
        start(),
        node("exclusiveGateway", "m"),
        node("scriptTask", "n", extend('<zeebe:script expression="=count + 1" resultVariable="count"/>')),
        node("exclusiveGateway", "g", default="f_g_m"),
        user("u"),
        end(),
        seq("s", "m", "n", "g"),
        flow("g", "u", "=count > 1000"),
        flow("g", "m"),
        seq("u", "e"),
    )
    world = World()
    workflow = Workflow.start(compiled, {"count": 0}, world)
    workflow.run_to_rest(budget=10_000)
    assert [task.element_id for task in workflow.open_tasks()] == ["u"]
    assert not workflow.is_completed


# Event sub-processes --------------------------------------------------------------------------------------------------


def event_subprocess(trigger: str, interrupting: str, main: list[str], handler: str = "") -> Any:
    return program(
        start(),
        *main,
        node(
            "subProcess",
            "es",
            start("ess", trigger, isInterrupting=interrupting),
            handler or log("h"),
            end("ese"),
            seq("ess", "h", "ese"),
            triggeredByEvent="true",
        ),
    )


MAIN = [user("u"), log("after"), end(), seq("s", "u", "after", "e")]


def test_an_interrupting_event_sub_process_ends_the_rest(stored: bool) -> None:
    run = Run(event_subprocess(on_message(), "true", MAIN), stored=stored)
    assert run.waits == ["ess"]
    assert run.message()
    assert (run.trace, run.tasks, run.ended) == (["h"], [], True)
    assert run.world.seen("entered") == ["s", "u", "es", "ess", "h", "ese"]
    assert run.world.seen("message_received") == ["ess"]
    assert run.world.seen("flow") == ["f_s_u", "f_ess_h", "f_h_ese"]


def test_a_non_interrupting_event_sub_process_runs_beside_the_rest_each_time(stored: bool) -> None:
    run = Run(event_subprocess(on_message(), "false", MAIN), stored=stored)
    run.message()
    run.message()
    run.do("u")
    assert (run.trace, run.ended) == (["h", "h", "after"], True)


def test_an_event_sub_process_runs_on_a_timer_cycle(stored: bool) -> None:
    run = Run(event_subprocess(timer("R2/P1D", "timeCycle"), "false", MAIN), stored=stored)
    run.wait(days=1, seconds=1).wait(days=1).wait(days=1)
    assert (run.trace, run.tasks, run.waits, run.ended) == (["h", "h"], ["u"], [], False)


def test_an_event_sub_process_catches_an_error_of_its_scope(stored: bool) -> None:
    main = [service("t", "boom"), log("after"), end(), seq("s", "t", "after", "e")]
    run = Run(event_subprocess(on_error(), "true", main), stored=stored, handlers={"boom": fail_with("E1")})
    assert (run.trace, run.ended) == (["h"], True)


def test_an_event_sub_process_does_not_catch_its_own_error(stored: bool) -> None:
    compiled = event_subprocess(
        on_error(), "true", [*MAIN[:2], end("e", on_error()), seq("s", "u", "after", "e")], service("h", "boom")
    )
    run = Run(compiled, stored=stored, handlers={"boom": fail_with("E1")})
    with pytest.raises(UnhandledBpmnError, match="h: nothing catches"):
        run.do("u")


def test_a_non_interrupting_escalation_event_sub_process_lets_the_rest_go_on(stored: bool) -> None:
    main = [throw("th", on_escalation()), log("after"), end(), seq("s", "th", "after", "e")]
    run = Run(event_subprocess(on_escalation(), "false", main), stored=stored)
    assert (sorted(run.trace), run.ended) == (["after", "h"], True)


def test_an_event_sub_process_starts_on_a_signal_thrown_in_its_own_scope(stored: bool) -> None:
    main = [throw("th", on_signal()), log("after"), end(), seq("s", "th", "after", "e")]
    run = Run(event_subprocess(on_signal(), "true", main), stored=stored)
    assert (run.trace, run.ended) == (["h"], True)


def test_an_event_sub_process_inside_a_sub_process_sees_current_variables(stored: bool) -> None:
    compiled = program(
        start(),
        node(
            "subProcess",
            "sp",
            start("i"),
            user("u1"),
            user("u2"),
            end("ie"),
            seq("i", "u1", "u2", "ie"),
            node(
                "subProcess",
                "es",
                start("ess", timer("P1D")),
                log("h", io({"v": "=amount"})),
                end("ese"),
                seq("ess", "h", "ese"),
                triggeredByEvent="true",
            ),
        ),
        log("after"),
        end(),
        seq("s", "sp", "after", "e"),
    )
    run = Run(compiled, stored=stored).do("u1", amount=42).wait(days=2)
    assert (run.trace, run.ended) == ([42, "after"], True)


def test_an_interrupting_event_sub_process_also_ends_the_others_that_run(stored: bool) -> None:
    def handler(name: str, message: str, interrupting: str) -> str:
        return node(
            "subProcess",
            f"es{name}",
            start(f"ess{name}", on_message(message), isInterrupting=interrupting),
            user(f"h{name}"),
            end(f"ese{name}"),
            seq(f"ess{name}", f"h{name}", f"ese{name}"),
            triggeredByEvent="true",
        )

    compiled = program(
        start(), user("u"), end(), seq("s", "u", "e"), handler("1", "M1", "false"), handler("2", "M2", "true")
    )
    run = Run(compiled, stored=stored)
    run.message("Hi")
    assert run.tasks == ["h1", "u"]
    run.message("Ho")
    assert (run.tasks, run.waits) == (["h2"], [])
    run.do("h2")
    assert run.ended


# Gateways -------------------------------------------------------------------------------------------------------------

CHOICE = program(
    start(),
    user("u"),
    node("exclusiveGateway", "g", default="f_g_c"),
    log("a"),
    log("b"),
    log("c"),
    end("e1"),
    end("e2"),
    end("e3"),
    seq("s", "u", "g"),
    flow("g", "a", "=n > 10"),
    flow("g", "b", "=n > 5"),
    flow("g", "c"),
    seq("a", "e1"),
    seq("b", "e2"),
    seq("c", "e3"),
)


@pytest.mark.parametrize(("n", "way"), [(20, "a"), (7, "b"), (1, "c")])
def test_conditions_are_asked_in_the_order_of_the_diagram(n: int, way: str, stored: bool) -> None:
    run = Run(CHOICE, stored=stored).do("u", n=n)
    assert run.trace == [way]
    assert f"f_g_{way}" in run.world.seen("flow")


def test_a_null_condition_fails_even_beside_a_default_flow(stored: bool) -> None:
    run = Run(CHOICE, stored=stored)
    with pytest.raises(EvaluationFailed, match=r"g: =n > 10: ") as caught:
        run.do("u")
    assert (caught.value.element_id, caught.value.expression) == ("g", "=n > 10")


def test_a_choice_without_a_default_and_nothing_true_is_an_incident_not_a_dead_end(stored: bool) -> None:
    compiled = program(
        start(),
        user("u"),
        node("exclusiveGateway", "g"),
        end("e1"),
        end("e2"),
        seq("s", "u", "g"),
        flow("g", "e1", "=n = 1"),
        flow("g", "e2", "=n = 2"),
    )
    with pytest.raises(EvaluationFailed, match="no condition is true and there is no default flow"):
        Run(compiled, stored=stored).do("u", n=3)


def test_two_flows_to_the_same_element_are_told_apart(stored: bool) -> None:
    compiled = program(
        start(),
        user("u"),
        node("exclusiveGateway", "g", default="no"),
        log("a"),
        end(),
        seq("s", "u", "g"),
        flow("g", "a", "=yes", "yes"),
        flow("g", "a", "", "no"),
        seq("a", "e"),
    )
    run = Run(compiled, stored=stored).do("u", yes=False)
    assert (run.trace, run.ended) == (["a"], True)
    assert run.world.seen("flow") == ["f_s_u", "f_u_g", "no", "f_a_e"]
    assert run.world.seen("entered") == ["s", "u", "g", "a", "e"]


INCLUSIVE = program(
    start(),
    user("u"),
    node("inclusiveGateway", "ig", default="f_ig_c"),
    node("inclusiveGateway", "ij"),
    user("a"),
    user("b"),
    user("c"),
    log("j"),
    end(),
    seq("s", "u", "ig"),
    flow("ig", "a", "=n > 2"),
    flow("ig", "b", "=n > 5"),
    flow("ig", "c"),
    seq("a", "ij"),
    seq("b", "ij"),
    seq("c", "ij", "j", "e"),
)


@pytest.mark.parametrize(("n", "tasks"), [(9, ["a", "b"]), (3, ["a"]), (1, ["c"])])
def test_an_inclusive_join_waits_for_what_was_started_and_for_no_more(n: int, tasks: list[str], stored: bool) -> None:
    run = Run(INCLUSIVE, stored=stored).do("u", n=n)
    assert run.tasks == tasks
    for done, task in enumerate(reversed(tasks), start=1):
        run.do(task)
        assert (run.trace == ["j"]) is (done == len(tasks))
    assert run.ended


def test_an_inclusive_join_goes_on_when_the_other_token_goes_elsewhere(stored: bool) -> None:
    compiled = program(
        start(),
        node("parallelGateway", "pg"),
        user("a"),
        user("b"),
        node("exclusiveGateway", "g", default="f_g_e2"),
        node("inclusiveGateway", "ij"),
        log("j"),
        end("e1"),
        end("e2"),
        seq("s", "pg", "a", "ij", "j", "e1"),
        seq("pg", "b", "g"),
        flow("g", "ij", "=n = 1"),
        flow("g", "e2"),
    )
    run = Run(compiled, stored=stored).do("a")
    assert run.trace == []
    run.do("b", n=2)
    assert (run.trace, run.ended) == (["j"], True)


# Arrivals of messages -------------------------------------------------------------------------------------------------


def test_a_null_correlation_key_is_refused_when_the_message_is_waited_for(stored: bool) -> None:
    compiled = program(start(), user("u"), catch("m", on_message()), end(), seq("s", "u", "m", "e"))
    run = Run(compiled, stored=stored, variables={"x": 1})
    with pytest.raises(EvaluationFailed, match="m: =k: the correlation key is None"):
        run.do("u")


def test_the_number_1_and_the_text_1_are_the_same_key(stored: bool) -> None:
    compiled = program(start(), catch("m", on_message()), log("a"), end(), seq("s", "m", "a", "e"))
    run = Run(compiled, stored=stored, variables={"k": 1})
    assert run.workflow.open_waits()[0].key == "1"
    assert run.message("Hi", "1")
    assert (run.trace, run.ended) == (["a"], True)


def test_a_task_cannot_be_completed_twice(stored: bool) -> None:
    run = Run(program(start(), user("u"), user("v"), end(), seq("s", "u", "v", "e")), stored=stored)
    token = run.workflow.open_tasks()[0].token
    run.do("u")
    for _ in range(2):
        with pytest.raises(TokenNotOpen):
            run.workflow.complete_task(token, {})


def test_a_message_throw_may_be_a_deferred_job(stored: bool) -> None:
    thrown = node("endEvent", "e", extend(job("later")), on_message())
    run = Run(program(start(), thrown, seq("s", "e")), stored=stored)
    assert run.waits == ["e"]
    run.job_done("e")
    assert run.ended


def test_python_in_a_diagram_is_never_executed(stored: bool) -> None:
    compiled = program(
        start(),
        node(
            "scriptTask", "x", extend('<zeebe:script expression="=__import__(\'os\').getpid()" resultVariable="pid"/>')
        ),
        end(),
        seq("s", "x", "e"),
    )
    with pytest.raises(EvaluationFailed, match="x: "):
        Run(compiled, stored=stored)
