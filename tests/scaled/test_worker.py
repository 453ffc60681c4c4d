"""Workers on one database: what a transaction owes becomes a job with it, and what has no job gets one."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from engine import queue, worker
from engine.models import Outbox
from engine.world import World
from tests import tiny
from tests.stage import Stage

LETTER = (
    tiny.node("startEvent", "begin"),
    tiny.service_task("make", "create_request", {"kind": "Review", "main": "=true"}),
    tiny.service_task("send", "issue_letter", {"letter": "CMSL5829", "facts": "={contact_days: 10}"}),
    tiny.user_task("ask", form="ask"),
    tiny.node("endEvent", "done"),
    tiny.chain("begin", "make", "send", "ask", "done"),
)
WEEK = (
    tiny.node("startEvent", "begin"),
    tiny.node("intermediateCatchEvent", "week", tiny.timer("P7D")),
    tiny.user_task("ask", form="ask"),
    tiny.node("endEvent", "done"),
    tiny.chain("begin", "week", "ask", "done"),
)


def waiting(world: World) -> list[tuple[str, str]]:
    """Return the task and the name of each job that waits."""
    with world.db.read() as connection:
        rows: Any = connection.execute(
            text("SELECT task_name, queueing_lock FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id")
        )
        return [(row.task_name, row.queueing_lock) for row in rows]


def work(stage: Stage) -> None:
    """Do the jobs that wait, as a worker would."""
    worker.make_queue(stage.world).run_worker(wait=False, install_signal_handlers=False, delete_jobs="always")


def test_what_a_step_owes_is_enqueued_with_it_and_delivered_once(queued: Stage) -> None:
    queued.deploy(*LETTER)
    queued.start()
    [owed] = queued.outbox()
    assert waiting(queued.world) == [("deliver", f"deliver:{owed.outbox_id}")]
    work(queued)
    assert [row.state for row in queued.outbox()] == ["sent"]
    assert queued.open_tasks() == ["ask"]
    assert not [job for job in waiting(queued.world) if job[0] == "deliver"]


def test_a_step_that_is_rolled_back_leaves_no_job(queued: Stage) -> None:
    queued.deploy(*LETTER)

    def fail(*_: object) -> None:
        raise RuntimeError("power cut")

    hand_over = queued.world.db.hand_over
    assert hand_over is not None
    queued.world.db.hand_over = lambda connection, work: fail(hand_over(connection, work))
    with pytest.raises(RuntimeError):
        queued.start()
    assert queued.outbox() == []
    assert waiting(queued.world) == []


def test_a_due_timer_is_enqueued_once_however_many_workers_look(queued: Stage) -> None:
    queued.deploy(*WEEK)
    instance_id = queued.start().instance_id
    assert worker.release(queued.world) == 0
    queued.wait(timedelta(days=8))
    assert [worker.release(queued.world) for _ in range(3)] == [1, 0, 0]
    assert waiting(queued.world) == [("fire", f"fire:{instance_id}")]
    work(queued)
    assert queued.open_tasks() == ["ask"]
    assert [kind for kind, _ in queued.told()].count("timer_fired") == 1


def test_a_delivery_whose_job_was_lost_gets_another(queued: Stage) -> None:
    queued.deploy(*LETTER)
    queued.start()
    with queued.world.db.write() as connection:
        connection.execute(text("TRUNCATE procrastinate_jobs CASCADE"))
    assert worker.release(queued.world) == 1
    work(queued)
    assert [row.state for row in queued.outbox()] == ["sent"]


def test_jobs_of_a_dead_worker_are_put_back_and_one_that_waits_again_anyway_is_dropped(queued: Stage) -> None:
    queued.deploy(*LETTER)
    queued.start()
    queued.start()
    with queued.world.db.write() as connection:
        connection.execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))
    first, second = (f"deliver:{row.outbox_id}" for row in queued.outbox())
    assert worker.release(queued.world) == 2
    with queued.world.db.write() as connection:
        gone = text("DELETE FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock = :name")
        connection.execute(gone, {"name": second})

    async def put_back() -> None:
        jobs = worker.make_queue(queued.world)
        async with jobs.open_async():
            await worker.put_back_stalled(jobs)

    asyncio.run(put_back())
    with queued.world.db.read() as connection:
        jobs = connection.execute(text("SELECT status::text, queueing_lock FROM procrastinate_jobs")).all()
    assert sorted(map(tuple, jobs)) == [("todo", first), ("todo", second)]
    work(queued)
    assert [row.state for row in queued.outbox()] == ["sent", "sent"]


def test_a_job_that_is_done_twice_does_nothing_the_second_time(queued: Stage) -> None:
    queued.deploy(*LETTER)
    queued.start()
    [owed] = queued.rows(Outbox)
    work(queued)
    before = queued.told()
    with queued.world.db.write() as connection:
        queue.note(connection, "deliver", owed.outbox_id)
    work(queued)
    assert queued.told() == before
    assert [row.attempts for row in queued.outbox()] == [1]
