"""What is told of expressions and their values: whether a condition holds, what it had read, a value as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

from engine.calendar import Calendar
from engine.feel import FeelError, compile_expression
from engine.feel.run import Run
from engine.feel.show import show
from engine.feel.values import from_python
from engine.spiff.host import EvaluationFailed
from engine.values import plain

_LONGEST = 80
# A number of names that a person can still read.
_MOST = 12
_NO_CLOCK = datetime(2000, 1, 1, tzinfo=UTC)
"""To show a value takes no clock, but its work is bounded like any other."""


def holds(expression: str, names: Mapping[str, object], *, now: datetime, calendar: Calendar | None) -> bool:
    """Return whether a condition holds. Raises: EvaluationFailed when it is neither true nor false, with why."""
    evaluated = compile_expression(expression).explain(names, now=now, calendar=calendar)
    if isinstance(evaluated.value, bool):
        return evaluated.value
    why = "; ".join(str(note) for note in evaluated.notes) or f"it is {_shown(evaluated.value)}"
    raise EvaluationFailed(f"The condition {expression.strip()} is neither true nor false: {why}.")


def values_read(texts: Iterable[str], names: Mapping[str, object]) -> str:
    """Return what expressions read among names, such as ``amount = 5, client.age = null``; empty if they read nothing.

    Texts that are no expressions are passed over.
    """
    found = dict.fromkeys(path for text in texts for path in _paths(text))
    return ", ".join(f"{'.'.join(path)} = {_shown(_value(path, names))}" for path in list(found)[:_MOST])


def as_json(value: object) -> Any:
    """Return a value as JSON holds it: numbers as numbers, dates as ISO 8601, the rest as FEEL writes it."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Decimal | float):
        number = plain(value)
        # A number beyond what others can read as one is a text: JSON has no word for infinity.
        return number if isinstance(number, int) else float(number) if isfinite(float(number)) else str(number)
    if isinstance(value, Mapping):
        return {str(name): as_json(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    run = Run(_NO_CLOCK)
    return show(from_python(value, run), run)


def _paths(text: str) -> Iterator[tuple[str, ...]]:
    try:
        read = compile_expression(text.removeprefix("=")).names
    except FeelError:
        return
    for name in read:
        if not name.maybe_field:
            yield name.path


def _value(path: tuple[str, ...], names: Mapping[str, object]) -> object:
    value: object = names
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _shown(value: object) -> str:
    run = Run(_NO_CLOCK)
    try:
        text = f'"{value}"' if isinstance(value, str) else show(from_python(value, run), run)
    except FeelError:
        text = "a value too large to show"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."
