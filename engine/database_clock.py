"""The clock of several processes: the database's time, so that no machine's own matters, asked once a transaction.

A demonstration's clock can be moved; how far is a row of the database, so that every process agrees.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from math import ceil
from time import monotonic

from sqlalchemy import Connection, text

from engine.db import Database

OFFSET = "demo_clock_seconds"
_TOLD_FOR = 1.0  # seconds that an answer serves outside a transaction
_ASK = text("SELECT clock_timestamp(), (SELECT value FROM setting WHERE name = :name)").bindparams(name=OFFSET)
_MOVE = text(
    "INSERT INTO setting (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


class DatabaseClock:
    """Tells the database's time, moved forward by the offset that is kept there.

    In a transaction that writes it stands still at the first answer. Outside it goes on from the last answer, which is
    at most a second old.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._offset = timedelta(0)
        self._told: tuple[datetime, float] | None = None

    def now(self) -> datetime:
        """Return the current instant, aware, in UTC."""
        writing = self._db.writing
        if writing is not None:
            if writing.info.get("now") is None:
                writing.info["now"] = self._ask(writing)
            now: datetime = writing.info["now"]
            return now
        told = self._told
        if told is None or monotonic() - told[1] > _TOLD_FOR:
            with self._db.read() as connection:
                return self._ask(connection)
        return told[0] + timedelta(seconds=monotonic() - told[1])

    @property
    def offset(self) -> timedelta:
        """How far the clock has been moved forward."""
        return self._offset

    def move_to(self, instant: datetime) -> None:
        """Move every process's clock forward to an instant; an earlier one leaves it where it is."""
        with self._db.write() as connection:
            ahead = max(instant - self.now(), timedelta(0)) + self._offset
            connection.execute(_MOVE, {"name": OFFSET, "value": str(ceil(ahead.total_seconds()))})
        self._told = None

    def _ask(self, connection: Connection) -> datetime:
        at, seconds = connection.execute(_ASK).one()
        offset = timedelta(seconds=int(seconds or 0))
        now: datetime = at.astimezone(UTC) + offset
        with self._lock:
            self._offset, self._told = offset, (now, monotonic())
        return now
