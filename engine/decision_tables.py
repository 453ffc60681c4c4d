"""A decision table asked: which rules match, and what its hit policy makes of them.

Works among the names of a greater evaluation, so that a table may stand alone or inside a boxed context or a function.
Source: DMN 1.3 8.2.8 to 8.2.11
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from engine.calendar import Calendar
from engine.decision_model import Output, Rule, Table
from engine.decision_types import ANY, ItemType, TypeMismatch, typed, typed_whole
from engine.errors import RedressError
from engine.feel import Expression, compile_expression
from engine.feel.compile import INPUT
from engine.feel.errors import located
from engine.feel.run import MAX_NOTES, Run
from engine.feel.scope import Scope

Row = tuple[object, ...]
MULTIPLE = ("COLLECT", "RULE ORDER", "OUTPUT ORDER")
AGGREGATE = {"SUM": "sum(values)", "MIN": "min(values)", "MAX": "max(values)", "COUNT": "count(values)"}


class TableFault(RedressError):
    """The rules contradict each other, or a result is not what its column promises."""


class NullRun(Run):
    """An evaluation in which what could not be computed is null, as the standard says; `nulls` says why."""

    __slots__ = ("nulls",)

    def __init__(self, now: datetime, calendar: Calendar | None = None) -> None:
        super().__init__(now, calendar)
        self.nulls: list[str] = []


def unfit(scope: Scope, reason: str) -> object:
    """What could not be computed or is not of its type: null where the evaluation wants that, else an error.

    Raises:
        TableFault: the author must mend it.
    """
    if not isinstance(scope.run, NullRun):
        raise TableFault(reason)
    if len(scope.run.nulls) < MAX_NOTES:
        scope.run.nulls.append(reason)
    return None


def typed_or_unfit(value: object, scope: Scope, type_: ItemType, place: str) -> object:
    """The value as the type; if it is not, as `unfit`."""
    try:
        return typed_whole(value, type_)
    except TypeMismatch as error:
        return unfit(scope, f"{place}: {error}")


def ask_table(table: Table, scope: Scope) -> object:
    """Decide: one value, a dict where there are several outputs, a list where several rules may apply, else null.

    Raises:
        TableFault: the author must mend the table.
        FeelLimit: too much work.
    """
    matching = _matching_rules(table, scope)
    if not matching:
        _note_missing_inputs(table, scope)
        return _default(table, scope)
    rows = [_row(table, rule, scope) for rule in matching]
    if table.hit_policy in MULTIPLE:
        return _collected(table, rows, scope)
    return _shaped(table.outputs, _single_row(table, matching, rows))


def _note_missing_inputs(table: Table, scope: Scope) -> None:
    """Say of a table in which nothing matches which inputs are not there; only where somebody reads it."""
    run = scope.run
    if not isinstance(run, NullRun):
        return
    for column in table.inputs:
        run.notes.clear()
        if column.expression is not None and column.expression.value_in(scope) is None and run.notes:
            why = "; ".join(located(note, column.expression.text) for note in run.notes)
            unfit(scope, f"no rule matches, and input {column.label!r}: {why}")


def _matching_rules(table: Table, scope: Scope) -> list[Rule]:
    run = scope.run
    cells = [Scope({INPUT: _input(table, number, scope)}, scope, run) for number in range(len(table.inputs))]
    matching: list[Rule] = []
    for rule in table.rules:
        for test, cell in zip(rule.tests, cells, strict=True):
            if test is not None and not test.pass_in(cell):
                break
        else:
            matching.append(rule)
            if table.hit_policy == "FIRST":
                break
    return matching


def _input(table: Table, number: int, scope: Scope) -> object:
    column = table.inputs[number]
    if column.expression is None:
        return None
    value = column.expression.value_in(scope)
    if column.item_type is ANY:
        return value
    try:
        return typed(value, column.item_type, f"the input {column.label!r}")
    except TypeMismatch as error:
        raise TableFault(f"input {column.label!r}: {error}") from error


def _row(table: Table, rule: Rule, scope: Scope) -> Row:
    return tuple(
        result_of(cell, output.item_type, scope, f"rule {rule.number}, output {output.label!r}")
        for cell, output in zip(rule.results, table.outputs, strict=True)
    )


def result_of(cell: Expression | None, type_: ItemType, scope: Scope, place: str) -> object:
    """A result of the type that was promised; one that is not, or could not be computed, as `unfit`."""
    if cell is None:
        return None
    notes = scope.run.notes
    notes.clear()
    value = cell.value_in(scope)
    if value is None and notes:
        return unfit(scope, f"{place}: {'; '.join(located(note, cell.text) for note in notes)}")
    return typed_or_unfit(value, scope, type_, place)


def _single_row(table: Table, matching: Sequence[Rule], rows: Sequence[Row]) -> Row:
    numbers = " and ".join(str(rule.number) for rule in matching)
    if table.hit_policy == "PRIORITY":
        return min(rows, key=lambda row: _rank(table.outputs, row))
    if table.hit_policy == "UNIQUE" and len(rows) > 1:
        raise TableFault(f"rules {numbers} match at once, and the hit policy is UNIQUE")
    if table.hit_policy == "ANY" and any(row != rows[0] for row in rows):
        raise TableFault(f"rules {numbers} match with different results, and the hit policy is ANY")
    return rows[0]


def _collected(table: Table, rows: list[Row], scope: Scope) -> object:
    if table.hit_policy == "OUTPUT ORDER":
        rows.sort(key=lambda row: _rank(table.outputs, row))
    values = [_shaped(table.outputs, row) for row in rows]
    if not table.aggregation:
        return values
    aggregate = compile_expression(AGGREGATE[table.aggregation])
    return result_of(aggregate, ANY, Scope({"values": values}, scope, scope.run), table.aggregation)


def _default(table: Table, scope: Scope) -> object:
    if table.aggregation == "COUNT":
        return Decimal(0)
    if all(output.default is None for output in table.outputs):
        return None
    row = tuple(
        result_of(output.default, output.item_type, scope, f"default of output {output.label!r}")
        for output in table.outputs
    )
    shaped = _shaped(table.outputs, row)
    return [shaped] if table.hit_policy in MULTIPLE and not table.aggregation else shaped


def _shaped(outputs: Sequence[Output], row: Row) -> object:
    if len(outputs) == 1:
        return row[0]
    return {output.name: value for output, value in zip(outputs, row, strict=True)}


def _rank(outputs: Sequence[Output], row: Row) -> tuple[int, ...]:
    """The place of each value in its column's list; what is not listed comes last."""
    return tuple(
        output.allowed.index(value) if value in output.allowed else len(output.allowed)
        for output, value in zip(outputs, row, strict=True)
        if output.allowed
    )
