"""What an open service request waits for, in words: each person, team, reply and date, and since when.

The words follow the same rules as `listed_request.waits_for`, by which lists are filtered (migration 0009).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.definitions import LoadedDefinition
from engine.queries.listed_requests import OpenRequest
from engine.queries.running import WaitRow
from engine.queries.worklist import TaskRow
from web.case_summary import furthest_first
from web.holders import team
from web.words import due


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that a request waits for. `word` is that of the filter, `what` is done or awaited, in words."""

    word: str
    who: str
    what: str = ""
    step: str = ""
    since: datetime | None = None
    task_id: int | None = None


def waits_of(
    request: OpenRequest, loaded: Mapping[int, LoadedDefinition], groups: Mapping[str, str], *, viewer_id: int
) -> list[Waiting]:
    """Return what a request waits for, what its owner has to do first; `groups` are the titles of teams."""
    tasks = [
        _of_task(task, request, groups, viewer_id=viewer_id) for task in furthest_first(list(request.tasks), loaded)
    ]
    tasks.sort(key=lambda one: one.word != "owner")
    found = [*tasks, *_of_service(request)]
    found += _replies(request.waits)
    if not found:
        found += _others(request.waits)
    return found or [Waiting("", "Nobody: no procedure is under way")]


def _of_task(task: TaskRow, request: OpenRequest, groups: Mapping[str, str], *, viewer_id: int) -> Waiting:
    about = (task.name, task.step, task.created_at, task.task_id)
    if task.outside:
        return Waiting("outside", f"{task.outside}, who decides outside the service", *about)
    who = task.assignee_name or f"{team(task.candidate_group, groups)} (not claimed yet)"
    is_owners = task.assignee_id is not None and task.assignee_id == request.owner_id
    return Waiting("owner" if is_owners else "other", "You" if task.assignee_id == viewer_id else who, *about)


def _of_service(request: OpenRequest) -> Iterator[Waiting]:
    statuses = {instance.status for instance in request.instances}
    if "incident" in statuses:
        yield Waiting("stopped", "Operations: the procedure has stopped and is to be put right")
    if "suspended" in statuses:
        yield Waiting("stopped", "Operations, who have suspended the procedure")
    for wait in request.waits:
        if wait.kind == "job":
            name = wait.element_name or wait.element_id
            who = "Operations: it could not be handed over" if wait.is_given_up else "A letter or another system"
            yield Waiting("service", who, name, wait.step, wait.created_at)
    if "retrying" in statuses:
        yield Waiting("service", "The service, which tries again what has just failed")


def _replies(waits: tuple[WaitRow, ...]) -> Iterator[Waiting]:
    """Yield the replies that are waited for until a date: both hang on one token."""
    dates = {wait.token: wait for wait in waits if wait.kind == "timer" and wait.due_at is not None}
    seen = set()
    for wait in waits:
        date = dates.get(wait.token)
        if wait.kind == "message" and date is not None and date.due_at is not None and wait.token not in seen:
            seen.add(wait.token)
            step = wait.step or date.step
            yield Waiting("client", f"The client, until {due(date.due_at)}", "", step, wait.created_at)


def _others(waits: tuple[WaitRow, ...]) -> Iterator[Waiting]:
    """Yield what a request waits for that has nothing else: its next date, or a message without one."""
    date = next((wait for wait in waits if wait.kind == "timer" and wait.due_at is not None), None)
    message = next((wait for wait in waits if wait.kind == "message"), None)
    if date is not None and date.due_at is not None:
        yield Waiting("date", f"A date, {due(date.due_at)}", date.element_name, date.step, date.created_at)
    elif message is not None:
        yield Waiting("client", "The client", message.element_name, message.step, message.created_at)
