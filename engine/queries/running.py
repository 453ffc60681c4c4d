"""What runs and what it waits for: instances, waits, and messages that arrived."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select

from engine.errors import NotFound
from engine.models import Definition, Message, Person, ProcessInstance, Wait
from engine.values import loads

PAGE = 200


@dataclass(frozen=True, slots=True)
class WaitRow:
    """Something that an instance waits for."""

    wait_id: int
    instance_id: int
    definition_id: int
    element_id: str
    element_name: str
    name: str
    step: str
    form_id: str | None
    kind: str
    correlation_key: str | None
    due_at: datetime | None
    rule: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class InstanceRow:
    """A procedure under way, or ended, on a case."""

    instance_id: int
    definition_id: int
    case_id: int | None
    key: str
    title: str
    version: int
    business_key: str | None
    status: str
    started_at: datetime
    ended_at: datetime | None
    variables: dict[str, Any]


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message that arrived."""

    message_id: int
    name: str
    correlation_key: str
    status: str
    received_on: date
    recorded_at: datetime
    recorded_by: str | None
    payload: dict[str, Any]
    case_id: int | None


def waits_of_case(connection: Connection, case_id: int) -> list[WaitRow]:
    """Return what the procedures of a case wait for, what is due first on top."""
    return _waits(connection, ProcessInstance.case_id == case_id)


def waits_of_instance(connection: Connection, instance_id: int) -> list[WaitRow]:
    """Return what one instance waits for, what is due first on top."""
    return _waits(connection, ProcessInstance.instance_id == instance_id)


def _waits(connection: Connection, where: Any) -> list[WaitRow]:
    rows = connection.execute(
        select(
            Wait.wait_id,
            Wait.instance_id,
            ProcessInstance.definition_id,
            Wait.element_id,
            Wait.element_name,
            Wait.name,
            Wait.step,
            Wait.form_id,
            Wait.kind,
            Wait.correlation_key,
            Wait.due_at,
            Wait.rule,
            Wait.created_at,
        )
        .join(ProcessInstance, ProcessInstance.instance_id == Wait.instance_id)
        .where(where)
        .order_by(Wait.due_at.is_(None), Wait.due_at, Wait.wait_id)
    )
    return [WaitRow(**row._mapping) for row in rows]


def instances_of(connection: Connection, case_id: int) -> list[InstanceRow]:
    """Return the procedures of a case, newest first, with their variables (process-wide and of called processes)."""
    return _instances(connection, ProcessInstance.case_id == case_id)


def get_instance_row(connection: Connection, instance_id: int) -> InstanceRow:
    """Return one instance with its variables. Raises: NotFound."""
    found = _instances(connection, ProcessInstance.instance_id == instance_id)
    if not found:
        raise NotFound("There is no such instance.")
    return found[0]


def _instances(connection: Connection, where: Any) -> list[InstanceRow]:
    rows = connection.execute(
        select(
            ProcessInstance.instance_id,
            ProcessInstance.definition_id,
            ProcessInstance.case_id,
            Definition.key,
            Definition.title,
            Definition.version,
            ProcessInstance.business_key,
            ProcessInstance.status,
            ProcessInstance.started_at,
            ProcessInstance.ended_at,
            ProcessInstance.variables,
        )
        .join(Definition, Definition.definition_id == ProcessInstance.definition_id)
        .where(where)
        .order_by(ProcessInstance.instance_id.desc())
    )
    return [InstanceRow(**{**row._mapping, "variables": _variables(row.variables)}) for row in rows]


def _variables(text: str) -> dict[str, Any]:
    """Return the variables of an instance as one mapping: what is nearest to the work that goes on wins."""
    stored = loads(text)
    merged = dict(stored.get("process", {}))
    for scope in stored.get("called", {}).values():
        merged.update({name: value for name, value in scope.items() if value is not None})
    return merged


def messages_of(connection: Connection, case_id: int) -> list[MessageRow]:
    """Return the messages of a case, newest first."""
    return _messages(connection, Message.case_id == case_id)


def kept_messages(connection: Connection) -> list[MessageRow]:
    """Return every message that nobody waited for and nobody has dealt with yet."""
    return _messages(connection, Message.status == "kept")


def _messages(connection: Connection, where: Any) -> list[MessageRow]:
    rows = connection.execute(
        select(
            Message.message_id,
            Message.name,
            Message.correlation_key,
            Message.status,
            Message.received_on,
            Message.recorded_at,
            Person.name.label("recorded_by"),
            Message.payload,
            Message.case_id,
        )
        .outerjoin(Person, Person.person_id == Message.recorded_by_id)
        .where(where)
        .order_by(Message.message_id.desc())
        .limit(PAGE)
    )
    return [MessageRow(**{**row._mapping, "payload": loads(row.payload)}) for row in rows]
