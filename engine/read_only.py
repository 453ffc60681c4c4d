"""What a form shows and does not ask: read-only fields, and lists whose rows are settled.

What is stored counts, whatever was sent. The rows of a settled list are those that are stored, in their order; a form
fills in the open fields of each, and what it does not show of them stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.form_visibility import asked_in
from engine.forms import Component


def look_up(names: Mapping[str, Any], key: str) -> Any:
    """Return the value of a dotted name, or None."""
    found: Any = names
    for part in key.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def stored_rows(names: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Return the stored rows of a list: none where it holds nothing, or something else."""
    rows = look_up(names, key)
    return [dict(row) for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def with_what_is_stored(
    components: Iterable[Component], values: Mapping[str, object], names: Mapping[str, Any]
) -> dict[str, object]:
    """Return submitted values without what the form only shows, and with the stored rows of settled lists.

    Expects as many rows as are stored: `form_rules` has refused the rest.
    """
    kept = dict(values)
    for component in (part for outer in components for part in asked_in(outer)):
        key = component.key or ""
        if component.is_read_only or (component.has_fixed_rows and kept.get(key) is None):
            kept.pop(key, None)
        elif component.has_fixed_rows and key in kept:
            kept[key] = _merged(component, kept[key], stored_rows(names, key))
    return kept


def parts_of(component: Component) -> dict[str, Component]:
    """Return the fields of each row of a list, by their short names."""
    parts = [part for inner in component.components for part in asked_in(inner)]
    return {(part.key or "").rpartition("[].")[2]: part for part in parts if part.key}


def _merged(component: Component, given: Any, stored: list[dict[str, Any]]) -> list[dict[str, Any]]:
    is_open = {name for name, part in parts_of(component).items() if not part.is_read_only}
    rows = given if isinstance(given, list) else []
    answers = [{name: value for name, value in row.items() if name in is_open} for row in rows]
    return [{**row, **answer} for row, answer in zip(stored, answers, strict=True)]
