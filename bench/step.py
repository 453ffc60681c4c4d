"""One step of a Review, beside what it cannot be faster than and what it is meant to beat: `python -m bench.step`.

The step is the whole verb of a submit: load, check the form, complete "5 Allocate the SR", run on through the gate's
decision to the next user task, write work items, waits, facts and history, commit. In the same run, interleaved:
(a) the same rows and bytes written and committed by sqlite3 alone; (b) the step done by stock SpiffWorkflow with its
own JSON state, and the same rows. Then the size of a state after many laps.
"""

from __future__ import annotations

import cProfile
import pstats
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event, select

from bench.office import TASK, bring_to_task, judged, leader_and_values, open_office, said
from bench.stock import StockPeer
from engine import tasks
from engine.db import PRAGMAS
from engine.models import ProcessInstance, UserTask
from engine.world import World
from tests import tiny
from tests.stage import Stage

STEPS = 60
LAPS = 200

Write = tuple[str, Any, bool]


@contextmanager
def _recorded(world: World) -> Iterator[tuple[list[Write], list[str]]]:
    """Note what is written, with its parameters, and every statement."""
    writes: list[Write] = []
    statements: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        statements.append(statement)
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            writes.append((statement, parameters, many))

    event.listen(world.db.engine, "before_cursor_execute", note)
    try:
        yield writes, statements
    finally:
        event.remove(world.db.engine, "before_cursor_execute", note)


def _copy_of(world: World) -> sqlite3.Connection:
    """Return a bare connection to a copy of the database, opened with the product's own settings."""
    with world.db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    target = Path(tempfile.mkdtemp(dir=world.settings.data_dir)) / "copy.db"
    shutil.copyfile(world.settings.data_dir / "redress.db", target)
    bare = sqlite3.connect(target, isolation_level=None)
    for pragma in PRAGMAS:
        bare.execute(pragma)
    return bare


def _write(connection: sqlite3.Connection, writes: list[Write]) -> None:
    for statement, parameters, many in writes:
        if many:
            connection.executemany(statement, parameters)
        else:
            connection.execute(statement, parameters)


def measure_step() -> None:
    """Print the medians and ratios."""
    with open_office() as world:
        task_ids = bring_to_task(world, STEPS)
        actor, values = leader_and_values(world)
        bare, peer = _copy_of(world), _copy_of(world)
        [review] = [one for one in world.definitions.values() if one.key == "review"]
        stock = StockPeer(review.files, review.process_id)
        begun = stock.begin(TASK)
        peer.execute("CREATE TABLE stock (task_id INTEGER PRIMARY KEY, state TEXT)")
        peer.executemany("INSERT INTO stock VALUES (?, ?)", [(task_id, begun) for task_id in task_ids])
        ours, alone, theirs, counts = [], [], [], []
        for task_id in task_ids:
            with _recorded(world) as (writes, statements):
                start = time.perf_counter()
                tasks.complete(world, task_id, values, actor=actor)
                ours.append(time.perf_counter() - start)
            counts.append(len(statements))
            alone.append(_timed_alone(bare, writes))
            theirs.append(_timed_stock(peer, stock, task_id, writes))
        with world.db.read() as connection:
            sizes = [len(row.state) for row in connection.execute(select(ProcessInstance.state))]
            next_tasks = connection.execute(select(UserTask.element_id).where(UserTask.status == "open")).scalars()
            print(f"One step of a Review: {TASK} to {', '.join(sorted(set(next_tasks)))}; medians of {STEPS}")
        print(f"  the step                                {said(ours)}")
        print(f"  (a) the same rows by sqlite3 alone      {said(alone)}")
        print(f"  (b) stock SpiffWorkflow, same rows      {said(theirs)}   its state {len(begun):,} bytes")
        middle = statistics.median(ours)
        print(f"  beside (a): {judged(middle / statistics.median(alone), 3, unit=' times')}")
        print(f"  beside (b): {judged(middle / statistics.median(theirs), 1 / 7, unit=' times')}")
        print(f"  {max(counts)} SQL statements, one commit; state {max(sizes):,} bytes")


def _timed_alone(connection: sqlite3.Connection, writes: list[Write]) -> float:
    start = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    _write(connection, writes)
    connection.execute("COMMIT")
    return time.perf_counter() - start


def _timed_stock(connection: sqlite3.Connection, stock: StockPeer, task_id: int, writes: list[Write]) -> float:
    start = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    [state] = connection.execute("SELECT state FROM stock WHERE task_id = ?", (task_id,)).fetchone()
    stepped = stock.step(state, TASK, {"caseworker": 1})
    connection.execute("UPDATE stock SET state = ? WHERE task_id = ?", (stepped, task_id))
    _write(connection, writes)
    connection.execute("COMMIT")
    return time.perf_counter() - start


def measure_laps() -> None:
    """Print how large a state is after one lap and after many."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder))
        stage.deploy(
            tiny.node("startEvent", "begin"),
            tiny.user_task("ask", form="ask"),
            tiny.node("boundaryEvent", "week", tiny.timer("P7D"), attachedToRef="ask"),
            tiny.node("exclusiveGateway", "again", default="again_to_ask"),
            tiny.node("endEvent", "done"),
            tiny.chain("begin", "ask", "again", "ask"),
            tiny.flow("again", "done", '=answer = "stop"'),
            tiny.flow("week", "again"),
        )
        stage.start()
        sizes = []
        for _ in range(LAPS):
            stage.complete("ask", {"answer": "again"})
            sizes.append(len(stage.rows(ProcessInstance)[0].state))
        stage.world.db.close()
    print(f"State of one instance: {sizes[0]:,} bytes after one lap, {sizes[-1]:,} after {LAPS} (aim: under 4,096)")


def profile() -> None:
    """Print where the time of a step goes."""
    with open_office() as world:
        task_ids = bring_to_task(world, STEPS)
        actor, values = leader_and_values(world)
        tasks.complete(world, task_ids[0], values, actor=actor)
        profiler = cProfile.Profile()
        for task_id in task_ids[1:]:
            profiler.enable()
            tasks.complete(world, task_id, values, actor=actor)
            profiler.disable()
        pstats.Stats(profiler).sort_stats("cumulative").print_stats(70)


def main() -> None:
    """Measure a step and the size of states."""
    if "--profile" in sys.argv:
        profile()
        return
    measure_step()
    measure_laps()


if __name__ == "__main__":
    main()
