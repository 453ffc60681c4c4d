"""Which questions of a form count: those that no condition hides, once every condition has settled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.feel import compile_expression
from engine.forms import Component

_SETTLING_ROUNDS = 8


def is_hidden(component: Component, names: Mapping[str, object], *, now: datetime) -> bool:
    """Tell whether a field is hidden by its condition; a condition that is not true shows it."""
    if component.hide is None:
        return False
    return compile_expression(component.hide).evaluate(names, now=now) is True


def settled(
    components: tuple[Component, ...],
    values: Mapping[str, object],
    names: Mapping[str, object],
    *,
    now: datetime,
    prefix: str = "",
) -> dict[str, object]:
    """Return the names that conditions see: a hidden field counts as null, whatever was typed or is known.

    In a row of a list, `prefix` (``plan_actions[].``) is what the keys begin with: its answers have short names.
    Hiding one field may hide or show another, so this is repeated until nothing changes.
    """
    hidden: set[str] = set()
    for _ in range(_SETTLING_ROUNDS):
        unseen = dict.fromkeys(key.removeprefix(prefix) for key in hidden)
        seen = _overlaid(names, _nested({**values, **unseen}))
        now_hidden = _hidden_keys(components, seen, now=now)
        if now_hidden == hidden:
            break
        hidden = now_hidden
    return seen


def _hidden_keys(components: tuple[Component, ...], names: Mapping[str, object], *, now: datetime) -> set[str]:
    """Return the keys that no visible field has."""
    shown: set[str] = set()
    hidden: set[str] = set()

    def look(parts: tuple[Component, ...], *, is_shown: bool) -> None:
        for part in parts:
            is_seen = is_shown and not is_hidden(part, names, now=now)
            if part.type == "group":
                look(part.components, is_shown=is_seen)
            elif part.key:
                (shown if is_seen else hidden).add(part.key)

    look(components, is_shown=True)
    return hidden - shown


def asked_in(component: Component) -> list[Component]:
    """Return a component and, of a group, those inside it; what a list repeats belongs to its rows."""
    found = [component]
    if component.type == "group":
        for part in component.components:
            found += asked_in(part)
    return found


def _nested(values: Mapping[str, object]) -> dict[str, object]:
    """Turn ``{"request.status": "x"}`` into ``{"request": {"status": "x"}}``, as expressions see it."""
    nested: dict[str, Any] = {}
    for key, value in values.items():
        target = nested
        *parents, last = key.split(".")
        for parent in parents:
            target = target.setdefault(parent, {})
        target[last] = value
    return nested


def _overlaid(names: Mapping[str, object], typed: Mapping[str, object]) -> dict[str, object]:
    """Lay what was typed over what is known, so that ``request.source`` does not hide the rest of `request`."""
    merged = dict(names)
    for key, value in typed.items():
        known = merged.get(key)
        merged[key] = {**known, **value} if isinstance(known, Mapping) and isinstance(value, Mapping) else value
    return merged
