"""A worker that is killed between claiming a delivery and recording it: another one does it, and it is done once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest

from engine.database_clock import DatabaseClock
from engine.outbox import LEASE
from engine.settings import ROOT
from tests.scaled.rolling import LETTER, PATIENCE
from tests.stage import Stage


def start_worker(stage: Stage, failpoint: str = "") -> subprocess.Popen[bytes]:
    """Start a worker as a process of its own; `failpoint` says where it is killed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REDRESS_")}
    environment |= {
        "DATA_DIR": str(stage.folder),
        "DATABASE_URL": stage.world.settings.server_url,
        "REDRESS_PROCESSES_DIR": str(stage.folder / "processes"),
    }
    if failpoint:
        environment["REDRESS_FAILPOINT"] = failpoint
    return subprocess.Popen([sys.executable, "-m", "web.worker"], cwd=ROOT, env=environment)


def wait_until_sent(stage: Stage) -> None:
    deadline = time.monotonic() + PATIENCE
    while {row.state for row in stage.outbox()} != {"sent"}:
        assert time.monotonic() < deadline, "nobody delivered it"
        threading.Event().wait(0.1)


@pytest.mark.parametrize("failpoint", ["delivery_claimed", "delivery_before_commit"])
def test_what_a_killed_worker_held_another_delivers_once(queued: Stage, failpoint: str) -> None:
    queued.deploy(*LETTER)
    queued.start()
    assert start_worker(queued, failpoint).wait(timeout=PATIENCE) == 137
    assert [row.state for row in queued.outbox()] == ["busy"]
    clock = DatabaseClock(queued.world.db)
    clock.move_to(clock.now() + LEASE + timedelta(seconds=1))
    worker = start_worker(queued)
    try:
        wait_until_sent(queued)
    finally:
        worker.terminate()
        assert worker.wait(timeout=PATIENCE) == 0
    assert queued.open_tasks() == ["ask"]
    assert [kind for kind, element in queued.told() if element == "send"].count("job_done") == 1
    assert len(list((queued.folder / "spool" / "letters").glob("[!.]*"))) == 1
    assert [row.attempts for row in queued.outbox()] == [2]
