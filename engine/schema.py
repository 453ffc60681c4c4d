"""The schema: made or brought up to date by migrations, in one transaction."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect

from engine.db import Database
from engine.holds import hold_name

MIGRATIONS = Path(__file__).parent / "migrations"


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
    with db.write() as connection:
        hold_name(connection, "the schema")
        config.attributes["connection"] = connection
        command.upgrade(config, to)
    return True


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
