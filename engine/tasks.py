"""User tasks: claim, release, assign, complete. Each refuses before anything changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select, update

from engine import definitions, history, instance_row, roles
from engine.attachments import attached_event
from engine.errors import (
    Conflict,
    NotAllowed,
    ProofNeeded,
    TaskAlreadyClaimed,
    TaskAlreadyCompleted,
    TaskNotClaimed,
    TaskNotYours,
    TaskWithdrawn,
    ValuesRefused,
)
from engine.form_rules import check_submission
from engine.history import Event
from engine.holds import hold_task
from engine.models import Person, UserTask
from engine.notifications import FOR_YOU, tell_of_tasks
from engine.people import Somebody, get_person, has_proved
from engine.sent_forms import note_sent
from engine.separation import ALLOWED, Exclusion, exclusion_of
from engine.spiff import Workflow
from engine.step import Outcome, step
from engine.step_host import StepHost
from engine.values import dumps, loads, plain
from engine.world import World

_LEFT = (
    "You hold this task, but you no longer belong to the team whose work it is, so you cannot complete it. "
    "Ask a team leader of that team to give it to somebody else. Nothing was changed."
)


def claim(world: World, task_id: int, *, actor: Somebody, sent_key: str | None = None) -> None:
    """Take a task of one's own group that nobody holds.

    Raises: NotFound, NotAllowed, TaskAlreadyClaimed, TaskAlreadyCompleted, TaskWithdrawn, SentBefore.
    """
    with world.db.write() as connection:
        hold_task(connection, task_id)
        task = get_open_task(connection, task_id)
        if task.assignee_id == actor.person_id:
            return
        if task.assignee_id is not None:
            raise TaskAlreadyClaimed(by=_name(connection, task.assignee_id))
        if task.candidate_group not in actor.groups:
            raise NotAllowed("This task is for another team, so you cannot claim it.")
        refuse_excluded(world, connection, task, actor.person_id)
        note_sent(connection, sent_key, now=world.clock.now())
        give(world, connection, task, to=actor.person_id, kind="claimed", actor=actor)


def release(world: World, task_id: int, *, actor: Somebody) -> None:
    """Give a task back to its group; its holder or a leader of the group may. One that is back there stays there.

    Raises: NotFound, TaskNotYours, TaskAlreadyCompleted, TaskWithdrawn.
    """
    with world.db.write() as connection:
        hold_task(connection, task_id)
        task = get_open_task(connection, task_id)
        if task.assignee_id is None and task.candidate_group in actor.groups:
            return
        if task.assignee_id != actor.person_id and not may_lead(world, actor, task.candidate_group):
            raise TaskNotYours
        if task.assignee_id is not None:
            give(world, connection, task, to=None, kind="released", actor=actor)


def assign(world: World, task_id: int, *, to: int, actor: Somebody, reason: str = "") -> None:
    """Give a task to a member of its group; a leader of the group may.

    Whom the drawing keeps from the task gets it only where the drawing lets a leader say otherwise, with a reason.
    Raises: NotFound, NotAllowed, ValuesRefused, TaskAlreadyCompleted, TaskWithdrawn.
    """
    with world.db.write() as connection:
        hold_task(connection, task_id)
        task = get_open_task(connection, task_id)
        if not may_lead(world, actor, task.candidate_group):
            raise NotAllowed("Only a team leader of this team can assign its tasks.")
        person = get_person(connection, to)
        if task.candidate_group is not None and task.candidate_group not in person.groups:
            raise NotAllowed(f"{person.name} is not in the team that this task belongs to.")
        found = exclusion(world, connection, task, to)
        if found is not None:
            _check_override(found, to=to, reason=reason, actor=actor)
            allow(connection, task, to)
        if task.assignee_id != to:
            give(world, connection, task, to=to, kind="assigned", actor=actor, reason=reason)


def complete(
    world: World, task_id: int, values: Mapping[str, object], *, actor: Somebody, version: int | None = None
) -> Outcome:
    """Submit a task's form: the values are checked, assigned to the case, and the case runs on.

    `version` is the task's version that the page showed.
    Raises: NotFound, NotAllowed, TaskNotClaimed, TaskNotYours, ProofNeeded, ValuesRefused, TaskAlreadyCompleted,
    TaskWithdrawn, Conflict.
    """
    with world.db.write() as connection:
        hold_task(connection, task_id)
        task = get_open_task(connection, task_id)
        if task.assignee_id is None:
            raise TaskNotClaimed
        if task.assignee_id != actor.person_id:
            raise TaskNotYours
        if task.candidate_group is not None and task.candidate_group not in actor.groups:
            raise TaskNotYours(_LEFT)
        refuse_excluded(world, connection, task, actor.person_id)
        if needs_proof(task) and not has_proved(actor, now=world.clock.now()):
            raise ProofNeeded
        if version is not None and version != task.version:
            raise Conflict("This task was changed while you had it open. What you typed is kept below.")

        def act(workflow: Workflow, host: StepHost) -> None:
            if not workflow.is_open(task.token):
                raise TaskWithdrawn
            definition = definitions.load(world, connection, task.definition_id)
            names = workflow.names(task.token)
            kept = check_submission(connection, definition, task, values, names, now=host.now)
            host.events.append(Event("submitted", task.element_id, task.name, task.step, values=kept))
            if task.has_files:
                host.events += attached_event(connection, task)
            workflow.complete_task(task.token, kept)

        return step(
            world, connection, task.instance_id, act, actor=actor.actor, completes=task.token, held=task.instance
        )


def needs_proof(task: Any) -> bool:
    """Tell whether the diagram asks for the password again before this task is done: its property `reauthenticate`."""
    return loads(task.properties).get("reauthenticate") in (True, "true")


def exclusion(world: World, connection: Connection, task: Any, person_id: int) -> Exclusion | None:
    """Return why a person is kept from a task, such as one's own plan to be decided on; None where nothing does."""
    definition = definitions.load(world, connection, task.definition_id)
    return exclusion_of(definition, task, person_id, now=world.clock.now())


def refuse_excluded(world: World, connection: Connection, task: Any, person_id: int) -> None:
    """Refuse whom the drawing keeps from this task, with its reason. Raises: NotAllowed."""
    found = exclusion(world, connection, task, person_id)
    if found is not None:
        remedy = (
            " A leader of the team can give it to you all the same, and say why." if found.may_be_overridden else ""
        )
        raise NotAllowed(found.reason + remedy)


def _check_override(found: Exclusion, *, to: int, reason: str, actor: Somebody) -> None:
    """Refuse to give a task to whom the drawing keeps from it, but with the reason of a leader where it may be."""
    if not found.may_be_overridden:
        raise NotAllowed(found.reason)
    if to == actor.person_id:
        raise NotAllowed(f"{found.reason} Another leader has to give it to you, and say why.")
    if not reason.strip():
        raise ValuesRefused({"reason": f"{found.reason} Say why it is given to them all the same"})


def may_lead(world: World, actor: Somebody, group: str | None) -> bool:
    """Tell whether a person may assign the tasks of a group: they lead it, or it is a group of leaders and theirs."""
    return roles.leads(world.groups, actor.groups, group)


def get_task(connection: Connection, task_id: int) -> Any:
    """Return a task's row, whatever its status, with its instance's as `instance`.

    Raises: NotFound.
    """
    return instance_row.read_with_task(connection, task_id)


def get_open_task(connection: Connection, task_id: int) -> Any:
    """Return the row of a task that is still to be done.

    Raises: NotFound, TaskAlreadyCompleted, TaskWithdrawn.
    """
    task = get_task(connection, task_id)
    if task.status == "completed":
        raise TaskAlreadyCompleted(by=_name(connection, task.ended_by_id), at=task.ended_at)
    if task.status == "withdrawn":
        raise TaskWithdrawn
    return task


def allow(connection: Connection, task: Any, person_id: int) -> None:
    """Note with a task that a leader lets somebody do it whom the drawing keeps from it."""
    properties = loads(task.properties)
    properties[ALLOWED] = sorted({*properties.get(ALLOWED, ()), person_id})
    connection.execute(
        update(UserTask).where(UserTask.task_id == task.task_id).values(properties=dumps(plain(properties)))
    )


def give(
    world: World, connection: Connection, task: Any, *, to: int | None, kind: str, actor: Somebody, reason: str = ""
) -> None:
    """Change who holds a task, and write it to the instance's history, with the reason where one was given."""
    connection.execute(
        update(UserTask).where(UserTask.task_id == task.task_id).values(assignee_id=to, version=task.version + 1)
    )
    values = {"reason": reason.strip()} if reason.strip() else None
    data = {"to": to} if task.assignee_id is None or kind != "handed_over" else {"to": to, "from": task.assignee_id}
    event = Event(kind, task.element_id, task.name, task.step, data=data, values=values)
    now = world.clock.now()
    history.tell(connection, task.instance_id, event, at=now, actor=actor.actor.key)
    if to not in (None, actor.person_id):
        given = connection.execute(select(UserTask).where(UserTask.task_id == task.task_id)).all()
        tell_of_tasks(connection, given, kind="assigned", words=FOR_YOU, at=now)


def _name(connection: Connection, person_id: int | None) -> str:
    name = connection.execute(select(Person.name).where(Person.person_id == person_id)).scalar_one_or_none()
    return str(name) if name else "the system"
