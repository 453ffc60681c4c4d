"""Projection: the rows of worklists and waits, brought up to date by what changed between two moments of a step.

What belongs to a called process carries the step of the activity that calls it, where its element has none of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, Integer, String, bindparam, case, delete, insert, select, update

from engine.definitions import LoadedDefinition
from engine.models import Membership, Person, UserTask, Wait
from engine.prepared import Prepared
from engine.spiff import OpenTask, OpenWait, Workflow
from engine.values import dumps, plain

_TASK, _WAIT = (model.metadata.tables[model.__tablename__] for model in (UserTask, Wait))
_NAMED, _OF_GROUP = bindparam("b_assignee", type_=Integer), bindparam("b_group", type_=String)
# Whoever is locked out, or has left the group whose work it is, could not do it: it then waits in the group's queue.
_IS_THEIRS = select(Membership.person_id).where(
    Membership.person_id == _NAMED,
    Membership.group_key == _OF_GROUP,
    Person.person_id == Membership.person_id,
    Person.is_active,
)
_ADD_TASK = Prepared(
    insert(_TASK).values(assignee_id=case((_OF_GROUP.is_(None), _NAMED), else_=_IS_THEIRS.scalar_subquery()))
)
_ADD_WAIT = Prepared(insert(_WAIT))
_END_TASK = Prepared(
    update(_TASK).where(_TASK.c.instance_id == bindparam("b_instance"), _TASK.c.token == bindparam("b_token"))
)
_END_WAIT = Prepared(
    delete(_WAIT).where(
        _WAIT.c.instance_id == bindparam("b_instance"),
        _WAIT.c.token == bindparam("b_token"),
        _WAIT.c.element_id == bindparam("b_element"),
        _WAIT.c.kind == bindparam("b_kind"),
        _WAIT.c.name == bindparam("b_name"),
        _WAIT.c.due_at.is_not_distinct_from(bindparam("b_due", type_=_WAIT.c.due_at.type)),
    )
)


@dataclass(frozen=True, slots=True)
class Place:
    """Whose rows are written, and who acts in this step."""

    instance_id: int
    case_id: int | None
    now: datetime
    actor_id: int | None


@dataclass(frozen=True, slots=True)
class Open:
    """What an instance had open at one moment: user tasks by their tokens, and waits by all that tells them apart."""

    tasks: Mapping[str, OpenTask]
    waits: Mapping[tuple[object, ...], OpenWait]

    @classmethod
    def of(cls, workflow: Workflow) -> Open:
        """Look at an instance in memory."""
        return cls(
            {task.token: task for task in workflow.open_tasks()},
            {(wait.token, wait.element_id, wait.kind, wait.name, wait.due_at): wait for wait in workflow.open_waits()},
        )


def project(
    connection: Connection,
    place: Place,
    definition: LoadedDefinition,
    *,
    before: Open,
    after: Open,
    completed: str | None,
) -> list[dict[str, object]]:
    """Bring the rows from what was open before a step to what is open after it; return those of new tasks.

    `completed` is the token that the actor completed in this step; any other task that is gone was withdrawn. The rows
    say whom the diagram named; in the database nobody holds what that person cannot do.
    """
    gone = [token for token in before.tasks if token not in after.tasks]
    if completed in gone:
        no_draft = {"draft": None, "draft_saved_at": None}
        ended = {"status": "completed", "ended_at": place.now, "ended_by_id": place.actor_id, **no_draft}
        _END_TASK.change(connection, {"b_instance": place.instance_id, "b_token": completed, **ended})
    withdrawn = [token for token in gone if token != completed]
    if withdrawn:
        ended = {"status": "withdrawn", "ended_at": place.now, "ended_by_id": place.actor_id}
        _END_TASK.change_each(
            connection, [{"b_instance": place.instance_id, "b_token": token, **ended} for token in withdrawn]
        )
    new_tasks = [_task_row(task, place, definition) for token, task in after.tasks.items() if token not in before.tasks]
    if new_tasks:
        _ADD_TASK.change_each(connection, [_to_hold(row) for row in new_tasks])
    over = [_wait_place(wait, place) for key, wait in before.waits.items() if key not in after.waits]
    if over:
        _END_WAIT.change_each(connection, over)
    new_waits = [_wait_row(wait, place, definition) for key, wait in after.waits.items() if key not in before.waits]
    if new_waits:
        _ADD_WAIT.change_each(connection, new_waits)
    return new_tasks


def redraw(connection: Connection, place: Place, definition: LoadedDefinition, now_open: Open) -> None:
    """Bring the rows of an instance to another version: tasks keep their holder, their draft and their due date."""
    kept = ("element_id", "process_id", "name", "step", "form_id", "properties", "waits_for")
    for token, task in now_open.tasks.items():
        row = _task_row(task, place, definition)
        connection.execute(
            update(_TASK)
            .where(_TASK.c.instance_id == place.instance_id, _TASK.c.token == token)
            .values(version=_TASK.c.version + 1, **{name: row[name] for name in kept})
        )
    redraw_waits(connection, place, definition, now_open)


def redraw_waits(connection: Connection, place: Place, definition: LoadedDefinition, now_open: Open) -> None:
    """Write the waits of an instance anew, as it has them open."""
    connection.execute(delete(_WAIT).where(_WAIT.c.instance_id == place.instance_id))
    if now_open.waits:
        _ADD_WAIT.change_each(connection, [_wait_row(wait, place, definition) for wait in now_open.waits.values()])


def _wait_place(wait: OpenWait, place: Place) -> dict[str, object]:
    return {
        "b_instance": place.instance_id,
        "b_token": wait.token,
        "b_element": wait.element_id,
        "b_kind": wait.kind,
        "b_name": wait.name or "",
        "b_due": wait.due_at,
    }


def _task_row(task: OpenTask, place: Place, definition: LoadedDefinition) -> dict[str, object]:
    assignee = _person(task.assignee)
    return {
        "instance_id": place.instance_id,
        "case_id": place.case_id,
        "token": task.token,
        "element_id": task.element_id,
        "process_id": task.process_id,
        "name": _name(task),
        "step": definition.step_of(task.element_id, task.callers, worked_out=task.properties.get("step")),
        "form_id": task.form_id,
        "properties": dumps(plain(task.properties)),
        "candidate_group": _group(task, definition),
        "assignee_id": assignee,
        "status": "open",
        "version": 1,
        "priority": int(task.priority) if task.priority is not None else 50,
        "created_at": place.now,
        "due_at": task.due_at,
        "waits_for": "outside" if task.properties.get("outside") else "us",
    }


def _to_hold(row: dict[str, object]) -> dict[str, object]:
    named = {"b_assignee": row["assignee_id"], "b_group": row["candidate_group"]}
    return {name: value for name, value in row.items() if name != "assignee_id"} | named


def nobody_holds(task: OpenTask, definition: LoadedDefinition) -> str:
    """Return why a task would be in nobody's list, or in the wrong one; empty where someone can do it."""
    groups = definition.groups
    if len(task.candidate_groups) > 1:
        return f"The task has several groups ({', '.join(task.candidate_groups)}), and a task is one group's work."
    if task.assignee is not None and _person(task.assignee) is None:
        return f"The task's assignee is “{task.assignee}”, which is no person's number."
    group = _group(task, definition)
    if group is None and task.assignee is None:
        return "The task has no group, no lane of a group and no assignee, so nobody would see it."
    if group is not None and groups and group not in groups and (task.candidate_groups or task.assignee is None):
        return f"The task's group is “{group}”, which is not in groups.toml, so nobody would see it."
    return ""


def _name(task: OpenTask) -> str:
    """Return what a task is called; one that writes or checks a letter names it, as one diagram serves all letters."""
    name = task.name or task.element_id
    letter = str(task.properties.get("letter") or task.properties.get("preview") or "")
    known, _, nation = letter.partition("_")
    if not letter or known in name:
        return name
    return f"{name} {known} ({nation})" if nation else f"{name} {known}"


def _group(task: OpenTask, definition: LoadedDefinition) -> str | None:
    """Return the group that the task names, or the one whose key or title its lane is called."""
    if task.candidate_groups:
        return str(task.candidate_groups[0])
    lane = (task.lane or "").strip()
    titled = next((key for key, group in definition.groups.items() if group.title == lane), None)
    return titled or re.sub(r"\W+", "_", lane.lower()) or None


def _person(assignee: object) -> int | None:
    if isinstance(assignee, int | Decimal) and not isinstance(assignee, bool):
        return int(assignee)
    return int(assignee) if isinstance(assignee, str) and assignee.isdecimal() else None


def _wait_row(wait: OpenWait, place: Place, definition: LoadedDefinition) -> dict[str, object]:
    element = definition.program.elements.get(wait.element_id)
    properties = element.properties if element else {}
    return {
        "instance_id": place.instance_id,
        "token": wait.token,
        "element_id": wait.element_id,
        "element_name": (element.name if element else None) or wait.element_id,
        "step": definition.step_of(wait.element_id, wait.callers),
        "form_id": properties.get("form"),
        "kind": wait.kind,
        "name": wait.name or "",
        "correlation_key": None if wait.key is None else str(wait.key),
        "due_at": wait.due_at,
        "rule": wait.rule or "",
        "created_at": place.now,
    }
