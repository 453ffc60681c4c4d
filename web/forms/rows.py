"""Rows of a list that is being filled in: added, removed and counted before anything is read."""

from __future__ import annotations

import re

from web.forms.kinds import Typed

MAX_ROWS = 100


def with_row_added(typed: Typed, path: str) -> dict[str, list[str]]:
    """Return what was typed with one more empty row in a list."""
    changed = {name: list(values) for name, values in typed.items()}
    changed[f"{path}-rows"] = [str(min(row_count(typed, path) + 1, MAX_ROWS))]
    return changed


def with_row_removed(typed: Typed, path: str, index: int) -> dict[str, list[str]]:
    """Return what was typed without one row of a list; the rows after it move up."""
    count = row_count(typed, path)
    changed: dict[str, list[str]] = {}
    for name, values in typed.items():
        match = re.fullmatch(rf"{re.escape(path)}-(\d+)-(.+)", name)
        if match is None:
            changed[name] = list(values)
        elif int(match[1]) != index:
            changed[f"{path}-{int(match[1]) - (int(match[1]) > index)}-{match[2]}"] = list(values)
    changed[f"{path}-rows"] = [str(max(count - 1, 0))]
    return changed


def row_count(typed: Typed, path: str) -> int:
    """Return how many rows of a list were shown."""
    text = (typed.get(f"{path}-rows") or ["0"])[0]
    return min(int(text), MAX_ROWS) if text.isdecimal() and len(text) < 5 else 0
