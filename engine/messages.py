"""Messages: what arrives from outside is matched to the instance that waits for it by (name, key), through an index.

A message that nobody waits for starts what it starts: the procedure that process.toml names for one about a closed
request, else each procedure whose diagram begins with it. Otherwise it is kept and shown until a person has dealt with
it; none is ever dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, bindparam, func, insert, select, update

from engine import definitions, form_rules, history, starts
from engine.cases import procedure_of
from engine.clock import LONDON
from engine.definitions import LoadedDefinition
from engine.errors import NotFound, ValuesRefused
from engine.history import Event
from engine.holds import hold_name, hold_number
from engine.models import Message, ProcessInstance, ServiceRequest, Wait
from engine.notifications import tell
from engine.people import Somebody, is_active
from engine.spiff import Workflow
from engine.spiff.host import RunFailed
from engine.step import StepBlocked, begin, step
from engine.step_host import StepHost
from engine.values import dumps
from engine.world import World

OPERATIONS = "operations"
_WAIT, _MESSAGE, _REQUEST, _INSTANCE = (
    model.metadata.tables[model.__tablename__] for model in (Wait, Message, ServiceRequest, ProcessInstance)
)
_IS_AWAITED = (
    _WAIT.c.kind == "message",
    _WAIT.c.name == bindparam("b_name"),
    _WAIT.c.correlation_key == bindparam("b_key"),
)
_WAITING = select(_WAIT.c.instance_id).where(*_IS_AWAITED).distinct()
_AWAITED_BY = (
    select(_WAIT.c.form_id, _INSTANCE.c.definition_id)
    .join_from(_WAIT, _INSTANCE, _INSTANCE.c.instance_id == _WAIT.c.instance_id)
    .where(_WAIT.c.instance_id == bindparam("b_instance"), *_IS_AWAITED)
    .order_by(_WAIT.c.wait_id)
)
_NUMBERED = select(_REQUEST).where(_REQUEST.c.number == bindparam("b_number"))
_ADD = insert(_MESSAGE).returning(_MESSAGE.c.message_id)


@dataclass(frozen=True, slots=True)
class Correlation:
    """What became of a message: delivered to an instance that waited or that it started, or kept, and then why.

    `is_new` is false when the very same message had been recorded before.
    """

    message_id: int
    status: Literal["delivered", "kept"]
    instance_id: int | None
    why: str = ""
    is_new: bool = True


def correlate(
    world: World,
    name: str,
    key: str,
    payload: Mapping[str, object],
    *,
    received_on: date,
    actor: Somebody,
    once: bool = False,
    sender_id: str | None = None,
) -> Correlation:
    """Record a message and deliver it to the one instance that waits for it, or else start what it starts.

    `received_on` is the day that the message reached us, which may lie before today; the payload carries it too.
    With `once`, the same words that reached us on the same day are one message, however often they are sent.
    `sender_id` is the sender's own id of the message: a second one of that name and id is the same message.
    Raises: ValuesRefused when that day is still to come, or the payload lacks what the waiting event's form asks for.
    """
    values = {**payload, "received_on": received_on}
    if received_on > world.clock.now().astimezone(LONDON).date():
        raise ValuesRefused({"received_on": "The date that this reached us must be today or in the past"})
    with world.db.write() as connection:
        if sender_id is not None:
            hold_name(connection, sender_id)
        hold_number(connection, key)
        before = _recorded_before(connection, name, key, values, once=once, sender_id=sender_id)
        if before is not None:
            return before
        instances = _waiting(connection, name, key)
        why = ""
        if not instances:
            instances = _start_after_closure(world, connection, name, key, values, actor=actor)
            if not instances:
                instances, why = _start_by_event(world, connection, name, key, values, actor=actor)
        elif len(instances) > 1:
            why = "More than one procedure was waiting for this message."
        else:
            _check(world, connection, instances[0], name, key, payload)
            why = _deliver(world, connection, instances[0], name, key, values, actor=actor)
        return _record(world, connection, name, key, values, received_on, actor, instances, why, sender_id)


def mark_handled(world: World, message_id: int, *, actor: Somebody) -> None:
    """Record that somebody has dealt with a kept message: on the message, and in the history of what it was about.

    Whoever said so first stays on record. Raises: NotFound.
    """
    now = world.clock.now()
    with world.db.write() as connection:
        done = connection.execute(
            update(_MESSAGE)
            .where(_MESSAGE.c.message_id == message_id, _MESSAGE.c.status == "kept")
            .values(status="handled", handled_at=now, handled_by_id=actor.person_id)
        )
        row = connection.execute(select(_MESSAGE).where(_MESSAGE.c.message_id == message_id)).one_or_none()
        if row is None or row.status != "handled":
            raise NotFound("There is no such message to deal with.")
        instance_id = _is_about(connection, row)
        if done.rowcount == 1 and instance_id is not None:
            event = Event("message_handled", element_name=row.name, data={"name": row.name, "message": message_id})
            history.tell(connection, instance_id, event, at=now, actor=actor.actor.key)


def _is_about(connection: Connection, message: Any) -> int | None:
    """Return the latest instance of the request that a message names; None where it names none that has one."""
    latest = (
        select(func.max(ProcessInstance.instance_id))
        .join(ServiceRequest, ServiceRequest.request_id == ProcessInstance.request_id)
        .where(ServiceRequest.number == message.correlation_key)
    )
    return connection.execute(latest).scalar_one()


def _recorded_before(
    connection: Connection, name: str, key: str, values: Mapping[str, object], *, once: bool, sender_id: str | None
) -> Correlation | None:
    if sender_id is not None:
        same: tuple[ColumnElement[bool], ...] = (Message.sender_id == sender_id,)
    elif once:
        same = Message.correlation_key == key, Message.payload == dumps(values)
    else:
        return None
    query = select(Message.message_id, Message.instance_id, Message.status).where(Message.name == name, *same)
    found = connection.execute(query).first()
    if found is None:
        return None
    status: Literal["delivered", "kept"] = "delivered" if found.status == "delivered" else "kept"
    return Correlation(found.message_id, status, found.instance_id, is_new=False)


def _waiting(connection: Connection, name: str, key: str) -> list[int]:
    return list(connection.execute(_WAITING, {"b_name": name, "b_key": key}).scalars())


def _start_after_closure(
    world: World, connection: Connection, name: str, key: str, values: Mapping[str, object], *, actor: Somebody
) -> list[int]:
    """Start what a message to a closed request leads to; return the instance, or nothing when there is no such thing.

    It starts with `received_on`, `client_says` and `reopening_group`, the leaders who may reopen the request.
    """
    request: Any = _request(connection, key)
    made_by = procedure_of(connection, request.request_id) if request is not None and request.closed_at else None
    if made_by is None:
        return []
    try:
        definition = definitions.in_force(world, connection, made_by)
        late = definitions.in_force(world, connection, definition.after_closure.get(name, ""))
    except NotFound:
        return []  # withdrawn, or nothing declared: it is kept
    may_reopen = definition.reopening
    start: dict[str, object] = {
        "received_on": values["received_on"],
        "client_says": _in_words(definition, values),
        "reopening_group": may_reopen.by if may_reopen is not None else None,
    }
    begun = begin(
        world,
        connection,
        late,
        start,
        case_id=request.case_id,
        request_id=request.request_id,
        business_key=request.number,
        actor=actor.actor,
    )
    return [begun.instance_id]


def _start_by_event(
    world: World, connection: Connection, name: str, key: str, values: Mapping[str, object], *, actor: Somebody
) -> tuple[list[int], str]:
    """Start each procedure that begins with a message; return the instances, or why there are none."""
    savepoint = connection.begin_nested()
    try:
        told = list(starts.by_message(world, connection, name, key, values, actor=actor.actor))
    except (StepBlocked, RunFailed) as failure:
        savepoint.rollback()
        return [], f"The procedure could not take it: {failure}"
    savepoint.commit()
    begun = [outcome.instance_id for outcome in told if not isinstance(outcome, str)]
    why = next((reason for reason in told if isinstance(reason, str)), "Nothing was waiting for this message.")
    return begun, "" if begun else why


def _in_words(definition: LoadedDefinition, values: Mapping[str, object]) -> str:
    """Return what a message brought as lines that a person reads: its text alone, or each answer with its label."""
    given = {key: value for key, value in values.items() if key != "received_on" and value not in (None, "", [])}
    if given.keys() == {"client_says"}:
        return str(given["client_says"])
    lines = []
    for key, value in given.items():
        field = definition.dictionary.field_for(key)
        options = field.picklist.options if field is not None and field.picklist is not None else ()
        said = {True: "Yes", False: "No"}[value] if isinstance(value, bool) else value
        said = next((option.label for option in options if option.value == value), said)
        lines.append(f"{field.label if field is not None else key}: {said}")
    return "\n".join(lines)


def _request(connection: Connection, number: str) -> Any:
    return connection.execute(_NUMBERED, {"b_number": number}).one_or_none()


def _check(
    world: World, connection: Connection, instance_id: int, name: str, key: str, payload: Mapping[str, object]
) -> None:
    waits = connection.execute(_AWAITED_BY, {"b_instance": instance_id, "b_name": name, "b_key": key}).all()
    definition = definitions.load(world, connection, waits[0].definition_id)
    form_rules.check_message(connection, definition, waits[0].form_id, payload, now=world.clock.now())


def _deliver(
    world: World,
    connection: Connection,
    instance_id: int,
    name: str,
    key: str,
    values: Mapping[str, object],
    *,
    actor: Somebody,
) -> str:
    """Give the message to an instance; return why it did not take it, or nothing.

    Whatever the instance runs into, the message itself must be recorded: its step is taken back alone.
    """
    delivered = False

    def act(workflow: Workflow, host: StepHost) -> None:
        nonlocal delivered
        delivered = workflow.deliver_message(name, key, dict(values))
        if delivered:
            host.events.append(Event("message", element_name=name, data={"name": name}, values=values))

    savepoint = connection.begin_nested()
    try:
        step(world, connection, instance_id, act, actor=actor.actor)
    except (StepBlocked, RunFailed) as failure:
        savepoint.rollback()
        return f"The procedure could not take it: {failure}"
    savepoint.commit()
    return "" if delivered else "The procedure had moved on."


def _record(
    world: World,
    connection: Connection,
    name: str,
    key: str,
    values: Mapping[str, object],
    received_on: date,
    actor: Somebody,
    instances: list[int],
    why: str,
    sender_id: str | None,
) -> Correlation:
    status: Literal["delivered", "kept"] = "kept" if why else "delivered"
    instance_id = instances[0] if len(instances) == 1 or (instances and not why) else None
    request: Any = _request(connection, key)
    if why:
        _tell_holder(world, connection, request, key, why)
    elif request is not None and request.owner_id not in (None, actor.person_id):
        tell(
            connection,
            kind="replied",
            subject=f"A reply about {request.number}",
            text="Somebody recorded what the client said, and the case has moved on.",
            at=world.clock.now(),
            person_id=request.owner_id,
            case_id=request.case_id,
            instance_id=instance_id,
        )
    row = {
        "name": name,
        "correlation_key": key,
        "case_id": request.case_id if request is not None else None,
        "payload": dumps(values),
        "received_on": received_on,
        "recorded_at": world.clock.now(),
        "recorded_by_id": actor.person_id,
        "status": status,
        "instance_id": instance_id,
        "sender_id": sender_id,
    }
    message_id = connection.execute(_ADD, row).scalar_one()
    return Correlation(message_id, status, instance_id, why)


def _tell_holder(world: World, connection: Connection, request: Any, key: str, why: str) -> None:
    """Tell whoever holds a request that a message was kept; after closure, the team that the procedure began with.

    Somebody is always told: the team of a holder who has left, and operations where there is no team, or no request.
    """
    holder = request.owner_id if request is not None and request.closed_at is None else None
    if holder is not None and not is_active(connection, holder):
        holder = None
        team = request.owner_group or _first_team(world, connection, request)
    else:
        team = _first_team(world, connection, request) if request is not None else None
    tell(
        connection,
        subject=f"A message about {key} needs you"[:200],
        text=f"{why} Read it on the case, contact the client if needed, then mark it as dealt with."
        if request is not None
        else f"{why} No service request has this number. It is under Incidents: find out whose it is.",
        at=world.clock.now(),
        person_id=holder,
        group_key=team or OPERATIONS,
        case_id=request.case_id if request is not None else None,
    )


def _first_team(world: World, connection: Connection, request: Any) -> str | None:
    definition_id = connection.execute(
        select(ProcessInstance.definition_id).where(ProcessInstance.request_id == request.request_id)
    ).scalar()
    if definition_id is None:
        return str(request.owner_group) if request.owner_group else None
    return definitions.load(world, connection, definition_id).first_team
