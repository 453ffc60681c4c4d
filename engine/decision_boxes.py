"""Boxed expressions to one tree of FEEL: contexts, lists, relations, invocations, functions and the boxes of DMN 1.4.

Each box means what the expression beside it in the standard means, so it becomes that expression's tree. Only a
decision table inside a box stays what it is. What is wrong is said, and stands as null in the tree.
Source: DMN 1.3 10.2.1; DMN 1.4 10.2.1.10 to 10.2.1.12
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from engine.decision_model import Table
from engine.decision_tables import ask_table, typed_or_unfit
from engine.decision_types import ANY, ItemType
from engine.feel import FeelSyntaxError, Name, nodes
from engine.feel.parser import parse_expression
from engine.markup import Node, local, namespace

BOXES = frozenset(
    {
        *("literalExpression", "decisionTable", "context", "list", "relation", "invocation", "functionDefinition"),
        *("conditional", "filter", "for", "some", "every"),
    }
)
RESULT = "result of the context"
NAMESPACES = frozenset(
    {
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",  # 1.1
        "http://www.omg.org/spec/DMN/20180521/MODEL/",  # 1.2
        "https://www.omg.org/spec/DMN/20191111/MODEL/",  # 1.3
        "https://www.omg.org/spec/DMN/20211108/MODEL/",  # 1.4
        "https://www.omg.org/spec/DMN/20230324/MODEL/",  # 1.5
    }
)
NOTHING = nodes.Literal(0, None)


def children(node: Node, *names: str) -> Iterator[Node]:
    """The DMN elements of these names directly below."""
    for child in node:
        if isinstance(child.tag, str) and local(child) in names and namespace(child) in NAMESPACES:
            yield child


def text_of(node: Node) -> str:
    return "".join("".join(map(str, child.itertext())) for child in children(node, "text")).strip()


def names_of_table(table: Table) -> tuple[Name, ...]:
    """Every name that a table's expressions and cells read."""
    parts = [
        *(column.expression for column in table.inputs),
        *(part for rule in table.rules for part in (*rule.tests, *rule.results)),
        *(output.default for output in table.outputs),
    ]
    return tuple(name for part in parts if part is not None for name in part.names)


class Boxes:
    """Reads boxes; `say` takes a place and a sentence for what is wrong."""

    def __init__(
        self,
        say: Callable[[str, str], None],
        read_table: Callable[[Node], Table],
        type_named: Callable[[str], ItemType],
        declared: tuple[str, ...],
    ) -> None:
        self.say, self.read_table, self.type_named, self.declared = say, read_table, type_named, declared

    def inside(self, node: Node, place: str) -> nodes.Node:
        """The one box inside an element."""
        box = next(children(node, *BOXES), None)
        if box is None:
            self.say(place, "It has no logic.")
            return NOTHING
        return self.box(box, place)

    def box(self, node: Node, place: str) -> nodes.Node:
        return self.checked(self.unchecked(node, place), node.get("typeRef", ""), place)

    def checked(self, value: nodes.Node, type_: str, place: str) -> nodes.Node:
        return self.checked_as(value, self.type_named(type_), place)

    def checked_as(self, value: nodes.Node, of: ItemType, place: str) -> nodes.Node:
        if of is ANY:
            return value
        return nodes.Checked(value.position, value, partial(typed_or_unfit, type_=of, place=place))

    def unchecked(self, node: Node, place: str) -> nodes.Node:
        match local(node):
            case "literalExpression":
                return self.literal(node, place)
            case "decisionTable":
                table = self.read_table(node)
                return nodes.Embedded(0, partial(ask_table, table), names_of_table(table))
            case "context":
                return self.context(node, place)
            case "list":
                return nodes.ListOf(0, tuple(self.box(item, place) for item in children(node, *BOXES)))
            case "relation":
                return self.relation(node, place)
            case "invocation":
                return self.invocation(node, place)
            case "functionDefinition":
                return self.function(node, place)
            case "conditional":
                condition, then, otherwise = (self.part(node, name, place) for name in ("if", "then", "else"))
                return nodes.If(0, condition, then, otherwise)
            case "filter":
                return nodes.Filter(0, self.part(node, "in", place), self.part(node, "match", place))
        return self.iterator(node, place)

    def literal(self, node: Node, place: str) -> nodes.Node:
        text = text_of(node)
        if not text:
            self.say(place, "The expression is empty.")
            return NOTHING
        try:
            return parse_expression(text, self.declared)
        except FeelSyntaxError as error:
            self.say(place, f"{text!r} is not FEEL: {error}.")
            return NOTHING

    def part(self, node: Node, name: str, place: str) -> nodes.Node:
        part = next(children(node, name), None)
        if part is None:
            self.say(place, f"The box {local(node)!r} has no {name!r}.")
            return NOTHING
        return self.inside(part, f"{place}, {name}")

    def context(self, node: Node, place: str) -> nodes.Node:
        """Named entries, each of which sees those above; an entry without a name is the result of the whole."""
        entries: list[tuple[str, nodes.Node]] = []
        for entry in children(node, "contextEntry"):
            variable = next(children(entry, "variable"), None)
            name = variable.get("name", "") if variable is not None else RESULT
            value = self.inside(entry, f"{place}, {name}")
            type_ = variable.get("typeRef", "") if variable is not None else ""
            entries.append((name, self.checked(value, type_, f"{place}, {name}")))
        made = nodes.ContextOf(0, tuple(entries))
        return nodes.Path(0, made, RESULT) if any(name == RESULT for name, _ in entries) else made

    def relation(self, node: Node, place: str) -> nodes.Node:
        columns = [column.get("name", "") for column in children(node, "column")]
        rows: list[nodes.Node] = []
        for row in children(node, "row"):
            cells = [self.box(cell, place) for cell in children(row, *BOXES)]
            if len(cells) != len(columns):
                self.say(place, "A row of the relation has another number of cells than there are columns.")
            rows.append(nodes.ContextOf(0, tuple(zip(columns, cells, strict=False))))
        return nodes.ListOf(0, tuple(rows))

    def invocation(self, node: Node, place: str) -> nodes.Node:
        names: list[str] = []
        values: list[nodes.Node] = []
        for binding in children(node, "binding"):
            parameter = next(children(binding, "parameter"), None)
            names.append(parameter.get("name", "") if parameter is not None else "")
            values.append(self.inside(binding, f"{place}, {names[-1]}"))
        return nodes.Call(0, self.inside(node, place), tuple(values), tuple(names) or None)

    def function(self, node: Node, place: str) -> nodes.Node:
        if node.get("kind", "FEEL") != "FEEL":
            self.say(place, f"A function of kind {node.get('kind')!r} is not supported. Write it in FEEL.")
            return NOTHING
        parameters = tuple(
            (parameter.get("name", ""), self.type_named(parameter.get("typeRef", "")).as_feel())
            for parameter in children(node, "formalParameter")
        )
        return nodes.FunctionOf(0, parameters, self.inside(node, place))

    def iterator(self, node: Node, place: str) -> nodes.Node:
        name = node.get("iteratorVariable", "")
        if not name:
            self.say(place, f"The box {local(node)!r} names no iterator variable.")
        source = self.part(node, "in", place)
        if local(node) == "for":
            return nodes.For(0, ((name, source),), self.part(node, "return", place))
        return nodes.Quantified(0, local(node), ((name, source),), self.part(node, "satisfies", place))
