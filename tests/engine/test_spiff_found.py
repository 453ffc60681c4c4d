"""What someone who did not write the engine found by trying to make it run something else than BPMN says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from engine.spiff import DiagramError, Due, EvaluationFailed, Program, compile_program
from tests.engine.spiff_world import (
    Run,
    World,
    diagram,
    end,
    extend,
    flow,
    io,
    log,
    message,
    node,
    on_message,
    on_signal,
    process,
    program,
    seq,
    start,
    timer,
    user,
)


@pytest.fixture(params=[False, True], ids=["in memory", "stored"])
def stored(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


# How a file is written ------------------------------------------------------------------------------------------------


def test_a_comment_inside_a_condition_does_not_cut_it_short() -> None:
    text = diagram(
        process(
            "p",
            start(),
            node("exclusiveGateway", "x", default="f_x_b"),
            log("a"),
            log("b"),
            end(),
            seq("s", "x"),
            flow("x", "a", "=true CUT and false"),
            flow("x", "b"),
            seq("a", "e"),
            seq("b", "e"),
        )
    )
    run = Run(compile_program({"p.bpmn": text.replace(b"CUT", b"<!-- in Review 7 -->")}, "p"))
    assert run.trace == ["b"]


def test_comments_and_instructions_stand_anywhere() -> None:
    handler = node("subProcess", "h", start("hs", on_message()), end("he"), seq("hs", "he"), triggeredByEvent="true")
    body = (start(), user("u"), end(), seq("s", "u", "e"), handler)
    text = diagram(process("p", *(f"<!-- c --><?pi x?>{part}" for part in body)))
    assert Run(compile_program({"p.bpmn": text}, "p")).tasks == ["u"]


def test_spaces_around_an_expression_or_an_id_change_nothing() -> None:
    run = Run(
        program(
            start(),
            log("l", io({"x": " =1 + 1"})),
            node("scriptTask", "c", extend('<zeebe:script expression=" =x2 + 1 " resultVariable=" n "/>')),
            end(),
            seq("s", "l", "c", "e"),
        ),
        variables={"x2": 4},
    )
    assert run.trace == [2]
    assert run.variables["n"] == 5


def test_a_reference_may_be_a_qualified_name() -> None:
    catch = node("intermediateCatchEvent", "c", '<bpmn:messageEventDefinition messageRef="tns:M1"/>')
    run = Run(program(start(), catch, end(), seq("s", "c", "e")))
    assert run.message("Hi", "K")
    assert run.ended


# Events ---------------------------------------------------------------------------------------------------------------


def test_a_cycle_of_months_takes_a_month_in_every_round(stored: bool) -> None:
    class Monthly(World):
        def due(self, kind: str, text: str, names: Mapping[str, object]) -> Due:
            return Due(datetime(2027, 1, 31, 9, tzinfo=UTC), text, 3, "P1M")

    run = Run(
        program(
            start(),
            user("u"),
            node("boundaryEvent", "b", timer("R3/P1M", "timeCycle"), attachedToRef="u", cancelActivity="false"),
            log("l"),
            end(),
            seq("s", "u", "e"),
            seq("b", "l", "e"),
        ),
        stored=stored,
        world=Monthly(),
    )
    run.wait(days=71)
    assert run.trace == ["l"]
    assert [wait.due_at for wait in run.workflow.open_waits()] == [datetime(2027, 2, 28, 9, tzinfo=UTC)]


@pytest.mark.parametrize("key", ["=5", '="5"', "=10/2", "=5.00"])
def test_equal_numbers_and_their_text_are_the_same_key(key: str) -> None:
    assert Run(waiting(key)).message("M", "5")
    assert Run(waiting("=0.50")).message("M", "0.5")


@pytest.mark.parametrize("key", ["=null", "=true", '=""', "=[5]", '=date("2026-11-22")'])
def test_what_is_no_key_is_an_incident_and_no_wait(key: str) -> None:
    with pytest.raises(EvaluationFailed, match="c:"):
        Run(waiting(key))


def waiting(key: str) -> Program:
    catch = node("intermediateCatchEvent", "c", on_message("M9"))
    body = process("p", start(), catch, end(), seq("s", "c", "e"))
    return compile_program({"p.bpmn": diagram(body, message("M9", "M", key))}, "p")


def test_a_node_inside_something_that_is_no_scope_is_refused_by_name() -> None:
    handler = node("subProcess", "h", start("hs", on_message()), end("he"), seq("hs", "he"), triggeredByEvent="true")
    text = diagram(process("p", start("s", handler), end(), seq("s", "e")))
    with pytest.raises(DiagramError, match="must stand directly in a process"):
        compile_program({"p.bpmn": text}, "p")


def test_a_signal_that_ends_its_own_scope_was_thrown_all_the_same(stored: bool) -> None:
    inside = (start("i"), node("intermediateThrowEvent", "th", on_signal()), end("ie"), seq("i", "th", "ie"))
    run = Run(
        program(
            start(),
            node("subProcess", "sp", *inside),
            node("boundaryEvent", "b", on_signal(), attachedToRef="sp"),
            end(),
            seq("s", "sp", "e"),
            flow("b", "e"),
        ),
        stored=stored,
    )
    assert run.ended
    assert "th" in run.world.seen("completed")
    assert run.world.seen("cancelled") == ["sp"]
