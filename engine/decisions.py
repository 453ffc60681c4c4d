"""Decision tables and literal expressions of DMN files: load them, ask them.

Owns hit policies and what a decision needs from other decisions. Two rules that contradict each other, a result of the
wrong type or one that could not be computed is an error naming file, decision and rule, never a quiet null.
Source: DMN 1.3 8.2.8 to 8.2.11
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from engine.calendar import Calendar
from engine.decision_reader import DecisionError, DecisionSource, Finding, LiteralExpression, Output, Rule, Table
from engine.decision_reader import read_decisions as _read_decisions
from engine.decision_types import TypeMismatch, typed
from engine.feel import Expression, FeelLimit, Name, UnaryTests, compile_expression

__all__ = ["Decision", "DecisionError", "load_decisions"]

Row = tuple[object, ...]
MAX_DEPTH = 30  # decisions that require one another in a row
MULTIPLE = ("COLLECT", "RULE ORDER", "OUTPUT ORDER")
AGGREGATE = {"SUM": "sum(values)", "MIN": "min(values)", "MAX": "max(values)", "COUNT": "count(values)"}


def load_decisions(xml: bytes, *, file: str) -> dict[str, Decision]:
    """Read every decision of a DMN file, by id. Faulty cells are found by `Decision.findings`.

    Raises:
        DecisionError: the file is not DMN, carries a DOCTYPE, or an id is missing or comes twice.
    """
    loaded: dict[str, Decision] = {}
    for source in _read_decisions(xml, file=file):
        loaded[source.id] = Decision(source, beside=loaded)
    return loaded


def evaluate(dmn: bytes, decision: str, inputs: Mapping[str, object], *, now: datetime | None = None) -> object:
    """Make one decision of a DMN file, by its id or its name, with the decisions that it requires.

    Raises: DecisionError when the file cannot be read, holds no such decision or the decision cannot be made.
    """
    found = load_decisions(dmn, file="decision.dmn")
    chosen = found.get(decision) or next((one for one in found.values() if one.name == decision), None)
    if chosen is None:
        raise DecisionError(f"There is no decision {decision!r}; there are: {', '.join(found) or 'none'}.")
    return chosen.evaluate(inputs, now=now or datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class _Question:
    """What one evaluation is asked with, and what it found on the way. `asked`: the decisions being made now."""

    names: Mapping[str, object]
    now: datetime
    calendar: Calendar | None
    decisions: Mapping[str, Decision]
    made: dict[str, object]
    asked: tuple[str, ...] = ()


class Decision:
    """One decision, read once and asked often."""

    def __init__(self, source: DecisionSource, *, beside: Mapping[str, Decision]) -> None:
        self._source = source
        self._beside = beside
        self.id = source.id
        self.name = source.name
        self.file = source.file
        self.requires = source.requires

    @property
    def names(self) -> tuple[Name, ...]:
        """Every name that its expressions and cells read, results of required decisions included."""
        return tuple(name for part in self._compiled() for name in part.names)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The variables it reads, dotted, each once, without the results of the decisions it requires.

        Names inside a filter are left out, because they may be fields of the filtered items.
        """
        known = {self._variable(required) for required in self.requires} | set(self.requires)
        read = [name for name in self.names if name.path[0] not in known and not name.maybe_field]
        return tuple(dict.fromkeys(map(str, read)))

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of its results; a literal expression has one, the decision's own."""
        body = self._source.body
        if isinstance(body, Table):
            return tuple(output.name or output.label for output in body.outputs)
        return (self._source.variable,)

    def findings(self) -> list[Finding]:
        """What is wrong with it: (rule or cell, sentence). A decision with findings cannot be made."""
        return list(self._source.findings)

    @property
    def table(self) -> Table | None:
        """Its table, or None for a literal expression or a decision that could not be read."""
        return self._source.body if isinstance(self._source.body, Table) and not self._source.findings else None

    def evaluate(
        self,
        names: Mapping[str, object],
        *,
        now: datetime,
        calendar: Calendar | None = None,
        decisions: Mapping[str, Decision] | None = None,
    ) -> object:
        """Decide: one value, a dict where there are several outputs, a list where several rules may apply.

        None where no rule matches. `decisions` are those of other files that this one may require.

        Raises:
            DecisionError: rules contradict each other, a cell is faulty or a result is not what its column promises;
                an incident, the author must mend the table.
        """
        question = _Question(names, now, calendar, {**(decisions or {}), **self._beside}, made={})
        return self._decide(question)

    def _decide(self, question: _Question) -> object:
        if self.id in question.made:
            return question.made[self.id]
        if self.id in question.asked:
            raise self._error(f"it requires itself, by way of {', '.join(question.asked)}")
        if len(question.asked) >= MAX_DEPTH:
            raise self._error(f"more than {MAX_DEPTH} decisions require one another")
        self._refuse_faulty()
        asked = self._with_required(question)
        body = self._source.body
        try:
            result = self._ask_table(body, asked) if isinstance(body, Table) else self._ask_literal(body, asked)
        except FeelLimit as error:
            raise self._error(str(error)) from error
        question.made[self.id] = result
        return result

    def _with_required(self, question: _Question) -> _Question:
        """Make the required decisions first; each result goes by its variable's name and by the decision's id."""
        if not self.requires:
            return question
        inner = _Question(
            question.names,
            question.now,
            question.calendar,
            question.decisions,
            question.made,
            (*question.asked, self.id),
        )
        results: dict[str, object] = {}
        for required in self.requires:
            decision = question.decisions.get(required)
            if decision is None:
                raise self._error(f"it requires the decision {required!r}, which does not exist")
            results[required] = results[decision._source.variable] = decision._decide(inner)
        names = {**question.names, **results}
        return _Question(names, question.now, question.calendar, question.decisions, question.made)

    def _ask_literal(self, body: LiteralExpression | None, question: _Question) -> object:
        if body is None:
            raise self._error("it has no logic")
        return self._result(body.expression, body.type, question, "expression")

    def _ask_table(self, table: Table, question: _Question) -> object:
        matching = self._matching_rules(table, question)
        if not matching:
            return self._default(table, question)
        rows = [self._row(table, rule, question) for rule in matching]
        if table.hit_policy in MULTIPLE:
            return self._collected(table, rows, question)
        return _shaped(table.outputs, self._single_row(table, matching, rows))

    def _matching_rules(self, table: Table, question: _Question) -> list[Rule]:
        values = [
            column.expression.evaluate(question.names, now=question.now, calendar=question.calendar)
            for column in table.inputs
            if column.expression is not None
        ]
        matching: list[Rule] = []
        for rule in table.rules:
            if _passes(rule, values, question):
                matching.append(rule)
                if table.hit_policy == "FIRST":
                    break
        return matching

    def _row(self, table: Table, rule: Rule, question: _Question) -> Row:
        return tuple(
            self._result(cell, output.type, question, f"rule {rule.number}, output {output.label!r}")
            for cell, output in zip(rule.results, table.outputs, strict=True)
        )

    def _result(self, cell: Expression | None, type_: str, question: _Question, place: str) -> object:
        if cell is None:
            return None
        evaluated = cell.explain(question.names, now=question.now, calendar=question.calendar)
        if evaluated.value is None and evaluated.notes:
            raise self._error(f"{place}: {'; '.join(map(str, evaluated.notes))}")
        try:
            return typed(evaluated.value, type_)
        except TypeMismatch as error:
            raise self._error(f"{place}: {error}") from error

    def _single_row(self, table: Table, matching: Sequence[Rule], rows: Sequence[Row]) -> Row:
        numbers = " and ".join(str(rule.number) for rule in matching)
        if table.hit_policy == "PRIORITY":
            return min(rows, key=lambda row: _rank(table.outputs, row))
        if table.hit_policy == "UNIQUE" and len(rows) > 1:
            raise self._error(f"rules {numbers} match at once, and the hit policy is UNIQUE")
        if table.hit_policy == "ANY" and any(row != rows[0] for row in rows):
            raise self._error(f"rules {numbers} match with different results, and the hit policy is ANY")
        return rows[0]

    def _collected(self, table: Table, rows: list[Row], question: _Question) -> object:
        if table.hit_policy == "OUTPUT ORDER":
            rows.sort(key=lambda row: _rank(table.outputs, row))
        values = [_shaped(table.outputs, row) for row in rows]
        if not table.aggregation:
            return values
        aggregate = compile_expression(AGGREGATE[table.aggregation])
        evaluated = aggregate.explain({"values": values}, now=question.now)
        if evaluated.notes:
            raise self._error(f"{table.aggregation}: {'; '.join(map(str, evaluated.notes))}")
        return evaluated.value

    def _default(self, table: Table, question: _Question) -> object:
        if table.aggregation == "COUNT":
            return Decimal(0)
        if all(output.default is None for output in table.outputs):
            return None
        row = tuple(
            self._result(output.default, output.type, question, f"default of output {output.label!r}")
            for output in table.outputs
        )
        shaped = _shaped(table.outputs, row)
        return [shaped] if table.hit_policy in MULTIPLE and not table.aggregation else shaped

    def _refuse_faulty(self) -> None:
        if self._source.findings:
            place, message = self._source.findings[0]
            raise self._error(f"{place}: {message}")

    def _variable(self, required: str) -> str:
        decision = self._beside.get(required)
        return decision._source.variable if decision else required

    def _compiled(self) -> Iterator[Expression | UnaryTests]:
        body = self._source.body
        parts: list[Expression | UnaryTests | None] = []
        if isinstance(body, Table):
            parts.extend(column.expression for column in body.inputs)
            for rule in body.rules:
                parts.extend((*rule.tests, *rule.results))
            parts.extend(output.default for output in body.outputs)
        elif body is not None:
            parts.append(body.expression)
        yield from (part for part in parts if part is not None)

    def _error(self, message: str) -> DecisionError:
        return DecisionError(f"{self.file}: decision {self.name!r}: {message}.")


def _passes(rule: Rule, values: Sequence[object], question: _Question) -> bool:
    return all(
        test is None or test.matches(value, question.names, now=question.now, calendar=question.calendar)
        for test, value in zip(rule.tests, values, strict=True)
    )


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
