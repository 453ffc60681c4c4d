"""Handing work over: what somebody holds goes to colleagues, all at once, with a reason, when they leave or are away.

What is handed over is a case's worth: the tasks that the person holds on it and the service requests that they own
there; a task without a case goes by itself. With a request goes its owner (`request.caseworker`), so that what its
procedure assigns from then on goes to the new one; so do the variables of running called processes that the dictionary
marks with ``holder = true``. Each case is a transaction of its own: what could not be moved says why, the rest is done.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, or_, select, update

from engine import absences, definitions, history, instance_row, roles, tasks
from engine.cases import add_note
from engine.errors import NotAllowed, RedressError, ValuesRefused
from engine.history import Event
from engine.holds import hold_case, hold_task
from engine.models import Case, Person, ProcessInstance, ServiceRequest, UserTask
from engine.notifications import tell
from engine.people import Somebody, get_person
from engine.queries.holding import load_of
from engine.separation import Exclusion, exclusion_from_group
from engine.spiff import Workflow
from engine.step import intervene
from engine.step_host import StepHost
from engine.world import World

MOST = 500


@dataclass(slots=True)
class Held:
    """What somebody holds of one case, or one task without a case; `key` names it in a form."""

    key: str
    case_id: int | None
    reference: str
    client_name: str
    tasks: list[tuple[int, str]] = field(default_factory=list)
    requests: list[tuple[int, str]] = field(default_factory=list)
    """The requests that they own: id, and kind with number."""
    groups: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one case: who has it now, or why it could not be moved. `held` is what was moved then."""

    held: Held
    to: str = ""
    why: str = ""


def held_by(connection: Connection, person_id: int, groups: Collection[str]) -> list[Held]:
    """Return what somebody holds of the work of these groups, by case, the oldest case first."""
    found: dict[str, Held] = {}
    rows = connection.execute(
        select(
            UserTask.task_id, UserTask.name, UserTask.candidate_group, Case.case_id, Case.reference, Case.client_name
        )
        .outerjoin(Case, Case.case_id == UserTask.case_id)
        .where(UserTask.status == "open", UserTask.assignee_id == person_id, UserTask.candidate_group.in_(groups))
        .order_by(UserTask.task_id)
        .limit(MOST)
    )
    for row in rows:
        held = _held(found, row, f"task-{row.task_id}")
        held.tasks.append((row.task_id, row.name))
        held.groups.add(row.candidate_group)
    owned = connection.execute(
        select(
            ServiceRequest.request_id,
            ServiceRequest.number,
            ServiceRequest.kind,
            ServiceRequest.owner_group,
            Case.case_id,
            Case.reference,
            Case.client_name,
        )
        .join(Case, Case.case_id == ServiceRequest.case_id)
        .where(
            ServiceRequest.owner_id == person_id,
            ServiceRequest.closed_at.is_(None),
            ServiceRequest.owner_group.in_(groups),
        )
        .order_by(ServiceRequest.request_id)
        .limit(MOST)
    )
    for request in owned:
        held = _held(found, request, "")
        held.requests.append((request.request_id, f"{request.kind} {request.number}"))
        held.groups.add(str(request.owner_group))
    return sorted(found.values(), key=lambda held: (held.case_id is None, held.case_id or 0, held.key))


def hand_over(
    world: World, from_id: int, keys: Sequence[str], *, to: Sequence[int], reason: str, actor: Somebody
) -> list[Result]:
    """Give what somebody holds to one person, or spread it over several by how much each has.

    Who is away today gets nothing of what is spread; whom the drawing keeps from a task never gets it in this way.
    Raises: ValuesRefused, NotAllowed, before anything is moved.
    """
    groups = roles.teams_answered_for(world.groups, actor.groups)
    problems = {}
    if not keys:
        problems["ticked"] = "Choose what to hand over"
    if not [person_id for person_id in to if person_id != from_id]:
        problems["to"] = "Choose who gets it"
    if not reason.strip():
        problems["reason"] = "Say why, for those who read the history of these cases"
    if problems:
        raise ValuesRefused(problems)
    if not groups:
        raise NotAllowed("Work is handed over by those who lead or manage a team.")
    with world.db.read() as connection:
        known = {held.key: held for held in held_by(connection, from_id, groups)}
        away = absences.away_on(connection, absences.today(world))
        chosen = [person_id for person_id in dict.fromkeys(to) if person_id != from_id]
        if len(chosen) > 1:
            chosen = [person_id for person_id in chosen if person_id not in away] or chosen
        load = {person_id: has.tasks + has.cases for person_id, has in load_of(connection, chosen).items()}
    results = []
    for key in dict.fromkeys(keys):
        held = known.get(key)
        if held is None:
            gone = Held(key, None, key, "")
            results.append(Result(gone, why="It was no longer theirs, so nothing was moved."))
            continue
        results.append(_move(world, held, from_id, groups, load, reason=reason, actor=actor))
    return results


def _move(
    world: World,
    held: Held,
    from_id: int,
    groups: Collection[str],
    load: dict[int, int],
    *,
    reason: str,
    actor: Somebody,
) -> Result:
    """Move one case to the first who may have all of it, of those who hold least."""
    why = ""
    for to in sorted(load, key=lambda person_id: (load[person_id], list(load).index(person_id))):
        try:
            with world.db.write() as connection:
                person = get_person(connection, to)
                moved = _give_case(world, connection, held, from_id, person, groups, reason=reason, actor=actor)
        except RedressError as refused:
            why = why or str(refused)
            continue
        if moved is not None:
            load[to] += len(moved.tasks) + len(moved.requests)
            return Result(moved, to=person.name)
        why = "It was no longer theirs, so nothing was moved."
        break
    return Result(held, why=why)


def _give_case(
    world: World,
    connection: Connection,
    held: Held,
    from_id: int,
    person: Somebody,
    groups: Collection[str],
    *,
    reason: str,
    actor: Somebody,
) -> Held | None:
    """Give what somebody still holds of a case to a person, and return what that was; None for nothing any more."""
    if held.case_id is not None:
        hold_case(connection, held.case_id)
    elif held.tasks:
        hold_task(connection, held.tasks[0][0])
    now_held = next((one for one in held_by(connection, from_id, groups) if one.key == held.key), None)
    if now_held is None:
        return None
    missing = sorted(now_held.groups - person.groups)
    if missing:
        titles = ", ".join(world.groups[key].title for key in missing)
        raise NotAllowed(f"{person.name} does not belong to {titles}, whose work this is.")
    rows = [tasks.get_open_task(connection, task_id) for task_id, _ in now_held.tasks]
    running = [_instance_of(connection, request_id) for request_id, _ in now_held.requests]
    for task in rows:
        _refuse(tasks.exclusion(world, connection, task, person.person_id), task.name, person)
    for instance in running:
        if instance is not None:
            definition = definitions.load(world, connection, instance.definition_id)
            kept = exclusion_from_group(
                definition, instance.request__owner_group, instance, person.person_id, now=world.clock.now()
            )
            _refuse(kept, definition.title, person)
    for task in rows:
        tasks.give(world, connection, task, to=person.person_id, kind="handed_over", actor=actor, reason=reason)
    for (request_id, title), instance in zip(now_held.requests, running, strict=True):
        if instance is None:
            its_row = update(ServiceRequest).where(ServiceRequest.request_id == request_id)
            connection.execute(its_row.values(owner_id=person.person_id))
            _tell_history(world, connection, request_id, title, from_id, person, reason=reason, actor=actor)
        else:
            _move_owner(world, connection, instance, from_id, person.person_id, reason=reason, actor=actor)
    if not rows and person.person_id != actor.person_id:  # who gets a task is told of it
        what = ", ".join(title for _, title in now_held.requests)
        several = "Service requests" if len(now_held.requests) > 1 else "A service request"
        at, case_id = world.clock.now(), now_held.case_id
        subject = f"{several} for you: {what}"[:200]
        tell(connection, kind="assigned", subject=subject, at=at, person_id=person.person_id, case_id=case_id)
    return now_held


def _refuse(found: Exclusion | None, what: str, person: Somebody) -> None:
    if found is not None:
        alone = " Its own page lets you give it to them with a reason." if found.may_be_overridden else ""
        raise NotAllowed(f"“{what}” cannot go to {person.name}. {found.reason}{alone}")


def _instance_of(connection: Connection, request_id: int) -> Any | None:
    """Return the row of the instance that works on a request, or None."""
    instance_id = connection.execute(
        select(ProcessInstance.instance_id)
        .where(ProcessInstance.request_id == request_id, ProcessInstance.ended_at.is_(None))
        .order_by(ProcessInstance.instance_id)
        .limit(1)
    ).scalar_one_or_none()
    return None if instance_id is None else instance_row.read(connection, instance_id)


def _move_owner(
    world: World, connection: Connection, instance: Any, from_id: int, to: int, *, reason: str, actor: Somebody
) -> None:
    """Make somebody the owner of the request that an instance works on."""
    dictionary = definitions.load(world, connection, instance.definition_id).dictionary
    names = frozenset(key for key, found in dictionary.fields.items() if found.is_holder)

    def act(workflow: Workflow, host: StepHost) -> None:
        host.facts["request"]["caseworker"] = to
        for held in workflow.scopes.values():
            _replace(held, names, from_id, to)
        host.events.append(Event("owner_changed", data={"from": from_id, "to": to}, values={"reason": reason.strip()}))

    intervene(world, connection, instance.instance_id, act, actor=actor.actor, status=instance.status)


def _tell_history(
    world: World,
    connection: Connection,
    request_id: int,
    title: str,
    from_id: int,
    to: Somebody,
    *,
    reason: str,
    actor: Somebody,
) -> None:
    """Tell who holds a request that no procedure works on: in the history of the one that did, or of its case.

    A case on which nothing has ever run has no history yet: there a note says it.
    """
    case_id = select(ServiceRequest.case_id).where(ServiceRequest.request_id == request_id).scalar_subquery()
    found = connection.execute(
        select(ProcessInstance.instance_id, ProcessInstance.request_id)
        .where(or_(ProcessInstance.request_id == request_id, ProcessInstance.case_id == case_id))
        .order_by((ProcessInstance.request_id == request_id).desc().nulls_last(), ProcessInstance.instance_id.desc())
        .limit(1)
    ).first()
    data, values, now = {"from": from_id, "to": to.person_id}, {"reason": reason.strip()}, world.clock.now()
    if found is not None:
        is_own = found.request_id == request_id
        kind, about = ("owner_changed", "") if is_own else ("request_handed_over", title)
        event = Event(kind, element_name=about, data=data, values=values)
        history.tell(connection, found.instance_id, event, at=now, actor=actor.actor.key)
        return
    of_case = connection.execute(select(case_id)).scalar_one()
    from_name = connection.execute(select(Person.name).where(Person.person_id == from_id)).scalar_one()
    text = f"{title} was handed over from {from_name} to {to.name}. {reason.strip()}"
    add_note(connection, world, case_id=of_case, request_id=request_id, text=text, author_id=actor.person_id)


def _replace(held: dict[str, Any], names: Collection[str], from_id: int, to: int) -> None:
    for name in names & held.keys():
        if held[name] == from_id:
            held[name] = to


def _held(found: dict[str, Held], row: Any, alone: str) -> Held:
    key = f"case-{row.case_id}" if row.case_id is not None else alone
    if key not in found:
        found[key] = Held(key, row.case_id, row.reference or "", row.client_name or "")
    return found[key]
