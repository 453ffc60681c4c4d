"""What the history of a case says of single facts: who gave each its present value and when, and the values before."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection

from engine.queries.told import HistoryRow, Wanted, history_of_case
from web import history_words
from web.words import moment

_HOLDER = "request.caseworker"
_OUTSIDE_A_FORM = ("value_corrected", "owner_changed")


def rows_about(connection: Connection, case_id: int | None, keys: Collection[str]) -> list[HistoryRow]:
    """Return the rows of a case's history that gave any of these facts a value, the newest first."""
    if case_id is None or not keys:
        return []
    marks = [f'"{key}":' for key in sorted(keys)]
    rows = history_of_case(connection, case_id, Wanted(kinds=_OUTSIDE_A_FORM, marks=marks))
    return [row for row in rows if any(_gives(row, key) for key in keys)]


def values_of(rows: list[HistoryRow], key: str) -> Iterator[object]:
    """Yield the values that a fact was given, the newest first."""
    for row in rows:
        if _gives(row, key):
            yield _given(row)[key]


def by(rows: list[HistoryRow], key: str, people: Mapping[int, str]) -> str:
    """Return who gave a fact its present value, and when; that history does not say where it does not."""
    row = next((row for row in rows if _gives(row, key)), None)
    if row is None:
        return "The history does not say by whom"
    return f"{history_words.who(row.actor, people)}, {moment(row.at)}"


def _gives(row: HistoryRow, key: str) -> bool:
    return key in _given(row)


def _given(row: HistoryRow) -> Mapping[str, Any]:
    values = row.values or {}
    if row.kind == "value_corrected":
        return {str(row.data.get("name")): values.get("value")}
    if row.kind == "owner_changed":
        return {_HOLDER: row.data.get("to")}
    return values
