"""A process with several start events: each makes an instance of its own (BPMN 2.0, 10.5.2 and 13.2)."""

from __future__ import annotations

import pytest

from engine.runner import run as play
from engine.spiff import DiagramError, Program
from tests.engine.spiff_world import (
    Run,
    end,
    extend,
    flow,
    log,
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


EVENTS = start("m", on_message()) + start("t", timer("R/P1D", "timeCycle"))
HANDLER = node(
    "subProcess", "h", start("hs", on_message("M2"), isInterrupting="false"), user("hu"), end("he"),
    seq("hs", "hu", "he"), triggeredByEvent="true",
)  # fmt: skip


def several(*more: str, plain: str = start()) -> Program:
    ways = seq("m", "by_message", "e"), seq("t", "by_timer", "e")
    body = log("by_message"), log("by_timer"), end(), *ways
    return program(EVENTS, plain, *body, *more, seq("s", "plainly", "e") + log("plainly") if plain else "")


@pytest.mark.parametrize(("at", "trace"), [("m", "by_message"), ("t", "by_timer"), ("s", "plainly"), (None, "plainly")])
def test_an_instance_begins_at_the_event_that_made_it(at: str | None, trace: str, stored: bool) -> None:
    run = Run(several(), stored=stored, at=at)
    assert (run.trace, run.ended) == ([trace], True)
    assert run.world.seen("completed") == [at or "s", trace, "e"]


@pytest.mark.parametrize(("at", "trace"), [("m", "by_message"), ("t", "by_timer"), (None, "plainly")])
def test_so_it_does_beside_an_event_sub_process(at: str | None, trace: str, stored: bool) -> None:
    run = Run(several(HANDLER), stored=stored, at=at)
    assert (run.trace, run.ended) == ([trace], True)
    assert run.world.seen("completed") == [at or "s", trace, "e"]


def test_without_a_plain_start_a_person_begins_at_the_first(stored: bool) -> None:
    compiled = several(plain="")
    assert compiled.processes["p"].start_element == "m"
    assert Run(compiled, stored=stored).trace == ["by_message"]
    assert several().processes["p"].start_element == "s"


def test_what_else_starts_it_is_listed() -> None:
    assert [(s.element_id, s.kind, s.how) for s in several().starts["p"]] == [
        ("m", "message", "date"), ("t", "timer", "cycle"),
    ]  # fmt: skip


def test_a_called_process_begins_plainly_also_inside_itself(stored: bool) -> None:
    inner = node("callActivity", "c", extend('<zeebe:calledElement processId="p"/>'))
    body = EVENTS, start(), user("u"), inner, log("plainly"), log("by_timer"), HANDLER, end(), end("e2"), end("e3")
    ways = seq("m", "u", "c", "e"), seq("s", "plainly", "e2"), seq("t", "by_timer", "e3")
    run = Run(program(*body, *ways), stored=stored, at="m").do("u")
    assert (run.trace, run.ended) == (["plainly"], True)


def test_a_called_process_with_several_starts_begins_at_its_plain_one(stored: bool) -> None:
    called = process("q", start("qm", on_message()), start("qs"), log("a"), log("b"), end("qe"),
                     seq("qm", "a", "qe"), seq("qs", "b", "qe"))  # fmt: skip
    call = node("callActivity", "c", extend('<zeebe:calledElement processId="q"/>'))
    assert Run(program(start(), call, end(), seq("s", "c", "e"), more=called), stored=stored).trace == ["b"]


@pytest.mark.parametrize(
    "starts",
    [
        start("s") + start("s2"),
        start("s", on_message()) + start("s2", on_message()),
        start("s", on_signal()) + start("s2", on_signal()),
    ],
    ids=["two plain ones", "the same message", "the same signal"],
)
def test_starts_that_nobody_could_tell_apart_are_refused(starts: str) -> None:
    with pytest.raises(DiagramError, match="start") as refused:
        program(starts, end(), flow("s", "e"), flow("s2", "e"))
    assert [finding.rule for finding in refused.value.findings] == ["one-start"]


def test_a_sub_process_has_one_start_only() -> None:
    inner = node("subProcess", "sp", start("a"), start("b", on_message()), end("k"), seq("a", "k"), seq("b", "k"))
    with pytest.raises(DiagramError, match="one start"):
        program(start(), inner, end(), seq("s", "sp", "e"))


def test_a_case_begins_plainly_and_once_more_for_each_event() -> None:
    head = '<d:definitions xmlns:d="http://www.omg.org/spec/BPMN/20100524/MODEL" id="D" targetNamespace="x">'
    body = start("m", on_message()), start(), node("task", "a"), node("task", "b"), end()
    drawn = process("p", *body, seq("m", "a", "e"), seq("s", "b", "e")).replace("bpmn:", "d:")
    text = head + '<d:message id="M1" name="Hi"/>' + drawn + "</d:definitions>"
    played = play(text.encode(), {"step": [{"message": "Hi"}, {"message": "Hi"}]})
    assert [instance["completed"] for instance in played.instances] == [
        ["s", "b", "e"], ["m", "a", "e"], ["m", "a", "e"],
    ]  # fmt: skip
