"""A database of any schema that was ever released, with a row in every table, comes to the present one whole."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Connection, Date, DateTime, Integer, LargeBinary, MetaData, Table, func, insert, select
from sqlalchemy.exc import DBAPIError

from engine.schema import MIGRATIONS, is_ready, migrate
from engine.world import World
from tests.migrations.compared import differences, is_described
from tests.world import open_world

RELEASED = sorted(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
MOMENT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def tables(connection: Connection) -> list[Table]:
    """Return the tables as they are in the database, those that others refer to first."""
    found = MetaData()
    found.reflect(connection)
    own = [table for table in found.sorted_tables if is_described(table.name, "table", {})]
    return [table for table in own if table.name != "alembic_version"]


def some_value(column: Any) -> object:
    """Return a value that fits a column: of a text, JSON that holds nothing."""
    kinds: list[tuple[type[Any], object]] = [
        (Boolean, True),
        (Integer, 1),
        (DateTime, MOMENT),
        (Date, date(2026, 11, 22)),
        (LargeBinary, b"\x01"),
    ]
    return next((value for kind, value in kinds if isinstance(column.type, kind)), "{}")


def counts(connection: Connection, of: list[Table]) -> dict[str, int]:
    """Return how many rows there are of each table."""
    return {table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in of}


@pytest.mark.parametrize("schema", RELEASED)
def test_rows_of_an_earlier_schema_come_along(tmp_path: Path, schema: str) -> None:
    world = open_world(tmp_path)
    migrate(world.db, to=schema)
    with world.db.write() as connection:
        earlier = tables(connection)
        for table in earlier:
            connection.execute(insert(table).values({column.name: some_value(column) for column in table.columns}))
        before = counts(connection, earlier)
    assert set(before.values()) == {1}
    assert migrate(world.db) is (schema != RELEASED[-1])
    assert is_ready(world.db)
    with world.db.read() as connection:
        assert differences(connection) == []
        assert counts(connection, earlier) == before
        if world.db.is_sqlite:
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    check_that_history_is_still_append_only(world)
    world.db.close()


def check_that_history_is_still_append_only(world: World) -> None:
    for statement in ("UPDATE history SET actor = 'x'", "DELETE FROM history"):
        with pytest.raises(DBAPIError, match="append-only"), world.db.write() as connection:
            connection.exec_driver_sql(statement)
