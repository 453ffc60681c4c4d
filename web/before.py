"""What happened before: the requests that a request was raised from, beside a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from engine.dictionary import Dictionary
from engine.queries.cases import RequestRow
from engine.queries.standing import on_case
from engine.queries.told import names_of_people
from web.case_page import details_of
from web.fact_tables import FactTable, tables_of


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier request: how it ended, what is recorded on it, and its lists such as the plan."""

    row: RequestRow
    details: list[dict[str, Any]]
    tables: list[FactTable]


def before_of(connection: Connection, case_id: int, names: Mapping[str, Any], dictionary: Dictionary) -> list[Earlier]:
    """Return the earlier requests of a task's request, the nearest first.

    `names` are those that the task sees. What an earlier request was raised from counts too: a Review looks back as
    far as Log.
    """
    requests = {row.number: row for row in on_case(connection, case_id).requests}
    own = names.get("request")
    people = names_of_people(connection)
    return [
        Earlier(row, details_of(row, dictionary, people), tables_of(row.fields, dictionary, people))
        for row in _raised_from(requests, own.get("number") if isinstance(own, Mapping) else None)
    ]


def _raised_from(requests: dict[str, RequestRow], number: str | None) -> list[RequestRow]:
    """Return the chain of requests that one was raised from, the nearest first."""
    found: dict[str, RequestRow] = {}
    ahead = [number] if number in requests else []
    while ahead:
        row = requests[str(ahead.pop(0))]
        for link in row.links:
            if link.relation == "raised_from" and link.is_outward and link.number not in {number, *found}:
                found[link.number] = requests[link.number]
                ahead.append(link.number)
    return list(found.values())
