"""The migrations lead to the tables that the models describe."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, insert, select

from engine import client_terms
from engine.db import Database
from engine.models import Case, ClientTerm
from engine.schema import migrate
from engine.values import dumps
from engine.world import World
from tests.migrations.compared import differences
from tests.world import open_world


def test_the_migrations_make_exactly_the_tables_of_the_models(world: World) -> None:
    with world.db.read() as connection:
        assert differences(connection) == []


def test_a_database_that_is_up_to_date_is_left_alone(world: World) -> None:
    assert migrate(world.db) is False


def test_documents_keep_their_rows_and_no_number_is_given_out_twice(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'redress.db'}")
    at = "2026-11-22 09:00:00.000000"
    migrate(db, to="0004")
    with db.write() as connection:
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


def test_clients_of_an_earlier_schema_are_found_as_new_ones_are(tmp_path: Path) -> None:
    world = open_world(tmp_path)
    migrate(world.db, to="0003")
    facts = {"phone": "+44 1632 960001", "client_address": "1 Sample Street\nExampletown\nzz1 1zz"}
    case = {"reference": "CM-1 23", "client_name": "Zoë Smith-Jones O’Brien Paweł Pawel", "facts": dumps(facts)}
    with world.db.write() as connection:
        connection.execute(
            insert(Case), {**case, "nation": "scotland", "lock_flag": False, "created_at": world.clock.now()}
        )
    migrate(world.db)
    with world.db.read() as connection:
        found = {(row.kind, row.term) for row in connection.execute(select(ClientTerm.kind, ClientTerm.term))}
    # When this fails because terms are made otherwise now, write a migration that makes them anew.
    assert found == client_terms.terms_of({**facts, **case})
    assert {kind for kind, _ in found} == {"name", "reference", "phone", "phone_end", "postcode"}
    world.db.close()


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
