"""What waits: polls, timers that come due and messages, among very many instances: `python -m bench.waits`."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from bench import crowd
from bench.floor import Floor, recorded
from bench.office import open_office, to_reply
from bench.report import Fact, Figure, told
from engine import messages, timers
from engine.background import move
from engine.clock import LONDON
from engine.models import Wait
from engine.step import nothing
from engine.worker import work_once
from engine.world import TIMERS, World
from tests.world import is_postgres, somebody

MANY = 1_000_000
DUE = 10_000
ROUNDS = 200
FLOOR_ROUNDS = 200
MESSAGES = 40
REPLY = {"reply_channel": "phone", "reply_text": "The fee was not repaid."}


def measure(name: str, *, many: int = MANY, due: int = DUE) -> tuple[list[Figure], list[Fact]]:
    """Measure polls, a message and due timers among many waiting cases."""
    figures: list[Figure] = []
    with open_office() as world:
        instance_id = to_reply(world)
        few = _timed(lambda: work_once(world))
        crowd.fill(world, instance_id, due)
        figures.append(_due_timers(world, due, name))
    with open_office() as world:
        instance_id = to_reply(world)
        crowd.fill(world, instance_id, many)
        crowded = _timed(lambda: work_once(world))
        figures.append(Figure(f"poll, {many:,} waiting, none due, {name}", crowded, "a poll with one waiting", few, 2))
        figures.append(_message(world, many, name))
    return figures, [Fact(f"poll, {many:,} waiting, none due, {name}", statistics.median(crowded) * 1000, "ms", 2)]


def _due_timers(world: World, due: int, name: str) -> Figure:
    """Fire every timer, each in a step and a commit of its own, beside the same writes by the bare driver."""
    floor = Floor(world)
    alone, taken = [], []
    world.clock.move_to(world.clock.now() + timedelta(days=8))
    for _ in range(FLOOR_ROUNDS):
        with world.db.read() as connection:
            [instance_id] = timers.due_instances(connection, now=world.clock.now(), limit=1)
        with recorded(world) as sent:
            move(world, instance_id, nothing, actor=TIMERS)
        alone.append(floor.commit(sent))
    floor.close()
    left = due - FLOOR_ROUNDS
    begun = time.perf_counter()
    while fired := timers.fire_due(world):
        left -= fired
        taken.append((time.perf_counter() - begun) / fired)
        begun = time.perf_counter()
    if left > 1:
        raise SystemExit(f"{left} timers did not fire.")
    return Figure(f"wake {due:,} due timers, each, {name}", taken, f"a bare commit, {name}", alone, aim=2)


def _message(world: World, many: int, name: str) -> Figure:
    """Correlate a reply to one of very many instances that wait for the same message, each by its own key."""
    actor = somebody(world, "review_caseworker")
    today = world.clock.now().astimezone(LONDON).date()
    floor = Floor(world)
    ours, alone = [], []
    for number in range(0, many, many // MESSAGES):
        key = crowd.make_answerable(world, number + 1)
        with world.db.read() as connection:
            waits = connection.execute(
                select(Wait.name).where(
                    Wait.instance_id == crowd.FIRST + number + 1, Wait.element_id == "reply_to_no_further_action"
                )
            )
            message = waits.scalars().one()
        with recorded(world) as sent:
            begun = time.perf_counter()
            done = messages.correlate(world, message, key, REPLY, received_on=today, actor=actor)
            ours.append(time.perf_counter() - begun)
        if done.status != "delivered":
            raise SystemExit(f"The message was kept: {done.why}")
        alone.append(floor.commit(sent))
    floor.close()
    return Figure(f"correlate one of {many:,}, {name}", ours, f"a bare commit, {name}", alone, aim=4)


def _timed(act: Callable[[], object]) -> list[float]:
    taken = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        act()
        taken.append(time.perf_counter() - begun)
    return taken


def main() -> None:
    """Print the figures."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else MANY
    name = "PostgreSQL" if is_postgres() else "SQLite"
    print(told(*measure(name, many=many, due=min(many, DUE))))


if __name__ == "__main__":
    main()
