"""The schema is changed while people work: it waits until it can have every table, and stops nobody for it."""

from __future__ import annotations

import threading
from pathlib import Path

from engine.schema import is_ready, migrate
from tests.world import open_world

TABLES = ("user_task", "case_file", "notification", "person", "note")


def test_a_change_of_the_schema_never_crosses_with_work_that_is_under_way(tmp_path: Path) -> None:
    world = open_world(tmp_path)
    migrate(world.db, to="0006")
    begun, others, done = threading.Event(), threading.Event(), []

    def work() -> None:
        with world.db.write() as connection:
            connection.exec_driver_sql("UPDATE user_task SET version = version")
            begun.set()
            others.wait(timeout=1)  # meanwhile the change of the schema wants its tables
            for table in TABLES:
                connection.exec_driver_sql(f"SELECT count(*) FROM {table}")
        done.append(is_ready(world.db))

    worker = threading.Thread(target=work)
    worker.start()
    assert begun.wait(timeout=10)
    assert migrate(world.db)
    worker.join(timeout=10)
    assert len(done) == 1
    assert is_ready(world.db)
    world.db.close()
