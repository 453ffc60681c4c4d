"""An instance's row, read with its case and its service request in one statement, and saved in one.

Statements are built once: the step is the product's hot path.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, bindparam, exists, literal, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from engine.errors import Conflict, NotFound
from engine.facts import Facts, case_fields, request_fields
from engine.holds import hold_instance
from engine.models import Case, Document, History, Person, ProcessInstance, ServiceRequest, UserTask
from engine.prepared import Prepared
from engine.values import loads
from engine.world import Actor

SUSPENDED, CANCELLED = "suspended", "cancelled"
_INSTANCE, _CASE, _REQUEST = (
    model.metadata.tables[model.__tablename__] for model in (ProcessInstance, Case, ServiceRequest)
)


def _prefixed(table: Table, prefix: str) -> list[Any]:
    return [column.label(prefix + column.name) for column in table.c]


_TASK, _DOCUMENT, _PERSON, _HISTORY = (
    model.metadata.tables[model.__tablename__] for model in (UserTask, Document, Person, History)
)
_COLUMNS = (*_INSTANCE.c, *_prefixed(_CASE, "case__"), *_prefixed(_REQUEST, "request__"))


def _row_of(name: str, columns: list[str]) -> Any:
    """Return a class of rows: one statement reads two of them."""
    return namedtuple(name, columns)


_READ = Prepared(
    select(*_COLUMNS)
    .select_from(
        _INSTANCE.outerjoin(_CASE, _CASE.c.case_id == _INSTANCE.c.case_id).outerjoin(
            _REQUEST, _REQUEST.c.request_id == _INSTANCE.c.request_id
        )
    )
    .where(_INSTANCE.c.instance_id == bindparam("b_instance"))
)
_HAS_FILES = exists().where(_DOCUMENT.c.case_id == _TASK.c.case_id, _DOCUMENT.c.task_id == _TASK.c.task_id)
_READ_WITH_TASK = Prepared(
    select(*_TASK.c, _HAS_FILES, *_COLUMNS)
    .select_from(
        _TASK.join(_INSTANCE, _INSTANCE.c.instance_id == _TASK.c.instance_id)
        .outerjoin(_CASE, _CASE.c.case_id == _INSTANCE.c.case_id)
        .outerjoin(_REQUEST, _REQUEST.c.request_id == _INSTANCE.c.request_id)
    )
    .where(_TASK.c.task_id == bindparam("b_task"))
)
_InstanceRow = _row_of("_InstanceRow", [column.key for column in _COLUMNS])
_TaskRow = _row_of("_TaskRow", [*_TASK.c.keys(), "has_files", "definition_id", "instance"])
_LAST_COMPLETED = Prepared(
    select(_PERSON.c.name, _PERSON.c.person_id)
    .join_from(_PERSON, _TASK, _TASK.c.ended_by_id == _PERSON.c.person_id)
    .where(_TASK.c.instance_id == bindparam("b_instance"), _TASK.c.status == "completed")
    .order_by(_TASK.c.ended_at.desc(), _TASK.c.task_id.desc())
    .limit(1)
)
_STARTED_BY = select(_HISTORY.c.actor).where(_HISTORY.c.instance_id == bindparam("b_instance"), _HISTORY.c.seq == 1)
_NAME = select(_PERSON.c.name).where(_PERSON.c.person_id == bindparam("b_person"))
_SAVE = Prepared(
    update(_INSTANCE).where(
        _INSTANCE.c.instance_id == bindparam("b_instance"), _INSTANCE.c.version == bindparam("b_version")
    )
)


def lock(connection: Connection, instance_id: int) -> Any:
    """Return an instance's row, held until the transaction ends. Raises: NotFound."""
    hold_instance(connection, instance_id)
    return read(connection, instance_id)


def read(connection: Connection, instance_id: int) -> Any:
    """Return an instance's row as it is. Raises: NotFound."""
    return _one(_READ.row(connection, {"b_instance": instance_id}))


def read_with_task(connection: Connection, task_id: int) -> Any:
    """Return a user task's row; its `instance` is the row that `read` returns. Raises: NotFound."""
    row = _READ_WITH_TASK.row(connection, {"b_task": task_id})
    if row is None:
        raise NotFound("There is no such task.")
    own = len(_TASK.c) + 1  # and whether it has files
    instance = _InstanceRow._make(row[own:])
    return _TaskRow(*row[:own], instance.definition_id, instance)


def facts_of(row: Any) -> Facts:
    """Return the facts that came with an instance's row."""
    case = case_fields(row, prefix="case__") if row.case_id is not None else {}
    if row.request_id is None:
        return Facts(case=case, request=loads(row.pending_facts), request_id=None)
    return Facts(case=case, request=request_fields(row, prefix="request__"), request_id=row.request_id)


def save(connection: Connection, row: Any, changes: Mapping[str, object]) -> None:
    """Save an instance as its next version. Raises: Conflict when someone else saved it since it was read."""
    numbers = {"b_instance": row.instance_id, "b_version": row.version, "version": row.version + 1}
    if _SAVE.change(connection, {**changes, **numbers}) != 1:
        raise Conflict


def is_halted(instance_id: InstrumentedAttribute[int] | InstrumentedAttribute[int | None]) -> ColumnElement[bool]:
    """Return the condition that operations have suspended or cancelled an instance: nothing of it is due.

    Of a cancelled one something may still be owed: what a worker was just handing over, and could not.
    """
    halted = [_INSTANCE.c.status == literal(status, literal_execute=True) for status in (SUSPENDED, CANCELLED)]
    return exists().where(_INSTANCE.c.instance_id == instance_id, or_(*halted))


def last_submitter(connection: Connection, instance_id: int) -> Actor | None:
    """Return who completed the instance's last user task, or started it when none was completed."""
    row = _LAST_COMPLETED.row(connection, {"b_instance": instance_id})
    if row is not None:
        return Actor(row.name, row.person_id)
    started_by = connection.execute(_STARTED_BY, {"b_instance": instance_id}).scalar_one_or_none()
    kind, _, person_id = (started_by or "").partition(":")
    if kind != "person":
        return None
    name = connection.execute(_NAME, {"b_person": int(person_id)}).scalar_one_or_none()
    return Actor(name or "", int(person_id))


def _one(row: Any) -> Any:
    if row is None:
        raise NotFound("There is no such instance.")
    return row
