"""Activities that run more than once by a number or a condition (BPMN 2.0, 10.3.8); each trace is written by hand."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

import pytest

from engine.runner import run as play
from engine.spiff import EvaluationFailed
from tests.engine.spiff_world import (
    Run,
    end,
    extend,
    flow,
    io,
    log,
    node,
    on_error,
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


def times(number: str, *inner: str, **attributes: str) -> str:
    """Return the marker of a multi-instance activity that has so many instances."""
    text = " ".join(f'{key}="{value}"' for key, value in attributes.items())
    count = f"<bpmn:loopCardinality>{escape(number)}</bpmn:loopCardinality>"
    return (
        f"<bpmn:multiInstanceLoopCharacteristics {text}>{count}{''.join(inner)}</bpmn:multiInstanceLoopCharacteristics>"
    )


def again(condition: str = "", **attributes: str) -> str:
    """Return the marker of a standard loop; the condition is text of XML."""
    text = " ".join(f'{key}="{value}"' for key, value in attributes.items())
    inner = f"<bpmn:loopCondition>{condition}</bpmn:loopCondition>" if condition else ""
    return f"<bpmn:standardLoopCharacteristics {text}>{inner}</bpmn:standardLoopCharacteristics>"


def line(*body: str, more: str = "") -> Any:
    """Return a program of the given elements between a start and an end, connected in order."""
    ids = [part.split('id="', 1)[1].split('"', 1)[0] for part in body]
    return program(start(), *body, end(), seq("s", *ids, "e"), more=more)


UNTIL = "<bpmn:completionCondition>=numberOfCompletedInstances &gt;= 2</bpmn:completionCondition>"


# Multi-instance by a number -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sequential", ["false", "true"], ids=["parallel", "sequential"])
def test_as_many_instances_as_the_number_says(sequential: str, stored: bool) -> None:
    run = Run(line(user("u", inner=times("=n + 1", isSequential=sequential))), stored=stored, variables={"n": 2})
    assert run.tasks == (["u"] if sequential == "true" else ["u", "u", "u"])
    assert not run.do("u").do("u").ended
    assert run.do("u").ended
    assert run.world.seen("completed") == ["s", "u", "u", "u", "e"]


def test_no_instance_at_all_passes_through(stored: bool) -> None:
    run = Run(line(user("u", inner=times("=0")), user("b")), stored=stored)
    assert run.tasks == ["b"]


def test_the_completion_condition_withdraws_the_instances_that_are_left(stored: bool) -> None:
    run = Run(line(user("u", inner=times("=4", UNTIL)), user("b")), stored=stored).do("u").do("u")
    assert run.tasks == ["b"]
    assert run.world.seen("cancelled") == ["u", "u"]


def test_each_instance_knows_its_number(stored: bool) -> None:
    task = service("j", "log", io({"v": "=loopCounter"}), inner=times("=3"))
    assert Run(line(task), stored=stored).trace == [1, 2, 3]


@pytest.mark.parametrize("number", ["=-1", "=1.5", '="two"', "=null", "=true", "=1000000", "=[1, 2]"])
def test_what_is_no_number_of_instances_is_named(number: str, stored: bool) -> None:
    with pytest.raises(EvaluationFailed, match=r"u: .*the number of instances is"):
        Run(line(user("u", inner=times(number))), stored=stored)


def test_a_boundary_event_of_many_instances_ends_all_of_them(stored: bool) -> None:
    late = node("boundaryEvent", "bd", timer("P1D"), attachedToRef="u")
    body = (start(), user("u", inner=times("=3")), late, log("after"), log("late"), end(), end("e2"))
    run = Run(program(*body, seq("s", "u", "after", "e"), seq("bd", "late", "e2")), stored=stored).do("u")
    assert (run.wait(days=1).trace, run.ended) == (["late"], True)


def test_a_plain_file_writes_numbers_and_conditions_without_an_equals_sign() -> None:
    head = '<d:definitions xmlns:d="http://www.omg.org/spec/BPMN/20100524/MODEL" id="D" targetNamespace="x">'
    body = (
        start(),
        node("task", "many", times("n", "<bpmn:completionCondition>loopCounter &gt; 2</bpmn:completionCondition>")),
        node("task", "again", again("loopCounter &lt; n")),
        end(),
        seq("s", "many", "again", "e"),
    )
    text = head + process("p", *body).replace("bpmn:", "d:") + "</d:definitions>"
    played = play(text.encode(), {"variables": {"n": 4}})
    assert played.completed == ("s", "many", "many", "many", "again", "again", "again", "again", "e")


@pytest.mark.parametrize("sequential", ["false", "true"])
def test_a_plain_file_names_lists_and_items_by_data_objects(sequential: str) -> None:
    head = '<d:definitions xmlns:d="http://www.omg.org/spec/BPMN/20100524/MODEL" id="D" targetNamespace="x">'
    marker = (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{sequential}">'
        "<bpmn:loopDataInputRef>people</bpmn:loopDataInputRef><bpmn:loopDataOutputRef>r1</bpmn:loopDataOutputRef>"
        '<bpmn:inputDataItem id="i1" name="person"/><bpmn:outputDataItem id="greeting"/>'
        "<bpmn:completionCondition>numberOfCompletedInstances = 2</bpmn:completionCondition>"
        "</bpmn:multiInstanceLoopCharacteristics>"
    )
    task = node("scriptTask", "greet", marker, '<bpmn:script>{greeting: "Dear " + person}</bpmn:script>')
    data = '<bpmn:dataObject id="people"/><bpmn:dataObject id="r1" name="greetings"/>'
    text = head + process("p", data, start(), task, end(), seq("s", "greet", "e")).replace("bpmn:", "d:")
    played = play((text + "</d:definitions>").encode(), {"variables": {"people": ["Ann", "Bob", "Cy"]}})
    assert played.completed == ("s", "greet", "greet", "e")
    assert played.data["greetings"] == ["Dear Ann", "Dear Bob", None]


# Standard loops -------------------------------------------------------------------------------------------------------


def test_a_loop_repeats_while_its_condition_holds(stored: bool) -> None:
    run = Run(line(user("u", inner=again("=more")), user("b")), stored=stored)
    assert run.do("u", more=True).tasks == ["u"]
    assert run.do("u", more=True).tasks == ["u"]
    assert run.do("u", more=False).tasks == ["b"]
    assert run.world.seen("completed") == ["s", "u", "u", "u"]


def test_a_loop_that_is_tested_after_runs_once_at_least(stored: bool) -> None:
    assert Run(line(log("l"), user("u", inner=again("=false")), user("b")), stored=stored).do("u").tasks == ["b"]


def test_a_loop_that_is_tested_before_may_not_run_at_all(stored: bool) -> None:
    marker = again("=wanted", testBefore="true")
    run = Run(line(user("u", inner=marker), user("b")), stored=stored, variables={"wanted": False})
    assert run.tasks == ["b"]
    assert Run(line(user("u", inner=marker), user("b")), stored=stored, variables={"wanted": True}).tasks == ["u"]


def test_a_loop_ends_at_its_maximum_though_its_condition_holds(stored: bool) -> None:
    task = service("j", "log", io({"v": "=loopCounter"}), inner=again("=true", loopMaximum="3"))
    assert Run(line(task), stored=stored).trace == [1, 2, 3]


def test_the_laps_of_a_loop_share_the_variables_around_it(stored: bool) -> None:
    script = extend('<zeebe:script expression="=n + 1" resultVariable="n"/>')
    task = node("scriptTask", "x", script, again("=n &lt; 5"))
    run = Run(line(task), stored=stored, variables={"n": 0})
    assert (run.variables["n"], run.world.seen("completed").count("x")) == (5, 5)
    assert "loopCounter" not in run.variables


def test_a_sub_process_loops_with_all_that_is_in_it(stored: bool) -> None:
    inner = node("subProcess", "sp", again("=more"), start("b"), user("u"), end("be"), seq("b", "u", "be"))
    run = Run(line(inner, user("after")), stored=stored).do("u", more=True)
    assert run.tasks == ["u"]
    assert run.do("u", more=False).tasks == ["after"]
    assert run.variables["more"] is False


def test_a_called_process_loops(stored: bool) -> None:
    called = process("q", start("qs"), user("qu"), end("qe"), seq("qs", "qu", "qe"))
    call = node("callActivity", "c", extend('<zeebe:calledElement processId="q"/>'), again("=more"))
    run = Run(line(call, user("after"), more=called), stored=stored).do("qu", more=True).do("qu", more=False)
    assert run.tasks == ["after"]


def test_an_error_out_of_a_lap_ends_the_loop(stored: bool) -> None:
    inner = node("subProcess", "sp", again("=true"), start("b"), user("u"), end("be", on_error()), seq("b", "u", "be"))
    caught = node("boundaryEvent", "bd", on_error(), attachedToRef="sp")
    body = (start(), inner, caught, log("after"), log("failed"), end(), end("e2"))
    run = Run(program(*body, seq("s", "sp", "after", "e"), seq("bd", "failed", "e2")), stored=stored).do("u")
    assert (run.trace, run.ended) == (["failed"], True)


def test_a_boundary_event_stays_armed_through_all_laps(stored: bool) -> None:
    late = node("boundaryEvent", "bd", timer("P2D"), attachedToRef="u")
    body = (start(), user("u", inner=again("=true")), late, log("late"), end(), end("e2"))
    run = Run(program(*body, seq("s", "u", "e"), seq("bd", "late", "e2")), stored=stored)
    run.wait(days=1).do("u").wait(days=1)
    assert (run.trace, run.ended) == (["late"], True)


def test_flows_with_conditions_are_asked_after_the_last_lap(stored: bool) -> None:
    ways = flow("u", "a", "=n > 1"), flow("u", "b", "", "d")
    body = (start(), user("u", inner=again("=n &lt; 2"), default="d"), user("a"), user("b"), end())
    run = Run(program(*body, seq("s", "u"), *ways, seq("a", "e"), seq("b", "e")), stored=stored)
    assert run.do("u", n=1).tasks == ["u"]
    assert run.do("u", n=2).tasks == ["a"]


@pytest.mark.parametrize("condition", ["=missing", '="yes"', "=1"])
def test_a_loop_condition_that_is_neither_true_nor_false_is_named(condition: str, stored: bool) -> None:
    run = Run(line(user("u", inner=again(condition.replace('"', "&quot;")))), stored=stored)
    with pytest.raises(EvaluationFailed) as failed:
        run.do("u")
    assert (failed.value.element_id, failed.value.expression) == ("u", condition)
