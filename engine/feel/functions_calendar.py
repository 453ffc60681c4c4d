"""The calendar inside expressions: the due dates of the procedures, for a nation that is always named.

Every due date leaves a `CalendarUse` with the evaluation. What the calendar cannot answer is null with a note.
Source: domain 4.2
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from engine.calendar import Calendar, CalendarError, CalendarFunction, explain_months, local_date
from engine.feel.functions import Mismatch, builtin_of_run
from engine.feel.run import Run

LARGEST_COUNT = 100_000


@builtin_of_run("working days after", "date: date|date and time, n: number, nation: string")
def working_days_after(run: Run, start: date, n: Decimal, nation: str) -> datetime:
    return _due_at(run, "working days after", start, n, nation)


@builtin_of_run("calendar days after", "date: date|date and time, n: number, nation: string")
def calendar_days_after(run: Run, start: date, n: Decimal, nation: str) -> datetime:
    return _due_at(run, "calendar days after", start, n, nation)


@builtin_of_run("months after", "date: date|date and time, n: number")
def months_after(run: Run, start: date, n: Decimal) -> date:
    count = _whole(n)
    try:
        use = explain_months(start, count)
    except CalendarError as error:
        raise Mismatch(str(error)) from None
    run.calendar_uses.append(use)
    return use.due


@builtin_of_run("count working days", "from: date|date and time, to: date|date and time, nation: string")
def count_working_days(run: Run, start: date, end: date, nation: str) -> Decimal:
    try:
        return Decimal(_calendar(run).count_working_days(start, end, nation))
    except CalendarError as error:
        raise Mismatch(str(error)) from None


@builtin_of_run("is working day", "date: date|date and time, nation: string")
def is_working_day(run: Run, day: date, nation: str) -> bool:
    try:
        return _calendar(run).is_working_day(local_date(day), nation)
    except CalendarError as error:
        raise Mismatch(str(error)) from None


def _due_at(run: Run, function: CalendarFunction, start: date, n: Decimal, nation: str) -> datetime:
    try:
        use = _calendar(run).explain(function, start, _whole(n), nation)
    except CalendarError as error:
        raise Mismatch(str(error)) from None
    run.calendar_uses.append(use)
    return use.due_at


def _calendar(run: Run) -> Calendar:
    if run.calendar is None:
        raise Mismatch("there is no calendar here")
    return run.calendar


def _whole(n: Decimal) -> int:
    if n != int(n) or abs(n) > LARGEST_COUNT:
        raise Mismatch(f"n should be a whole number of at most {LARGEST_COUNT}")
    return int(n)
