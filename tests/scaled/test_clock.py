"""The clock of several processes: the database's, one instant in a transaction, moved for everybody at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from engine.database_clock import DatabaseClock
from engine.db import Database
from engine.world import World


def test_it_tells_the_databases_time_and_stands_still_in_a_transaction(world: World) -> None:
    clock = DatabaseClock(world.db)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=30)
    with world.db.write() as connection:
        first = clock.now()
        connection.execute(text("SELECT pg_sleep(0.02)"))
        assert clock.now() == first
    assert clock.now() > first


def test_moved_by_one_process_it_has_moved_for_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.database_clock._TOLD_FOR", 0)
    other = Database(world.settings.database_url)
    clocks = [DatabaseClock(world.db), DatabaseClock(other)]
    before = clocks[1].now()
    clocks[0].move_to(before + timedelta(days=7))
    clocks[0].move_to(before)  # never back
    assert timedelta(days=7) <= clocks[1].now() - before < timedelta(days=7, minutes=1)
    assert clocks[1].offset == clocks[0].offset
    with other.write():
        assert clocks[1].now() - before >= timedelta(days=7)
    other.close()
