"""Create and complete, beside what they cannot be faster than and what they are meant to beat: `python -m bench steps`.

`python -m bench.steps` prints where the time of a completed task goes.

A completed task is "5 Allocate the SR" of a Review: the values are checked, the instance runs on through the gate's
decision to the next user task, and work items, waits, facts and history are written in one commit. Beside it, in the
same run: the same rows by the bare driver; the step as stock SpiffWorkflow does it with its own JSON state and the same
rows; django-viewflow with a flow of the same shape.
"""

from __future__ import annotations

import cProfile
import json
import pstats
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.clients import Visitor, service
from bench.floor import Floor, Sent, recorded
from bench.office import STORY, TASK, bring_to_task, leader_and_values, open_office
from bench.report import Fact, Figure, Measured
from bench.scale import scale
from bench.stock import StockPeer
from engine import cases, scenarios, tasks
from engine.scenario_cases import open_case, open_earlier
from engine.world import World
from tests import postgres
from tests.serving import serving
from tests.world import is_postgres, somebody
from web.app import create_app

COUNT = scale().steps
WARM = 5  # the first few also read what is kept from then on


def measure(database: str) -> Measured:
    """Measure on the database that is set, beside a bare commit and both peers."""
    floor = f"a bare commit, {database}"
    others = _viewflow()
    created, alone_created, _ = _each_beside_its_floor(_create)
    completed, alone_completed, _ = _each_beside_its_floor(_complete)
    over_http, alone_over_http, sent = _over_http()
    redrawn, stock = _stock()
    figures = [
        Figure(f"create, {database}", created, floor, alone_created),
        Figure(f"create, {database}", created, "django-viewflow", others["create"]),
        Figure(f"complete, engine, {database}", completed, floor, alone_completed, aim=4),
        Figure(f"complete, engine, {database}", completed, "django-viewflow", others["complete"]),
        Figure(f"complete, engine, {database}", redrawn, "stock SpiffWorkflow", stock, aim=1),
        Figure(f"complete over HTTP, {database}", over_http, floor, alone_over_http, aim=4),
    ]
    work = f"complete over HTTP, {database}"
    facts = [
        Fact(f"{work}: statements", max(one.statements for one in sent), "", 15),
        Fact(f"{work}: commits", max(one.commits for one in sent), "", 1),
        Fact(f"a bare commit of those rows, {database}", 1 / statistics.median(alone_over_http), "a second"),
    ]
    return Measured(figures, facts)


Taken = tuple[list[float], list[float], list[Sent]]
Doing = Callable[[World], "list[Callable[[], None]]"]


def _each_beside_its_floor(prepare: Doing) -> Taken:
    """Do each piece of work, and right after it the same writes alone, so that what else runs weighs on both alike."""
    ours: list[float] = []
    alone: list[float] = []
    everything: list[Sent] = []
    with open_office() as world:
        work = prepare(world)
        floor = Floor(world)
        for act in work:
            with recorded(world) as sent:
                begun = time.perf_counter()
                act()
                ours.append(time.perf_counter() - begun)
            alone.append(floor.commit(sent))
            everything.append(sent)
        floor.close()
    return ours[WARM:], alone[WARM:], everything


def _create(world: World) -> list[Callable[[], None]]:
    story = scenarios.read_story(STORY)
    owner = somebody(world, "owning_team")
    case_ids = []
    for number in range(COUNT):
        facts = {**story.usual.get("case", {}), "reference": f"CM-{number}"}
        with world.db.write() as connection:
            case_ids.append(open_case(connection, world, facts))
            open_earlier(connection, world, case_ids[-1], {"number": f"SR-9{number:05d}"})

    def create(number: int, case_id: int) -> Callable[[], None]:
        values = {**story.usual["start"], "request.resolution_number": f"SR-9{number:05d}"}
        values["request.received_on"] = world.clock.now().date()
        return lambda: void(cases.start(world, "review", values, case_id=case_id, actor=owner))

    return [create(number, case_id) for number, case_id in enumerate(case_ids)]


def _complete(world: World) -> list[Callable[[], None]]:
    task_ids = bring_to_task(world, COUNT)
    actor, values = leader_and_values(world)

    def complete(task_id: int) -> Callable[[], None]:
        return lambda: void(tasks.complete(world, task_id, values, actor=actor))

    return [complete(task_id) for task_id in task_ids]


def void(_outcome: object) -> None:
    """Leave a result alone."""


def _over_http() -> Taken:
    """Submit the task's form as a browser does; the form is fetched before, and only the answer to it is timed.

    The service runs in a process of its own, as it does for people. What it sends to the database is seen before, in
    this process, with as many other tasks.
    """
    ours: list[float] = []
    alone: list[float] = []
    with open_office() as world:
        task_ids = bring_to_task(world, 2 * COUNT)
        actor, values = leader_and_values(world)
        answers = {name: str(value) for name, value in values.items()}
        floor = Floor(world)
        everything = _seen(world, actor.username, task_ids[:COUNT], answers)
        folder, now = world.settings.data_dir, world.clock.now()
        world.db.close()
        with service(folder, now) as address:
            visitor = Visitor(address)
            visitor.sign_in(actor.username)
            for task_id, sent in zip(task_ids[COUNT:], everything, strict=True):
                form = visitor.form(f"/tasks/{task_id}", answers)
                ours.append(visitor.submit(form))
                alone.append(floor.commit(sent))
        floor.close()
    return ours[WARM:], alone[WARM:], everything[WARM:]


def _seen(world: World, username: str, task_ids: list[int], answers: dict[str, str]) -> list[Sent]:
    """Submit tasks to a service in this process and return what each sent to the database."""
    everything = []
    with serving(create_app(world=world)) as address:
        visitor = Visitor(address)
        visitor.sign_in(username)
        for task_id in task_ids:
            form = visitor.form(f"/tasks/{task_id}", answers)
            with recorded(world) as sent:
                visitor.submit(form)
            everything.append(sent)
    return everything


def _stock() -> tuple[list[float], list[float]]:
    """Take the same step as we do and as stock SpiffWorkflow does, which then stores its state and the same rows."""
    ours: list[float] = []
    theirs: list[float] = []
    with open_office() as world:
        task_ids = bring_to_task(world, COUNT)
        actor, values = leader_and_values(world)
        floor = Floor(world)
        [review] = [one for one in world.definitions.values() if one.key == "review"]
        stock = StockPeer(review.files, review.process_id)
        parked = stock.begin(TASK)
        for task_id in task_ids:
            with recorded(world) as sent:
                begun = time.perf_counter()
                tasks.complete(world, task_id, values, actor=actor)
                ours.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            stock.step(parked, TASK, {"caseworker": 1})
            theirs.append(time.perf_counter() - begun + floor.commit(sent))
        floor.close()
    return ours[WARM:], theirs[WARM:]


def _viewflow() -> dict[str, list[float]]:
    """Let django-viewflow do its flow as often, on a database of its own of the same kind with our settings."""
    with tempfile.TemporaryDirectory() as folder:
        if is_postgres():
            postgres.make_database(Path(folder))
        command = [sys.executable, "-m", "bench.viewflow_peer", str(COUNT), folder, postgres.url_of(Path(folder))]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, list[float]] = json.loads(done.stdout)
    return {work: seconds[WARM:] for work, seconds in found.items()}


def profile() -> None:
    """Print where the time of a completed task goes."""
    with open_office() as world:
        work = _complete(world)
        work.pop()()
        profiler = cProfile.Profile()
        profiler.enable()
        for act in work:
            act()
        profiler.disable()
        pstats.Stats(profiler).sort_stats("cumulative").print_stats(70)


if __name__ == "__main__":
    profile()
