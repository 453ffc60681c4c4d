"""Who is away today: said wherever somebody's name stands as that of who holds something or may be given it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Connection

from engine.absences import Away, away_on, today
from engine.queries.cases import RequestRow
from engine.queries.listed_requests import OpenRequest
from engine.queries.listed_tasks import ListedTask
from engine.queries.worklist import TaskRow
from web.current import world
from web.words import day

Row = TypeVar("Row", TaskRow, ListedTask)


def away_today(connection: Connection) -> Mapping[int, Away]:
    """Return who is away today, by person id."""
    return away_on(connection, today(world()))


def away_words(away: Away | None) -> str:
    """Return that somebody is away, until when and who stands in, as lists of people say it; empty for nobody."""
    if away is None:
        return ""
    cover = f", {away.cover_name} stands in" if away.cover_name else ""
    return f"away until {day(away.last_on)}{cover}"


def task_noted(task: Row, away: Mapping[int, Away]) -> Row:
    """Return a task with its holder's name as it is said while they are away."""
    found = away.get(task.assignee_id or 0)
    return task if found is None else replace(task, assignee_name=_noted(task.assignee_name, found))


def request_noted(request: RequestRow, away: Mapping[int, Away]) -> RequestRow:
    """Return a request of a case with its owner's name as it is said while they are away."""
    found = away.get(request.fields.get("caseworker") or 0)
    return request if found is None else replace(request, owner_name=_noted(request.owner_name, found))


def open_request_noted(request: OpenRequest, away: Mapping[int, Away]) -> OpenRequest:
    """Return a request of a list, its tasks too, with the names of holders as they are said while these are away."""
    found = away.get(request.owner_id or 0)
    name = request.owner_name if found is None else _noted(request.owner_name, found)
    return replace(request, owner_name=name, tasks=tuple(task_noted(task, away) for task in request.tasks))


def _noted(name: str | None, away: Away) -> str | None:
    return f"{name} ({away_words(away)})" if name else name
