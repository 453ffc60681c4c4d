"""Pages among ever more open tasks: worklist, queue, search and case page: `python -m bench.growth`.

Aims: the last p95 at most 1.5 times the first, and no page above 12 statements. Each page is opened as its reader opens
it, by a person who is signed in.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from functools import partial

from sqlalchemy import select

from bench import crowd
from bench.floor import recorded
from bench.office import TASK, bring_to_open_task, open_office
from bench.report import Fact, Figure, told
from engine import tasks
from engine.models import UserTask
from engine.world import World
from tests.page import Browser
from tests.world import is_postgres, somebody
from web.app import create_app

SIZES = (1_000, 100_000, 1_000_000)
ROUNDS = 40
WARM = 5
MINE = 40
"""How many tasks the reader holds: a caseworker's forty."""


def measure(name: str, *, sizes: tuple[int, ...] = SIZES) -> tuple[list[Figure], list[Fact]]:
    """Open each page among each number of open tasks."""
    taken: dict[str, list[list[float]]] = {}
    statements: dict[str, int] = {}
    with open_office() as world:
        instance_id = bring_to_open_task(world)
        held = 0
        app = create_app(world=world)
        app.testing = True
        reader = Browser(app).sign_in("review_team_leader").client
        for size in sizes:
            crowd.fill(world, instance_id, size - held)
            if not held:
                _hold(world)
            held = size
            for page, path in PAGES.items():
                times, statements[page] = _opened(world, partial(reader.get, path))
                taken.setdefault(page, []).append(times)
    figures, facts = [], []
    few, many = f"{sizes[0]:,}", f"{sizes[-1]:,}"
    for page, by_size in taken.items():
        figures.append(Figure(f"{page}, {many} open tasks, {name}", by_size[-1], f"the same with {few}", by_size[0]))
        ratio = _p95(by_size[-1]) / _p95(by_size[0])
        facts.append(Fact(f"{page}, {name}: p95 with {many} to that with {few}", ratio, "times", 1.5))
        facts.append(Fact(f"{page}, {name}: statements", statements[page], "", 12))
    return figures, facts


PAGES = {
    "my tasks": "/tasks/",
    "team queue": "/tasks/queue",
    "search by name": "/cases/?q=example500",
    "search by number": "/cases/?q=CM-70000500",
    "case page": f"/cases/{crowd.WITH_HISTORY}",
}


def _hold(world: World) -> None:
    leader = somebody(world, "review_team_leader")
    with world.db.read() as connection:
        copies = UserTask.instance_id > crowd.FIRST  # the case that is copied stays as it is
        found = select(UserTask.task_id).where(copies, UserTask.element_id == TASK, UserTask.status == "open")
        mine = list(connection.execute(found.limit(MINE)).scalars())
    for task_id in mine:
        tasks.claim(world, task_id, actor=leader)


def _opened(world: World, open_page: Callable[[], object]) -> tuple[list[float], int]:
    taken = []
    for _ in range(ROUNDS + WARM):
        begun = time.perf_counter()
        answer = open_page()
        taken.append(time.perf_counter() - begun)
        if getattr(answer, "status_code", 0) != 200:
            raise SystemExit(f"A page was answered with {getattr(answer, 'status_code', 'nothing')}.")
    with recorded(world) as sent:
        open_page()
    return taken[WARM:], sent.statements


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def main() -> None:
    """Print the figures."""
    sizes = tuple(int(size) for size in sys.argv[1:]) or SIZES
    print(told(*measure("PostgreSQL" if is_postgres() else "SQLite", sizes=sizes)))


if __name__ == "__main__":
    main()
