"""Decision tables of a DMN file: columns, cells and hit policy, with everything that is wrong in them."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from engine.decision_boxes import children, text_of
from engine.decision_model import Finding, Input, Output, Rule, Table
from engine.decision_names import Shared
from engine.decision_types import ANY, ItemType, TypeMismatch, type_named, typed
from engine.feel import (
    Expression,
    FeelSyntaxError,
    UnaryTests,
    compile_expression,
    compile_unary_tests,
    literal_values,
)
from engine.markup import Node

HIT_POLICIES = ("UNIQUE", "FIRST", "PRIORITY", "ANY", "COLLECT", "RULE ORDER", "OUTPUT ORDER")
AGGREGATIONS = ("", "SUM", "COUNT", "MIN", "MAX")
# What the standard draws in the corner of a table, which some tools also write. Source: DMN 1.3 table 29
INITIALS = {policy[0]: policy for policy in HIT_POLICIES}
SYMBOLS = {"C+": "SUM", "C#": "COUNT", "C<": "MIN", "C>": "MAX"}
READ_AS_FEEL = ("", "feel", "FEEL")
MOST_TEXT = 80  # characters of a cell that a sentence quotes
C = TypeVar("C", Expression, UnaryTests)
Compile = Callable[[str, tuple[str, ...], frozenset[str]], C]


@dataclass
class TableReader:
    """Reads tables; `findings` are what is wrong, `doubts` what hardly says what was meant.

    `unread` are those findings that leave a part unread: nothing can be decided by it, however it was deployed.
    """

    shared: Shared
    findings: list[Finding] = field(default_factory=list)
    doubts: list[Finding] = field(default_factory=list)
    unread: list[Finding] = field(default_factory=list)

    def say(self, place: str, message: str) -> None:
        self.findings.append((place, message))

    def cannot_read(self, place: str, message: str) -> None:
        self.say(place, message)
        self.unread.append((place, message))

    def type_named(self, name: str) -> ItemType:
        return type_named(name, self.shared.types)

    def table(self, node: Node) -> Table:
        hit_policy, aggregation = _hit_policy(node)
        inputs = tuple(self.input(child, number) for number, child in enumerate(children(node, "input"), 1))
        outputs = tuple(self.output(child, number) for number, child in enumerate(children(node, "output"), 1))
        rules = tuple(
            self.rule(child, number, inputs, outputs) for number, child in enumerate(children(node, "rule"), 1)
        )
        table = Table(hit_policy, aggregation, inputs, outputs, rules)
        self.check_table(table)
        return table

    def check_table(self, table: Table) -> None:
        if table.hit_policy not in HIT_POLICIES:
            self.cannot_read("table", f"The hit policy {table.hit_policy!r} is not one of {', '.join(HIT_POLICIES)}.")
        if table.aggregation not in AGGREGATIONS:
            self.cannot_read("table", f"The aggregation {table.aggregation!r} is not one of SUM, COUNT, MIN, MAX.")
        if table.aggregation and (table.hit_policy != "COLLECT" or len(table.outputs) != 1):
            self.say("table", "An aggregation needs the hit policy COLLECT and one output.")
        if table.hit_policy in ("PRIORITY", "OUTPUT ORDER") and not any(output.allowed for output in table.outputs):
            self.say("table", f"The hit policy {table.hit_policy} needs the list of allowed output values, best first.")
        if not table.outputs:
            self.cannot_read("table", "The table has no output.")
        if not table.rules:
            self.say("table", "The table has no rule.")
        names = [output.name for output in table.outputs]
        if len(names) > 1 and (not all(names) or len(set(names)) < len(names)):
            self.say("table", "Several outputs need names, each its own.")

    def input(self, node: Node, number: int) -> Input:
        expressions = list(children(node, "inputExpression"))
        text = text_of(expressions[0]) if expressions else ""
        label = node.get("label") or text or str(number)
        place = f"input {label!r}"
        if not text:
            self.cannot_read(place, "The input has no expression.")
        for expression in expressions:
            self.check_language(expression, place)
        allowed = "".join(text_of(child) for child in children(node, "inputValues"))
        type_ = expressions[0].get("typeRef", "") if expressions else ""
        item_type = self.type_named(type_)
        return Input(
            label=label,
            expression=self.compiled(text, compile_expression, place),
            allowed=literal_values(allowed) or item_type.listed,
            type=type_,
            item_type=self.limited(item_type, allowed, place),
        )

    def output(self, node: Node, number: int) -> Output:
        name = node.get("name", "")
        label = node.get("label") or name or str(number)
        place = f"output {label!r}"
        allowed = "".join(text_of(child) for child in children(node, "outputValues"))
        default = "".join(text_of(child) for child in children(node, "defaultOutputEntry"))
        item_type = self.type_named(node.get("typeRef", ""))
        return Output(
            name=name,
            label=label,
            type=node.get("typeRef", ""),
            allowed=literal_values(allowed) or item_type.listed,
            default=self.compiled(default, compile_expression, f"{place}, default"),
            item_type=self.limited(item_type, allowed, place),
        )

    def limited(self, of: ItemType, allowed: str, place: str) -> ItemType:
        """The type of a column with the values that the column allows, which hold for what is computed too."""
        if not allowed or of.is_collection:
            return of
        tests = self.compiled(allowed, compile_unary_tests, place)
        return ItemType(f"of {place}", of.base, item=None if of is ANY else of, allowed=tests)

    def rule(self, node: Node, number: int, inputs: tuple[Input, ...], outputs: tuple[Output, ...]) -> Rule:
        place = f"rule {number}"
        cells, entries = list(children(node, "inputEntry")), list(children(node, "outputEntry"))
        if len(cells) != len(inputs) or len(entries) != len(outputs):
            self.cannot_read(place, "It has another number of cells than the table has columns.")
        tests: list[UnaryTests | None] = []
        for cell, column in zip(cells, inputs, strict=False):
            where = f"{place}, input {column.label!r}"
            self.check_language(cell, where)
            tests.append(test := self.compiled(text_of(cell), compile_unary_tests, where))
            if test is not None:
                self.check_listed(test.literals, column.allowed, where)
                self.doubt_words(test, inputs, where)
        results: list[Expression | None] = []
        for entry, output in zip(entries, outputs, strict=False):
            where = f"{place}, output {output.label!r}"
            self.check_language(entry, where)
            results.append(result := self.compiled(text_of(entry), compile_expression, where))
            if result is not None:
                self.check_listed(result.literals, output.allowed, where)
                self.check_type(result.literals, output.item_type, where)
        return Rule(number, tuple(tests), tuple(results))

    def compiled(self, text: str, compile_text: Compile[C], place: str) -> C | None:
        if not text:
            return None
        try:
            compiled = compile_text(text, self.shared.declared, self.shared.functions)
        except FeelSyntaxError as error:
            self.cannot_read(place, f"{text[:MOST_TEXT]!r} is not FEEL: {error}.")
            return None
        self.note(place, compiled, f"{text[:MOST_TEXT]!r}: ")
        return compiled

    def note(self, place: str, compiled: Expression | UnaryTests, what: str = "") -> None:
        """Gather what a text that can be read has wrong; a name that the file declares is meant as it stands."""
        self.findings.extend((place, f"{what}{problem}.") for problem in compiled.problems)
        declared = (
            *(f"{name!r} is read as" for name in self.shared.names),
            *(f"FEEL has no type {name!r}" for name in self.shared.types),
        )
        self.doubts.extend((place, f"{what}{doubt}.") for doubt in compiled.doubts if not doubt.startswith(declared))

    def doubt_words(self, cell: UnaryTests, inputs: tuple[Input, ...], place: str) -> None:
        """A word alone in a cell is a name; a text that lacks its quotation marks would never match."""
        given = {name.path[0] for column in inputs if column.expression for name in column.expression.names}
        for name in cell.lone_names:
            if name not in given and name not in self.shared.names:
                self.doubts.append((place, f'{name!r} is read as a name: for the text write "{name}".'))

    def check_language(self, node: Node, place: str) -> None:
        self.check_language_name(node.get("expressionLanguage", ""), place)

    def check_language_name(self, language: str, place: str) -> None:
        if language not in READ_AS_FEEL and "FEEL" not in language:
            self.cannot_read(place, f"It is written in {language!r}. Write it in FEEL.")

    def check_listed(self, values: tuple[object, ...], allowed: tuple[object, ...], place: str) -> None:
        """A text outside the column's own list of values is a slip of the pen that would never match."""
        for value in values if allowed else ():
            if isinstance(value, str) and value not in allowed:
                similar = difflib.get_close_matches(
                    value[:MOST_TEXT], [one for one in allowed if isinstance(one, str)], n=1
                )
                meant = f" Did you mean {similar[0]!r}?" if similar else ""
                self.say(place, f"{value[:MOST_TEXT]!r} is not one of the column's allowed values.{meant}")

    def check_type(self, values: tuple[object, ...], type_: ItemType, place: str) -> None:
        for value in values:
            try:
                typed(value, type_)
            except TypeMismatch as error:
                self.say(place, f"{error}.")


def _hit_policy(node: Node) -> tuple[str, str]:
    """The hit policy and the aggregation in full, from their names, initials or symbols."""
    policy = node.get("hitPolicy", "UNIQUE").strip().upper().replace("_", " ")
    aggregation = node.get("aggregation", "").strip().upper()
    if policy in SYMBOLS:
        return "COLLECT", SYMBOLS[policy]
    return INITIALS.get(policy, policy), aggregation
