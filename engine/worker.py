"""The worker: fires due timers, retries jobs, delivers the outbox. In the embedded product APScheduler calls it.

Every piece of work is a row; the scheduler holds no job of any case, so that a restart forgets nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import func, select

from engine import dispatch, jobs, timers
from engine.models import Job, Outbox
from engine.world import World

log = logging.getLogger(__name__)

POLL_SECONDS = 1


def work_once(world: World) -> int:
    """Do everything that is due now, once; return how many pieces of work there were."""
    return sum(_guarded(work, world) for work in (timers.fire_due, jobs.run_due, dispatch.deliver_due))


def work_until_rest(world: World, *, rounds: int = 1000) -> int:
    """Work until nothing is due any more; return how many pieces of work there were."""
    done = 0
    for _ in range(rounds):
        count = work_once(world)
        done += count
        if not count:
            break
    return done


def _guarded(work: Callable[[World], int], world: World) -> int:
    """Do one kind of work; a failure is logged and must not stop the other kinds."""
    try:
        return work(world)
    except Exception:
        log.exception("Background work failed", extra={"work": work.__module__})
        return 0


def start_scheduler(world: World) -> BackgroundScheduler:
    """Start the scheduler of this process: one interval job, no store, no job per case."""
    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.add_job(
        work_once,
        "interval",
        args=[world],
        seconds=POLL_SECONDS,
        id="work",
        misfire_grace_time=None,
        coalesce=True,
        max_instances=1,
    )
    scheduler.start()
    return scheduler


def next_work_at(world: World) -> datetime | None:
    """Return the next instant at which something is due: a timer, a job or a delivery to retry."""
    with world.db.read() as connection:
        timer = timers.next_due(connection)
        job = connection.execute(select(func.min(Job.available_at))).scalar_one()
        delivery = connection.execute(
            select(Outbox.available_at).where(Outbox.state == "new").order_by(Outbox.available_at).limit(1)
        ).scalar_one_or_none()
    instants = [instant for instant in (timer, job, delivery) if instant is not None]
    return min(instants) if instants else None
