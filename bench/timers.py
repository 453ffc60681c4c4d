"""A poll with 100,000 waiting timers, none due: `python -m bench.timers`. Aim: under 2 ms, and no instance loaded."""

from __future__ import annotations

import tempfile
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert, select

from bench.office import judged, said
from engine import timers
from engine.models import ProcessInstance, Wait
from engine.worker import work_once
from tests import tiny
from tests.stage import Stage

WAITING = 100_000
ROUNDS = 200
WEEK = (
    tiny.node("startEvent", "begin"),
    tiny.node("intermediateCatchEvent", "week", tiny.timer("P7D")),
    tiny.node("endEvent", "done"),
    tiny.chain("begin", "week", "done"),
)


def fill(stage: Stage) -> None:
    """Copy one waiting instance, with its wait, until there are enough."""
    stage.deploy(*WEEK)
    stage.start()
    [instance], [wait] = stage.rows(ProcessInstance), stage.rows(Wait)
    numbers = range(instance.instance_id + 1, WAITING + 1)
    with stage.world.db.write() as connection:
        connection.execute(
            insert(ProcessInstance), [{**instance._mapping, "instance_id": number} for number in numbers]
        )
        connection.execute(
            insert(Wait),
            [
                {
                    **{key: value for key, value in wait._mapping.items() if key != "wait_id"},
                    "instance_id": number,
                    "token": f"{number:032x}",
                    "due_at": wait.due_at + timedelta(seconds=number),
                }
                for number in numbers
            ],
        )


def timed(act: object) -> list[float]:
    """Time many calls."""
    assert callable(act)
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        act()
        taken.append(time.perf_counter() - start)
    return taken


def main() -> None:
    """Measure an idle poll, and one that fires."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder))
        fill(stage)
        with stage.world.db.read() as connection:
            waiting = len(connection.execute(select(Wait.wait_id)).all())
        with stage.statements() as sent:
            poll = timed(lambda: timers.fire_due(stage.world))
        loaded = sum("FROM process_instance" in statement for statement in sent)
        everything = timed(lambda: work_once(stage.world))
        print(f"{waiting:,} waiting timers, none due; medians of {ROUNDS}")
        print(f"  one poll for timers                     {said(poll)}   {loaded} instances loaded")
        print(f"  timers, jobs and outbox together        {said(everything)}")
        print(f"  {judged(sorted(poll)[ROUNDS // 2] * 1000, 2, unit=' ms')}")
        stage.wait(timedelta(days=7, seconds=100))
        start = time.perf_counter()
        fired = timers.fire_due(stage.world)
        each = (time.perf_counter() - start) * 1000 / max(fired, 1)
        print(f"  {fired} that came due                        {each:7.2f} ms each, commit included")
        stage.world.db.close()


if __name__ == "__main__":
    main()
