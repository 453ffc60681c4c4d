"""Closed requests that turn out wrong: reopened, or corrected, with a reason, by a leader whom process.toml names.

Reopening starts the procedure anew on the same service request; what was paid, sent and written stays as it is.
Refuses while anything of the request is still open, or a later request that was raised from it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select, update

from engine import definitions, history
from engine.cases import add_note, procedure_of
from engine.definitions import LoadedDefinition, Reopening
from engine.dictionary import validate
from engine.errors import Conflict, NotAllowed, NotFound, ValuesRefused
from engine.facts import Facts, request_fields
from engine.history import Event
from engine.holds import hold_request
from engine.models import Definition, Person, ProcessInstance, RequestLink, ServiceRequest
from engine.people import Somebody
from engine.sent_forms import note_sent
from engine.step import Outcome, begin
from engine.world import World

MAX_REASON = 5_000
# A later request points at the one that it was raised from.
_LATER = ("raised_from", "related")


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed request as its leader may work on it: its row, its procedure in force, and what that allows."""

    row: Any
    definition: LoadedDefinition
    reopening: Reopening

    @property
    def fields(self) -> dict[str, Any]:
        """`request.*`, as stored."""
        return request_fields(self.row)


def reopen(world: World, request_id: int, *, reason: str, actor: Somebody, sent_key: str | None = None) -> Outcome:
    """Start the procedure of a closed request anew, on the version in force, with ``reopened`` and the reason.

    Raises: NotFound; NotAllowed; ValuesRefused without a reason; Conflict when it is open or something that hangs on
    it is; SentBefore. Nothing has changed then.
    """
    with world.db.write() as connection:
        hold_request(connection, request_id)
        note_sent(connection, sent_key, now=world.clock.now())
        return reopen_in(world, connection, request_id, reason=reason, actor=actor)


def reopen_in(
    world: World,
    connection: Connection,
    request_id: int,
    *,
    reason: str,
    actor: Somebody,
    besides: int | None = None,
) -> Outcome:
    """Reopen in the caller's transaction; `besides` is an instance of the request that may still be running.

    Raises: as `reopen`.
    """
    reason = _reason(reason)
    closed = read_closed(world, connection, request_id, actor=actor)
    problem = why_not(connection, closed, besides=besides)
    if problem:
        raise Conflict(problem)
    old = {name: closed.fields.get(name) for name in ("status", "sub_status", "resolution_code", "closed_at")}
    event = Event(
        "reopened",
        element_name=closed.row.number,
        values={"reopening_reason": reason, "before": {f"request.{name}": value for name, value in old.items()}},
    )
    _record(world, connection, closed, event, actor)
    _open_again(world, connection, closed)
    _write_note(world, connection, closed, f"Reopened after closure.\n{reason}", actor)
    return begin(
        world,
        connection,
        closed.definition,
        {"reopened": True, "reopening_reason": reason},
        case_id=closed.row.case_id,
        request_id=request_id,
        business_key=closed.row.number,
        actor=actor.actor,
    )


def correct(
    world: World,
    request_id: int,
    *,
    changes: Mapping[str, object],
    reason: str,
    actor: Somebody,
    sent_key: str | None = None,
) -> Mapping[str, object]:
    """Change declared facts of a closed request, which stays closed; return the changes that were made.

    Raises: NotFound; NotAllowed; ValuesRefused when a fact is not among those that process.toml declares, its value
    does not fit, or nothing would change; Conflict when the request is open; SentBefore.
    """
    reason = _reason(reason)
    changes = {key: None if value == "" else value for key, value in changes.items()}
    with world.db.write() as connection:
        hold_request(connection, request_id)
        note_sent(connection, sent_key, now=world.clock.now())
        closed = read_closed(world, connection, request_id, actor=actor)
        before = {key: closed.fields.get(key.removeprefix("request.")) for key in changes}
        _check(closed, changes, before)
        made = {key: value for key, value in changes.items() if value != before[key]}
        if not made:
            raise ValuesRefused({"reason": "Change at least one answer: what you sent is what is stored already"})
        facts = Facts(case={}, request=closed.fields, request_id=request_id)
        facts.values["request"].update({key.removeprefix("request."): value for key, value in made.items()})
        facts.save(connection, case_id=None, instance_id=0)
        was = {key: before[key] for key in made if before[key] is not None}
        event = Event(
            "corrected",
            element_name=closed.row.number,
            values={**made, "before": was, "correction_reason": reason},
        )
        _record(world, connection, closed, event, actor)
        labels = [_label(closed, key) for key in made]
        _write_note(world, connection, closed, f"Corrected after closure: {', '.join(labels)}.\n{reason}", actor)
        return made


def read_closed(world: World, connection: Connection, request_id: int, *, actor: Somebody) -> Closed:
    """Return a closed request that a person may reopen or correct.

    Raises: NotFound; NotAllowed; Conflict when it is open.
    """
    row: Any = connection.execute(
        select(ServiceRequest.__table__).where(ServiceRequest.request_id == request_id)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such service request.")
    key = procedure_of(connection, request_id)
    if key is None:
        raise Conflict(f"{row.number} has no procedure of its own, so it cannot be reopened. Record a new contact.")
    try:
        definition = definitions.in_force(world, connection, key)
    except NotFound as withdrawn:
        message = f"The procedure of {row.number} is no longer in force, so it cannot be reopened. Tell operations."
        raise Conflict(message) from withdrawn
    allowed = definition.reopening
    if allowed is None:
        raise NotAllowed(f"{definition.title} does not let a closed request be reopened or corrected.")
    if allowed.by not in actor.groups:
        title = definition.groups[allowed.by].title if allowed.by in definition.groups else allowed.by
        raise NotAllowed(f"Reopening and correcting {row.number} is for: {title}.")
    if row.closed_at is None:
        raise Conflict(f"{row.number} is open, perhaps because a colleague has just reopened it. Nothing was changed.")
    return Closed(row, definition, allowed)


def why_not(connection: Connection, closed: Closed, *, besides: int | None = None) -> str:
    """Return the sentence that says why a closed request cannot be reopened now, or nothing.

    `besides` is an instance that does not stand in the way: the one that asks for it.
    """
    number = closed.row.number
    running = connection.execute(
        select(ProcessInstance.instance_id).where(
            ProcessInstance.request_id == closed.row.request_id, ProcessInstance.ended_at.is_(None)
        )
    ).scalars()
    if set(running) - {besides}:
        return f"Something of {number} is still to be done. Complete its open tasks first, then reopen it."
    later = _later_request(connection, closed.row)
    if later is not None:
        return f"{later.kind} {later.number} was raised from {number} and is open. Put it right there instead."
    return ""


def _later_request(connection: Connection, row: Any) -> Any:
    """Return an open request that was raised from this one, or None."""
    return connection.execute(
        select(ServiceRequest.number, ServiceRequest.kind)
        .join(RequestLink, RequestLink.from_request_id == ServiceRequest.request_id)
        .where(RequestLink.to_request_id == row.request_id, RequestLink.relation.in_(_LATER))
        .where(ServiceRequest.closed_at.is_(None), ServiceRequest.request_id > row.request_id)
        .order_by(ServiceRequest.request_id)
    ).first()


def _open_again(world: World, connection: Connection, closed: Closed) -> None:
    fields = closed.fields
    fields.pop("closed_on", None)
    holder = fields.get("caseworker")
    is_here = select(Person.person_id).where(Person.person_id == holder, Person.is_active)
    if holder is not None and connection.execute(is_here).first() is None:
        fields["caseworker"] = None  # who has left cannot take it up again: it goes to the group's queue
    fields.update(status="In Progress", sub_status="In Progress", resolution_code=None, closed_at=None)
    leads = closed.definition.groups.get(closed.reopening.by)
    fields["owner_group"] = (leads.leads if leads is not None else "") or closed.reopening.by
    facts = Facts(case={}, request=closed.fields, request_id=closed.row.request_id)
    facts.values["request"].clear()
    facts.values["request"].update(fields)
    facts.save(connection, case_id=None, instance_id=0)
    connection.execute(
        update(ServiceRequest)
        .where(ServiceRequest.request_id == closed.row.request_id)
        .values(reopened_at=world.clock.now())
    )


def _record(world: World, connection: Connection, closed: Closed, event: Event, actor: Somebody) -> None:
    """Add an event to the history of the procedure that the request ended with last."""
    newest: int = connection.execute(
        select(func.max(ProcessInstance.instance_id))
        .join(Definition, Definition.definition_id == ProcessInstance.definition_id)
        .where(ProcessInstance.request_id == closed.row.request_id, Definition.key == closed.definition.key)
    ).scalar_one()
    history.tell(connection, newest, event, at=world.clock.now(), actor=actor.actor.key)


def _check(closed: Closed, changes: Mapping[str, object], before: Mapping[str, object]) -> None:
    problems: dict[str, str] = {}
    for key, value in changes.items():
        field = closed.definition.dictionary.field_for(key)
        if key not in closed.reopening.correctable or field is None:
            problems[key] = "This cannot be corrected after closure"
        elif value is None and before[key] is not None:
            problems[key] = f"Enter {field.label}: a correction cannot empty it"
        elif sentence := validate(value, field):
            problems[key] = sentence
    if problems:
        raise ValuesRefused(problems)


def _reason(text: str) -> str:
    said = text.strip()
    if not said:
        raise ValuesRefused({"reason": "Enter the reason"})
    if len(said) > MAX_REASON:
        raise ValuesRefused({"reason": f"The reason must be {MAX_REASON:,} characters or fewer"})
    return said


def _write_note(world: World, connection: Connection, closed: Closed, text: str, actor: Somebody) -> None:
    add_note(
        connection,
        world,
        case_id=closed.row.case_id,
        request_id=closed.row.request_id,
        text=text,
        author_id=actor.person_id,
    )


def _label(closed: Closed, key: str) -> str:
    field = closed.definition.dictionary.field_for(key)
    return field.label if field is not None else key
