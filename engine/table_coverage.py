"""Gaps and overlaps of a decision table, found before anything runs, each with an example.

Every column is cut at the values that its cells name: each value, and one sample between, below and above. A cell is
then the set of samples that pass it. Cells with anything but values, comparisons and intervals are not decided: they
count as if they might pass (no gap is claimed) and might not (no overlap is claimed).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from engine.decision_reader import Table
from engine.errors import RedressError
from engine.feel import UnaryTests, nodes
from engine.feel.compile import INPUT, compile_node
from engine.feel.nodes import Node
from engine.feel.parser import parse_unary_tests
from engine.feel.run import Run
from engine.feel.scope import Scope
from engine.feel.show import show
from engine.feel.values import to_python

MAX_EXAMPLES = 5
MAX_WORK = 100_000
_NOW = datetime(2000, 1, 1, tzinfo=UTC)  # nothing that is decided here looks at the clock
_ORDERED = (Decimal, date, time, timedelta)
_COLLECTS = ("COLLECT", "RULE ORDER", "OUTPUT ORDER")
_MAKERS = ("date", "time", "date and time", "duration")
_PLAIN_TESTS = (
    nodes.AnyOf, nodes.NoneOf, nodes.AnyValue, nodes.Test, nodes.RangeOf, nodes.Comparison, nodes.Between, nodes.In,
    nodes.Junction,
)  # fmt: skip


class NotDecided(RedressError):
    """What a cell passes depends on more than the values that it names."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two rules that both apply to an example, where the hit policy lets only one."""

    first: int
    second: int
    example: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A value that stands for all between two named ones; `is_claimed` unless nobody said that such values occur."""

    value: object
    is_claimed: bool = True


def gaps(table: Table) -> list[str]:
    """Return examples of inputs that no rule applies to; none for tables that collect or have a default output."""
    if table.hit_policy in _COLLECTS or any(output.default is not None for output in table.outputs):
        return []
    return _Analysis(table).gaps()


def overlaps(table: Table) -> list[Overlap]:
    """Return pairs of rules that contradict the hit policy UNIQUE, or ANY with different results."""
    if table.hit_policy not in ("UNIQUE", "ANY"):
        return []
    return _Analysis(table).overlaps()


class _Analysis:
    def __init__(self, table: Table) -> None:
        self.table = table
        self.columns = [_samples(table, number) for number in range(len(table.inputs))]
        self.work = 0

    @cached_property
    def passing(self) -> list[list[tuple[int, int]]]:
        """Of each rule and column: the samples that may pass and those that surely do, as bits."""
        columns = range(len(self.columns))
        return [[self._bits(rule.tests[column], column) for column in columns] for rule in self.table.rules]

    def _bits(self, cell: UnaryTests | None, column: int) -> tuple[int, int]:
        samples = self.columns[column]
        everything = (1 << len(samples)) - 1
        if cell is None:
            return everything, everything
        if _named(cell) is None:
            return everything, 0
        passes = [cell.matches(sample.value, {}, now=_NOW) for sample in samples]
        bits = sum(1 << number for number, passed in enumerate(passes) if passed)
        return bits, bits

    def gaps(self) -> list[str]:
        found: list[str] = []
        for example in self._uncovered(0, frozenset(range(len(self.table.rules))), set()):
            found.append(self._shown(example))
            if len(found) == MAX_EXAMPLES:
                break
        return found

    def _uncovered(
        self, column: int, rules: frozenset[int], seen: set[tuple[int, frozenset[int]]]
    ) -> Iterator[tuple[object, ...]]:
        """Yield the beginnings of inputs that none of these rules applies to."""
        if not rules:
            yield ()
            return
        self.work += 1
        if column == len(self.columns) or (column, rules) in seen or self.work > MAX_WORK:
            return
        seen.add((column, rules))
        tried = set()
        for number, sample in enumerate(self.columns[column]):
            left = frozenset(rule for rule in rules if self.passing[rule][column][0] >> number & 1)
            if sample.is_claimed and (not left or left not in tried):
                tried.add(left)
                yield from ((sample.value, *rest) for rest in self._uncovered(column + 1, left, seen))

    def overlaps(self) -> list[Overlap]:
        found: list[Overlap] = []
        for one in range(len(self.table.rules)):
            for other in range(one + 1, len(self.table.rules)):
                self.work += 1
                if self.work > MAX_WORK or len(found) == MAX_EXAMPLES:
                    return found
                shared = [a[1] & b[1] for a, b in zip(self.passing[one], self.passing[other], strict=True)]
                if all(shared) and not self._may_both_apply(one, other):
                    found.append(self._overlap(one, other, shared))
        return found

    def _may_both_apply(self, one: int, other: int) -> bool:
        texts = [[result.text if result else "" for result in self.table.rules[n].results] for n in (one, other)]
        return self.table.hit_policy == "ANY" and texts[0] == texts[1]

    def _overlap(self, one: int, other: int, shared: list[int]) -> Overlap:
        example = [self.columns[column][(bits & -bits).bit_length() - 1].value for column, bits in enumerate(shared)]
        rules = self.table.rules
        return Overlap(rules[one].number, rules[other].number, self._shown(example))

    def _shown(self, example: Sequence[object]) -> str:
        run = Run(_NOW, None)
        said = [
            f"{column.label} = {show([value], run)[1:-1]}"
            for column, value in zip(self.table.inputs, example, strict=False)
        ]
        return ", ".join(said) or "any input"


def _samples(table: Table, column: int) -> list[Sample]:
    """Return a column's samples: what its cells name, and what lies between."""
    known = table.inputs[column]
    if known.allowed:
        return [Sample(value) for value in known.allowed]
    named = {_identity(value): value for rule in table.rules for value in _named(rule.tests[column]) or ()}
    values = list(named.values())
    nulls = [Sample(None) for value in values if value is None]
    if known.type == "boolean" or any(isinstance(value, bool) for value in values):
        return [Sample(True), Sample(False), *nulls]
    ordered: list[Any] = [value for value in values if isinstance(value, _ORDERED)]
    if ordered and len({type(value) for value in ordered}) == 1:
        return [*map(Sample, _between(sorted(ordered))), *nulls]
    # A column whose cells name nothing has one value as good as any; a text that no cell names may never occur.
    return [*map(Sample, values), Sample("anything", is_claimed=not values)]


def _between(values: list[Any]) -> Iterator[object]:
    yield _beside(values[0], down=True)
    for low, high in zip(values, [*values[1:], None], strict=True):
        yield low
        beyond = _beside(low, down=False) if high is None else _middle(low, high)
        if beyond is not None:
            yield beyond


def _beside(value: Any, *, down: bool) -> object:
    if isinstance(value, time):
        return (time.min if down else time.max).replace(tzinfo=value.tzinfo)
    step: Any = Decimal(1) if isinstance(value, Decimal) else timedelta(days=1)
    try:
        return value - step if down else value + step
    except (OverflowError, ArithmeticError):
        return value


def _middle(low: Any, high: Any) -> object | None:
    """Return a value between two; a whole number if there is one. Neighbouring days have none between them."""
    if isinstance(low, Decimal):
        whole = low.to_integral_value(rounding="ROUND_FLOOR") + 1
        return whole if whole < high else (low + high) / 2
    if isinstance(low, time):
        return None
    if isinstance(low, date) and not isinstance(low, datetime):
        day = low + timedelta(days=1)
        return day if day < high else None
    return low + (high - low) / 2  # type: ignore[no-any-return]


def _named(cell: UnaryTests | None) -> list[object] | None:
    """Return the values that a cell names, or None when it is not decided."""
    try:
        return [] if cell is None else list(_constants(parse_unary_tests(cell.text)))
    except NotDecided:
        return None


def _constants(node: Node) -> Iterator[object]:
    """Yield the values that a cell names. Raises: NotDecided for a cell that asks for more than that."""
    if _is_constant(node):
        run = Run(_NOW, None)
        yield to_python(compile_node(node)(Scope({}, None, run)), run)
    elif isinstance(node, _PLAIN_TESTS) or (isinstance(node, nodes.Variable) and node.name == INPUT):
        for child in nodes.children(node):
            yield from _constants(child)
    else:
        raise NotDecided


def _is_constant(node: Node) -> bool:
    """Tell whether a node is a value: a literal, a negative number, or a day as in date("2026-11-22")."""
    if isinstance(node, nodes.Negation):
        return isinstance(node.operand, nodes.Literal)
    if isinstance(node, nodes.Call) and isinstance(node.callee, nodes.Variable):
        return node.callee.name in _MAKERS and all(isinstance(part, nodes.Literal) for part in node.arguments)
    return isinstance(node, nodes.Literal)


def _identity(value: object) -> tuple[str, object]:
    """Keep true apart from 1."""
    return type(value).__name__, value
