"""The schema: made or brought up to date by migrations, in one transaction.

On PostgreSQL people work meanwhile. Every table is held before the first is changed: asked for one after the other they
would cross with steps that are under way. Whoever works is never taken back for it: after a moment's wait the change
lets go of what it has, and asks again.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path

from sqlalchemy import Connection, inspect

from engine.db import Database
from engine.errors import DatabaseBusy
from engine.holds import hold_name

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
_TRIES = 200
_WAIT = "300ms"  # shorter than the second after which the server takes back one of two that wait for each other
_PAUSE = 0.2  # seconds, in which others get on


def migrate(db: Database, *, to: str = "head") -> bool:
    """Bring the database to the newest schema, or to an earlier one; return whether anything had to be done."""
    if is_ready(db):
        return False
    # Slow to import, and needed only when there is something to migrate.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    for tries_left in reversed(range(_TRIES)):
        try:
            with db.write() as connection:
                hold_name(connection, "the schema")
                if not db.is_sqlite:
                    _hold_all(connection)
                config.attributes["connection"] = connection
                command.upgrade(config, to)
            return True
        except DatabaseBusy:
            if not tries_left:
                raise
            log.info("The tables are in use: the schema waits")
            time.sleep(_PAUSE)
    return True


def _hold_all(connection: Connection) -> None:
    """Hold every table of a PostgreSQL database. Raises: DatabaseBusy when somebody works in one."""
    names = ", ".join(f'"{name}"' for name in sorted(inspect(connection).get_table_names()))
    if names:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_WAIT}'")
        connection.exec_driver_sql(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
        connection.exec_driver_sql("SET LOCAL lock_timeout TO DEFAULT")


def is_ready(db: Database) -> bool:
    """Tell whether the database has the schema of this version, or of a later one that is just being put in."""
    with db.read() as connection:
        return (_current(connection) or "") >= _newest()


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one_or_none()
    return None if found is None else str(found)


def _newest() -> str:
    """Return the newest migration: their files are numbered in order."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
