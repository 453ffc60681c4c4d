"""Who holds a service request now: one answer at every moment, in words, and what is due next on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.queries.cases import RequestRow
from engine.queries.running import InstanceRow, WaitRow
from engine.queries.worklist import TaskRow
from web.words import due


@dataclass(frozen=True, slots=True)
class Work:
    """What is open on one request, or on a procedure that has no request yet; the furthest task comes first."""

    request: RequestRow | None
    tasks: list[TaskRow]
    waits: list[WaitRow]
    instances: list[InstanceRow]

    @property
    def is_open(self) -> bool:
        """Whether there is anything left to do: a closed request may still have a task."""
        return bool(self.tasks) or (self.request.is_open if self.request is not None else True)


@dataclass(frozen=True, slots=True)
class NextDue:
    """What is due next, when, and the rule that the date comes from."""

    what: str
    step: str
    due_at: datetime
    rule: str


def holder_of(work: Work, groups: Mapping[str, str]) -> str:
    """Return who holds a request now. `groups` are the titles of teams by their keys."""
    request, is_closed = work.request, work.request is not None and not work.request.is_open
    if work.tasks:
        holder = task_holder(work.tasks[0], groups)
        return f"Nobody: it is closed. {holder} still has to do: {work.tasks[0].name}" if is_closed else holder
    if is_closed:
        return "Nobody: it is closed"
    if any(instance.status == "incident" for instance in work.instances):
        return "Operations: the procedure has stopped and is to be put right"
    waiting = _waiting(work)
    if waiting:
        return waiting
    if any(instance.status == "retrying" for instance in work.instances):
        return "The service, which tries again what has just failed"
    if request is not None and (request.owner_name or request.owner_group):
        return request.owner_name or team(request.owner_group, groups)
    return "Nobody: no procedure is under way"


def task_holder(task: TaskRow, groups: Mapping[str, str]) -> str:
    """Return who holds a task: a person, the queue of a team, or somebody outside whose decision it records."""
    inside = task.assignee_name or f"{team(task.candidate_group, groups)}: in the queue, nobody has claimed it"
    return f"{task.outside}, who decides outside the service (recorded by {inside})" if task.outside else inside


def team(key: str | None, groups: Mapping[str, str]) -> str:
    """Return what a team is called."""
    return groups.get(key or "", (key or "a team").replace("_", " ").capitalize())


def next_due(work: Work) -> NextDue | None:
    """Return what is due next on a request; None when nothing has a date."""
    tasks = [NextDue(task.name, task.step, task.due_at, "") for task in work.tasks if task.due_at is not None]
    dates = [
        NextDue(wait.element_name or wait.element_id, wait.step, wait.due_at, wait.rule)
        for wait in work.waits
        if wait.kind == "timer" and wait.due_at is not None
    ]
    return min(tasks + dates, key=lambda found: found.due_at, default=None)


def _waiting(work: Work) -> str:
    """Return what a request without a task waits for; empty when it waits for nothing."""
    owner = work.request.owner_name if work.request is not None else None
    has_case = f" ({owner} has the case)" if owner else ""
    if any(wait.is_given_up for wait in work.waits):
        return f"Operations: a letter or a message could not be handed over{has_case}"
    if any(wait.kind == "job" for wait in work.waits):
        return f"The service, which is handing over a letter or a message{has_case}"
    dates = {wait.token: wait.due_at for wait in work.waits if wait.kind == "timer" and wait.due_at is not None}
    replies = [wait for wait in work.waits if wait.kind == "message"]
    # A reply and its deadline hang on one token; what may come at any time hangs on one of its own.
    with_date = next((wait for wait in replies if wait.token in dates), None)
    if with_date is not None:
        return f"Waits for the client until {due(dates[with_date.token])}{has_case}"
    if dates:
        return f"Waits until {due(min(dates.values()))}{has_case}"
    return f"Waits for the client{has_case}" if replies else ""
