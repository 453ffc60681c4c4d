"""The database: readers see one moment, writers queue, and neither ever waits for a deadlock."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import DBAPIError

from engine.context import next_number
from engine.db import once_a_look
from engine.errors import DatabaseAway
from engine.models import Counter
from engine.schema import migrate
from engine.world import World


def value_of(world: World) -> int | None:
    with world.db.read() as connection:
        return connection.execute(select(Counter.value).where(Counter.series == "s")).scalar_one_or_none()


def test_a_transaction_is_committed_whole_or_not_at_all(world: World) -> None:
    def write_then_fail() -> None:
        with world.db.write() as connection:
            connection.execute(insert(Counter).values(series="s", value=1))
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        write_then_fail()
    assert value_of(world) is None


def test_a_reader_sees_the_moment_at_which_it_began_while_a_writer_commits(world: World) -> None:
    with world.db.write() as connection:
        connection.execute(insert(Counter).values(series="s", value=1))
    with world.db.read() as reader:
        query = select(Counter.value).where(Counter.series == "s")
        assert reader.execute(query).scalar_one() == 1
        with world.db.write() as writer:
            writer.execute(update(Counter).values(value=2))
        assert reader.execute(query).scalar_one() == 1
    assert value_of(world) == 2


def test_in_one_look_all_is_read_at_one_moment_until_this_thread_writes(world: World) -> None:
    def count_elsewhere() -> None:
        with world.db.write() as connection:
            next_number(connection, "s")

    with world.db.one_look():
        assert value_of(world) is None
        other = threading.Thread(target=count_elsewhere)
        other.start()
        other.join()
        assert value_of(world) is None
        with world.db.write() as connection:
            next_number(connection, "s")
        assert value_of(world) == 2
    assert value_of(world) == 2


def test_who_still_reads_when_a_write_ends_the_look_sees_its_moment_to_the_end(world: World) -> None:
    query = select(Counter.value).where(Counter.series == "s")
    with world.db.one_look():
        with world.db.read() as reader:
            assert reader.execute(query).scalar_one_or_none() is None
            with world.db.write() as connection:
                next_number(connection, "s")
            assert reader.execute(query).scalar_one_or_none() is None
        assert value_of(world) == 1


def test_a_look_in_which_a_statement_failed_is_ended_and_the_next_read_begins_another(world: World) -> None:
    with world.db.one_look():
        with pytest.raises((DBAPIError, DatabaseAway)), world.db.read() as reader:
            reader.exec_driver_sql("SELECT nothing FROM nowhere")
        assert value_of(world) is None


def test_what_is_kept_for_a_look_is_read_again_in_the_next_one(world: World) -> None:
    asked: list[int] = []

    @once_a_look
    def number(connection: Connection, series: str) -> int | None:
        asked.append(1)
        return connection.execute(select(Counter.value).where(Counter.series == series)).scalar_one_or_none()

    def ask() -> int | None:
        with world.db.read() as connection:
            return number(connection, "s")

    with world.db.one_look():
        assert (ask(), ask(), len(asked)) == (None, None, 1)
        with world.db.write() as connection:
            next_number(connection, "s")
            assert number(connection, "s") == number(connection, "s") == 1
        assert ask() == 1
    assert (ask(), ask(), len(asked)) == (1, 1, 6)


def test_many_writers_and_readers_at_once_neither_block_nor_lose_a_number(world: World) -> None:
    given: list[int] = []
    faults: list[BaseException] = []

    def work(_: int) -> None:
        try:
            for _round in range(10):
                with world.db.read() as reader:
                    reader.execute(select(Counter.value)).all()
                    with world.db.write() as writer:
                        given.append(next_number(writer, "s"))
        except BaseException as fault:  # noqa: BLE001 - shown by the assertion
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert faults == []
    assert sorted(given) == list(range(1, 61))


def test_two_databases_on_one_file_queue_for_the_write_lock(world: World) -> None:
    from engine.db import Database

    other = Database(world.settings.database_url)
    with world.db.write() as connection:
        next_number(connection, "s")
    with other.write() as connection:
        assert next_number(connection, "s") == 2
    other.close()


def test_the_database_is_opened_so_that_a_commit_survives_a_power_cut(world: World) -> None:
    with world.db.read() as connection:
        if not world.db.is_sqlite:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"
            return
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_migrating_an_up_to_date_database_does_nothing(world: World) -> None:
    assert migrate(world.db) is False
