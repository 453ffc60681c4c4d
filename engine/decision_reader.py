"""DMN files to decision tables and literal expressions, with everything that is wrong found at once.

Reads DMN 1.1 to 1.5 with FEEL in its cells. A faulty cell is a finding, not an exception, so that an author sees all of
them; what is no DMN file at all is refused. Knowledge models, boxed contexts and other languages are findings too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from engine.decision_types import TypeMismatch, typed
from engine.errors import RedressError
from engine.feel import (
    Expression,
    FeelSyntaxError,
    UnaryTests,
    compile_expression,
    compile_unary_tests,
    literal_values,
)
from engine.markup import MarkupRefused, Node, local, namespace, parse_xml

NAMESPACES = frozenset(
    {
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",  # 1.1
        "http://www.omg.org/spec/DMN/20180521/MODEL/",  # 1.2
        "https://www.omg.org/spec/DMN/20191111/MODEL/",  # 1.3
        "https://www.omg.org/spec/DMN/20211108/MODEL/",  # 1.4
        "https://www.omg.org/spec/DMN/20230324/MODEL/",  # 1.5
    }
)
HIT_POLICIES = ("UNIQUE", "FIRST", "PRIORITY", "ANY", "COLLECT", "RULE ORDER", "OUTPUT ORDER")
AGGREGATIONS = ("", "SUM", "COUNT", "MIN", "MAX")
READ_AS_FEEL = ("", "feel", "FEEL")
Finding = tuple[str, str]
C = TypeVar("C", Expression, UnaryTests)


class DecisionError(RedressError):
    """A decision cannot be read or made."""


@dataclass(frozen=True, slots=True)
class Input:
    """A column of conditions. `allowed` are its listed values, empty if it lists none or not only literals."""

    label: str
    expression: Expression | None
    allowed: tuple[object, ...]
    type: str


@dataclass(frozen=True, slots=True)
class Output:
    """A column of results. `allowed` are its listed values, the most important first."""

    name: str
    label: str
    type: str
    allowed: tuple[object, ...]
    default: Expression | None


@dataclass(frozen=True, slots=True)
class Rule:
    """A row; None stands for an empty cell, which passes every input and gives null."""

    number: int
    tests: tuple[UnaryTests | None, ...]
    results: tuple[Expression | None, ...]


@dataclass(frozen=True, slots=True)
class Table:
    hit_policy: str
    aggregation: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class LiteralExpression:
    expression: Expression | None
    type: str


@dataclass(frozen=True, slots=True)
class DecisionSource:
    """One decision as its file has it. `variable` is the name under which other decisions see its result."""

    file: str
    id: str
    name: str
    variable: str
    requires: tuple[str, ...]
    body: Table | LiteralExpression | None
    findings: tuple[Finding, ...]


def read_decisions(xml: bytes, *, file: str) -> list[DecisionSource]:
    """Read every decision of a file.

    Raises:
        DecisionError: not XML that may be read, not DMN, or an id is missing or comes twice.
    """
    try:
        root = parse_xml(xml)
    except MarkupRefused as error:
        raise DecisionError(f"{file}: {error}") from error
    if namespace(root) not in NAMESPACES or local(root) != "definitions":
        raise DecisionError(f"{file}: This is not a DMN file of version 1.1 to 1.5. Save it in a DMN modeler.")
    sources = [_Reader(file).decision(node) for node in _children(root, "decision")]
    ids = [source.id for source in sources]
    for source in sources:
        if not source.id or ids.count(source.id) > 1:
            what = f"the id {source.id!r} comes twice" if source.id else "a decision has no id"
            raise DecisionError(f"{file}: {what}. Give every decision an id of its own.")
    return sources


@dataclass
class _Reader:
    """Reads one decision and gathers what is wrong with it."""

    file: str
    findings: list[Finding] = field(default_factory=list)

    def say(self, place: str, message: str) -> None:
        self.findings.append((place, message))

    def decision(self, node: Node) -> DecisionSource:
        identifier = node.get("id", "")
        variables = [child.get("name", "") for child in _children(node, "variable")]
        body = self.body(node)
        if any(True for _ in _children(node, "knowledgeRequirement")):
            self.say("decision", "Business knowledge models are not supported. Write the logic into the decision.")
        return DecisionSource(
            file=self.file,
            id=identifier,
            name=node.get("name", "") or identifier,
            variable=(variables[0] if variables else "") or identifier,
            requires=tuple(_required_decisions(node)),
            body=body,
            findings=tuple(self.findings),
        )

    def body(self, node: Node) -> Table | LiteralExpression | None:
        for table in _children(node, "decisionTable"):
            return self.table(table)
        for literal in _children(node, "literalExpression"):
            types = [child.get("typeRef", "") for child in _children(node, "variable")]
            expression = self.compiled(_text(literal), compile_expression, "expression")
            self.check_language(literal, "expression")
            if expression is None and not self.findings:
                self.say("expression", "The expression is empty.")
            return LiteralExpression(expression, type=types[0] if types else "")
        self.say("decision", "It has neither a decision table nor a literal expression.")
        return None

    def table(self, node: Node) -> Table:
        hit_policy = node.get("hitPolicy", "UNIQUE")
        aggregation = node.get("aggregation", "")
        inputs = tuple(self.input(child, number) for number, child in enumerate(_children(node, "input"), 1))
        outputs = tuple(self.output(child, number) for number, child in enumerate(_children(node, "output"), 1))
        rules = tuple(
            self.rule(child, number, inputs, outputs) for number, child in enumerate(_children(node, "rule"), 1)
        )
        table = Table(hit_policy, aggregation, inputs, outputs, rules)
        self.check_table(table)
        return table

    def check_table(self, table: Table) -> None:
        if table.hit_policy not in HIT_POLICIES:
            self.say("table", f"The hit policy {table.hit_policy!r} is not one of {', '.join(HIT_POLICIES)}.")
        if table.aggregation not in AGGREGATIONS:
            self.say("table", f"The aggregation {table.aggregation!r} is not one of SUM, COUNT, MIN, MAX.")
        if table.aggregation and (table.hit_policy != "COLLECT" or len(table.outputs) != 1):
            self.say("table", "An aggregation needs the hit policy COLLECT and one output.")
        if table.hit_policy in ("PRIORITY", "OUTPUT ORDER") and not any(output.allowed for output in table.outputs):
            self.say("table", f"The hit policy {table.hit_policy} needs the list of allowed output values, best first.")
        if not table.outputs:
            self.say("table", "The table has no output.")
        if not table.rules:
            self.say("table", "The table has no rule.")
        names = [output.name for output in table.outputs]
        if len(names) > 1 and (not all(names) or len(set(names)) < len(names)):
            self.say("table", "Several outputs need names, each its own.")

    def input(self, node: Node, number: int) -> Input:
        expressions = list(_children(node, "inputExpression"))
        text = _text(expressions[0]) if expressions else ""
        label = node.get("label") or text or str(number)
        place = f"input {label!r}"
        if not text:
            self.say(place, "The input has no expression.")
        for expression in expressions:
            self.check_language(expression, place)
        allowed = "".join(_text(child) for child in _children(node, "inputValues"))
        return Input(
            label=label,
            expression=self.compiled(text, compile_expression, place),
            allowed=literal_values(allowed),
            type=expressions[0].get("typeRef", "") if expressions else "",
        )

    def output(self, node: Node, number: int) -> Output:
        name = node.get("name", "")
        label = node.get("label") or name or str(number)
        place = f"output {label!r}"
        allowed = "".join(_text(child) for child in _children(node, "outputValues"))
        default = "".join(_text(child) for child in _children(node, "defaultOutputEntry"))
        return Output(
            name=name,
            label=label,
            type=node.get("typeRef", ""),
            allowed=literal_values(allowed),
            default=self.compiled(default, compile_expression, f"{place}, default"),
        )

    def rule(self, node: Node, number: int, inputs: tuple[Input, ...], outputs: tuple[Output, ...]) -> Rule:
        place = f"rule {number}"
        cells, entries = list(_children(node, "inputEntry")), list(_children(node, "outputEntry"))
        if len(cells) != len(inputs) or len(entries) != len(outputs):
            self.say(place, "It has another number of cells than the table has columns.")
        tests: list[UnaryTests | None] = []
        for cell, column in zip(cells, inputs, strict=False):
            where = f"{place}, input {column.label!r}"
            self.check_language(cell, where)
            tests.append(self.compiled(_text(cell), compile_unary_tests, where))
            self.check_listed(_text(cell), column.allowed, where)
        results: list[Expression | None] = []
        for entry, output in zip(entries, outputs, strict=False):
            where = f"{place}, output {output.label!r}"
            self.check_language(entry, where)
            results.append(self.compiled(_text(entry), compile_expression, where))
            self.check_listed(_text(entry), output.allowed, where)
            self.check_type(_text(entry), output.type, where)
        return Rule(number, tuple(tests), tuple(results))

    def compiled(self, text: str, compile_text: Callable[[str], C], place: str) -> C | None:
        if not text:
            return None
        try:
            compiled = compile_text(text)
        except FeelSyntaxError as error:
            self.say(place, f"{text!r} is not FEEL: {error}.")
            return None
        for problem in compiled.problems:
            self.say(place, f"{text!r}: {problem}.")
        return compiled

    def check_language(self, node: Node, place: str) -> None:
        language = node.get("expressionLanguage", "")
        if language not in READ_AS_FEEL and "FEEL" not in language:
            self.say(place, f"It is written in {language!r}. Write it in FEEL.")

    def check_listed(self, text: str, allowed: tuple[object, ...], place: str) -> None:
        """A text outside the column's own list of values is a slip of the pen that would never match."""
        for value in literal_values(text) if allowed else ():
            if isinstance(value, str) and value not in allowed:
                self.say(place, f"{value!r} is not one of the column's allowed values.")

    def check_type(self, text: str, type_: str, place: str) -> None:
        for value in literal_values(text):
            try:
                typed(value, type_)
            except TypeMismatch as error:
                self.say(place, f"{error}.")


def _children(node: Node, name: str) -> Iterator[Node]:
    for child in node:
        if isinstance(child.tag, str) and local(child) == name and namespace(child) in NAMESPACES:
            yield child


def _text(node: Node) -> str:
    return "".join("".join(map(str, child.itertext())) for child in _children(node, "text")).strip()


def _required_decisions(node: Node) -> Iterator[str]:
    for requirement in _children(node, "informationRequirement"):
        for required in _children(requirement, "requiredDecision"):
            yield required.get("href", "").rpartition("#")[2]
