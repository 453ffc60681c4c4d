"""What an instance at rest is waiting for, as plain values for tables and pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, cast

from SpiffWorkflow.util.task import TaskState

from engine.spiff.events import Catching
from engine.spiff.instance import Instance
from engine.spiff.kernel import Node
from engine.spiff.tasks import UserTask, as_instant, as_priority
from engine.spiff.triggers import Armed

WaitKind = Literal["timer", "message", "signal", "job"]


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A user task that waits for a person. Instants are aware UTC; a day without a time ends at midnight in London."""

    token: str
    element_id: str
    process_id: str
    name: str
    lane: str
    form_id: str
    assignee: str | None
    candidate_groups: tuple[str, ...]
    due_at: datetime | None
    follow_up_at: datetime | None
    priority: int
    visit: int
    properties: dict[str, Any] = field(default_factory=dict)
    candidate_users: tuple[str, ...] = ()
    callers: tuple[str, ...] = ()
    """The activities that it is inside, the nearest first."""


@dataclass(frozen=True, slots=True)
class OpenWait:
    """Something from outside that a token waits for. All events after an event-based gateway have the same `token`."""

    token: str
    element_id: str
    kind: WaitKind
    name: str = ""
    key: str = ""
    due_at: datetime | None = None
    rule: str = ""
    interrupting: bool = True
    """False for a boundary event that leaves its activity running."""
    process_id: str = ""
    element_name: str = ""
    attached_to: str = ""
    """The activity of a boundary event."""
    callers: tuple[str, ...] = ()
    """The activities that it is inside, the nearest first."""


def is_open_task(task: Any) -> bool:
    """Say whether a token is a user task that nobody has completed."""
    return task._state == TaskState.READY and task.task_spec.manual and "done" not in task.internal_data


def is_open_job(task: Any) -> bool:
    """Say whether a token waits for a deferred job."""
    return task._state == TaskState.STARTED and "job" in task.internal_data


def open_tasks(instance: Instance) -> Iterator[OpenTask]:
    """Yield the user tasks that wait for a person."""
    for task in instance.all_tasks():
        if is_open_task(task):
            yield _open_task(instance, task)


def open_waits(instance: Instance) -> Iterator[OpenWait]:
    """Yield everything else that an instance waits for."""
    for task in instance.all_tasks():
        spec: Node = task.task_spec
        if is_open_job(task):
            yield _wait(instance, task, spec.element_id, "job", Armed(name=spec.ext.job_type))
        elif task._state == TaskState.WAITING and isinstance(spec, Catching):
            for element_id, trigger, armed in spec.armed(task):
                yield _wait(instance, task, element_id, cast(WaitKind, trigger.kind), armed)


def _wait(instance: Instance, task: Any, element_id: str, kind: WaitKind, armed: Armed) -> OpenWait:
    activity = task.task_spec.attached(task)
    attached_to = activity.task_spec.element_id if activity is not None else ""
    return OpenWait(
        token=task.id.hex,
        element_id=element_id,
        kind=kind,
        name=armed.name,
        key=armed.key,
        due_at=armed.due,
        rule=armed.rule,
        interrupting=getattr(task.task_spec, "interrupting", True),
        process_id=task.workflow.process_id,
        element_name=instance.program.elements[element_id].name,
        attached_to="" if attached_to and instance.program.elements[attached_to].synthetic else attached_to,
        callers=task.workflow.callers,
    )


def _open_task(instance: Instance, task: Any) -> OpenTask:
    spec: UserTask = task.task_spec
    element = instance.program.elements[spec.element_id]
    work: dict[str, Any] = {**spec.ext.work, **task.internal_data.get("work", {})}
    given = {key.removeprefix("property:"): value for key, value in work.items() if key.startswith("property:")}
    return OpenTask(
        token=task.id.hex,
        element_id=spec.element_id,
        process_id=task.workflow.process_id,
        name=element.name,
        lane=element.lane,
        form_id=spec.ext.form_id,
        assignee=_text(work.get("assignee")),
        candidate_groups=_many(work.get("candidateGroups")),
        candidate_users=_many(work.get("candidateUsers")),
        due_at=as_instant(work.get("dueDate")),
        follow_up_at=as_instant(work.get("followUpDate")),
        priority=as_priority(work.get("priority")),
        visit=task.internal_data["visit"],
        properties={**spec.ext.properties, **given},
        callers=task.workflow.callers,
    )


def _text(value: Any) -> str | None:
    return str(value) if value not in (None, "") else None


def _many(value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value or ()
    return tuple(str(part).strip() for part in parts if str(part).strip())
