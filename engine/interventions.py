"""Interventions: what operations may do to an instance that stands wrong, each with a reason that history keeps.

Suspended, it keeps what arrives and does nothing until it is resumed; the time that its timers had left is what they
have left then. The due dates of people's tasks stay: the client's time runs on. Nothing here skips a step of a diagram.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select, update

from engine import definitions, incidents, instance_row, notifications
from engine.definitions import LoadedDefinition
from engine.errors import Conflict, NotCompatible, NotFound, ValuesRefused
from engine.feel import compile_expression
from engine.feel.errors import FeelError
from engine.feel.values import Months
from engine.history import Event
from engine.instance_row import SUSPENDED
from engine.models import Definition, Job, Outbox, UserTask
from engine.people import Somebody
from engine.projection import Open, Place, redraw
from engine.sent_forms import note_sent
from engine.spiff import StateMismatch, Stored, Workflow
from engine.spiff.scopes import set_path
from engine.step import Act, intervene, nothing, step
from engine.step_host import StepHost
from engine.world import Actor, World

OPERATIONS = Actor("operations")

STANDING = ("incident", "retrying", SUSPENDED)
"""The statuses in which a value may be corrected: nothing runs on until somebody says so."""


@dataclass(frozen=True, slots=True)
class Value:
    """A variable of an instance: the set that it is in, as `Workflow.scopes` names it, and its value."""

    scope: str
    name: str
    value: object


def suspend(world: World, instance_id: int, *, reason: str, actor: Somebody, sent_key: str | None = None) -> None:
    """Let nothing of an instance go on until it is resumed.

    Raises: NotFound, Conflict, ValuesRefused, SentBefore.
    """
    with world.db.write() as connection:
        row = instance_row.lock(connection, instance_id)
        note_sent(connection, sent_key, now=world.clock.now())
        if row.status == SUSPENDED:
            raise Conflict("This instance is suspended already.")
        intervene(world, connection, instance_id, _told("suspended", reason), actor=actor.actor, status=SUSPENDED)
        connection.execute(delete(Job).where(Job.instance_id == instance_id))


def resume(world: World, instance_id: int, *, reason: str, actor: Somebody, sent_key: str | None = None) -> None:
    """Let a suspended instance go on with the time it had left; what had stopped is tried again.

    Raises: NotFound, Conflict, ValuesRefused, SentBefore.
    """
    with world.db.write() as connection:
        row = instance_row.lock(connection, instance_id)
        note_sent(connection, sent_key, now=world.clock.now())
        if row.status != SUSPENDED:
            raise Conflict("This instance is not suspended.")
        pause = world.clock.now() - row.suspended_at
        tell = _told("resumed", reason)

        def act(workflow: Workflow, host: StepHost) -> None:
            tell(workflow, host)
            workflow.delay_timers(pause)

        intervene(world, connection, instance_id, act, actor=actor.actor, status="active")
        step(world, connection, instance_id, nothing, actor=actor.actor)


def cancel(world: World, instance_id: int, *, reason: str, actor: Somebody, sent_key: str | None = None) -> None:
    """End an instance where it stands: tasks are withdrawn, and what is owed but not handed over is not owed any more.

    The teams that had tasks are told, because the service request is then nobody's until they begin it again.
    Raises: NotFound, Conflict, ValuesRefused, SentBefore.
    """
    with world.db.write() as connection:
        row = instance_row.lock(connection, instance_id)
        note_sent(connection, sent_key, now=world.clock.now())
        now = world.clock.now()
        groups = _groups_at_work(connection, instance_id)
        tell = _told("instance_cancelled", reason)

        def act(workflow: Workflow, host: StepHost) -> None:
            tell(workflow, host)
            workflow.cancel()

        intervene(world, connection, instance_id, act, actor=actor.actor, status="cancelled")
        connection.execute(delete(Job).where(Job.instance_id == instance_id))
        connection.execute(
            update(Outbox)
            .where(Outbox.instance_id == instance_id, Outbox.state.in_(("new", "failed")))
            .values(state="withdrawn")
        )
        incidents.resolve_cancelled(connection, instance_id=instance_id, now=now, by=actor.actor.key)
        about = row.business_key or f"instance {instance_id}"
        for group in groups or ["operations"]:
            notifications.tell(
                connection,
                subject=f"Operations cancelled the procedure of {about}",
                text=f"{reason.strip()} Nobody is working on it now. If it must go on, start it again on the case.",
                at=now,
                group_key=group,
                case_id=row.case_id,
                instance_id=instance_id,
            )


def correct(
    world: World,
    instance_id: int,
    scope: str,
    name: str,
    literal: str,
    *,
    reason: str,
    actor: Somebody,
    sent_key: str | None = None,
) -> None:
    """Put a value right in an instance that stands still; it is used when what stopped is tried again.

    `literal` is the value as FEEL writes it. A name such as ``request.amount`` is a fact; any other must be a variable
    of the set that `scope` names. Raises: NotFound, Conflict, ValuesRefused, SentBefore.
    """
    value = value_of(world, literal)
    with world.db.write() as connection:
        row = instance_row.lock(connection, instance_id)
        note_sent(connection, sent_key, now=world.clock.now())
        if row.status not in STANDING:
            raise Conflict("This instance is running. Suspend it before you correct a value.")
        tell = _told("value_corrected", reason, name=name, value=value)
        dictionary = definitions.load(world, connection, row.definition_id).dictionary
        is_declared = dictionary.field_for(name) is not None

        def act(workflow: Workflow, host: StepHost) -> None:
            tell(workflow, host)
            _put(workflow, host, scope, name, value, is_declared=is_declared)

        intervene(world, connection, instance_id, act, actor=actor.actor, status=row.status)


def move_to_version(
    world: World,
    instance_id: int,
    definition_id: int,
    *,
    reason: str,
    actor: Somebody,
    sent_key: str | None = None,
) -> None:
    """Let an instance go on by another version of its procedure, from where it stands.

    What is open keeps its holder and its due date.
    Raises: NotFound, Conflict, ValuesRefused, NotCompatible, SentBefore.
    """
    with world.db.write() as connection:
        row = instance_row.lock(connection, instance_id)
        note_sent(connection, sent_key, now=world.clock.now())
        target = _version(world, connection, row, definition_id)
        tell = _told("moved_to_version", reason, version=target.version)
        place = Place(instance_id, row.case_id, world.clock.now(), actor.person_id)

        def act(workflow: Workflow, host: StepHost) -> None:
            tell(workflow, host)
            redraw(connection, place, target, Open.of(workflow))

        try:
            intervene(world, connection, instance_id, act, actor=actor.actor, status=row.status, definition=target)
        except StateMismatch as mismatch:
            raise NotCompatible(
                f"Version {target.version} has nothing to stand on for {', '.join(mismatch.names)}. "
                "The instance stays on its version; nothing was changed."
            ) from mismatch
        if row.status != SUSPENDED:
            step(world, connection, instance_id, nothing, actor=actor.actor)


def values_of(world: World, connection: Connection, instance_id: int) -> list[Value]:
    """Return the variables of an instance, those of the process itself first. Raises: NotFound."""
    row = instance_row.read(connection, instance_id)
    definition = definitions.load(world, connection, row.definition_id)
    host = StepHost(
        world,
        connection,
        definition,
        instance_row.facts_of(row),
        instance_id=instance_id,
        case_id=row.case_id,
        actor=OPERATIONS,
        now=world.clock.now(),
    )
    workflow = Workflow.restore(definition.program, Stored(row.state, row.variables), host)
    return [Value(scope, name, held[name]) for scope, held in workflow.scopes.items() for name in sorted(held)]


def versions_to_move_to(connection: Connection, definition_id: int) -> list[Any]:
    """Return the other versions of a definition's procedure, the newest first."""
    key = select(Definition.key).where(Definition.definition_id == definition_id).scalar_subquery()
    return list(
        connection.execute(
            select(Definition.definition_id, Definition.version, Definition.deployed_at, Definition.is_in_force)
            .where(Definition.key == key, Definition.definition_id != definition_id)
            .order_by(Definition.version.desc())
        )
    )


def as_literal(value: object) -> str:
    """Return a value as FEEL writes it, so that it can be changed and read again."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(key)}: {as_literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(as_literal, value)) + "]"
    text = compile_expression("string(value)").evaluate({"value": value}, now=datetime.now(UTC))
    return f'@"{text}"' if isinstance(value, date | time | timedelta | Months) else str(text)


def _told(kind: str, reason: str, **data: object) -> Act:
    """Return an act that tells history what was done and why. Raises: ValuesRefused without a reason."""
    if not reason.strip():
        raise ValuesRefused({"reason": "Say why, for those who read the history of this case"})

    def act(_workflow: Workflow, host: StepHost) -> None:
        told = {key: value for key, value in data.items() if key != "value"}
        values = {"reason": reason.strip(), **({"value": data["value"]} if "value" in data else {})}
        host.events.append(Event(kind, data=told, values=values))

    return act


def value_of(world: World, literal: str) -> object:
    try:
        return compile_expression(literal).evaluate({}, now=world.clock.now())
    except FeelError as fault:
        raise ValuesRefused({"value": f"This is not a value: {fault}"}) from fault


def _put(workflow: Workflow, host: StepHost, scope: str, name: str, value: object, *, is_declared: bool) -> None:
    group, _, fact = name.partition(".")
    if fact and group in ("case", "request") and is_declared:
        set_path(host.facts[group], fact, value, host.facts[group])
        return
    held = workflow.scopes.get(scope)
    if held is None or (name not in held and not (is_declared and not fact)):
        raise NotFound("There is no such variable here.")
    held[name] = value


def _version(world: World, connection: Connection, row: Any, definition_id: int) -> LoadedDefinition:
    """Return another version of an instance's procedure. Raises: NotFound."""
    versions = {version.definition_id for version in versions_to_move_to(connection, row.definition_id)}
    if definition_id not in versions:
        raise NotFound("There is no such version of this procedure.")
    return definitions.load(world, connection, definition_id)


def _groups_at_work(connection: Connection, instance_id: int) -> list[str]:
    group = UserTask.candidate_group
    rows = connection.execute(
        select(group).where(UserTask.instance_id == instance_id, UserTask.status == "open").distinct().order_by(group)
    )
    return [row.candidate_group for row in rows if row.candidate_group is not None]
