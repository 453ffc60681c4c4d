"""The types that a decision's columns name: a result is of its column's type, or it is a mistake.

Texts become dates, times and durations where the column says so. A type that is not one of FEEL's own is an author's
name for a structure and is not checked.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from engine.feel import Months, kind
from engine.feel.temporal import parse_date, parse_duration, parse_moment, parse_time

CLASSES: dict[str, type] = {
    "string": str,
    "boolean": bool,
    **dict.fromkeys(("number", "integer", "long", "double"), Decimal),
    "date": date,
    "time": time,
    **dict.fromkeys(("date and time", "dateTime"), datetime),
    **dict.fromkeys(("days and time duration", "dayTimeDuration"), timedelta),
    **dict.fromkeys(("years and months duration", "yearMonthDuration"), Months),
}
PARSERS: dict[type, Callable[[str], object]] = {
    date: parse_date,
    time: parse_time,
    datetime: parse_moment,
    timedelta: parse_duration,
    Months: parse_duration,
}
WHOLE = ("integer", "long")


class TypeMismatch(ValueError):
    """The value is not of the column's type."""


def typed(value: object, type_: str) -> object:
    """The value as the column's type; null is of every type.

    Raises:
        TypeMismatch: says what was found and what was wanted.
    """
    name = type_.removeprefix("feel:")
    cls = CLASSES.get(name)
    if cls is None or value is None:
        return value
    if isinstance(value, str) and cls in PARSERS:
        value = _parsed(value, cls, name)
    if type(value) is not cls:
        raise TypeMismatch(f"the result should be of type {name}, not {kind(value)}")
    if name in WHOLE and isinstance(value, Decimal) and value != value.to_integral_value():
        raise TypeMismatch(f"the result should be a whole number, not {value}")
    return value


def _parsed(text: str, cls: type, name: str) -> object:
    value = PARSERS[cls](text)
    if value is None:
        raise TypeMismatch(f"{text[:40]!r} is not a {name}")
    return value
