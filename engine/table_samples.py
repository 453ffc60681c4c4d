"""What a column of a decision table is tried with: the values that its cells name, and one sample between them.

A cell passes all values between two named ones or none of them, so a sample stands for the whole stretch. Cells with
anything but values, comparisons and intervals, and texts in order, are not decided.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from engine.decision_model import Input, Table
from engine.decision_types import CLASSES, WHOLE
from engine.errors import RedressError
from engine.feel import Months, UnaryTests, nodes
from engine.feel.compile import INPUT, compile_node
from engine.feel.nodes import Node
from engine.feel.parser import parse_unary_tests
from engine.feel.run import Run
from engine.feel.scope import Scope
from engine.feel.values import to_python

NO_CLOCK = datetime(2000, 1, 1, tzinfo=UTC)  # nothing that is decided here looks at the clock
MIDNIGHT = date(2000, 1, 1)
ORDERED = (Decimal, date, time, timedelta, Months)
MAKERS = ("date", "time", "date and time", "duration")
PLAIN_TESTS = (
    nodes.AnyOf, nodes.NoneOf, nodes.AnyValue, nodes.Test, nodes.RangeOf, nodes.Comparison, nodes.Between, nodes.In,
    nodes.Junction, nodes.ListOf,
)  # fmt: skip
# A value as good as any other of its type.
OTHERS: dict[type, object] = {
    Decimal: Decimal(0),
    date: MIDNIGHT,
    datetime: NO_CLOCK,
    time: time(),
    timedelta: timedelta(),
    Months: Months(0),
}
ORDERS = ("<", "<=", ">", ">=")


class NotDecided(RedressError):
    """What a cell passes depends on more than the values that it names."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A value that stands for all between two named ones; `is_claimed` unless nobody said that such values occur."""

    value: object
    is_claimed: bool = True


def samples(table: Table, column: int) -> list[Sample]:
    """Return what to try a column with, within what the column allows."""
    known = table.inputs[column]
    if known.allowed:
        return [Sample(value) for value in known.allowed]
    limits = [limit for limit in (known.limits, known.item_type.allowed) if limit is not None]
    cells = [*(rule.tests[column] for rule in table.rules), *limits]
    found = _samples(known, [value for cell in cells for value in named_values(cell) or ()])
    return [one for one in found if all(limit.matches(one.value, {}, now=NO_CLOCK) for limit in limits)] or found


def _samples(known: Input, named: Sequence[object]) -> list[Sample]:
    values = list({_identity(value): value for value in named}.values())
    nulls = [Sample(None) for value in values if value is None]
    if known.type.rpartition(":")[2] == "boolean" or any(isinstance(value, bool) for value in values):
        return [Sample(True), Sample(False), *nulls]
    ordered: list[Any] = [value for value in values if isinstance(value, ORDERED)]
    if ordered and len({_sort(value) for value in ordered}) == 1:
        is_whole = known.type in WHOLE or known.item_type.base in WHOLE
        return [*map(Sample, _between(sorted(ordered), is_whole=is_whole)), *nulls]
    # A column whose cells name nothing has one value as good as any; a text that no cell names may never occur.
    is_text = any(value is not None for value in values)
    other = OTHERS.get(CLASSES.get(known.item_type.base, str), "anything")
    return [*map(Sample, values), Sample(other, is_claimed=not is_text)]


def _sort(value: Any) -> tuple[type, bool]:
    """Moments with a time zone have no order with those without."""
    return type(value), getattr(value, "tzinfo", None) is not None


def _identity(value: object) -> tuple[str, object]:
    """Keep true apart from 1."""
    return type(value).__name__, value


def _between(values: list[Any], *, is_whole: bool) -> Iterator[object]:
    below = _beside(values[0], down=True)
    if below != values[0]:
        yield below
    for low, high in zip(values, [*values[1:], None], strict=True):
        yield low
        beyond = _beside(low, down=False) if high is None else _middle(low, high, is_whole=is_whole)
        if beyond is not None and beyond != low:
            yield beyond


def _beside(value: Any, *, down: bool) -> object:
    if isinstance(value, time):
        return (time.min if down else time.max).replace(tzinfo=value.tzinfo)
    if isinstance(value, Months):
        return Months(value.months - 1 if down else value.months + 1)
    step: Any = Decimal(1) if isinstance(value, Decimal) else timedelta(days=1)
    try:
        return value - step if down else value + step
    except (OverflowError, ArithmeticError):
        return value


def _middle(low: Any, high: Any, *, is_whole: bool) -> object | None:
    """Return a value between two; a whole number if there is one. Neighbouring days and months have none between."""
    if isinstance(low, Decimal):
        whole = low.to_integral_value(rounding="ROUND_FLOOR") + 1
        return whole if whole < high else None if is_whole else (low + high) / 2
    if isinstance(low, Months):
        return Months(low.months + 1) if low.months + 1 < high.months else None
    if isinstance(low, time):
        start, end = (datetime.combine(MIDNIGHT, one) for one in (low, high))
        return (start + (end - start) / 2).timetz()
    if isinstance(low, date) and not isinstance(low, datetime):
        day = low + timedelta(days=1)
        return day if day < high else None
    return low + (high - low) / 2  # type: ignore[no-any-return]


def named_values(cell: UnaryTests | None) -> list[object] | None:
    """Return the values that a cell names, or None when it is not decided."""
    try:
        return [] if cell is None else list(_constants(parse_unary_tests(cell.text)))
    except RedressError:
        return None


def _constants(node: Node) -> Iterator[object]:
    """Yield the values that a cell names. Raises: NotDecided for a cell that asks for more than that."""
    if _is_constant(node):
        run = Run(NO_CLOCK, None)
        yield to_python(compile_node(node)(Scope({}, None, run)), run)
    elif isinstance(node, PLAIN_TESTS) or (isinstance(node, nodes.Variable) and node.name == INPUT):
        values = [value for child in nodes.children(node) for value in _constants(child)]
        if _puts_in_order(node) and any(isinstance(value, str) for value in values):
            raise NotDecided  # texts have no next one
        yield from values
    else:
        raise NotDecided


def _puts_in_order(node: Node) -> bool:
    if isinstance(node, nodes.RangeOf | nodes.Between):
        return True
    return isinstance(node, nodes.Test | nodes.Comparison) and node.operator in ORDERS


def _is_constant(node: Node) -> bool:
    """Tell whether a node is a value: a literal, a negative number, or a day as in date("2026-11-22")."""
    if isinstance(node, nodes.Negation):
        return isinstance(node.operand, nodes.Literal)
    if isinstance(node, nodes.Call) and isinstance(node.callee, nodes.Variable):
        return node.callee.name in MAKERS and all(isinstance(part, nodes.Literal) for part in node.arguments)
    return isinstance(node, nodes.Literal)
