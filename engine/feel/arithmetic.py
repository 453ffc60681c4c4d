"""The specification's tables of arithmetic, as tables: which pair of types may be added, and how.

A pair that is in no table gives null. Functions here may raise ArithmeticError, ValueError or OverflowError for
results that do not exist; the caller makes null of it.
Source: DMN 1.3 10.3.2.6 and table 53 to 57
"""

from __future__ import annotations

import operator
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from engine.feel.comparison import NO_DATE
from engine.feel.temporal import microseconds
from engine.feel.values import NUMBERS, Months

Operation = Callable[..., object]
Table = dict[tuple[type, type], Operation]


def add_duration(moment: date | time, duration: timedelta) -> date | time:
    """Durations run on the time line, not on the clock: where the clocks change, the hour shifts."""
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            return moment + duration
        return (moment.astimezone(UTC) + duration).astimezone(moment.tzinfo)
    if isinstance(moment, time):
        return (datetime.combine(NO_DATE, moment) + duration % timedelta(days=1)).timetz()
    return (datetime.combine(moment, time()) + duration).date()


def subtract_duration(moment: date | time, duration: timedelta) -> date | time:
    return add_duration(moment, -duration)


def add_months(moment: date, months: Months) -> date:
    """31 January plus one month is the last day of February."""
    year, month_index = divmod(moment.year * 12 + moment.month - 1 + months.months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError("a year before 1 or after 9999")
    month = month_index + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))


def subtract_months(moment: date, months: Months) -> date:
    return add_months(moment, Months(-months.months))


def days_between(left: date, right: date) -> timedelta:
    return left - right


def moments_between(left: date, right: date) -> timedelta:
    """A date counts as its midnight in UTC."""
    one, other = _as_moment(left), _as_moment(right)
    if (one.tzinfo is None) is not (other.tzinfo is None):
        raise ValueError("one has a time zone, the other has none")
    if one.tzinfo is None or other.tzinfo is None:
        return one - other
    return one.astimezone(UTC) - other.astimezone(UTC)


def times_between(left: time, right: time) -> timedelta:
    if (left.tzinfo is None) is not (right.tzinfo is None):
        raise ValueError("one has a time zone, the other has none")
    return moments_between(datetime.combine(NO_DATE, left), datetime.combine(NO_DATE, right))


def _as_moment(value: date) -> datetime:
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)


def multiply_duration(duration: timedelta, number: Decimal) -> timedelta:
    return timedelta(microseconds=int(NUMBERS.multiply(Decimal(microseconds(duration)), number)))


def divide_duration(duration: timedelta, number: Decimal) -> timedelta:
    return timedelta(microseconds=int(NUMBERS.divide(Decimal(microseconds(duration)), number)))


def divide_durations(left: timedelta, right: timedelta) -> Decimal:
    return NUMBERS.divide(Decimal(microseconds(left)), Decimal(microseconds(right)))


def multiply_months(months: Months, number: Decimal) -> Months:
    return _months(NUMBERS.multiply(Decimal(months.months), number))


def divide_months(months: Months, number: Decimal) -> Months:
    return _months(NUMBERS.divide(Decimal(months.months), number))


def _months(total: Decimal) -> Months:
    if abs(total) > 10**12:
        raise OverflowError("a duration of more months than anyone can count")
    return Months(int(total))


def _flipped(operation: Operation) -> Operation:
    return lambda left, right: operation(right, left)


N, S, D, DT, T, DAYS, MONTHS = Decimal, str, date, datetime, time, timedelta, Months

ADD: Table = {
    (N, N): NUMBERS.add,
    (S, S): operator.add,
    (DAYS, DAYS): operator.add,
    (MONTHS, MONTHS): lambda left, right: Months(left.months + right.months),
    **dict.fromkeys(((D, DAYS), (DT, DAYS), (T, DAYS)), add_duration),
    **dict.fromkeys(((DAYS, D), (DAYS, DT), (DAYS, T)), _flipped(add_duration)),
    **dict.fromkeys(((D, MONTHS), (DT, MONTHS)), add_months),
    **dict.fromkeys(((MONTHS, D), (MONTHS, DT)), _flipped(add_months)),
}
SUBTRACT: Table = {
    (N, N): NUMBERS.subtract,
    (DAYS, DAYS): operator.sub,
    (MONTHS, MONTHS): lambda left, right: Months(left.months - right.months),
    **dict.fromkeys(((D, DAYS), (DT, DAYS), (T, DAYS)), subtract_duration),
    **dict.fromkeys(((D, MONTHS), (DT, MONTHS)), subtract_months),
    (D, D): days_between,
    **dict.fromkeys(((DT, DT), (D, DT), (DT, D)), moments_between),
    (T, T): times_between,
}
MULTIPLY: Table = {
    (N, N): NUMBERS.multiply,
    (DAYS, N): multiply_duration,
    (N, DAYS): _flipped(multiply_duration),
    (MONTHS, N): multiply_months,
    (N, MONTHS): _flipped(multiply_months),
}
DIVIDE: Table = {
    (N, N): NUMBERS.divide,
    (DAYS, DAYS): divide_durations,
    (DAYS, N): divide_duration,
    (MONTHS, MONTHS): lambda left, right: NUMBERS.divide(Decimal(left.months), Decimal(right.months)),
    (MONTHS, N): divide_months,
}
POWER: Table = {(N, N): NUMBERS.power}

OPERATIONS: dict[str, tuple[Table, str]] = {
    "+": (ADD, "add"),
    "-": (SUBTRACT, "subtract"),
    "*": (MULTIPLY, "multiply"),
    "/": (DIVIDE, "divide"),
    "**": (POWER, "raise"),
}
