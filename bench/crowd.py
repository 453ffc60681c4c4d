"""Many cases at once: one parked case, copied row by row inside the database until there are as many as wanted.

Each copy is a case of its own: client, service request, instance with its stored state, open tasks, waits and terms
that it is found by; any of them can go on. Whatever the size, what is measured is a full page: `NAMESAKES` clients have
one name, and one case in `SILENT` is listed as one that waits for the client. Numbers follow on, so that what is
measured looks through what really is there. The history, which no list and no step reads, is copied for one case in a
thousand: for `WITH_HISTORY`, which pages are opened of.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import msgpack
from sqlalchemy import Connection, Table, bindparam, func, select, text, update

from engine.models import (
    Base,
    Case,
    ClientTerm,
    History,
    ListedRequest,
    ProcessInstance,
    ServiceRequest,
    UserTask,
    Wait,
)
from engine.world import World

FIRST = 10_000_000
"""Copies are numbered from here; the parked case itself and the demonstration's have small numbers."""
WITH_HISTORY = FIRST + 500
BATCH = 50_000
DAYS = 60
"""Tasks fall due on so many days, as many on each."""

NAMESAKES = 30
"""The first so many clients are called Kim Sample; after them each has a family name of its own."""
SILENT = 7

_HASTE = {
    "sqlite": ("PRAGMA cache_size=-500000", "PRAGMA foreign_keys=OFF", "PRAGMA synchronous=OFF"),
    "postgresql": ("SET session_replication_role = replica", "SET synchronous_commit = off"),
}
_NUMBER = f"({FIRST} + n)"
_REFERENCE = "'CM-' || (70000000 + n)"
_BUSINESS_KEY = "'SR-' || (7000000 + n)"
_DUE = {
    "sqlite": f"datetime(:due_at, '+' || (n % {DAYS}) || ' days') || '.000000'",
    "postgresql": f":due_at + (n % {DAYS}) * interval '1 day'",
}
_IS_NAMESAKE = f"CASE WHEN n <= {NAMESAKES} THEN"
_GIVEN = f"{_IS_NAMESAKE} 'kim' ELSE 'robin' END"
_FAMILY = f"{_IS_NAMESAKE} 'sample' ELSE 'example' || n END"
_CLIENT = f"{_IS_NAMESAKE} 'Kim Sample' ELSE 'Robin Example' || n END"
_OF_INSTANCE = {"instance_id": _NUMBER, "case_id": _NUMBER}


def business_key(number: int) -> str:
    """Return the business key of a copy, the first being 1."""
    return f"SR-{7_000_000 + number}"


def fill(world: World, instance_id: int, count: int) -> None:
    """Copy the parked case of an instance that many times more.

    What is copied is whole, so that the database need not check it; nor need it be safe from a power cut.
    """
    with world.db.read() as connection:
        made = _copies(connection)
    with world.db.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        for setting in _HASTE[connection.dialect.name]:
            driver.execute(setting)
        driver.commit()
        begun = time.monotonic()
        for first in range(made + 1, made + count + 1, BATCH):
            last = min(first + BATCH, made + count + 1) - 1
            with connection.begin():
                _copy_case(connection, instance_id, first, last)
            _say_how_far(last - made, count, time.monotonic() - begun)
    if not world.db.is_sqlite:
        with world.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            # PostgreSQL does so by itself, only later; SQLite is left as the product leaves it.
            connection.exec_driver_sql("VACUUM ANALYZE")
    world.db.close()  # what is measured opens its connections as the product does


def weight(world: World) -> int:
    """Return the bytes of the database on disk."""
    if world.db.is_sqlite:
        with world.db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return (world.settings.data_dir / "redress.db").stat().st_size
    with world.db.read() as connection:
        return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())


def _say_how_far(done: int, count: int, seconds: float) -> None:
    if count > BATCH:
        left = seconds / done * (count - done)
        print(f"  {done:,} of {count:,} cases are there, {left:.0f} seconds left", flush=True)


def make_answerable(world: World, number: int) -> str:
    """Let the state of a copy hear its own business key, not that of the case it is copied from; return the key."""
    key = business_key(number)
    of_copy = ProcessInstance.instance_id == FIRST + number
    with world.db.write() as connection:
        state = connection.execute(select(ProcessInstance.state).where(of_copy)).scalar_one()
        for old in connection.execute(select(ServiceRequest.number).where(ServiceRequest.request_id < FIRST)).scalars():
            state = state.replace(_packed(old), _packed(key))
        connection.execute(update(ProcessInstance).where(of_copy).values(state=state))
    return key


def _packed(text_: str) -> bytes:
    """Return a short text as states hold it."""
    packed: bytes = msgpack.packb(text_)
    return packed


def _copy_case(connection: Connection, instance_id: int, first: int, last: int) -> None:
    instance = _row(connection, ProcessInstance, ProcessInstance.instance_id == instance_id)
    case = {"case_id": _NUMBER, "reference": _REFERENCE, "client_name": _CLIENT}
    request = {"request_id": _NUMBER, "case_id": _NUMBER, "number": _BUSINESS_KEY}
    own = {**_OF_INSTANCE, "request_id": _NUMBER, "business_key": _BUSINESS_KEY}
    _copy(connection, Case, Case.case_id == instance.case_id, case, first, last)
    _copy(connection, ServiceRequest, ServiceRequest.request_id == instance.request_id, request, first, last)
    _copy(connection, ProcessInstance, ProcessInstance.instance_id == instance_id, own, first, last)
    # The last two are kept by triggers, which do not run on PostgreSQL while it is filled.
    listed = {"reference": _REFERENCE, "client_sort": f"{_GIVEN} || ' ' || {_FAMILY}"}
    due = {**_OF_INSTANCE, "due_at": _DUE[connection.dialect.name], **listed}
    _copy(connection, UserTask, UserTask.instance_id == instance_id, due, first, last)
    if connection.dialect.name == "sqlite":  # whose triggers have listed the requests, before they waited for anything
        within = {"first": FIRST + first, "last": FIRST + last}
        connection.execute(text("DELETE FROM listed_request WHERE request_id BETWEEN :first AND :last"), within)
    silent = f"CASE WHEN n % {SILENT} = 0 THEN 'client' ELSE :waits_for END"
    ids = {"request_id": _NUMBER, "case_id": _NUMBER}
    open_one = {**ids, "due_at": _DUE[connection.dialect.name], "waits_for": silent, **listed}
    _copy(connection, ListedRequest, ListedRequest.request_id == instance.request_id, open_one, first, last)
    waiting = {"instance_id": _NUMBER, "correlation_key": _BUSINESS_KEY}
    _copy(connection, Wait, Wait.instance_id == instance_id, waiting, first, last)
    _copy(connection, History, History.instance_id == instance_id, _OF_INSTANCE, first, last, where="n % 1000 = 500")
    for kind, term in (("name", _GIVEN), ("name", _FAMILY), ("reference", _REFERENCE)):
        changed = {"term": term, "case_id": _NUMBER}
        _insert(connection, ClientTerm.__table__, {"kind": kind}, changed, first, last)


def _copies(connection: Connection) -> int:
    last = connection.execute(select(func.max(ProcessInstance.instance_id))).scalar_one()
    return max(0, last - FIRST)


def _row(connection: Connection, model: type[Base], condition: Any) -> Any:
    return connection.execute(select(model.__table__).where(condition)).one()


def _copy(
    connection: Connection,
    model: type[Base],
    condition: Any,
    changed: Mapping[str, str],
    first: int,
    last: int,
    *,
    where: str = "1 = 1",
) -> None:
    """Copy each row that a condition finds; a key of its own that is not said is left to the database."""
    table: Any = model.__table__
    keys = {column.name for column in table.primary_key.columns}
    for row in connection.execute(select(table).where(condition)).all():
        values = {name: value for name, value in row._mapping.items() if name not in keys}
        _insert(connection, table, values, changed, first, last, where=where)


def _insert(
    connection: Connection,
    table: Any,
    values: Mapping[str, object],
    changed: Mapping[str, str],
    first: int,
    last: int,
    *,
    where: str = "1 = 1",
) -> None:
    """Insert one row for each number; `changed` are expressions of the number n. What was empty stays empty."""
    assert isinstance(table, Table)
    given = {name: value for name, value in values.items() if value is not None and name not in changed}
    said = {name: expression for name, expression in changed.items() if values.get(name, "") is not None}
    columns = ", ".join(f'"{name}"' for name in [*given, *said])
    selected = ", ".join([f":{name}" for name in given] + list(said.values()))
    counted = "SELECT CAST(:first AS INTEGER) UNION ALL SELECT n + 1 FROM numbers WHERE n < :last"
    numbers = f"WITH RECURSIVE numbers(n) AS ({counted}) "
    statement = text(f"INSERT INTO {table.name} ({columns}) {numbers} SELECT {selected} FROM numbers WHERE {where}")
    # What an expression is made from goes along; the others are not asked for.
    sent = {name: value for name, value in values.items() if f":{name}" in str(statement)}
    typed = [bindparam(name, type_=table.c[name].type) for name in sent]
    connection.execute(statement.bindparams(*typed), {**sent, "first": first, "last": last})
