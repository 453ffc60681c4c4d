"""Stored states: constant in size, without the definition, read back even in the middle of a step."""

from __future__ import annotations

import msgpack
import pytest

from engine.spiff import HandlerFailed, Job, StateMismatch, Stored, Workflow
from tests.engine.spiff_world import (
    Run,
    World,
    end,
    flow,
    log,
    node,
    on_message,
    program,
    seq,
    service,
    start,
    timer,
    user,
)

LOOP = (
    start(),
    node("exclusiveGateway", "m"),
    user("ask"),
    node("boundaryEvent", "remind", timer("P1D"), attachedToRef="ask", cancelActivity="false"),
    log("tell"),
    end("told"),
    log("note"),
    node("exclusiveGateway", "g", default="f_g_m"),
    end(),
    seq("s", "m", "ask", "note", "g"),
    seq("remind", "tell", "told"),
    flow("g", "e", "=stop = true"),
    flow("g", "m"),
)


def test_a_thousand_laps_leave_a_state_of_the_same_size() -> None:
    world = World()
    compiled = program(*LOOP)
    stored = _first(compiled, world)
    sizes: dict[int, int] = {}
    for lap in range(1, 1001):
        workflow = Workflow.restore(compiled, stored, world)
        if lap % 100 == 0:
            # A fired reminder that has ended must leave nothing behind either.
            world.now = next(w.due_at for w in workflow.open_waits() if w.due_at)
            assert workflow.fire_due_timers() == 1
        workflow.complete_task(workflow.open_tasks()[0].token, {"lap": lap % 10})
        workflow.run_to_rest()
        stored = workflow.store()
        sizes[lap] = len(stored.state) + len(stored.variables)
    assert not workflow.is_completed
    assert workflow.open_tasks()[0].visit == 1001
    assert sizes[1000] < 4096
    assert abs(sizes[1000] - sizes[10]) < 64


def test_a_loop_beside_a_waiting_branch_does_not_grow_either() -> None:
    world = World()
    compiled = program(
        start(),
        node("parallelGateway", "pg"),
        user("other"),
        end("e0"),
        node("exclusiveGateway", "m"),
        user("ask"),
        end(),
        node("exclusiveGateway", "g", default="f_g_m"),
        seq("s", "pg", "other", "e0"),
        seq("pg", "m", "ask", "g"),
        flow("g", "e", "=stop = true"),
        flow("g", "m"),
    )
    stored = _first(compiled, world)
    sizes = []
    for _ in range(100):
        workflow = Workflow.restore(compiled, stored, world)
        workflow.complete_task(next(t.token for t in workflow.open_tasks() if t.element_id == "ask"), {})
        workflow.run_to_rest()
        stored = workflow.store()
        sizes.append(len(stored.state))
    assert max(sizes) - min(sizes) <= 2


def _first(compiled: object, world: World) -> Stored:
    workflow = Workflow.start(compiled, {"k": "K", "text": "x" * 300}, world)  # type: ignore[arg-type]
    workflow.run_to_rest()
    return workflow.store()


def test_a_state_names_only_the_elements_in_use_and_holds_no_definition() -> None:
    run = Run(program(*LOOP))
    names = msgpack.unpackb(run.save().state)[1]
    waiting = {"ask|UserTask", "ask#split|Split", "remind|BoundaryEvent"}
    visited = {"s", "m", "ask"}
    assert set(names) == {"p"} | waiting | visited
    assert b"P1D" in run.save().state  # the rule by which the timer is due, for people to read
    assert b"feel" not in run.save().state.lower()


def test_a_state_kept_right_after_a_submit_is_restored_and_runs_on() -> None:
    compiled = program(start(), user("u"), service("j", "flaky"), user("v"), end(), seq("s", "u", "j", "v", "e"))
    answers = iter([RuntimeError("no connection"), {"ok": True}])

    def flaky(job: Job) -> dict[str, object]:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    run = Run(compiled, handlers={"flaky": flaky})
    run.workflow.complete_task(run.workflow.open_tasks()[0].token, {"x": 1})
    kept = run.workflow.store()
    with pytest.raises(HandlerFailed, match="j: RuntimeError: no connection") as failure:
        run.workflow.run_to_rest()
    assert failure.value.element_id == "j"
    again = Workflow.restore(compiled, kept, run.world)
    assert again.open_tasks() == []  # nobody is asked twice
    assert (again.variables, again.is_stuck) == ({"k": "K", "x": 1}, False)
    again.run_to_rest()
    assert [task.element_id for task in again.open_tasks()] == ["v"]
    assert again.variables == {"k": "K", "x": 1, "ok": True}


def test_a_submit_that_was_kept_cannot_be_interrupted_any_more() -> None:
    compiled = program(
        start(),
        user("u"),
        node("boundaryEvent", "bd", timer("P1D"), attachedToRef="u"),
        log("h"),
        log("after"),
        end("e1"),
        end("e2"),
        seq("s", "u", "after", "e1"),
        seq("bd", "h", "e2"),
    )
    run = Run(compiled)
    run.workflow.complete_task(run.workflow.open_tasks()[0].token, {})
    kept = run.workflow.store()
    run.world.now = run.world.now.replace(year=2027)
    again = Workflow.restore(compiled, kept, run.world)
    assert again.fire_due_timers() == 0
    again.run_to_rest()
    assert run.trace == ["after"]


def test_a_message_taken_in_is_kept_with_the_state() -> None:
    compiled = program(
        start(), node("intermediateCatchEvent", "m", on_message()), log("a"), end(), seq("s", "m", "a", "e")
    )
    run = Run(compiled)
    assert run.workflow.deliver_message("Hi", "K", {"answer": 42})
    again = Workflow.restore(compiled, run.workflow.store(), run.world)
    again.run_to_rest()
    assert (again.variables["answer"], again.is_completed) == (42, True)


def test_a_state_whose_elements_are_gone_is_refused_by_name() -> None:
    stored = Run(program(*LOOP)).save()
    other = program(start(), user("else"), end(), seq("s", "else", "e"))
    with pytest.raises(StateMismatch) as refused:
        Workflow.restore(other, stored, World())
    assert refused.value.names == ["ask", "remind"]


def test_a_state_whose_element_is_now_something_else_is_refused() -> None:
    stored = Run(program(start(), user("u"), end(), seq("s", "u", "e"))).save()
    other = program(start(), log("u"), end(), seq("s", "u", "e"))
    with pytest.raises(StateMismatch, match=r"does not have: u$"):
        Workflow.restore(other, stored, World())


def test_a_state_lives_on_in_a_program_with_other_elements_beside() -> None:
    run = Run(program(start(), user("u"), end(), seq("s", "u", "e")))
    wider = program(
        start("first"), log("before"), user("u"), log("a"), end("last"), seq("first", "before", "u", "a", "last")
    )
    workflow = Workflow.restore(wider, run.save(), run.world)
    workflow.complete_task(workflow.open_tasks()[0].token, {})
    workflow.run_to_rest()
    assert (run.trace, workflow.is_completed) == (["a"], True)


def test_an_ended_instance_is_stored_and_stays_ended() -> None:
    run = Run(program(start(), end(), seq("s", "e")), stored=True)
    assert run.ended
    assert Workflow.restore(run.program, run.save(), run.world).is_completed


def test_what_happened_is_told_in_order_with_tokens_and_visits() -> None:
    run = Run(program(start(), user("u"), log("a"), end(), seq("s", "u", "a", "e"))).do("u")
    told = [(event.kind, event.element_id, event.visit) for event in run.world.happenings]
    assert told == [
        ("process_started", "p", 0),
        ("entered", "s", 1),
        ("completed", "s", 1),
        ("flow", "f_s_u", 1),
        ("entered", "u", 1),
        ("completed", "u", 1),
        ("flow", "f_u_a", 1),
        ("entered", "a", 1),
        ("job_done", "a", 1),
        ("completed", "a", 1),
        ("flow", "f_a_e", 1),
        ("entered", "e", 1),
        ("completed", "e", 1),
        ("process_ended", "p", 0),
    ]
    assert all(event.process_id == "p" for event in run.world.happenings)


def test_nothing_made_up_by_the_compiler_is_ever_told() -> None:
    handler = node(
        "subProcess", "es", start("ess", on_message(), isInterrupting="false"), log("h"), end("ese"),
        seq("ess", "h", "ese"), triggeredByEvent="true",
    )  # fmt: skip
    run = Run(program(start(), user("u"), end(), seq("s", "u", "e"), handler), stored=True)
    run.message()
    run.do("u")
    assert not [event for event in run.world.happenings if "#" in event.element_id]
    assert {element.id for element in run.program.elements.values() if element.synthetic} == {
        "p#body", "p#in", "p#end", "es#on", "es#done",
    }  # fmt: skip
    drawn = {element.id for element in run.program.elements.values() if not element.synthetic}
    assert drawn == set(run.world.seen("entered"))
    assert set(run.program.flows) == set(run.world.seen("flow"))
