"""How the tables of a database differ from those of the models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from engine.models import Base

WORDS = ("note_words", "ix_note_words")
"""What notes are found by is the database's own: tables of SQLite's full text search, an index of PostgreSQL."""


def differences(connection: Connection) -> list[Any]:
    """Return what a migration would still have to do."""
    opts = {"include_name": is_described}
    return list(compare_metadata(MigrationContext.configure(connection, opts=opts), Base.metadata))


def is_described(name: str | None, _kind: str, _parents: Mapping[str, Any]) -> bool:
    """Tell whether something in the database is what the models describe."""
    return not (name or "").startswith(WORDS)
