"""Pages, polls and messages among ever more open cases, of one crowd that grows: `python -m bench growth`.

Each case is a complaint that waits for a team leader, for two timers and for the client. A list shows a full page at
every size, but for the one that a filter finds nothing for however far it looks. Aims: the last p95 of a page
at most 1.5 times the first, no page above 12 statements, a poll at most twice one without a crowd, a message at most 4
times a bare commit.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial

from sqlalchemy import select, update

from bench import crowd
from bench.floor import Floor, recorded
from bench.office import bring_to_allocation, open_office
from bench.report import Curve, Fact, Figure, Measured
from bench.scale import scale
from engine import messages, tasks
from engine.clock import LONDON
from engine.models import ServiceRequest, UserTask
from engine.worker import work_once
from engine.world import World
from tests.page import Browser
from tests.world import somebody
from web.app import create_app

ROUNDS, POLLS, WARM = 40, 200, 5
PATIENCE = 20
"""Seconds that one page or poll is measured at most."""
MINE = 40
"""How many tasks the reader holds, and how many cases: a caseworker's forty."""
LEADER, CASEWORKER = "complaint_resolution_team_leader", "complaint_resolution_caseworker"
PAGES = {
    "my tasks": "/tasks/",
    "my cases": "/tasks/cases",
    "team queue": "/tasks/queue",
    "cases of a leader's teams": "/tasks/team-cases",
    "those that wait for the client": "/tasks/team-cases?waiting=client",
    "a filter that fits none of them": "/tasks/team-cases?waiting=outside",
    "search by name": "/cases/?q=kim+sample",
    "search by a name that very many have": "/cases/?q=robin",
    "search by number": "/cases/?q=CM-70000500",
    "case page": f"/cases/{crowd.WITH_HISTORY}",
}


def measure(database: str) -> Measured:
    """Open each page among each number of open cases; poll and correlate among the most."""
    sizes = scale().sizes
    taken: dict[str, list[list[float]]] = {}
    statements: dict[str, int] = {}
    weights = []
    with open_office() as world:
        instance_id = bring_to_allocation(world)
        polled = _timed(partial(work_once, world), POLLS)
        held = 0
        app = create_app(world=world)
        app.testing = True
        reader = Browser(app).sign_in(LEADER).client
        for size in sizes:
            crowd.fill(world, instance_id, size - held)
            if not held:
                _hold(world)
            held = size
            weights.append(crowd.weight(world))
            for page, path in PAGES.items():
                times, statements[page] = _opened(world, partial(reader.get, path))
                taken.setdefault(page, []).append(times)
        crowded = _timed(partial(work_once, world), POLLS)
        message = _message(world, sizes[-1], database)
    figures = [_beside_the_first(page, times, sizes, database) for page, times in taken.items()]
    many = f"{sizes[-1]:,}"
    figures += [
        Figure(f"poll, {many} waiting, none due, {database}", crowded, "a poll with one waiting", polled, 2),
        message,
    ]
    facts = [Fact(f"{page}, {database}: statements", count, "", 12) for page, count in statements.items()]
    each = (weights[-1] - weights[0]) / (sizes[-1] - sizes[0])
    facts.append(Fact(f"database, a parked case with its indexes, {database}", each, "bytes"))
    points = [f"{size:,}" for size in sizes]
    plot = f"Pages among open tasks on {database}"
    curves = [Curve(plot, page, list(zip(points, times, strict=True))) for page, times in taken.items()]
    return Measured(figures, _flat(taken, sizes, database) + facts, curves)


def _beside_the_first(page: str, times: list[list[float]], sizes: tuple[int, ...], database: str) -> Figure:
    return Figure(f"{page}, {sizes[-1]:,} open tasks, {database}", times[-1], f"the same with {sizes[0]:,}", times[0])


def _flat(taken: dict[str, list[list[float]]], sizes: tuple[int, ...], database: str) -> list[Fact]:
    return [
        Fact(
            f"{page}, {database}: p95 with {sizes[-1]:,} to that with {sizes[0]:,}",
            _p95(times[-1]) / _p95(times[0]),
            "times",
            1.5,
        )
        for page, times in taken.items()
    ]


def _hold(world: World) -> None:
    leader = somebody(world, LEADER)
    with world.db.read() as connection:
        copies = UserTask.instance_id > crowd.FIRST  # the case that is copied stays as it is
        found = select(UserTask.task_id).where(copies, UserTask.status == "open")
        mine = list(connection.execute(found.limit(MINE)).scalars())
    for task_id in mine:
        tasks.claim(world, task_id, actor=leader)
    with world.db.write() as connection:
        wanted = ServiceRequest.request_id.between(crowd.FIRST + 1, crowd.FIRST + MINE)
        connection.execute(update(ServiceRequest).where(wanted).values(owner_id=leader.person_id))


def _opened(world: World, open_page: Callable[[], object]) -> tuple[list[float], int]:
    def opened() -> None:
        status = getattr(open_page(), "status_code", 0)
        if status != 200:
            raise SystemExit(f"A page was answered with {status}.")

    taken = _timed(opened, ROUNDS)
    with recorded(world) as sent:
        opened()
    return taken, sent.statements


def _message(world: World, many: int, database: str) -> Figure:
    """Correlate a withdrawal to one of very many instances that wait for the same message, each by its own key."""
    actor = somebody(world, CASEWORKER)
    today = world.clock.now().astimezone(LONDON).date()
    floor = Floor(world)
    ours, alone = [], []
    for number in range(MINE + 1, many, many // scale().messages):
        key = crowd.make_answerable(world, number)
        with recorded(world) as sent:
            begun = time.perf_counter()
            done = messages.correlate(world, "client_withdraws", key, WITHDRAWS, received_on=today, actor=actor)
            ours.append(time.perf_counter() - begun)
        if done.status != "delivered":
            raise SystemExit(f"The message was kept: {done.why}")
        alone.append(floor.commit(sent))
    floor.close()
    return Figure(f"correlate one of {many:,}, {database}", ours, f"a bare commit, {database}", alone, aim=4)


WITHDRAWS = {"withdrawal_note": "The client does not want to go on."}


def _timed(act: Callable[[], object], rounds: int) -> list[float]:
    """Time an act so often, or less often when it takes so long that the others would have to wait."""
    taken: list[float] = []
    while len(taken) < rounds + WARM and (len(taken) < 2 * WARM or sum(taken) < PATIENCE):
        begun = time.perf_counter()
        act()
        taken.append(time.perf_counter() - begun)
    return taken[WARM:]


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]
