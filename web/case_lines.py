"""Rows of a list of cases: open service requests, what each waits for, and which date comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from engine import definitions
from engine.queries import listed_requests
from engine.queries.listed_requests import OpenRequest
from engine.queries.listed_tasks import ListedTask
from web.away import away_today, open_request_noted
from web.current import world
from web.groups import titles
from web.holders import NextDue, Work, next_due
from web.waiting import Waiting, waits_of

_MARKS = {"mp": "MP", "ice": "ICE", "phso": "PHSO"}


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A row of a list of cases: an open service request, what it waits for, and which date comes next."""

    row: OpenRequest
    waits: list[Waiting]
    next_due: NextDue | None

    @property
    def marks(self) -> list[str]:
        """Return who raised it, where that was not the client."""
        return marks_of(self.row)

    @property
    def date_of(self) -> str:
        """Return what the next date belongs to, where it is not of what is waited for."""
        if self.next_due is None or self.next_due.what in [one.what for one in self.waits]:
            return ""
        return self.next_due.what


def lines_of(connection: Connection, request_ids: Sequence[int], *, viewer_id: int) -> list[CaseLine]:
    """Return open service requests as rows of a list, as somebody sees them."""
    away = away_today(connection)
    rows = [open_request_noted(row, away) for row in listed_requests.requests_by_id(connection, request_ids)]
    ids = {one.definition_id for row in rows for one in row.instances}
    loaded = {definition_id: definitions.load(world(), connection, definition_id) for definition_id in ids}
    named = titles(connection)
    return [
        CaseLine(
            row,
            waits_of(row, loaded, named, viewer_id=viewer_id),
            next_due(Work(None, list(row.tasks), list(row.waits), list(row.instances))),
        )
        for row in rows
    ]


def marks_of(row: ListedTask | OpenRequest) -> list[str]:
    """Return who raised something, where that was not the client."""
    marks = [_MARKS[row.source]] if row.source in _MARKS else []
    return [*marks, "ICE gateway"] if row.is_ice_gateway else marks
