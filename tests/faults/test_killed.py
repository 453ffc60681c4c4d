"""Killed at every failpoint and at random moments: nothing is lost, nothing happens twice, all goes on to its end."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from engine import history
from engine.failpoints import POINTS
from engine.models import Document, History, Incident, Note, Outbox, Payment, ProcessInstance, UserTask
from engine.settings import ROOT
from tests.faults import office

ROUNDS = 4
LONGEST_LIFE = 0.6  # seconds that an office may work before it is killed


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data folder of an office in which every case waits for its first answer."""
    folder = tmp_path_factory.mktemp("office")
    office.found(folder)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def folder(founded: Path, tmp_path: Path) -> Path:
    """A copy of that folder."""
    shutil.copytree(founded, tmp_path / "data")
    return tmp_path / "data"


def open_office(folder: Path, hours: int, *options: str, failpoint: str = "") -> subprocess.Popen[str]:
    """Start the office as a process of its own; it says when its doors are open."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REDRESS_")}
    if failpoint:
        environment["REDRESS_FAILPOINT"] = failpoint
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.office", str(folder), str(hours), *options],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> int:
    """Wait for an office to close and return how it did."""
    _, errors = process.communicate(timeout=60)
    if process.returncode not in (0, 137, -9):
        pytest.fail(errors)
    return process.returncode


def check_that_all_is_well(folder: Path) -> None:
    """Every case has ended, with one letter and one payment sent and recorded once, one note, and a good history."""
    world = office.open_office(folder, 10_000)
    with world.db.read() as connection:
        instances = connection.execute(select(ProcessInstance.__table__)).all()
        assert [row.status for row in instances] == ["completed"] * office.CASES
        assert connection.execute(select(Incident.__table__)).all() == []
        for row in instances:
            assert history.verify(connection, row.instance_id) is None
            events = connection.execute(select(History.kind, History.element_id).where(
                History.instance_id == row.instance_id)).all()  # fmt: skip
            counted = Counter((event.kind, event.element_id) for event in events)
            for once in (("started", ""), ("submitted", "ask"), ("job_done", "note"), ("job_done", "send"),
                         ("job_done", "pay"), ("timer_fired", "week"), ("submitted", "check")):  # fmt: skip
                assert counted[once] == 1, (once, counted)
        documents = connection.execute(select(Document.__table__)).all()
        assert len(documents) == office.CASES
        assert all(document.dispatched_at is not None for document in documents)
        sent = connection.execute(select(Outbox.__table__)).all()
        assert [(row.kind, row.state) for row in sent].count(("letter", "sent")) == office.CASES
        assert [(row.kind, row.state) for row in sent].count(("payment", "sent")) == office.CASES
        assert len(sent) == 2 * office.CASES
        payments = connection.execute(select(Payment.__table__)).all()
        assert [row.status for row in payments] == ["Instructed"] * office.CASES
        assert len(connection.execute(select(Note.note_id)).all()) == office.CASES
        done = connection.execute(select(UserTask.status)).scalars().all()
        assert done == ["completed"] * 2 * office.CASES
    spool = folder / "spool" / "letters"
    letters = [path for path in spool.iterdir() if not path.name.startswith(".")]
    assert sorted(path.name for path in letters) == sorted(document.dispatch_ref for document in documents)
    assert all(path.read_bytes().rstrip().endswith(b"%%EOF") for path in letters)
    instructed = [path for path in (folder / "spool" / "payments").iterdir() if not path.name.startswith(".")]
    assert sorted(path.name for path in instructed) == sorted(payment.instruction_ref for payment in payments)
    assert [json.loads(path.read_bytes())["amount_pence"] for path in instructed] == [4000] * office.CASES
    world.db.close()


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_failpoint_the_office_goes_on_to_the_end(folder: Path, point: str) -> None:
    assert finish(open_office(folder, 1, failpoint=point)) == 137, f"{point} was never reached"
    assert finish(open_office(folder, 2, "--to-the-end")) == 0
    check_that_all_is_well(folder)


def test_killed_again_and_again_at_any_moment_the_office_goes_on_to_the_end(folder: Path) -> None:
    moments = random.Random(20261122)
    for round_number in range(1, ROUNDS + 1):
        process = open_office(folder, round_number)
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        try:
            process.wait(timeout=moments.uniform(0, LONGEST_LIFE))
        except subprocess.TimeoutExpired:
            process.kill()
        finish(process)
    assert finish(open_office(folder, ROUNDS + 1, "--to-the-end")) == 0
    check_that_all_is_well(folder)
