"""Random walks: an instance that is stored and restored at every turn does exactly what one never stored does."""

from __future__ import annotations

import random
from typing import Any

import pytest

from engine.spiff import Program
from tests.engine.spiff_world import (
    Run,
    end,
    extend,
    flow,
    io,
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

WALKS = 8
TURNS = 25

CALLED = process(
    "q",
    start("qs"),
    user("qu"),
    node("exclusiveGateway", "qx", default="f_qx_qk"),
    end("qboom", on_error()),
    end("qk"),
    seq("qs", "qu", "qx"),
    flow("qx", "qboom", "=n > 8"),
    flow("qx", "qk"),
)


def fork(split: str, join: str, *tasks: str) -> str:
    ways = "".join(user(task) + log(f"l{task}") + seq(split, task, f"l{task}", join) for task in tasks)
    return node("parallelGateway", split) + node("parallelGateway", join) + ways


def handler(name: str, trigger: str, interrupting: str) -> str:
    inside = (start(f"{name}s", trigger, isInterrupting=interrupting), user(f"{name}h"), end(f"{name}e"))
    return node("subProcess", name, *inside, seq(f"{name}s", f"{name}h", f"{name}e"), triggeredByEvent="true")


def attached(name: str, activity: str, trigger: str, **attributes: str) -> str:
    event = node("boundaryEvent", name, trigger, attachedToRef=activity, **attributes)
    return event + user(f"{name}u") + end(f"{name}e") + seq(name, f"{name}u", f"{name}e")


SCOPE = node(
    "subProcess",
    "sp",
    start("i"),
    fork("split", "join", "u1", "u2"),
    end("ie"),
    seq("i", "split"),
    seq("join", "ie"),
    handler("es", timer("R2/P1D", "timeCycle"), "false"),
    handler("et", on_message(), "true"),
)

MODELS: dict[str, Program] = {
    "fork in three": program(start(), fork("split", "join", "a", "b", "c"), end(), seq("s", "split"), seq("join", "e")),
    "fork in a fork": program(
        start(),
        node("parallelGateway", "split"),
        node("parallelGateway", "join"),
        user("a"),
        fork("p2", "j2", "b", "c"),
        end(),
        seq("s", "split", "a", "join", "e"),
        seq("split", "p2"),
        seq("j2", "join"),
    ),
    "fork in a loop": program(
        start(),
        node("exclusiveGateway", "m"),
        fork("split", "join", "a", "b"),
        node("exclusiveGateway", "g", default="f_g_m"),
        end(),
        seq("s", "m", "split"),
        seq("join", "g"),
        flow("g", "e", "=n > 6"),
        flow("g", "m"),
    ),
    "boundary events": program(
        start(),
        user("u"),
        attached("b1", "u", timer("R3/P1D", "timeCycle"), cancelActivity="false"),
        attached("b2", "u", timer("P4D")),
        attached("b3", "u", on_message(), cancelActivity="false"),
        attached("b4", "u", on_signal()),
        end(),
        seq("s", "u", "e"),
    ),
    "event gateway in a loop": program(
        start(),
        node("exclusiveGateway", "m"),
        user("u"),
        node("eventBasedGateway", "g"),
        node("intermediateCatchEvent", "t1", timer('=if n > 3 then duration("P1D") else duration("P3D")')),
        node("intermediateCatchEvent", "t2", timer("P2D")),
        node("intermediateCatchEvent", "c", extend(io(None, {"got": "=n"})), on_message()),
        user("a"),
        user("b"),
        end(),
        seq("s", "m", "u", "g", "t1", "a", "m"),
        seq("g", "t2", "b", "m"),
        seq("g", "c", "e"),
    ),
    "instances at once": program(
        start(),
        user("u", io({"z": "=it * 2"}), inner=many("=[1,2,3]", "it", "out", "=n + z")),
        user("k"),
        end(),
        seq("s", "u", "k", "e"),
    ),
    "sub-processes one by one": program(
        start(),
        node(
            "subProcess",
            "sp",
            many("=[1,2,3]", "it", "out", "=n", sequential=True),
            start("i"),
            user("u"),
            user("v"),
            end("ie"),
            seq("i", "u", "v", "ie"),
        ),
        attached("bd", "sp", timer("P5D")),
        end(),
        seq("s", "sp", "e"),
    ),
    "called processes at once": program(
        start(),
        node(
            "callActivity",
            "o",
            extend('<zeebe:calledElement processId="q"/>', io({"base": "=it"})),
            many("=[1,2,3]", "it", "out", "=n + base"),
        ),
        attached("bd", "o", on_error()),
        end(),
        seq("s", "o", "e"),
        more=CALLED,
    ),
    "event sub-processes": program(
        start(), SCOPE, user("after"), end(), seq("s", "sp", "after", "e"), handler("eu", timer("P6D"), "true")
    ),
    "errors and escalations": program(
        start(),
        node(
            "subProcess",
            "sp",
            start("i"),
            user("u"),
            node("intermediateThrowEvent", "th", on_escalation()),
            service("job", "later"),
            node("exclusiveGateway", "x", default="f_x_k"),
            end("boom", on_error()),
            end("k"),
            seq("i", "u", "th", "job", "x"),
            flow("x", "boom", "=n > 4"),
            flow("x", "k"),
        ),
        attached("b1", "sp", on_error()),
        attached("b2", "sp", on_escalation(), cancelActivity="false"),
        end(),
        seq("s", "sp", "e"),
    ),
    "inclusive": program(
        start(),
        user("u"),
        node("inclusiveGateway", "ig", default="f_ig_c"),
        node("inclusiveGateway", "ij"),
        user("a"),
        user("b"),
        user("c"),
        end(),
        seq("s", "u", "ig"),
        flow("ig", "a", "=n > 2"),
        flow("ig", "b", "=n > 5"),
        flow("ig", "c"),
        seq("a", "ij"),
        seq("b", "ij"),
        seq("c", "ij", "e"),
    ),
}


def look(run: Run) -> dict[str, Any]:
    """Return everything that can be seen of a run, without its random tokens."""
    workflow = run.workflow
    return {
        "tasks": [(task.element_id, task.visit, dict(workflow.names(task.token))) for task in workflow.open_tasks()],
        "waits": [(wait.element_id, wait.kind, wait.key, wait.due_at) for wait in workflow.open_waits()],
        "variables": run.variables,
        "trace": run.trace,
        "told": [(event.kind, event.element_id, event.visit) for event in run.world.happenings],
        "ended": run.ended,
    }


def act(run: Run, action: str, choice: int, number: int) -> None:
    tasks = run.workflow.open_tasks()
    jobs = [wait for wait in run.workflow.open_waits() if wait.kind == "job"]
    if action == "task" and tasks:
        run.workflow.complete_task(tasks[choice % len(tasks)].token, {"n": number})
        run.go_on()
    elif action == "job" and jobs:
        run.workflow.complete_job(jobs[choice % len(jobs)].token, {"n": number})
        run.go_on()
    elif action == "signal":
        run.workflow.deliver_signal("sig", {"n": number})
        run.go_on()
    elif action == "message":
        run.message("Hi", "K", n=number)
    else:
        run.wait(hours=26)


@pytest.mark.parametrize("name", MODELS)
def test_a_stored_run_does_what_an_unstored_one_does(name: str) -> None:
    turns = 0
    for seed in range(WALKS):
        chance = random.Random(f"{name} {seed}")
        runs = [Run(MODELS[name], stored=stored, variables={"k": "K", "n": 0}) for stored in (False, True)]
        for _ in range(TURNS):
            action = chance.choice(["task"] * 5 + ["job", "time", "message", "signal"])
            choice, number = chance.randrange(100), chance.randrange(10)
            for run in runs:
                act(run, action, choice, number)
            unstored, stored = map(look, runs)
            assert stored == unstored, (seed, action)
            turns += 1
            if unstored["ended"]:
                break
            assert not runs[0].workflow.is_stuck, (seed, action)
    assert turns > WALKS
