"""FEEL values, which are Python values, and the border between them and the host's data.

number Decimal, text str, boolean bool, date, time, date and time datetime, days and time duration timedelta,
list, context dict, null None; and four of our own: Months, Range, Matcher and Function. Types are compared exactly,
never with isinstance, so that a boolean is never a number and a date and time never a date.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow

from engine.calendar import LONDON
from engine.feel.run import Run

# Source: DMN 1.3 10.3.2.3.1: decimal128, 34 digits
NUMBERS = Context(
    prec=34, rounding=ROUND_HALF_EVEN, Emax=6144, Emin=-6143, traps=[InvalidOperation, DivisionByZero, Overflow]
)
EXACT_BELOW = 10**34


@dataclass(frozen=True, order=True, slots=True)
class Months:
    """A years and months duration, in months."""

    months: int

    def __str__(self) -> str:
        years, months = divmod(abs(self.months), 12)
        sign = "-" if self.months < 0 else ""
        return f"{sign}P" + (f"{years}Y" if years else "") + (f"{months}M" if months or not years else "")


@dataclass(frozen=True, slots=True)
class Range:
    """`[low..high)`; None is an open end."""

    low: object
    high: object
    low_included: bool
    high_included: bool


@dataclass(frozen=True, slots=True)
class Matcher:
    """`= x` or `!= x` standing alone."""

    value: object
    wanted: bool


@dataclass(frozen=True, slots=True)
class Function:
    """Anything that can be called: built in, ours, or written in FEEL.

    `types` names what each parameter takes: "number", "string|null", "any". A variadic function has one parameter,
    a list. `wants_run`: the callable takes the evaluation (its clock, its limits) before its arguments. `cost`: the
    steps that a call counts as.
    """

    parameters: tuple[str, ...]
    types: tuple[str, ...]
    required: int
    call: Callable[..., object]
    variadic: bool = False
    wants_run: bool = False
    cost: int = 1


KINDS: dict[type, str] = {
    Decimal: "number",
    str: "string",
    bool: "boolean",
    date: "date",
    time: "time",
    datetime: "date and time",
    timedelta: "days and time duration",
    Months: "years and months duration",
    list: "list",
    dict: "context",
    Range: "range",
    Matcher: "range",
    Function: "function",
    type(None): "null",
}
CLASSES: dict[str, type] = {
    name: cls for cls, name in KINDS.items() if cls is not Matcher and name not in ("null", "unknown")
}
UNCHANGED = frozenset({Decimal, str, bool, date, time, timedelta, Months, Range, Matcher, Function, type(None)})


def kind(value: object) -> str:
    """The FEEL name of a value's type."""
    return KINDS.get(type(value), "unknown")


def from_python(value: object, run: Run) -> object:
    """The host's value as a FEEL value: a copy made of FEEL types only, null for anything else.

    A float goes through its repr. An instant of the host, which is in UTC, is read on the clock of London, so that
    `date(x)` is the day that people saw. What was written with a Z is in ZULU instead, and is read as it was written.
    """
    cls = type(value)
    if cls in UNCHANGED:
        return value
    if isinstance(value, int):
        return Decimal(value) if -EXACT_BELOW < value < EXACT_BELOW else _number_or_null(value)
    if isinstance(value, (dict, Mapping)):
        run.charge(1 + len(value))
        return {str(key): from_python(item, run) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        run.charge(1 + len(value))
        return [from_python(item, run) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(LONDON) if value.tzinfo is UTC else value
    if isinstance(value, float):
        return _number_or_null(float.__repr__(value))
    if isinstance(value, str):  # the text of an enumeration
        return str.__str__(value)
    return run.null(0, f"{type(value).__name__} is not a FEEL value")


def _number_or_null(value: int | str) -> Decimal | None:
    try:
        number = NUMBERS.create_decimal(value)
    except ArithmeticError:
        return None
    return number if number.is_finite() else None


def to_python(value: object, run: Run) -> object:
    """Copy a result out. Lists share their parts inside FEEL; outside, the whole size counts."""
    run.charge(1)
    if isinstance(value, list):
        return [to_python(item, run) for item in value]
    if isinstance(value, dict):
        return {key: to_python(item, run) for key, item in value.items()}
    return value


def to_plain(value: object) -> object:
    """A result as the host stores it: whole numbers as int, London's clock as UTC; other values unchanged."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else value
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo == LONDON else value
    if isinstance(value, list):
        return [to_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: to_plain(item) for key, item in value.items()}
    return value
