"""Random block-structured diagrams: at every step the engine shows what a token game written from BPMN 2.0 shows.

The engine is stored and restored at every turn. A failure names the seed; `REDRESS_SOAK_SEEDS=5000` plays more.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from typing import Any

import pytest

from engine.spiff import UnhandledBpmnError, compile_program
from tests.engine.blocks import Drawing, Maker
from tests.engine.oracle import Game, Unhandled, Wait
from tests.engine.spiff_world import START, Run

SEEDS = int(os.environ.get("REDRESS_SOAK_SEEDS", "96"))
GROUPS = 8
TURNS = 40


@pytest.mark.parametrize("group", range(GROUPS))
def test_the_engine_plays_as_the_token_game_does(group: int) -> None:
    turns = sum(play(seed) for seed in range(group, SEEDS, GROUPS))
    assert turns > SEEDS // GROUPS


def play(seed: int, maker: type[Maker] = Maker, drawing: type[Drawing] = Drawing, token_game: type[Game] = Game) -> int:
    """Walk through one random diagram with both; return the number of turns."""
    chance = random.Random(seed)
    block = maker(chance).process(depth=chance.randint(1, 3))
    data = drawing().file(block)
    game = token_game(block, {"k": "K", "n": 0}, START)
    run = Run(compile_program({"p.bpmn": data}, "p"), stored=True, variables={"k": "K", "n": 0})
    for turn in range(TURNS):
        assert seen(run) == expected(game), f"seed {seed}, turn {turn}"
        if game.ended:
            return turn
        assert not run.workflow.is_stuck, f"seed {seed}, turn {turn}"
        if not step(game, run, chance):
            return turn
    return TURNS


def step(game: Game, run: Run, chance: random.Random) -> bool:
    """Let one thing happen in both; return whether they go on."""
    number = chance.randrange(10)
    wait = chance.choice([*game.live("task"), *game.live("task", "job", "timer", "message", "signal")])
    failed: type[Exception] | None = None
    fails = wait.kind == "job" and chance.random() < 0.4
    if wait.kind == "timer":
        wait = min(game.live("timer"), key=lambda w: w.due or START)
    elif wait.kind == "message" and sum(w.id == wait.id for w in game.live("message")) > 1:
        return True  # which of several gets it is not said
    elif sum(w.key == wait.key for w in game.live(wait.kind)) > 1:
        return True  # nothing that both show tells them apart
    values = {} if wait.kind == "timer" else {"n": number}
    token = next((t for t, key in engine_waits(run) if key == wait.key), "")
    try:
        if wait.kind == "signal":
            game.signal(values)
        elif wait.kind == "timer":
            game.tick(wait.due or START)
        elif fails:
            game.fail(wait)
        else:
            game.act(wait, values)
    except Unhandled:
        failed = UnhandledBpmnError
    if failed:
        with pytest.raises(failed):
            happen(run, wait, token, values, fails=fails)
        return False
    happen(run, wait, token, values, fails=fails)
    return True


def happen(run: Run, wait: Wait, token: str, values: dict[str, Any], *, fails: bool) -> None:
    """Let the same happen in the engine."""
    workflow = run.workflow
    if wait.kind == "task":
        workflow.complete_task(token, values)
    elif wait.kind == "job" and fails:
        workflow.throw_error(token, "E1")
    elif wait.kind == "job":
        workflow.complete_job(token, values)
    elif wait.kind == "signal":
        workflow.deliver_signal("sig", values)
    elif wait.kind == "message":
        assert workflow.deliver_message(f"N{wait.id}", "K", values)
    else:
        run.world.now = wait.due or START
        workflow.fire_due_timers()
    run.go_on()


def engine_waits(run: Run) -> list[tuple[str, tuple[object, ...]]]:
    """Return token and key of everything that the engine waits for."""
    workflow = run.workflow
    found: list[tuple[str, str, str, Any]] = [(t.token, t.element_id, "task", None) for t in workflow.open_tasks()]
    found += [(w.token, w.element_id, w.kind, w.due_at) for w in workflow.open_waits()]
    return [
        (token, (element_id, kind, due, str(sorted(i for i in workflow.names(token).items() if i[0].startswith("it")))))
        for token, element_id, kind, due in found
    ]


def seen(run: Run) -> dict[str, Any]:
    """Return what the engine shows."""
    variables = {k: v for k, v in run.variables.items() if not k.startswith("it")}
    waits = Counter(key for _, key in engine_waits(run))
    return {"waits": waits, "variables": variables, "trace": Counter(run.trace), "ended": run.ended}


def expected(game: Game) -> dict[str, Any]:
    """Return what the token game shows."""
    waits = Counter(wait.key for wait in game.live("task", "job", "timer", "message", "signal"))
    return {"waits": waits, "variables": game.env.data, "trace": Counter(game.trace), "ended": game.ended}
