"""The scheduler of one process: work that comes late, because the machine slept, is done and not missed."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from apscheduler.events import EVENT_JOB_EXECUTED, EVENT_JOB_MISSED

from engine.worker import start_scheduler
from engine.world import World


def test_a_round_of_work_that_is_an_hour_late_is_done_and_not_missed(world: World) -> None:
    scheduler = start_scheduler(world)
    told: list[int] = []
    heard = threading.Event()

    def hear(event: object) -> None:
        told.append(event.code)  # type: ignore[attr-defined]
        heard.set()

    try:
        scheduler.pause()
        scheduler.add_listener(hear, EVENT_JOB_EXECUTED | EVENT_JOB_MISSED)
        for job in scheduler.get_jobs():
            job.reschedule("interval", hours=2)  # so that the round an hour ago is the only one
            job.modify(next_run_time=datetime.now(UTC) - timedelta(hours=1))
        scheduler.resume()
        assert heard.wait(timeout=30)
    finally:
        scheduler.shutdown(wait=True)
    assert told[0] == EVENT_JOB_EXECUTED
