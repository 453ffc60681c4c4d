"""What the measurements share: a Review case at its step 5, on a real database, and how numbers are said."""

from __future__ import annotations

import dataclasses
import shutil
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select

from engine import scenarios, tasks
from engine.models import UserTask
from engine.people import Somebody
from engine.world import World
from tests.world import PROCESSES, deployed_world, somebody

STORY = PROCESSES / "review" / "scenarios" / "no_further_action_silence.toml"
TASK = "allocate_review"


@contextmanager
def open_office() -> Iterator[World]:
    """Lend a world with the product's processes in force; its folder goes when it closes."""
    folder = Path(tempfile.mkdtemp(prefix="redress-bench-"))
    world = deployed_world(folder)
    try:
        yield world
    finally:
        world.db.close()
        shutil.rmtree(folder)


def bring_to_task(world: World, count: int) -> list[int]:
    """Start that many reviews and bring each to step 5, claimed; return the tasks' ids."""
    story = scenarios.read_story(STORY)
    leader = somebody(world, "review_team_leader")
    for number in range(count):
        table = {
            **story.table,
            "case": {"reference": f"CM-{number}"},
            "earlier": [{"number": f"SR-9{number:05d}"}],
            "start": {"request.resolution_number": f"SR-9{number:05d}"},
            "step": [{"complete": "call_client"}],
        }
        usual = {key: value for key, value in story.usual.items() if key != "people"}
        told = scenarios.tell(world, dataclasses.replace(story, table=table, usual=usual))
        if told.failures:
            raise RuntimeError(told.failures)
    with world.db.read() as connection:
        opened = select(UserTask.task_id).where(UserTask.element_id == TASK, UserTask.status == "open")
        task_ids = list(connection.execute(opened.order_by(UserTask.task_id)).scalars())
    for task_id in task_ids:
        tasks.claim(world, task_id, actor=leader)
    return task_ids


def leader_and_values(world: World) -> tuple[Somebody, dict[str, object]]:
    """Return who completes the task, and what they answer."""
    caseworker = somebody(world, "review_caseworker")
    return somebody(world, "review_team_leader"), {"request.caseworker": caseworker.person_id}


def said(seconds: Sequence[float]) -> str:
    """Return the median of some times and the middle half, in milliseconds."""
    low, middle, high = statistics.quantiles([second * 1000 for second in seconds], n=4)
    return f"{middle:7.2f} ms   (middle half {low:.2f} to {high:.2f})"


def judged(value: float, aim: float, *, unit: str = "") -> str:
    """Return a value beside its aim, and whether it is met; smaller is better."""
    return f"{value:.2f}{unit} (aim: {aim:g}{unit} or less) {'met' if value <= aim else 'MISSED'}"
