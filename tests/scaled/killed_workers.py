"""Workers and pages killed at named points and by chance, on PostgreSQL, while people work.

Real gunicorn and real workers; letters and emails go to a provider outside with a log of its own. Each event replaces
all workers by one that dies at a point, sleeps there through its lease, or is killed whenever it comes; or a process of
pages is killed. People work on meanwhile. At the end what slept wakes, everything is worked off, and looked at.

The long form: ``python -m tests.postgres tests.scaled.killed_workers [SEED] [ROUNDS]``; in a round each comes once.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import func, select

from engine.database_clock import DatabaseClock
from engine.failpoints import POINTS
from engine.models import Outbox, Wait
from engine.outbox import BACK_OFF, LEASE
from engine.settings import ROOT
from engine.worker import prepare_queue
from engine.world import World
from tests import postgres
from tests.faults.killed_server import PEOPLE, TASKS_OF_A_CASE, Office, Told, found, free_port, work_off
from tests.faults.provider import Provider, provider
from tests.world import open_world

# Where a worker may sleep without holding the database, which all others would wait for.
ASLEEP = ("delivery_claimed", "delivery_done")
# Of a payment, of the spool, and of a delivery that fails: nothing here comes by them.
ELSEWHERE = ("payment_marked", "file_written", "file_linked", "delivery_failed", "letter_rendered")
EVENTS = (
    *(f"kill {point}" for point in POINTS if point not in ELSEWHERE),
    *(f"sleep {point}" for point in ASLEEP),
    "kill pages",
    "kill worker",
)
PATIENCE = 300  # seconds, of which a machine with nothing else to do needs a few
_PAGES = ("gunicorn", "-c", "web/gunicorn_settings.py", "web.pages:create()")


@dataclass
class Service:
    """The processes that serve an office, and the world that all of them share."""

    world: World
    environment: dict[str, str]
    pages: subprocess.Popen[bytes] = field(init=False)
    worker: subprocess.Popen[bytes] | None = None
    sleepers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def start(self, *module: str, failpoint: str = "") -> subprocess.Popen[bytes]:
        """Start one process."""
        environment = self.environment | ({"REDRESS_FAILPOINT": failpoint} if failpoint else {})
        return subprocess.Popen([sys.executable, "-m", *module], cwd=ROOT, env=environment)

    def meet(self, event: str, chance: random.Random) -> None:
        """Let one event happen."""
        what, _, point = event.partition(" ")
        if event == "kill pages":
            children = Path(f"/proc/{self.pages.pid}/task/{self.pages.pid}/children").read_text().split()
            os.kill(int(chance.choice(children)), signal.SIGKILL)
        elif event == "kill worker":
            worker = self._replace("")
            time.sleep(chance.uniform(1, 4))
            worker.kill()
        else:
            worker = self._replace(f"{point}:{chance.randint(1, 2)}{':stop' if what == 'sleep' else ''}")
            is_there = partial(_is_asleep, worker) if what == "sleep" else lambda: worker.poll() == 137
            if not until(is_there):
                self.missed.append(event)
            elif what == "sleep":
                self.sleepers.append(worker)
        # What the dead one held is another's to take.
        self.world.clock.move_to(self.world.clock.now() + LEASE + timedelta(seconds=1))

    def _replace(self, failpoint: str) -> subprocess.Popen[bytes]:
        if self.worker is not None and self.worker not in self.sleepers:
            self.worker.kill()
            self.worker.wait()
        self.worker = self.start("web.worker", failpoint=failpoint)
        return self.worker

    def wake(self) -> None:
        """Let those who slept through their leases go on, and do what is left."""
        processes = (*self.sleepers, self._replace(""), self.pages)
        for sleeper in self.sleepers:
            sleeper.send_signal(signal.SIGCONT)
        assert until(self._is_idle_later), "it was not worked off"
        for process in processes:
            process.terminate()
        codes = {process.wait(timeout=PATIENCE) for process in processes}
        # One that has only just started does not listen yet; one that is held up by a connection ends all the same.
        assert codes <= {0, -signal.SIGTERM, -signal.SIGALRM}

    def _is_idle_later(self) -> bool:
        """Tell whether nothing is left, a little later each time: what failed may be put off for half an hour."""
        if not until(self._is_idle, patience=10):
            self.world.clock.move_to(self.world.clock.now() + BACK_OFF[-1])
        return self._is_idle()

    def _is_idle(self) -> bool:
        with self.world.db.read() as connection:
            owed = connection.execute(select(func.count()).where(Outbox.state.in_(("new", "busy")))).scalar_one()
            waits = connection.execute(select(func.count()).select_from(Wait)).scalar_one()
        return owed + waits == 0

    def stop(self) -> None:
        """End whatever is left."""
        for process in (*self.sleepers, *([self.worker] if self.worker else ()), self.pages):
            process.kill()
            process.wait()


def kill_while_people_work(
    root: Path, events: list[str], *, seed: int, cases: int, people: tuple[str, ...] = PEOPLE
) -> tuple[Told, list[str]]:
    """Let people work while events happen; return what it has come to, and which events never came about."""
    chance, folder, told = random.Random(seed), root / "data", Told()
    folder.mkdir()
    found(folder, cases)
    with provider(root) as outside:
        office = Office(free_port(), cases * TASKS_OF_A_CASE)
        service = _serve(folder, office.port, outside, pages=len(people))
        at_work = [threading.Thread(target=office.work, args=(name, seed + index)) for index, name in enumerate(people)]
        for person in at_work:
            person.start()
        try:
            for event in events:
                office.wait_for(1)
                service.meet(event, chance)
                told.kills += 1
            office.stopped.set()
            for person in at_work:
                person.join()
            service.wake()
        finally:
            office.stopped.set()
            service.stop()
            service.world.db.close()
        work_off(folder, office, outside, told)
    return told, service.missed


def _serve(folder: Path, port: int, outside: Provider, *, pages: int) -> Service:
    world = open_world(folder, processes=folder / "processes")
    world.clock = DatabaseClock(world.db)
    prepare_queue(world)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REDRESS_")}
    service = Service(world, environment | {
        "DATA_DIR": str(folder), "DATABASE_URL": postgres.url_of(folder), "PORT": str(port),
        "WEB_CONCURRENCY": str(pages),
        "REDRESS_DEMO": "no", "REDRESS_PROCESSES_DIR": str(folder / "processes"),
        "REDRESS_GATEWAY_URL": f"{outside.url}/us", "REDRESS_MAIL_SERVER": outside.mail_server,
        "REDRESS_MAIL_FROM": "us@office", "REDRESS_DELIVERY_ATTEMPTS": "50",
    })  # fmt: skip
    service.pages = service.start(*_PAGES)
    return service


def _is_asleep(process: subprocess.Popen[bytes]) -> bool:
    try:
        return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    except OSError:
        return False


def until(is_so: Callable[[], object], *, patience: float = PATIENCE) -> bool:
    """Wait until something is so; return whether it came about in time."""
    deadline = time.monotonic() + patience
    while not is_so():
        if time.monotonic() > deadline:
            return False
        threading.Event().wait(0.05)
    return True


def main(seed: int, rounds: int) -> int:
    """Do the long form: rounds in which every event comes once, in an order of their own. Returns the exit code."""
    figures = {"seed": seed, "rounds": rounds, "events": 0, "confirmed": 0, "letters": 0, "sent_again": 0}
    wrong, missed, begun = [], [], time.monotonic()
    for number in range(rounds):
        events = random.Random(seed + number).sample(EVENTS, len(EVENTS))
        with tempfile.TemporaryDirectory() as folder:
            told, late = kill_while_people_work(Path(folder), events, seed=seed + number, cases=3 * len(events))
        figures["events"] += told.kills
        for name in ("confirmed", "letters", "sent_again"):
            figures[name] += getattr(told, name)
        wrong += told.faults
        missed += late
    print(json.dumps({**figures, "seconds": round(time.monotonic() - begun), "missed": missed, "wrong": wrong}))
    return 1 if wrong or missed else 0


if __name__ == "__main__":
    sys.exit(main(*(int(given) for given in [*sys.argv[1:], "20261122", "1"][:2])))
