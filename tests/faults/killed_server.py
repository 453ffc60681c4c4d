"""The real server, killed at any moment while people work: what they were told to be done stays done.

People open tasks over HTTP, claim and complete them with words of their own, and note each that a page confirmed. The
server is killed with SIGKILL again and again and started on the same folder; its letters go to a provider outside.
Which moments are taken follows from a seed. At the end everything is worked off and looked at.
"""

from __future__ import annotations

import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from engine import tasks
from engine.clock import MovableClock
from engine.database_clock import DatabaseClock
from engine.models import Outbox, ProcessInstance, Submission, UserTask
from engine.settings import ROOT
from engine.worker import work_until_rest
from engine.world import World
from tests import postgres, tiny
from tests.faults.oracle import faults_in
from tests.faults.provider import Provider, provider
from tests.stage import Stage
from tests.wire import Visitor
from tests.world import close_whole, is_postgres, open_world, somebody

PEOPLE = ("review_caseworker", "review_caseworker.2", "review_caseworker")
TASKS_OF_A_CASE = 2
_PATIENCE = 20  # seconds
_LEASE_AND_MORE = timedelta(minutes=10)


@dataclass(slots=True)
class Told:
    """What a run has come to."""

    kills: int = 0
    confirmed: int = 0
    letters: int = 0
    sent_again: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Office:
    """Who works, on which port, and what they were told to be done: the words of each answer that a page confirmed.

    `failures` are the pages that could not be shown or sent, which whoever kills a server must expect.
    """

    port: int
    tasks: int
    stopped: threading.Event = field(default_factory=threading.Event)
    confirmed: list[str] = field(default_factory=list)
    sent: set[str] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)
    pause: float = 0  # seconds between one thing and the next

    def work(self, username: str, seed: int) -> None:
        """Work until the office closes: open tasks in any order, claim and complete them; after a cut, sign in anew."""
        chance, number = random.Random(seed), 0
        while not self.stopped.is_set():
            screen = Visitor(f"http://127.0.0.1:{self.port}")
            try:
                screen.sign_in(username)
                while not self.stopped.is_set():
                    number += 1
                    self._try_one(screen, chance.randint(1, self.tasks), f"Words {number} of {seed}")
                    self.stopped.wait(self.pause)
            except (OSError, http.client.HTTPException):
                self.stopped.wait(0.05)  # the server is away
            except AssertionError as wrong:
                self.failures.append(str(wrong)[:500])
            finally:
                screen.client.close()  # type: ignore[attr-defined]

    def wait_for(self, more: int) -> None:
        """Wait until so many more answers were confirmed, or until it takes too long: nothing may be left to do."""
        enough, patience = len(self.confirmed) + more, time.monotonic() + _PATIENCE
        while len(self.confirmed) < enough and time.monotonic() < patience:
            time.sleep(0.01)

    def _try_one(self, screen: Visitor, task_id: int, words: str) -> None:
        screen.visit(f"/tasks/{task_id}")
        buttons = " ".join(str(button.text_content()) for button in screen.page.iter("button"))
        if "Claim this task" in buttons:
            screen.press("Claim this task")
            buttons = " ".join(str(button.text_content()) for button in screen.page.iter("button"))
        if "Complete this task" in buttons:
            self.sent.add(words)
            screen.press("Complete this task", {"answer": words})
            if screen.status == 200:
                self.confirmed.append(words)
        if screen.status >= 500:
            self.failures.append(f"{screen.path}: {screen.status} {screen.heading}")


def found(folder: Path, cases: int) -> None:
    """Set up cases that each wait for an answer."""
    stage = Stage(folder)
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.service_task("make", "create_request", {"kind": "Review", "main": "=true"}),
        tiny.user_task("ask", form="ask"),
        tiny.service_task("send", "issue_letter", {"letter": "CMSL5829", "facts": "={contact_days: 10}"}),
        tiny.node("intermediateCatchEvent", "wait", tiny.timer("PT1S")),
        tiny.service_task("mail", "send_email", {"to": "team@redress.example", "subject": "Hi", "text": "=answer"}),
        tiny.user_task("check", form="ask"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "make", "ask", "send", "wait", "mail", "check", "done"),
    )
    for number in range(1, cases + 1):
        stage.start(case_id=stage.open_case(f"CM-{number + 1}"))
    close_whole(stage.world)


def kill_again_and_again(root: Path, *, seed: int, kills: int, cases: int) -> Told:
    """Let people work on a server that is killed so often; work everything off; return what it has come to."""
    chance = random.Random(seed)
    folder = root / "data"
    folder.mkdir()
    found(folder, cases)
    told = Told()
    with provider(root) as outside:
        office = Office(free_port(), cases * TASKS_OF_A_CASE)
        people = [threading.Thread(target=office.work, args=(name, seed + index)) for index, name in enumerate(PEOPLE)]
        for person in people:
            person.start()
        try:
            for _ in range(kills):
                server = _serve(folder, office.port, outside)
                office.wait_for(chance.randint(1, 3))
                time.sleep(chance.uniform(0, 0.3))
                server.send_signal(signal.SIGKILL)
                server.communicate()
                told.kills += 1
        finally:
            office.stopped.set()
            for person in people:
                person.join()
        work_off(folder, office, outside, told)
    return told


def _serve(folder: Path, port: int, outside: Provider) -> subprocess.Popen[bytes]:
    """Start the server and return once it listens."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REDRESS_")}
    environment |= {
        "DATA_DIR": str(folder), "PORT": str(port), "REDRESS_DEMO": "no",
        "REDRESS_PROCESSES_DIR": str(folder / "processes"), "REDRESS_GATEWAY_URL": f"{outside.url}/us",
        "REDRESS_MAIL_SERVER": outside.mail_server, "REDRESS_MAIL_FROM": "us@office", "REDRESS_GATEWAY_SECONDS": "1",
    }  # fmt: skip
    if is_postgres():
        environment["DATABASE_URL"] = postgres.url_of(folder)
    server = subprocess.Popen(
        [sys.executable, "-m", "web.serve"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    while server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return server
    raise AssertionError(server.communicate()[0].decode())


def work_off(folder: Path, office: Office, outside: Provider, told: Told) -> None:
    """Do all that is left, and compare with what people were told and with what the provider took."""
    world = open_world(folder, processes=folder / "processes")
    world.clock = DatabaseClock(world.db) if is_postgres() else MovableClock()
    world.clock.move_to(world.clock.now() + _LEASE_AND_MORE)
    for _ in range(TASKS_OF_A_CASE + 1):
        work_until_rest(world)
        _complete_all(world)
        world.clock.move_to(world.clock.now() + _LEASE_AND_MORE)
    told.faults += [*office.failures, *faults_in(world)]
    with world.db.read() as connection:
        statuses = Counter(connection.execute(select(ProcessInstance.status)).scalars())
        kept = "".join(connection.execute(select(Submission.values)).scalars())
        keys = connection.execute(select(Outbox.key, Outbox.kind, Outbox.state)).all()
    world.db.close()
    told.confirmed = len(office.confirmed)
    told.faults += [f"“{words}” was confirmed, and is gone." for words in office.confirmed if f'"{words}"' not in kept]
    told.faults += [f"Instances are {statuses}."] if set(statuses) != {"completed"} else []
    told.faults += [f"{row.key} is {row.state}." for row in keys if row.state != "sent"]
    told.faults += _compare_with_outside(folder, keys, outside, told)


def _compare_with_outside(folder: Path, keys: object, outside: Provider, told: Told) -> list[str]:
    """Letters are with the provider, or in the spool when they left after the last kill: once each, under their key."""
    taken = outside.taken("us")
    spooled = [f"{path.parent.name}/{path.name}" for path in (folder / "spool").rglob("*") if path.is_file()]
    letters = Counter({name: times for name, times in taken.items() if name.startswith("letters/")})
    letters.update(name for name in spooled if name.startswith("letters/"))
    owed = {f"letters/{row.key}.pdf" for row in keys if row.kind == "letter"}  # type: ignore[attr-defined]
    told.letters = len(letters)
    told.sent_again = sum(not entry["taken"] for entry in outside.entries("us"))
    faults = [f"{name} left {times} times." for name, times in letters.items() if times != 1 and name not in spooled]
    faults += [f"{name} is owed, and has not left." for name in owed - letters.keys()]
    faults += [f"{name} has left, and nobody owed it." for name in letters.keys() - owed]
    mails = {name for name in taken if name.startswith("mail/")}
    mailed = len(mails) + sum(name.startswith("email/") for name in spooled)
    emails = sum(row.kind == "email" for row in keys)  # type: ignore[attr-defined]
    return faults + ([f"There are {mailed} Message-IDs for {emails} emails."] if mailed < emails else [])


def _complete_all(world: World) -> None:
    with world.db.read() as connection:
        left = connection.execute(select(UserTask.task_id, UserTask.assignee_id).where(UserTask.status == "open")).all()
    people = {person.person_id: person for person in (somebody(world, name) for name in PEOPLE)}
    for task in left:
        person = people.get(task.assignee_id or 0) or somebody(world, PEOPLE[0])
        tasks.claim(world, task.task_id, actor=person)
        tasks.complete(world, task.task_id, {"answer": "Done at last"}, actor=person)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
