"""Workers and pages die while people work on PostgreSQL: nothing confirmed is lost, every letter leaves once."""

from __future__ import annotations

from pathlib import Path

from tests.faults.killed_server import PEOPLE
from tests.scaled.killed_workers import kill_while_people_work


def test_what_dies_beside_people_who_work_loses_nothing_and_sends_nothing_twice(tmp_path: Path) -> None:
    events = ["kill delivery_done", "sleep delivery_claimed"]
    told, missed = kill_while_people_work(tmp_path, events, seed=4, cases=3, people=PEOPLE[:1])
    assert (told.faults, missed) == ([], [])
    assert (told.kills, told.letters) == (len(events), 3)
    assert told.confirmed
