"""The migrations lead to the tables that the models describe."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from engine.db import Database
from engine.models import Base
from engine.schema import MIGRATIONS, migrate
from engine.world import World


def test_the_migrations_make_exactly_the_tables_of_the_models(world: World) -> None:
    with world.db.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_a_database_that_is_up_to_date_is_left_alone(world: World) -> None:
    assert migrate(world.db) is False


def test_documents_keep_their_rows_and_no_number_is_given_out_twice(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'redress.db'}")
    at = "2026-11-22 09:00:00.000000"
    with db.write() as connection:
        up_to(connection, "0004")
        connection.exec_driver_sql(
            "INSERT INTO case_file (case_id, reference, client_name, nation, facts, lock_flag, created_at)"
            f" VALUES (1, 'CM-1', 'Robin Example', 'scotland', '{{}}', 0, '{at}')"
        )
        connection.exec_driver_sql("INSERT INTO blob (sha256, content) VALUES ('x', x'00')")
        add_documents(connection, (1, 2), at)
    assert migrate(db)
    with db.write() as connection:
        assert ids(connection) == [1, 2]
        connection.exec_driver_sql("DELETE FROM document WHERE document_id = 2")
        add_documents(connection, (None,), at)
        assert ids(connection) == [1, 3]
        made = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'document'").scalar_one()
        indexes = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE tbl_name = 'document'").scalars()
        assert {"fk_document_case_id", "fk_document_sha256"} <= set(re.findall(r"CONSTRAINT (\w+)", made))
        assert {"ix_document_case_id", "ix_document_request_id"} <= set(indexes)
    db.close()


def up_to(connection: Connection, revision: str) -> None:
    """Make the tables of an earlier version."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def add_documents(connection: Connection, numbers: Sequence[int | None], at: str) -> None:
    for number in numbers:
        connection.exec_driver_sql(
            "INSERT INTO document"
            " (document_id, case_id, step, kind, title, file_name, media_type, sha256, facts, created_at)"
            " VALUES (?, 1, '', 'evidence', 'a', 'a.pdf', 'application/pdf', 'x', '{}', ?)",
            (number, at),
        )


def ids(connection: Connection) -> list[int]:
    return list(connection.exec_driver_sql("SELECT document_id FROM document ORDER BY document_id").scalars())
