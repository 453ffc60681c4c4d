"""Starts by events: an instance that a message, a signal or a timer starts.

Such an instance has no case, as none is known then; only one that is started by a message whose key is the reference of
a case, or the number of a request on it, belongs to that case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, or_, select

from engine import definitions, event_starts, form_rules
from engine.holds import hold_case
from engine.models import Case, Definition, EventStart, Message, ProcessInstance, ServiceRequest
from engine.step import Outcome, begin
from engine.world import WORKER, Actor, World


def by_message(
    world: World, connection: Connection, name: str, key: str, values: Mapping[str, object], *, actor: Actor
) -> Iterator[Outcome | str]:
    """Start each procedure that a message starts; yield the instances, or why one was not started.

    With a key, a procedure that this message started with it is not started again before that instance has ended.
    Raises: ValuesRefused when the message lacks what the form of the start event asks for.
    """
    for row in connection.execute(
        event_starts.rows().where(EventStart.kind == "message", EventStart.name == name)
    ).all():
        if key and _is_under_way(connection, row.key, name, key):
            yield "What this message started with the same key is still under way."
            continue
        definition = definitions.load(world, connection, row.definition_id)
        form_id = definition.program.elements[row.element_id].properties.get("form")
        payload = {field: value for field, value in values.items() if field != "received_on"}
        form_rules.check_message(connection, definition, form_id, payload, now=world.clock.now())
        case_id = _case_of(connection, key)
        if case_id is not None:
            hold_case(connection, case_id)
        yield begin(
            world,
            connection,
            definition,
            dict(values),
            case_id=case_id,
            business_key=key or None,
            actor=actor,
            start_element=row.element_id,
            because={"message": name},
        )


def make(world: World, connection: Connection, element_id: str | None, payload: Mapping[str, Any]) -> None:
    """Make the instance that a timer or a signal owes."""
    begin(
        world,
        connection,
        definitions.load(world, connection, int(payload["definition_id"])),
        dict(payload["values"]),
        case_id=None,
        actor=WORKER,
        start_element=element_id,
        because={str(payload["kind"]): str(payload["name"])},
    )


def _is_under_way(connection: Connection, key: str, name: str, correlation_key: str) -> bool:
    query = (
        select(Message.message_id)
        .join(ProcessInstance, ProcessInstance.instance_id == Message.instance_id)
        .join(Definition, Definition.definition_id == ProcessInstance.definition_id)
        .where(Message.name == name, Message.correlation_key == correlation_key, Message.status == "delivered")
        .where(Definition.key == key, ProcessInstance.ended_at.is_(None))
    )
    return connection.execute(query.limit(1)).first() is not None


def _case_of(connection: Connection, key: str) -> int | None:
    """Return the case whose reference a key is, or one of whose requests has it for its number."""
    if not key:
        return None
    numbered = select(ServiceRequest.case_id).where(ServiceRequest.number == key).scalar_subquery()
    query = select(Case.case_id).where(or_(Case.reference == key, Case.case_id == numbered)).limit(1)
    return connection.execute(query).scalar_one_or_none()
