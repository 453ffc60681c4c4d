"""Timers that come due all at once, each fired in a step and a commit of its own: `python -m bench timers`."""

from __future__ import annotations

import time
from datetime import timedelta

from bench import crowd
from bench.floor import Floor, recorded
from bench.office import open_office, to_reply
from bench.report import Figure, Measured
from bench.scale import scale
from engine import timers
from engine.background import move
from engine.step import nothing
from engine.world import TIMERS, World

FLOOR_ROUNDS = 200


def measure(database: str) -> Measured:
    """Fire every timer beside the same writes by the bare driver. Aim: at half the rate of bare commits."""
    due = scale().due
    with open_office() as world:
        instance_id = to_reply(world)
        crowd.fill(world, instance_id, due)
        world.clock.move_to(world.clock.now() + timedelta(days=8))
        alone = _alone(world)
        taken = _fired(world, due - FLOOR_ROUNDS)
    return Measured(
        [Figure(f"wake {due:,} due timers, each, {database}", taken, f"a bare commit, {database}", alone, 2)]
    )


def _alone(world: World) -> list[float]:
    floor = Floor(world)
    alone = []
    for _ in range(FLOOR_ROUNDS):
        with world.db.read() as connection:
            [instance_id] = timers.due_instances(connection, now=world.clock.now(), limit=1)
        with recorded(world) as sent:
            move(world, instance_id, nothing, actor=TIMERS)
        alone.append(floor.commit(sent))
    floor.close()
    return alone


def _fired(world: World, left: int) -> list[float]:
    taken = []
    begun = time.perf_counter()
    while fired := timers.fire_due(world):
        left -= fired
        taken.append((time.perf_counter() - begun) / fired)
        begun = time.perf_counter()
    if left > 1:
        raise SystemExit(f"{left} timers did not fire.")
    return taken
