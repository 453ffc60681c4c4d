"""A restart of every process while people work loses nothing and repeats nothing."""

from __future__ import annotations

from tests.scaled.rolling import check, restart_while_people_work
from tests.stage import Stage


def test_a_rolling_restart_under_load_loses_and_repeats_nothing(queued: Stage) -> None:
    record, started = restart_while_people_work(queued, restarts=1)
    assert started
    assert record.taken
    check(queued, record, started)
