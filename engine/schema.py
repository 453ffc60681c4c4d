"""The schema: made or brought up to date by migrations, in one transaction."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from engine.db import Database


def migrate(db: Database) -> bool:
    """Bring the database to the newest schema; return whether anything had to be done."""
    config = _config()
    newest = ScriptDirectory.from_config(config).get_current_head()
    with db.read() as connection:
        if _current(connection) == newest:
            return False
    with db.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return True


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one_or_none()
    return None if found is None else str(found)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
