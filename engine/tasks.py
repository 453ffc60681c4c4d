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
)
from engine.form_rules import check_submission
from engine.history import Event
from engine.holds import hold_task
from engine.models import Person, UserTask
from engine.people import Somebody, get_person, has_proved
from engine.spiff import Workflow
from engine.step import Outcome, step
from engine.step_host import StepHost
from engine.values import loads
from engine.world import World


def claim(world: World, task_id: int, *, actor: Somebody) -> None:
    """Take a task of one's own group that nobody holds.

    Raises: NotFound, NotAllowed, TaskAlreadyClaimed, TaskAlreadyCompleted, TaskWithdrawn.
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
        _refuse_excluded(task, actor.person_id)
        _give(world, connection, task, to=actor.person_id, kind="claimed", actor=actor)


def release(world: World, task_id: int, *, actor: Somebody) -> None:
    """Give a task back to its group; its holder or a leader of the group may.

    Raises: NotFound, TaskNotYours, TaskAlreadyCompleted, TaskWithdrawn.
    """
    with world.db.write() as connection:
        hold_task(connection, task_id)
        task = get_open_task(connection, task_id)
        if task.assignee_id != actor.person_id and not may_lead(world, actor, task.candidate_group):
            raise TaskNotYours
        if task.assignee_id is not None:
            _give(world, connection, task, to=None, kind="released", actor=actor)


def assign(world: World, task_id: int, *, to: int, actor: Somebody) -> None:
    """Give a task to a member of its group; a leader of the group may.

    Raises: NotFound, NotAllowed, TaskAlreadyCompleted, TaskWithdrawn.
    """
    with world.db.write() as connection:
        hold_task(connection, task_id)
        task = get_open_task(connection, task_id)
        if not may_lead(world, actor, task.candidate_group):
            raise NotAllowed("Only a team leader of this team can assign its tasks.")
        person = get_person(connection, to)
        if task.candidate_group is not None and task.candidate_group not in person.groups:
            raise NotAllowed(f"{person.name} is not in the team that this task belongs to.")
        _refuse_excluded(task, to)
        if task.assignee_id != to:
            _give(world, connection, task, to=to, kind="assigned", actor=actor)


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
        _refuse_excluded(task, actor.person_id)
        if needs_proof(task) and not has_proved(actor, now=world.clock.now()):
            raise ProofNeeded
        if version is not None and version != task.version:
            raise Conflict("This task was changed while you had it open. What you typed is kept below.")

        def act(workflow: Workflow, host: StepHost) -> None:
            if task.token not in {open_task.token for open_task in workflow.open_tasks()}:
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


def is_excluded(task: Any, person_id: int) -> bool:
    """Tell whether the diagram keeps a person from this task.

    The task's property ``not_by`` is who may not do it, such as whoever wrote the plan that is to be decided on.
    """
    return bool(loads(task.properties).get("not_by") == person_id)


def why_excluded(task: Any) -> str:
    """Return the diagram's reason to keep somebody from a task, as a sentence."""
    reason = loads(task.properties).get("not_by_reason")
    return str(reason or "Somebody else has to do this task, so that two people see it.")


def _refuse_excluded(task: Any, person_id: int) -> None:
    """Refuse whom the diagram keeps from this task, with the diagram's reason. Raises: NotAllowed."""
    if is_excluded(task, person_id):
        raise NotAllowed(why_excluded(task))


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


def _give(world: World, connection: Connection, task: Any, *, to: int | None, kind: str, actor: Somebody) -> None:
    """Change who holds a task, and write it to the instance's history."""
    connection.execute(
        update(UserTask).where(UserTask.task_id == task.task_id).values(assignee_id=to, version=task.version + 1)
    )
    event = Event(kind, task.element_id, task.name, task.step, data={"to": to})
    history.tell(connection, task.instance_id, event, at=world.clock.now(), actor=actor.actor.key)


def _name(connection: Connection, person_id: int | None) -> str:
    name = connection.execute(select(Person.name).where(Person.person_id == person_id)).scalar_one_or_none()
    return str(name) if name else "the system"
