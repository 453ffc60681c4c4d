"""Splits and merges without a gateway run as BPMN 2.0 reads them (13.3.1); each trace is written by hand."""

from __future__ import annotations

import pytest

from engine.spiff import EvaluationFailed
from tests.engine.spiff_world import (
    Run,
    end,
    flow,
    log,
    many,
    node,
    on_message,
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


WAYS = (user("a"), user("b"), user("c"), end(), seq("a", "e"), seq("b", "e"), seq("c", "e"))


def test_every_flow_out_of_a_task_is_taken(stored: bool) -> None:
    run = Run(program(start(), user("x"), *WAYS, seq("s", "x"), *map(to_way("x"), "abc")), stored=stored)
    assert run.do("x").tasks == ["a", "b", "c"]
    assert not run.do("a").do("c").ended
    assert run.do("b").ended


def to_way(source: str):  # type: ignore[no-untyped-def]
    return lambda target: flow(source, target)


def test_every_flow_out_of_the_start_is_taken(stored: bool) -> None:
    run = Run(program(start(), *WAYS, *map(to_way("s"), "abc")), stored=stored)
    assert run.tasks == ["a", "b", "c"]


@pytest.mark.parametrize(
    "element", [node("intermediateThrowEvent", "x"), node("intermediateCatchEvent", "x", timer("PT0S")), log("x")]
)
def test_every_flow_out_of_an_event_or_a_job_is_taken(element: str, stored: bool) -> None:
    run = Run(program(start(), element, *WAYS, seq("s", "x"), *map(to_way("x"), "abc")), stored=stored)
    assert run.tasks == ["a", "b", "c"]


@pytest.mark.parametrize("cancels", ["true", "false"])
def test_every_flow_out_of_a_boundary_event_is_taken(cancels: str, stored: bool) -> None:
    event = node("boundaryEvent", "x", on_message(), attachedToRef="u", cancelActivity=cancels)
    body = (start(), user("u"), event, *WAYS, seq("s", "u", "e"), *map(to_way("x"), "abc"))
    run = Run(program(*body), stored=stored)
    assert run.message()
    assert run.tasks == ["a", "b", "c"] + (["u"] if cancels == "false" else [])


def test_every_flow_out_of_the_event_that_came_is_taken(stored: bool) -> None:
    wait = node("intermediateCatchEvent", "w", timer("P1D"))
    catch = node("intermediateCatchEvent", "x", on_message())
    body = (start(), node("eventBasedGateway", "g"), wait, catch, *WAYS)
    ways = (seq("s", "g", "w", "e"), seq("g", "x"), *map(to_way("x"), "abc"))
    run = Run(program(*body, *ways), stored=stored)
    assert run.message()
    assert (run.tasks, run.waits) == (["a", "b", "c"], [])


def test_two_flows_to_one_task_let_it_run_twice(stored: bool) -> None:
    body = (start(), user("x"), log("l"), end(), seq("s", "x"), flow("x", "l", "", "f1"), flow("x", "l", "", "f2"))
    run = Run(program(*body, seq("l", "e")), stored=stored).do("x")
    assert (run.trace, run.ended) == (["l", "l"], True)


def choosing(*extra: str, **attributes: str):  # type: ignore[no-untyped-def]
    ways = flow("x", "a", "=n > 1", "f_a"), flow("x", "b", "=n > 2", "f_b"), flow("x", "c", "", "f_c")
    return program(start(), user("x", *extra, **attributes), *WAYS, seq("s", "x"), *ways)


@pytest.mark.parametrize(("n", "tasks"), [(0, ["c"]), (2, ["a"]), (3, ["a", "b"])])
def test_each_flow_whose_condition_is_true_is_taken_else_the_default(n: int, tasks: list[str], stored: bool) -> None:
    run = Run(choosing(default="f_c"), stored=stored).do("x", n=n)
    assert run.tasks == tasks
    assert run.world.seen("flow") == ["f_s_x", *(f"f_{name}" for name in tasks)]
    for name in tasks:
        run.do(name)
    assert run.ended


@pytest.mark.parametrize(("n", "tasks"), [(0, ["c"]), (2, ["a", "c"]), (3, ["a", "b", "c"])])
def test_a_flow_without_a_condition_is_always_taken_beside_them(n: int, tasks: list[str], stored: bool) -> None:
    assert Run(choosing(), stored=stored).do("x", n=n).tasks == tasks


def test_no_true_condition_and_no_default_is_an_incident_at_the_task() -> None:
    body = (start(), user("x"), end(), end("e2"), seq("s", "x"), flow("x", "e", "=n > 1"), flow("x", "e2", "=n > 2"))
    run = Run(program(*body))
    with pytest.raises(EvaluationFailed) as failed:
        run.do("x", n=0)
    assert (failed.value.element_id, failed.value.expression) == ("x", "=n > 1; =n > 2")


def test_a_condition_that_is_neither_true_nor_false_is_an_incident_at_the_task() -> None:
    with pytest.raises(EvaluationFailed) as failed:
        Run(choosing(default="f_c")).do("x", n="many")
    assert (failed.value.element_id, failed.value.expression) == ("x", "=n > 1")


def test_nothing_that_nobody_drew_is_in_the_history(stored: bool) -> None:
    run = Run(choosing(default="f_c"), stored=stored).do("x", n=2).do("a")
    assert run.world.seen("entered") == ["s", "x", "a", "e"]
    assert run.world.seen("completed") == ["s", "x", "a", "e"]


def test_conditions_are_asked_once_after_the_last_of_several_instances(stored: bool) -> None:
    several = many("=[1, 2]", "item", "out", "=n")
    ways = flow("x", "a", "=out[1] > 1"), flow("x", "b", "=out[2] > 1"), flow("x", "c", "", "f_c")
    run = Run(program(start(), user("x", inner=several, default="f_c"), *WAYS, seq("s", "x"), *ways), stored=stored)
    assert run.do("x", n=2).tasks == ["x"]
    assert run.do("x", n=3).tasks == ["a", "b"]


def test_conditions_out_of_a_sub_process_see_what_it_wrote(stored: bool) -> None:
    inner = node("subProcess", "x", start("s1"), user("u"), end("e1"), seq("s1", "u", "e1"), default="f_c")
    ways = flow("x", "a", "=n > 1", "f_a"), flow("x", "b", "=n > 2", "f_b"), flow("x", "c", "", "f_c")
    run = Run(program(start(), inner, *WAYS, seq("s", "x"), *ways), stored=stored).do("u", n=3)
    assert run.tasks == ["a", "b"]


def test_an_interrupted_task_asks_no_conditions(stored: bool) -> None:
    event = node("boundaryEvent", "bd", timer("P1D"), attachedToRef="x")
    ways = flow("x", "a", "=n > 1"), flow("x", "b", "=n > 2"), seq("bd", "c")
    run = Run(program(start(), user("x"), event, *WAYS, seq("s", "x"), *ways), stored=stored).wait(days=1)
    assert run.tasks == ["c"]


def test_an_inclusive_join_waits_for_the_flows_that_were_taken(stored: bool) -> None:
    join = node("inclusiveGateway", "j")
    ways = flow("x", "a", "=n > 1"), flow("x", "b", "=n > 2"), flow("x", "j", "=n > 3"), seq("a", "j"), seq("b", "j")
    body = (start(), user("x"), user("a"), user("b"), join, log("l"), end(), seq("s", "x"), *ways, seq("j", "l", "e"))
    run = Run(program(*body), stored=stored).do("x", n=4).do("a")
    assert (run.trace, run.tasks) == ([], ["b"])
    run.do("b")
    assert (run.trace, run.ended) == (["l"], True)


def test_a_parallel_join_takes_one_token_of_each_flow_of_an_implicit_split(stored: bool) -> None:
    join = node("parallelGateway", "j")
    body = (start(), user("x"), user("a"), join, log("l"), end(), seq("s", "x"), flow("x", "a"), flow("x", "j"))
    run = Run(program(*body, seq("a", "j", "l", "e")), stored=stored).do("x")
    assert (run.trace, run.tasks) == ([], ["a"])
    run.do("a")
    assert (run.trace, run.ended) == (["l"], True)


def test_each_token_that_comes_to_a_task_passes_on(stored: bool) -> None:
    body = (start(), node("parallelGateway", "g"), user("a"), user("b"), user("m"), log("l"), end())
    ways = (seq("s", "g", "a", "m"), seq("g", "b", "m"), seq("m", "l", "e"))
    run = Run(program(*body, *ways), stored=stored).do("a")
    assert run.tasks == ["b", "m"]
    run.do("b")
    assert run.tasks == ["m", "m"]
    run.do("m")
    assert (run.trace, run.ended) == (["l"], False)
    run.do("m")
    assert (run.trace, run.ended) == (["l", "l"], True)


def test_each_token_that_comes_to_a_merge_event_or_job_passes_on(stored: bool) -> None:
    body = (start(), log("a"), log("b"), node("intermediateThrowEvent", "m"), service("j", "log"), end())
    ways = (flow("s", "a"), flow("s", "b"), flow("a", "m"), flow("b", "m"), seq("m", "j", "e"))
    run = Run(program(*body, *ways), stored=stored)
    assert (sorted(run.trace), run.ended) == (["a", "b", "j", "j"], True)


def test_a_task_can_lead_back_to_itself_while_another_way_goes_on(stored: bool) -> None:
    ways = flow("x", "x", "=n > 1"), flow("x", "a", "=n > 0"), flow("x", "b", "", "d")
    run = Run(
        program(start(), user("x", default="d"), *WAYS[:2], end(), seq("s", "x"), *ways, *WAYS[4:6]), stored=stored
    )
    assert run.do("x", n=2).tasks == ["a", "x"]
    assert run.do("x", n=0).tasks == ["a", "b"]


def test_an_implicit_split_in_a_body_with_event_sub_processes(stored: bool) -> None:
    handler = node(
        "subProcess", "h", start("hs", on_message(), isInterrupting="false"), user("hu"), end("he"),
        seq("hs", "hu", "he"), triggeredByEvent="true",
    )  # fmt: skip
    body = (start(), user("x", default="d"), handler, *WAYS, flow("s", "x"), flow("s", "c"))
    run = Run(program(*body, flow("x", "a", "=n > 1"), flow("x", "b", "", "d")), stored=stored)
    assert run.tasks == ["c", "x"]
    assert run.do("x", n=1).message()
    assert run.tasks == ["b", "c", "hu"]
    assert run.do("b").do("c").do("hu").ended


def test_a_called_process_splits_without_a_gateway_too(stored: bool) -> None:
    called = process("q", start("qs"), user("qx"), user("qa"), user("qb"), end("qe"), flow("qs", "qx"),
                     flow("qx", "qa"), flow("qx", "qb"), seq("qa", "qe"), seq("qb", "qe"))  # fmt: skip
    call = node(
        "callActivity", "x", '<bpmn:extensionElements><zeebe:calledElement processId="q"/></bpmn:extensionElements>'
    )
    run = Run(program(start(), call, end(), seq("s", "x", "e"), more=called), stored=stored).do("qx")
    assert run.tasks == ["qa", "qb"]
    assert run.do("qa").do("qb").ended
