"""The worker: fires due timers, retries jobs, delivers the outbox. The only user of a scheduler and of a job queue.

Every piece of work is a row of ours, and each may be done twice without harm. Embedded, APScheduler looks every second
for what is due. At scale Procrastinate carries the numbers of those rows, in the same database: a delivery is enqueued
in the transaction that owes it (`hand_over`), and `release` enqueues what came due and whatever has no job any more.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Connection, bindparam, func, inspect, make_url, select, text

from engine import dispatch, event_starts, jobs, outbox, reminders, timers
from engine.db import REACH
from engine.models import Job, Outbox
from engine.queue import Work
from engine.world import World

if TYPE_CHECKING:
    from procrastinate import App

log = logging.getLogger(__name__)

POLL_SECONDS = 1
RELEASE_SECONDS = 2
RELEASED_AT_ONCE = 1_000
HEARTBEAT_SECONDS = 5
STALLED_SECONDS = 20
ENDED_SECONDS = 30  # after a signal to stop: longer than the queue waits for what has begun
_STILL_TO_DO = text(
    "SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock IN :names"
).bindparams(bindparam("names", expanding=True))


def work_once(world: World) -> int:
    """Do everything that is due now, once; return how many pieces of work there were."""
    return sum(
        _guarded(work, world) for work in (timers.fire_due, jobs.run_due, reminders.remind, dispatch.deliver_due)
    )


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


def prepare_queue(world: World) -> None:
    """Make the tables of the queue, if they are not there."""
    from procrastinate import App, SyncPsycopgConnector  # slow to import, and for PostgreSQL only

    with world.db.write() as connection:
        if not inspect(connection).has_table("procrastinate_jobs"):
            # Without parameters the driver takes many statements at once, and leaves their percent signs alone.
            _driver(connection).execute(App(connector=SyncPsycopgConnector()).schema_manager.get_schema())


def use_queue(world: World) -> None:
    """Let what transactions of this process leave for workers become jobs, enqueued in the same transaction."""
    from procrastinate import App, SyncPsycopgConnector  # slow to import, and for PostgreSQL only

    sender = App(connector=SyncPsycopgConnector())  # never opened: it lends its statements to our connections

    def hand_over(connection: Connection, work: list[Work]) -> None:
        for kind, number in work:
            job = sender.configure_task(kind, queueing_lock=f"{kind}:{number}", connection=_driver(connection))
            job.defer(number=number)

    world.db.hand_over = hand_over


def run_worker(world: World, *, name: str, concurrency: int = 4) -> None:
    """Do the queue's jobs until a signal says to stop; what has begun is ended first. A lost database is waited for.

    A worker that cannot end what it has begun, or its connections, is ended by the system, as safely as by a power cut.
    """
    use_queue(world)
    asyncio.run(_work_until_stopped(world, name, concurrency))


async def _work_until_stopped(world: World, name: str, concurrency: int) -> None:
    stopped = asyncio.Event()

    def stop() -> None:
        stopped.set()
        signal.alarm(ENDED_SECONDS)

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    while not stopped.is_set():
        working = asyncio.create_task(_work(world, name, concurrency))
        stopping = asyncio.create_task(stopped.wait())
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
        working.cancel()  # it takes no more jobs, and ends those that it has
        [failure, _] = await asyncio.gather(
            working, stopping if stopped.is_set() else asyncio.sleep(1), return_exceptions=True
        )
        stopping.cancel()
        if not stopped.is_set():
            log.error("The queue was lost, and is looked for again", extra={"error": type(failure).__name__})


async def _work(world: World, name: str, concurrency: int) -> None:
    from procrastinate.jobs import DeleteJobCondition

    queue = make_queue(world)
    async with queue.open_async():
        await queue.run_worker_async(
            name=name,
            concurrency=concurrency,
            delete_jobs=DeleteJobCondition.ALWAYS,  # our rows tell what became of it
            fetch_job_polling_interval=POLL_SECONDS,
            update_heartbeat_interval=HEARTBEAT_SECONDS,
            stalled_worker_timeout=STALLED_SECONDS,
            shutdown_graceful_timeout=STALLED_SECONDS,
            install_signal_handlers=False,
        )


def make_queue(world: World) -> App:
    """Return the queue's application, with its tasks bound to a world."""
    from procrastinate import App, PsycopgConnector

    queue = App(connector=PsycopgConnector(conninfo=_address(world), min_size=1, max_size=6))

    @queue.task(name="deliver")
    def deliver(number: int) -> None:
        _guarded(lambda here: int(dispatch.deliver_one(here, number)), world)

    @queue.task(name="fire")
    def fire(number: int) -> None:
        _guarded(lambda here: int(timers.fire(here, number)), world)

    @queue.periodic(cron=f"* * * * * */{RELEASE_SECONDS}")
    @queue.task(name="release", queueing_lock="release")
    def look_for_due(timestamp: int) -> None:
        _guarded(release, world)

    @queue.periodic(cron="* * * * * */10")
    @queue.task(name="retry_stalled", queueing_lock="retry_stalled", pass_context=True)
    async def retry_stalled(context: Any, timestamp: int) -> None:
        await put_back_stalled(context.app)

    return queue


async def put_back_stalled(queue: App) -> None:
    """Put back the jobs of workers that died; a job that waits under the same name anyway replaces its own."""
    from procrastinate.exceptions import UniqueViolation
    from procrastinate.jobs import Status

    manager = queue.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        try:
            await manager.retry_job(job)
        except UniqueViolation:  # procrastinate 3 tells it so here, and not as AlreadyEnqueued
            await manager.finish_job(job, status=Status.FAILED, delete_job=True)


def release(world: World) -> int:
    """Enqueue what is due and has no job: timers, retries and deliveries, whoever lost theirs; return how many.

    Several workers may do so at once: a name is enqueued once while it waits, and a job that comes too late finds
    nothing to do.
    """
    now = world.clock.now()
    with world.db.read() as connection:
        due: list[Work] = [("fire", number) for number in _instances_due(connection, now)]
        due += [("deliver", number) for number in outbox.due_ids(connection, now=now, limit=RELEASED_AT_ONCE)]
        names = [f"{kind}:{number}" for kind, number in due]
        waiting = set(connection.execute(_STILL_TO_DO, {"names": names}).scalars()) if names else set()
        is_start_due = event_starts.is_due(connection, now=now)
    owed = event_starts.owe_due(world) if is_start_due else 0
    told = _guarded(reminders.remind, world)
    return owed + told + _enqueue(world, (work for work in due if f"{work[0]}:{work[1]}" not in waiting))


def _instances_due(connection: Connection, now: datetime) -> Iterable[int]:
    timed = timers.due_instances(connection, now=now, limit=RELEASED_AT_ONCE)
    return dict.fromkeys([*timed, *jobs.due_instances(connection, now=now)])


def _enqueue(world: World, work: Iterable[Work]) -> int:
    """Enqueue work that no transaction of ours has left, each by itself; what is enqueued already stays so."""
    to_do = list(work)
    if not to_do:
        return 0
    from procrastinate import App, SyncPsycopgConnector
    from procrastinate.exceptions import AlreadyEnqueued

    done = 0
    sender = App(connector=SyncPsycopgConnector(conninfo=_address(world), min_size=1, max_size=1))
    with sender.open():
        for kind, number in to_do:
            with suppress(AlreadyEnqueued):
                sender.configure_task(kind, queueing_lock=f"{kind}:{number}").defer(number=number)
                done += 1
    return done


def _address(world: World) -> str:
    """Return the database's address as the driver itself takes it."""
    url = make_url(world.settings.database_url).set(drivername="postgresql")
    url = url.update_query_dict({name: str(value) for name, value in REACH.items()})
    return url.render_as_string(hide_password=False)


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


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
