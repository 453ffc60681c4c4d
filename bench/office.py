"""What the measurements share: a Review case at its step 5, on a real database, and how numbers are said."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select

from engine import scenarios, tasks
from engine.models import UserTask, Wait
from engine.people import Somebody
from engine.world import World
from tests.world import PROCESSES, deployed_world, somebody

STORY = PROCESSES / "review" / "scenarios" / "no_further_action_silence.toml"
COMPLAINT = PROCESSES / "resolution" / "scenarios" / "acknowledged_at_each_stage.toml"
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


def bring_to_open_task(world: World) -> int:
    """Start a review and bring it to step 5, which nobody has claimed; return the instance."""
    return _told(world, STORY, steps=[{"complete": "call_client"}])


def bring_to_allocation(world: World) -> int:
    """Start a complaint at Resolution, open to its team leaders, with two timers and a message; return the instance."""
    return _told(world, COMPLAINT, steps=[])


def _told(world: World, path: Path, *, steps: list[dict[str, str]]) -> int:
    story = scenarios.read_story(path)
    told = scenarios.tell(world, dataclasses.replace(story, table={**story.table, "step": steps}))
    if told.failures:
        raise RuntimeError(told.failures)
    with world.db.read() as connection:
        return int(connection.execute(select(UserTask.instance_id).where(UserTask.status == "open")).scalar_one())


def to_reply(world: World) -> int:
    """Start a review and bring it to where it waits for the client's reply, 7 days at most; return the instance."""
    story = scenarios.read_story(STORY)
    table = {**story.table, "step": story.table["step"][:5]}
    told = scenarios.tell(world, dataclasses.replace(story, table=table))
    if told.failures:
        raise RuntimeError(told.failures)
    with world.db.read() as connection:
        waiting = select(Wait.instance_id).where(
            Wait.kind == "timer", Wait.element_id == "no_further_action_seven_days"
        )
        return int(connection.execute(waiting).scalar_one())


def leader_and_values(world: World) -> tuple[Somebody, dict[str, object]]:
    """Return who completes the task, and what they answer."""
    caseworker = somebody(world, "review_caseworker")
    return somebody(world, "review_team_leader"), {"request.caseworker": caseworker.person_id}
