"""Built-in functions on dates, times and durations; now() and today() on the clock of London.

Source: DMN 1.3 10.3.4.1, 10.3.4.8
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import TypeVar

from engine.clock import ZULU
from engine.feel.functions import builtin, builtin_of_run
from engine.feel.run import Run
from engine.feel.show import show
from engine.feel.temporal import MICROSECONDS, parse_date, parse_duration, parse_moment, parse_time
from engine.feel.values import Months

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
T = TypeVar("T")


@builtin("date", "from/year: string|date|date and time|number, [month: number], [day: number]")
def make_date(start: str | date | Decimal, month: Decimal | None = None, day: Decimal | None = None) -> date:
    if isinstance(start, Decimal):
        if month is None or day is None:
            raise ValueError("year, month and day are needed")
        return date(int(start), int(month), int(day))
    if month is not None:
        raise ValueError("year, month and day should be numbers")
    if isinstance(start, str):
        return _parsed(parse_date(start), start, "date")
    return start.date() if isinstance(start, datetime) else start


def _parsed(value: T | None, text: str, sort: str) -> T:
    if value is None:
        raise ValueError(f"{text[:40]!r} is not a {sort}")
    return value


@builtin_of_run("date and time", "date/from: string|date|date and time, [time/timezone: time|string]")
def make_moment(run: Run, start: str | date, clock: time | str | None = None) -> datetime:
    if isinstance(start, str):
        if clock is not None:
            raise ValueError("a text needs no second argument")
        return _parsed(parse_moment(start), start, "date and time")
    if isinstance(clock, str):  # date and time(local, "Europe/Paris")
        text = f"{show(start, run)}@{clock}"
        return _parsed(parse_moment(text), text, "date and time")
    if clock is not None:
        return datetime.combine(start, clock)
    return start if isinstance(start, datetime) else datetime.combine(start, time())


@builtin(
    "time",
    "from/hour: string|date and time|date|time|number, [minute: number], [second: number], "
    "[offset: days and time duration|null]",
)
def make_time(
    start: str | date | time | Decimal,
    minute: Decimal | None = None,
    second: Decimal | None = None,
    offset: timedelta | None = None,
) -> time:
    if isinstance(start, Decimal):
        if minute is None or second is None:
            raise ValueError("hour, minute and second are needed")
        zone = None if offset is None else timezone(offset) if offset else ZULU
        return time(int(start), int(minute), int(second), int(second % 1 * MICROSECONDS), zone)
    if minute is not None:
        raise ValueError("hour, minute and second should be numbers")
    if isinstance(start, str):
        return _parsed(parse_time(start), start, "time")
    if isinstance(start, datetime):
        return start.timetz()
    return start if isinstance(start, time) else time(tzinfo=ZULU)


@builtin("duration", "from: string")
def make_duration(text: str) -> timedelta | Months:
    duration = parse_duration(text)
    if duration is None:  # _parsed would widen this union to object
        raise ValueError(f"{text[:40]!r} is not a duration")
    return duration


@builtin("years and months duration", "from: date|date and time, to: date|date and time")
def months_between(start: date, end: date) -> Months:
    """Whole months only."""
    total = (end.year - start.year) * 12 + end.month - start.month
    if total > 0 and end.day < start.day:
        total -= 1
    elif total < 0 and end.day > start.day:
        total += 1
    return Months(total)


@builtin_of_run("now", "")
def now(run: Run) -> datetime:
    return run.local_now


@builtin_of_run("today", "")
def today(run: Run) -> date:
    return run.local_now.date()


@builtin("day of year", "date: date|date and time")
def day_of_year(day: date) -> Decimal:
    return Decimal(day.timetuple().tm_yday)


@builtin("day of week", "date: date|date and time")
def day_of_week(day: date) -> str:
    return WEEKDAYS[day.weekday()]


@builtin("month of year", "date: date|date and time")
def month_of_year(day: date) -> str:
    return MONTH_NAMES[day.month - 1]


@builtin("week of year", "date: date|date and time")
def week_of_year(day: date) -> Decimal:
    return Decimal(day.isocalendar().week)
