"""Holding: who changes a case holds it until the transaction ends, so that two changes of one case never cross.

SQLite has one writer at a time, and nothing has to be held there. On PostgreSQL the case is the unit: its instances,
tasks, requests and facts are read after it is held, never before. An instance without a case is held itself.
The order is name, case, instance, counter: then no two writers ever wait for each other.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from engine.models import Case, ProcessInstance, ServiceRequest, UserTask
from engine.prepared import Prepared

_CASE, _INSTANCE, _TASK, _REQUEST = (
    model.metadata.tables[model.__tablename__] for model in (Case, ProcessInstance, UserTask, ServiceRequest)
)
_WHICH: Any = bindparam("b_which")


def _case_of(table: Any, condition: Any) -> Any:
    """Return the statement that holds the case which rows of a table belong to."""
    case_id = select(table.c.case_id).where(condition).scalar_subquery()
    # NO KEY: whoever adds a row that refers to the case need not wait.
    return select(_CASE.c.case_id).where(_CASE.c.case_id == case_id).with_for_update(key_share=True)


_HOLD_CASE = _case_of(_CASE, _CASE.c.case_id == _WHICH)
_HOLD_CASE_OF_INSTANCE = Prepared(_case_of(_INSTANCE, _INSTANCE.c.instance_id == _WHICH))
_HOLD_CASE_OF_REQUEST = _case_of(_REQUEST, _REQUEST.c.request_id == _WHICH)
_HOLD_CASE_OF_NUMBER = _case_of(_REQUEST, _REQUEST.c.number == _WHICH)
_HOLD_INSTANCE = (
    select(_INSTANCE.c.instance_id).where(_INSTANCE.c.instance_id == _WHICH).with_for_update(key_share=True)
)
_HOLD_CASE_OF_TASK = Prepared(
    select(_CASE.c.case_id, _TASK.c.instance_id)
    .join_from(_TASK, _CASE, _CASE.c.case_id == _TASK.c.case_id)
    .where(_TASK.c.task_id == _WHICH)
    .with_for_update(of=_CASE, key_share=True)
)
_INSTANCE_OF_TASK = select(_TASK.c.instance_id).where(_TASK.c.task_id == _WHICH)


def hold_case(connection: Connection, case_id: int) -> None:
    """Hold a case."""
    if not _goes_without_saying(connection):
        connection.execute(_HOLD_CASE, {"b_which": case_id})


def hold_instance(connection: Connection, instance_id: int) -> None:
    """Hold the case of an instance, or the instance itself when it has none. Asked for again, it costs nothing."""
    if is_held(connection, instance_id):
        return
    if _HOLD_CASE_OF_INSTANCE.row(connection, {"b_which": instance_id}) is None:
        connection.execute(_HOLD_INSTANCE, {"b_which": instance_id})
    _held(connection).add(instance_id)


def hold_task(connection: Connection, task_id: int) -> None:
    """Hold the case of a user task, and so its instance."""
    if _goes_without_saying(connection):
        return
    found: Any = _HOLD_CASE_OF_TASK.row(connection, {"b_which": task_id})
    if found is not None:
        _held(connection).add(found.instance_id)
        return
    instance_id = connection.execute(_INSTANCE_OF_TASK, {"b_which": task_id}).scalar_one_or_none()
    if instance_id is not None:
        hold_instance(connection, instance_id)


def hold_request(connection: Connection, request_id: int) -> None:
    """Hold the case of a service request."""
    if not _goes_without_saying(connection):
        connection.execute(_HOLD_CASE_OF_REQUEST, {"b_which": request_id})


def hold_number(connection: Connection, number: str) -> None:
    """Hold the case of the service request with a number; when there is none, the number itself."""
    if _goes_without_saying(connection):
        return
    if connection.execute(_HOLD_CASE_OF_NUMBER, {"b_which": number}).first() is None:
        hold_name(connection, number)


def hold_name(connection: Connection, name: str) -> None:
    """Hold what has no row yet, by a name that everybody gives it."""
    if not _goes_without_saying(connection):
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def is_held(connection: Connection, instance_id: int) -> bool:
    """Tell whether this transaction holds an instance, so that nobody else writes to it."""
    return _goes_without_saying(connection) or instance_id in _held(connection)


def _goes_without_saying(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"


def _held(connection: Connection) -> set[int]:
    """Return the instances that this transaction holds, with their cases or by themselves."""
    held: set[int] = connection.info["held"]
    return held
