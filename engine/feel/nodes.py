"""The tree that the parser makes: one frozen class for each construct of FEEL.

The compiler, the search for free names and the lint all read it; nothing here evaluates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Node:
    position: int


@dataclass(frozen=True, slots=True)
class FeelType:
    """A type as written after "instance of": `list<number>` is FeelType("list", (FeelType("number"),))."""

    name: str
    of: tuple[FeelType, ...] = ()
    fields: tuple[tuple[str, FeelType], ...] = ()


ANY_TYPE = FeelType("Any")


@dataclass(frozen=True, slots=True)
class Literal(Node):
    value: object


@dataclass(frozen=True, slots=True)
class TemporalLiteral(Literal):
    """`@"2026-11-22"`; its value is None if the text is no date, time or duration."""

    text: str


@dataclass(frozen=True, slots=True)
class Variable(Node):
    name: str


@dataclass(frozen=True, slots=True)
class Path(Node):
    source: Node
    name: str


@dataclass(frozen=True, slots=True)
class Filter(Node):
    source: Node
    condition: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    callee: Node
    arguments: tuple[Node, ...]
    argument_names: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Negation(Node):
    operand: Node


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Junction(Node):
    """`and`, `or`."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Between(Node):
    item: Node
    low: Node
    high: Node


@dataclass(frozen=True, slots=True)
class In(Node):
    item: Node
    tests: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class InstanceOf(Node):
    item: Node
    type: FeelType


@dataclass(frozen=True, slots=True)
class If(Node):
    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Test(Node):
    """A comparison without a left side: `< 5`."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class AnyValue(Node):
    """The cell `-`."""


@dataclass(frozen=True, slots=True)
class AnyOf(Node):
    """The cell `1, > 5`."""

    tests: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class NoneOf(Node):
    """The cell `not(1, > 5)`."""

    tests: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class RangeOf(Node):
    low: Node
    high: Node
    low_included: bool
    high_included: bool


@dataclass(frozen=True, slots=True)
class Steps(Node):
    """What `for i in 1..10` runs over; it may run downwards."""

    low: Node
    high: Node


@dataclass(frozen=True, slots=True)
class ListOf(Node):
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class ContextOf(Node):
    entries: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class For(Node):
    loops: tuple[tuple[str, Node], ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Quantified(Node):
    """`some`, `every`."""

    quantifier: str
    loops: tuple[tuple[str, Node], ...]
    body: Node


@dataclass(frozen=True, slots=True)
class FunctionOf(Node):
    parameters: tuple[tuple[str, FeelType], ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Checked(Node):
    """A value that passes a check of the host, which sees the scope too and gives the value back, or another."""

    value: Node
    check: Callable[..., object]


@dataclass(frozen=True, slots=True)
class Embedded(Node):
    """What the host evaluates itself, such as a decision table inside a boxed context; `reads`: its free names."""

    evaluate: Callable[..., object]
    reads: tuple[Any, ...]


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below this one, in the order of the text."""
    for field in fields(node):
        yield from _nodes_in(getattr(node, field.name))


def _nodes_in(value: object) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _nodes_in(part)
