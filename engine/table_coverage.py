"""Gaps and overlaps of a decision table, found before anything runs, each with an example.

Every column is tried with the values that its cells name and samples between them. Cells that ask for more are not
decided: they count as if they might pass (no gap is claimed) and might not (no overlap is claimed), and `not_decided`
tells of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from engine.decision_model import Table
from engine.feel import UnaryTests
from engine.feel.run import Run
from engine.feel.show import show
from engine.table_samples import NO_CLOCK, named_values, samples

MAX_EXAMPLES = 5
MAX_WORK = 100_000
_COLLECTS = ("COLLECT", "RULE ORDER", "OUTPUT ORDER")
_ONLY_ONE = ("UNIQUE", "ANY")


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two rules that both apply to an example, where the hit policy lets only one."""

    first: int
    second: int
    example: str


def gaps(table: Table) -> list[str]:
    """Return examples of inputs that no rule applies to; none for tables that collect or have a default output."""
    return [_shown(table, example) for example in gap_inputs(table)]


def gap_inputs(table: Table) -> list[tuple[object, ...]]:
    """Return the inputs of `gaps` as values, one for each column; columns left out may have any."""
    return _analysed(table).gaps if _may_have_gaps(table) else []


def overlaps(table: Table) -> list[Overlap]:
    """Return pairs of rules that contradict the hit policy UNIQUE, or ANY with different results."""
    return _analysed(table).overlaps if table.hit_policy in _ONLY_ONE else []


def not_decided(table: Table) -> list[str]:
    """Return what the search for gaps and overlaps leaves open: cells by rule and input, or that it was cut short."""
    if not _may_have_gaps(table) and table.hit_policy not in _ONLY_ONE:
        return []
    analysis = _analysed(table)
    found = [
        f"rule {rule.number}, input {column.label!r}"
        for rule in table.rules
        for column, cell in zip(table.inputs, rule.tests, strict=True)
        if named_values(cell) is None
    ]
    return [*found, "the rest, for there are too many combinations"] if analysis.is_cut_short else found


def _may_have_gaps(table: Table) -> bool:
    return table.hit_policy not in _COLLECTS and all(output.default is None for output in table.outputs)


def _shown(table: Table, example: Sequence[object]) -> str:
    run = Run(NO_CLOCK, None)
    said = [
        f"{column.label} = {show([value], run)[1:-1]}" for column, value in zip(table.inputs, example, strict=False)
    ]
    return ", ".join(said) or "any input"


@lru_cache(4)
def _analysed(table: Table) -> _Analysis:
    """One search serves all that is asked of a table."""
    return _Analysis(table)


class _Analysis:
    def __init__(self, table: Table) -> None:
        self.table = table
        self.columns = [samples(table, number) for number in range(len(table.inputs))]
        self.work = {"gaps": 0, "overlaps": 0}

    @cached_property
    def passing(self) -> list[list[tuple[int, int]]]:
        """Of each rule and column: the samples that may pass and those that surely do, as bits."""
        columns = range(len(self.columns))
        return [[self._bits(rule.tests[column], column) for column in columns] for rule in self.table.rules]

    def _bits(self, cell: UnaryTests | None, column: int) -> tuple[int, int]:
        tried = self.columns[column]
        everything = (1 << len(tried)) - 1
        if cell is None:
            return everything, everything
        if named_values(cell) is None or self._is_asked_before(column):
            return everything, 0
        passes = [cell.matches(sample.value, {}, now=NO_CLOCK) for sample in tried]
        bits = sum(1 << number for number, passed in enumerate(passes) if passed)
        return bits, bits

    def _is_asked_before(self, column: int) -> bool:
        """Two columns that ask for one thing cannot be tried with different values."""
        texts = [one.expression.text if one.expression else "" for one in self.table.inputs]
        return texts[column] in texts[:column]

    @property
    def is_cut_short(self) -> bool:
        _ = self.gaps, self.overlaps
        return max(self.work.values()) > MAX_WORK

    @cached_property
    def gaps(self) -> list[tuple[object, ...]]:
        found: list[tuple[object, ...]] = []
        for example in self._uncovered(0, frozenset(range(len(self.table.rules))), set()):
            found.append(example)
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
        self.work["gaps"] += 1
        if column == len(self.columns) or (column, rules) in seen or self.work["gaps"] > MAX_WORK:
            return
        seen.add((column, rules))
        tried = set()
        for number, sample in enumerate(self.columns[column]):
            left = frozenset(rule for rule in rules if self.passing[rule][column][0] >> number & 1)
            if sample.is_claimed and (not left or left not in tried):
                tried.add(left)
                yield from ((sample.value, *rest) for rest in self._uncovered(column + 1, left, seen))

    @cached_property
    def overlaps(self) -> list[Overlap]:
        found: list[Overlap] = []
        for one in range(len(self.table.rules)):
            for other in range(one + 1, len(self.table.rules)):
                self.work["overlaps"] += 1
                if self.work["overlaps"] > MAX_WORK or len(found) == MAX_EXAMPLES:
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
        return Overlap(rules[one].number, rules[other].number, _shown(self.table, example))
