"""A new release is put in while the processes of the one before work: its schema, then its workers, then its pages.

The release before is a git worktree of the commit before the newest schema that was released with it; so it takes a
clone with its history. People work all the time. ``python -m tests.postgres tests.scaled.new_release [CASES]``
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.settings import ROOT
from tests import postgres
from tests.faults.killed_server import PEOPLE, TASKS_OF_A_CASE, Office, Told, free_port, work_off
from tests.faults.provider import Provider, provider
from tests.scaled.killed_workers import PATIENCE, until

CHANGED_BY = "engine/migrations/versions/0007_the_workplace.py"
_FOUND = (
    "import sys; from pathlib import Path; from tests.faults.killed_server import found; "
    "found(Path(sys.argv[1]), int(sys.argv[2]))"
)
_PAGES = ("gunicorn", "-c", "web/gunicorn_settings.py", "web.pages:create()")


def git(*words: str) -> str:
    """Run git here; return what it said."""
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def _added() -> str:
    """Return the commit that changed the schema; empty in a clone without history."""
    return git("log", "--format=%H", "--diff-filter=A", "--", CHANGED_BY)


@contextmanager
def the_release_before(folder: Path) -> Iterator[Path]:
    """Lend the source of the release before, in a folder of its own."""
    git("worktree", "add", "--detach", str(folder), f"{_added()}^")
    try:
        for shared in (".venv", "node_modules", "web/static/dist"):
            if (ROOT / shared).exists() and not (folder / shared).exists():
                (folder / shared).symlink_to((ROOT / shared).resolve())
        yield folder
    finally:
        git("worktree", "remove", "--force", str(folder))


class Release:
    """The processes of one release: pages on a port, and a worker."""

    def __init__(self, source: Path, environment: dict[str, str]) -> None:
        self.source, self.environment = source, environment
        self.processes: list[subprocess.Popen[bytes]] = []

    def run(self, *command: str) -> None:
        """Run a command of this release to its end."""
        subprocess.run([sys.executable, *command], cwd=self.source, env=self.environment, check=True)

    def start(self, *module: str) -> None:
        """Start a process of this release."""
        command = [sys.executable, "-m", *module]
        self.processes.append(subprocess.Popen(command, cwd=self.source, env=self.environment))

    def stop(self) -> set[int]:
        """Stop its processes when they have ended what they do; return their codes."""
        for process in self.processes:
            process.terminate()
        return {process.wait(timeout=PATIENCE) for process in self.processes}


def put_in(root: Path, cases: int) -> tuple[Told, dict[str, float]]:
    """Put the new release in under load; return what it has come to, and how many seconds each thing took."""
    folder, told, took = root / "data", Told(), {}
    folder.mkdir()
    with the_release_before(root / "before") as before, provider(root) as outside:
        office = Office(free_port(), cases * TASKS_OF_A_CASE, pause=1)
        environment = _environment(folder, office.port, outside)
        old, new = Release(before, environment), Release(ROOT, environment)
        old.run("-c", _FOUND, str(folder), str(cases))
        old.run("-m", "web.prepare")
        people = [threading.Thread(target=office.work, args=(name, 1 + index)) for index, name in enumerate(PEOPLE)]
        try:
            old.start(*_PAGES)
            old.start("web.worker")
            for person in people:
                person.start()
            _confirmed(office, 6)
            took["prepare"] = _seconds(lambda: new.run("-m", "web.prepare"))
            took["six more submits to the old pages"] = _seconds(lambda: _confirmed(office, 6))
            told.faults += [f"While the old release was at work: {failure}" for failure in office.failures]
            new.start("web.worker")
            old.stop()  # the door is shut for a moment: another folder needs another gunicorn
            new.start(*_PAGES)
            office.failures.clear()
            took["six submits to the new pages"] = _seconds(lambda: _confirmed(office, 6))
        finally:
            office.stopped.set()
            for person in people:
                person.join()
            codes = old.stop() | new.stop()
        told.faults += [f"Processes ended with {codes}."] if codes != {0} else []
        work_off(folder, office, outside, told)
    return told, took


def _confirmed(office: Office, more: int) -> None:
    enough = len(office.confirmed) + more
    assert until(lambda: len(office.confirmed) >= enough), (
        f"nobody gets on after {len(office.confirmed)}: {office.failures}"
    )


def _seconds(what: Callable[[], None]) -> float:
    begun = time.monotonic()
    what()
    return round(time.monotonic() - begun, 1)


def _environment(folder: Path, port: int, outside: Provider) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REDRESS_")}
    return environment | {
        "DATA_DIR": str(folder), "DATABASE_URL": postgres.url_of(folder), "PORT": str(port), "REDRESS_DEMO": "no",
        "REDRESS_PROCESSES_DIR": str(folder / "processes"), "REDRESS_GATEWAY_URL": f"{outside.url}/us",
        "REDRESS_MAIL_SERVER": outside.mail_server, "REDRESS_MAIL_FROM": "us@office",
    }  # fmt: skip


def main(cases: int) -> int:
    """Put it in, and say what was done. Returns the exit code."""
    if not _added():
        print("LEFT OUT: a new release under load. This clone has no history to take the release before from.")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        told, took = put_in(Path(folder), cases)
    said = {"confirmed": told.confirmed, "letters": told.letters, "seconds": took, "wrong": told.faults}
    print(json.dumps(said))
    return 1 if told.faults else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 120))
