"""Rows that may be there already: both databases can add one or leave it, each in a dialect of its own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite


def upsert(connection: Connection, model: type[Any]) -> sqlite.Insert | postgresql.Insert:
    """Begin an insert that says what to do when the row is there: `on_conflict_do_nothing`, `on_conflict_do_update`."""
    return sqlite.insert(model) if connection.dialect.name == "sqlite" else postgresql.insert(model)
