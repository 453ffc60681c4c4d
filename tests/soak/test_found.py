"""Faults that random walks found, each in the smallest diagram that shows it; every trace is written by hand."""

from __future__ import annotations

import pytest

from tests.engine.spiff_world import (
    Run,
    end,
    log,
    many,
    message,
    node,
    on_message,
    on_signal,
    program,
    seq,
    start,
    timer,
    user,
)

PAST = timer("2026-01-01T00:00:00+00:00", "timeDate")
LONGER_PAST = timer("2025-01-01T00:00:00+00:00", "timeDate")


@pytest.fixture(params=[False, True], ids=["in memory", "stored"])
def stored(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def attached(*events: str) -> Run:
    """Run a user task with two boundary events `x` and `y`, which lead over the jobs `a` and `b` to the end."""
    ways = seq("s", "u", "e"), seq("x", "a", "e"), seq("y", "b", "e")
    return Run(program(start(), user("u"), *events, log("a"), log("b"), end(), *ways))


def boundary(name: str, trigger: str, **attributes: str) -> str:
    return node("boundaryEvent", name, trigger, attachedToRef="u", **attributes)


@pytest.mark.parametrize("first", ["x", "y"])
def test_an_overdue_boundary_timer_leaves_no_other_event_armed(first: str) -> None:
    """Source: BPMN 2.0, 10.5.4: boundary events catch while their activity is active, and it is no longer."""
    events = [boundary("x", PAST), boundary("y", on_message())]
    run = attached(*(events if first == "x" else reversed(events)))
    assert (run.tasks, run.waits, run.trace, run.ended) == ([], [], ["a"], True)


@pytest.mark.parametrize("first", ["x", "y"])
def test_of_two_overdue_timers_the_earlier_interrupts(first: str) -> None:
    events = [boundary("x", PAST), boundary("y", LONGER_PAST)]
    run = attached(*(events if first == "x" else reversed(events)))
    assert (run.trace, run.ended) == (["b"], True)


@pytest.mark.parametrize("first", ["x", "y"])
def test_an_overdue_reminder_comes_before_a_later_end(first: str) -> None:
    events = [boundary("x", PAST), boundary("y", LONGER_PAST, cancelActivity="false")]
    run = attached(*(events if first == "x" else reversed(events)))
    assert (sorted(run.trace), run.ended) == (["a", "b"], True)


def test_a_reminder_by_message_keeps_the_key_that_it_was_armed_with(stored: bool) -> None:
    """The activity is entered once, and what its events wait for is fixed then."""
    asked = seq("s", "u", "e"), seq("x", "a", "ex")
    event = boundary("x", on_message("MN"), cancelActivity="false")
    more = message("MN", "Ask", '="no " + string(n)')
    body = start(), user("u"), event, log("a"), end(), end("ex"), *asked
    run = Run(program(*body, more=more), stored=stored, variables={"n": 1})
    for _ in range(3):
        assert run.message("Ask", "no 1", n=2)
    assert not run.message("Ask", "no 2")
    assert run.trace == ["a", "a", "a"]


def test_an_event_sub_process_is_inside_of_each_lap_of_a_loop(stored: bool) -> None:
    """Source: BPMN 2.0, 13.3.6: each lap runs the activity, its event sub-processes included."""
    begins = start("hs", on_signal(), isInterrupting="true")
    handler = node("subProcess", "h", begins, log("a"), end("he"), seq("hs", "a", "he"), triggeredByEvent="true")
    twice = '<bpmn:standardLoopCharacteristics loopMaximum="2"/>'
    inner = start("i"), user("u"), end("ie"), seq("i", "u", "ie"), handler
    run = Run(program(start(), node("subProcess", "sp", twice, *inner), end(), seq("s", "sp", "e")), stored=stored)
    run.workflow.deliver_signal("sig", {})
    assert (run.go_on().trace, run.tasks) == (["a"], ["u"])
    assert run.do("u").ended


def test_an_interrupted_activity_leaves_no_results_even_if_it_had_nothing_to_do(stored: bool) -> None:
    """It is interrupted or completed, never both."""
    body = start(), user("u", inner=many("=[]", "item", "results", "=item")), boundary("x", PAST), log("a"), end()
    run = Run(program(*body, seq("s", "u", "e"), seq("x", "a", "e")), stored=stored)
    assert (run.trace, run.ended, "results" in run.variables) == (["a"], True, False)
