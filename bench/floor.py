"""The floor: the same rows and bytes, written and committed by the bare driver to a copy of the same database."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import event, make_url

from engine.db import PRAGMAS
from engine.world import World
from tests import postgres

Write = tuple[str, Any, bool]
_CHANGES = ("INSERT", "UPDATE", "DELETE")


@dataclass(slots=True)
class Sent:
    """What was sent to the database: writes with their parameters, and how many statements and commits in all."""

    writes: list[Write] = field(default_factory=list)
    statements: int = 0
    commits: int = 0


@contextmanager
def recorded(world: World) -> Iterator[Sent]:
    """Note what is sent meanwhile."""
    sent = Sent()

    def statement(_c: Any, _cursor: Any, text: str, parameters: Any, _context: Any, many: bool) -> None:
        sent.statements += not text.startswith("BEGIN")  # drivers differ in who sends that one
        if text.startswith(_CHANGES):
            sent.writes.append((text, parameters, many))

    def commit(_connection: Any) -> None:
        sent.commits += 1

    event.listen(world.db.engine, "before_cursor_execute", statement)
    event.listen(world.db.engine, "commit", commit)
    try:
        yield sent
    finally:
        event.remove(world.db.engine, "before_cursor_execute", statement)
        event.remove(world.db.engine, "commit", commit)


class Floor:
    """A bare connection to a copy of a world's database, opened as the product opens its own."""

    def __init__(self, world: World) -> None:
        target = Path(tempfile.mkdtemp(dir=world.settings.data_dir))
        if world.settings.server_url:
            world.db.close()  # a database that somebody uses cannot be copied
            postgres.make_database(target, like=world.settings.data_dir)
            address = make_url(postgres.url_of(target)).set(drivername="postgresql")
            self._connection: Any = psycopg.connect(address.render_as_string(hide_password=False), autocommit=True)
            self._begin = "BEGIN"
        else:
            with world.db.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            shutil.copyfile(world.settings.data_dir / "redress.db", target / "redress.db")
            self._connection = sqlite3.connect(target / "redress.db", isolation_level=None)
            for pragma in PRAGMAS:
                self._connection.execute(pragma)
            self._begin = "BEGIN IMMEDIATE"

    def commit(self, sent: Sent) -> float:
        """Write the same rows in one transaction; return the seconds."""
        cursor = self._connection.cursor()
        begun = time.perf_counter()
        cursor.execute(self._begin)
        for statement, parameters, many in sent.writes:
            (cursor.executemany if many else cursor.execute)(statement, parameters)
        cursor.execute("COMMIT")
        return time.perf_counter() - begun

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
