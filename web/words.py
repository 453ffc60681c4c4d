"""Values as people read them: dates as 22 November 2026, money in pounds, yes and no, lists as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from engine.clock import LONDON
from engine.field_values import pounds

NOT_DONE = "important"
"""The category of a message that says what was not done: without it, the message is headed “Done”."""


def day(value: date) -> str:
    """Return a date as 22 November 2026."""
    return f"{value.day} {value:%B %Y}"


def day_of(value: datetime) -> str:
    """Return the day of an instant in London as 22 November 2026."""
    return day(value.astimezone(LONDON))


def moment(value: datetime) -> str:
    """Return an instant in London as 22 November 2026 at 2:30pm."""
    local = value.astimezone(LONDON)
    return f"{day(local)} at {clock(local.time())}"


def due(value: datetime) -> str:
    """Return an instant by which something is due: the end of a day by the day, the last second before 3pm as 3pm."""
    local = value.astimezone(LONDON)
    if (local.hour, local.minute) in ((23, 59), (0, 0)):
        return day(local)
    return moment(value + timedelta(seconds=1) if local.second == 59 else value)


def up_to(number: int, most_counted: int) -> str:
    """Write a count as far as it was counted: "12", "999+"."""
    return str(number) if number < most_counted else f"{most_counted - 1}+"


def steps(text: str) -> str:
    """Return numbered steps such as `Review 9, Review 10` as Review 9, 10."""
    said, last = "", ""
    for step in filter(None, (part.strip() for part in text.split(","))):
        procedure, _, number = step.rpartition(" ")
        if not said:
            said = step
        else:
            said += f", {number}" if procedure == last else f", {step}"
        last = procedure
    return said


def local(value: datetime) -> datetime:
    """Return an instant by the clock of London."""
    return value.astimezone(LONDON)


def clock(value: time) -> str:
    """Return a time as 2:30pm, 9am, midday or midnight."""
    if (value.hour, value.minute) in ((0, 0), (12, 0)):
        return "midday" if value.hour else "midnight"
    minutes = f":{value.minute:02d}" if value.minute else ""
    return f"{value.hour % 12 or 12}{minutes}{'am' if value.hour < 12 else 'pm'}"


def span(value: timedelta) -> str:
    """Return a length of time in its two largest units."""
    minutes = int(value.total_seconds() // 60)
    parts = [(minutes // 1440, "day"), (minutes // 60 % 24, "hour"), (minutes % 60, "minute")]
    named = [f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in parts if count]
    return " ".join(named[:2]) or "less than a minute"


def in_words(value: object, *, is_money: bool = False) -> str:
    """Return any stored value as a person would write it; nothing for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int | Decimal):
        return pounds(int(value)) if is_money else f"{value:f}" if isinstance(value, Decimal) else str(value)
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, time):
        return clock(value)
    if isinstance(value, timedelta):
        return span(value)
    if isinstance(value, Mapping):
        return "; ".join(
            f"{_named(key)}: {in_words(item)}" for key, item in value.items() if item not in (None, "", [])
        )
    if isinstance(value, list | tuple):
        return ", ".join(in_words(item) for item in value)
    return str(value)


def _named(key: object) -> str:
    return str(key).rpartition(".")[2].replace("_", " ").capitalize()
