"""What runs and what it waits for: instances, waits, and messages that arrived."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Integer, Select, String, and_, bindparam, exists, literal_column, or_, select
from sqlalchemy.orm import aliased

from engine.errors import NotFound
from engine.models import Definition, Message, Notification, Outbox, Person, ProcessInstance, ServiceRequest, Wait
from engine.queries.together import Listed
from engine.values import loads

PAGE = 200


@dataclass(frozen=True, slots=True)
class WaitRow:
    """Something that an instance waits for."""

    wait_id: int
    instance_id: int
    definition_id: int
    request_id: int | None
    token: str
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
    is_given_up: bool = False  # its delivery has failed for good, and operations have an incident


@dataclass(frozen=True, slots=True)
class InstanceRow:
    """A procedure under way, or ended, on a case."""

    instance_id: int
    definition_id: int
    case_id: int | None
    request_id: int | None
    key: str
    title: str
    version: int
    business_key: str | None
    status: str
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class InstanceWithVariables(InstanceRow):
    """An instance with its variables: process-wide and of called processes."""

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
    handled_at: datetime | None
    handled_by: str | None


_CASE = bindparam("b_case", type_=Integer)
_HANDLER = aliased(Person)
_GIVEN_UP = exists().where(Outbox.instance_id == Wait.instance_id, Outbox.token == Wait.token, Outbox.state == "failed")
_SOONEST = (Wait.due_at.is_(None), Wait.due_at, Wait.wait_id)


def waits_of_case(connection: Connection, case_id: int) -> list[WaitRow]:
    """Return what the procedures of a case wait for, what is due first on top."""
    return _waits(connection, ProcessInstance.case_id == case_id)


def waits_of_instance(connection: Connection, instance_id: int) -> list[WaitRow]:
    """Return what one instance waits for, what is due first on top."""
    return _waits(connection, ProcessInstance.instance_id == instance_id)


def _waits(connection: Connection, where: Any) -> list[WaitRow]:
    return [WaitRow(**row._mapping) for row in connection.execute(_all_waits().where(where).order_by(*_SOONEST))]


def _all_waits() -> Select[*tuple[Any, ...]]:
    return select(
        Wait.wait_id,
        Wait.instance_id,
        ProcessInstance.definition_id,
        ProcessInstance.request_id,
        Wait.token,
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
        and_(Wait.kind == "job", _GIVEN_UP).label("is_given_up"),
    ).join(ProcessInstance, ProcessInstance.instance_id == Wait.instance_id)


def instances_of(connection: Connection, case_id: int) -> list[InstanceRow]:
    """Return the procedures of a case, newest first."""
    rows = connection.execute(
        _instances().where(ProcessInstance.case_id == case_id).order_by(ProcessInstance.instance_id.desc())
    )
    return [InstanceRow(**row._mapping) for row in rows]


def get_instance_row(connection: Connection, instance_id: int) -> InstanceWithVariables:
    """Return one instance with its variables. Raises: NotFound."""
    row = connection.execute(
        _instances().add_columns(ProcessInstance.variables).where(ProcessInstance.instance_id == instance_id)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such instance.")
    return InstanceWithVariables(**{**row._mapping, "variables": _variables(row.variables)})


def _instances() -> Select[*tuple[Any, ...]]:
    return select(
        ProcessInstance.instance_id,
        ProcessInstance.definition_id,
        ProcessInstance.case_id,
        ProcessInstance.request_id,
        Definition.key,
        Definition.title,
        Definition.version,
        ProcessInstance.business_key,
        ProcessInstance.status,
        ProcessInstance.started_at,
        ProcessInstance.ended_at,
    ).join(Definition, Definition.definition_id == ProcessInstance.definition_id)


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


def case_of_message(connection: Connection, message_id: int) -> int | None:
    """Return the case that a message is about; None where it is about none, or there is no such message."""
    return connection.execute(select(Message.case_id).where(Message.message_id == message_id)).scalar_one_or_none()


def handled_without_case(connection: Connection) -> list[MessageRow]:
    """Return the messages about no case that somebody has dealt with, newest first."""
    # Written out: a partial index serves no condition that comes as a parameter.
    return _messages(connection, and_(Message.status == literal_column("'handled'", String), Message.case_id.is_(None)))


def kept_for(connection: Connection, *, person_id: int, groups: Collection[str]) -> list[MessageRow]:
    """Return the kept messages that a person has to deal with.

    They are for who holds the open request that they are about; else for its team, or the team that was told of them.
    """
    told = exists().where(
        Notification.case_id == Message.case_id,
        Notification.group_key.in_(groups),
        Notification.subject.contains(Message.correlation_key),
    )
    about = exists().where(
        ServiceRequest.number == Message.correlation_key,
        or_(
            ServiceRequest.owner_id == person_id,
            and_(ServiceRequest.owner_id.is_(None), ServiceRequest.owner_group.in_(groups)),
        ),
        ServiceRequest.closed_at.is_(None),
    )
    # Written out: a partial index serves no condition that comes as a parameter.
    is_kept = Message.status == literal_column("'kept'", String)
    return _messages(connection, and_(is_kept, or_(about, told)))


def _all_messages() -> Select[*tuple[Any, ...]]:
    return (
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
            Message.handled_at,
            _HANDLER.name.label("handled_by"),
        )
        .outerjoin(Person, Person.person_id == Message.recorded_by_id)
        .outerjoin(_HANDLER, _HANDLER.person_id == Message.handled_by_id)
    )


def _messages(connection: Connection, where: Any) -> list[MessageRow]:
    rows = connection.execute(_all_messages().where(where).order_by(Message.message_id.desc()).limit(PAGE))
    return [message_row(row) for row in rows]


def message_row(row: Any) -> MessageRow:
    """Return a message from its columns."""
    names = MessageRow.__dataclass_fields__
    return MessageRow(**{**{name: getattr(row, name) for name in names}, "payload": loads(row.payload)})


MESSAGES_OF_CASE = Listed(_all_messages().where(Message.case_id == _CASE), (Message.message_id.desc(),), PAGE)
KEPT_ON_CASE = Listed(
    _all_messages().where(Message.case_id == _CASE, Message.status == "kept"), (Message.message_id.desc(),), PAGE
)
WAITS_OF_CASE = Listed(_all_waits().where(ProcessInstance.case_id == _CASE), _SOONEST)
INSTANCES_OF_CASE = Listed(_instances().where(ProcessInstance.case_id == _CASE), (ProcessInstance.instance_id.desc(),))
_OF_REQUESTS = ProcessInstance.request_id.in_(bindparam("b_requests", expanding=True))
WAITS_OF_REQUESTS = Listed(_all_waits().where(_OF_REQUESTS), _SOONEST)
UNDER_WAY_OF_REQUESTS = Listed(
    _instances().where(_OF_REQUESTS, ProcessInstance.ended_at.is_(None)), (ProcessInstance.instance_id.desc(),)
)
