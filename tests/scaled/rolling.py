"""Restarts while people work: every process is replaced, again and again, and nothing is lost or done twice.

Real gunicorn and real workers on PostgreSQL. People add notes over HTTP, each with words of its own; procedures start
and owe a letter each. The long form: ``python -m tests.postgres tests.scaled.rolling RESTARTS``.
"""

from __future__ import annotations

import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from engine import history
from engine.models import Note
from engine.settings import ROOT
from engine.worker import prepare_queue, use_queue
from tests import tiny
from tests.stage import Stage

PEOPLE = 3
PATIENCE = 120  # seconds, of which a machine with nothing else to do needs a few
LETTER = (
    tiny.node("startEvent", "begin"),
    tiny.service_task("make", "create_request", {"kind": "Review", "main": "=true"}),
    tiny.service_task("send", "issue_letter", {"letter": "CMSL5829", "facts": "={contact_days: 10}"}),
    tiny.user_task("ask", form="ask"),
    tiny.node("endEvent", "done"),
    tiny.chain("begin", "make", "send", "ask", "done"),
)


@dataclass
class Record:
    """What people were told: the notes that were taken, and every answer that was not what they expected."""

    taken: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def restart_while_people_work(stage: Stage, *, restarts: int) -> tuple[Record, int]:
    """Replace all processes some times under load; return what people were told, and how many letters are owed."""
    prepare_queue(stage.world)
    use_queue(stage.world)
    stage.deploy(*LETTER)
    port = _free_port()
    service = _start(stage, port)
    stage.start()
    record, started, over = Record(), 1, threading.Event()
    try:
        _wait_until(lambda: _answers(port) and stage.open_tasks(), service)
        people = [threading.Thread(target=_add_notes, args=(stage, port, n, record, over)) for n in range(PEOPLE)]
        for person in people:
            person.start()
        for _ in range(restarts):
            _let_them_work(record, service)
            before = _children(service.pid)
            service.send_signal(signal.SIGHUP)
            while _children(service.pid) & before:  # until nobody of those is left
                stage.start()
                started += 1
                over.wait(0.2)
        _let_them_work(record, service)
        over.set()
        for person in people:
            person.join(timeout=PATIENCE)
        _wait_until(lambda: all(row.state == "sent" for row in stage.outbox()), service)
    finally:
        over.set()
        service.terminate()
        code = service.wait(timeout=PATIENCE)
    assert code == 0
    return record, started


def check(stage: Stage, record: Record, started: int) -> None:
    """Nothing was refused, lost or repeated."""
    assert record.failures == []
    assert Counter(row.text for row in stage.rows(Note) if row.text.startswith("note ")) == Counter(record.taken)
    assert len(stage.outbox()) == started
    spool = stage.folder / "spool" / "letters"
    assert len([path for path in spool.iterdir() if not path.name.startswith(".")]) == started
    assert stage.open_tasks() == ["ask"] * started
    told = [row for row in stage.rows(history.History) if row.element_id == "send" and row.kind == "job_done"]
    assert len(told) == started
    with stage.world.db.read() as connection:
        assert {history.verify(connection, number) for number in range(1, started + 1)} == {None}


def _let_them_work(record: Record, service: subprocess.Popen[bytes]) -> None:
    """Wait until people have added some more notes, or one met a failure."""
    enough = len(record.taken) + 3 * PEOPLE
    _wait_until(lambda: record.failures or len(record.taken) >= enough, service)


def _start(stage: Stage, port: int) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REDRESS_")}
    environment |= {
        "PORT": str(port),
        "DATA_DIR": str(stage.folder),
        "DATABASE_URL": stage.world.settings.server_url,
        "REDRESS_DEMO": "no",
        "REDRESS_PROCESSES_DIR": str(stage.folder / "processes"),
    }
    return subprocess.Popen([sys.executable, "-m", "web.scaled"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)


def _add_notes(stage: Stage, port: int, number: int, record: Record, over: threading.Event) -> None:
    """Add note after note, as one person, until it is over."""
    address = f"http://127.0.0.1:{port}"
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))

    def send(page: str, to: str, **fields: str) -> str:
        shown = browser.open(address + page, timeout=30).read().decode()
        [token, *_] = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', shown)
        data = urllib.parse.urlencode({**fields, "csrf_token": token}).encode()
        return str(browser.open(address + to, data, timeout=30).read().decode())

    username = ("review_caseworker", "review_caseworker.2")[number % 2]
    case = f"/cases/{stage.case_id}"
    try:
        send("/sign-in", "/sign-in", username=username, password=username)
        stage_number = 0
        while not over.is_set():
            stage_number += 1
            text = f"note {number}.{stage_number}"
            if "Your note has been added." in send(case, f"{case}/notes", text=text):
                record.taken.append(text)
            else:
                record.failures.append(f"{text} was not taken")
    except (OSError, ValueError, urllib.error.HTTPError) as error:
        record.failures.append(f"{username}: {error!r}")


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _children(pid: int) -> set[int]:
    """Return the workers and the processes of gunicorn that serve; gunicorn itself stays."""
    direct = _listed(pid)
    return {child for parent in direct for child in (_listed(parent) or {parent})}


def _listed(pid: int) -> set[int]:
    try:
        return {int(number) for number in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
    except OSError:
        return set()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until(is_so: Callable[[], object], service: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert service.poll() is None, "the service ended"
        assert time.monotonic() < deadline, "it took too long"
        threading.Event().wait(0.2)


def main(restarts: int) -> None:
    """Do the long form and say what was done."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder))
        record, started = restart_while_people_work(stage, restarts=restarts)
        check(stage, record, started)
        stage.world.db.close()
    print(f"{restarts} restarts: {len(record.taken)} notes and {started} letters, none lost, none repeated.")


if __name__ == "__main__":
    main(int(sys.argv[1]))
