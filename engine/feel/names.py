"""The variables that an expression reads, known without running it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.feel import nodes
from engine.feel.builtins import BUILTINS
from engine.feel.nodes import Node

Bound = frozenset[str]
NOTHING_BOUND: Bound = frozenset()


@dataclass(frozen=True, slots=True)
class Name:
    """A variable that the expression reads from outside, with the fields it asks of it.

    `maybe_field`: it stands in a filter, so that it may be a field of the filtered item instead.
    """

    path: tuple[str, ...]
    position: int
    maybe_field: bool

    def __str__(self) -> str:
        return ".".join(self.path)


def free_names(node: Node, bound: Bound = NOTHING_BOUND, *, in_filter: bool = False) -> Iterator[Name]:
    """Every name that the text does not introduce itself; functions that are called are not among them."""
    match node:
        case nodes.Variable() | nodes.Path():
            yield from _names_of_path(node, bound, in_filter)
        case nodes.Call(callee=nodes.Variable()):
            for argument in node.arguments:
                yield from free_names(argument, bound, in_filter=in_filter)
        case nodes.Embedded():
            yield from (name for name in node.reads if name.path[0] not in bound)
        case nodes.Filter():
            yield from free_names(node.source, bound, in_filter=in_filter)
            yield from free_names(node.condition, bound | {"item"}, in_filter=True)
        case _:
            for part, inner in scoped_children(node, bound):
                yield from free_names(part, inner, in_filter=in_filter)


def _names_of_path(node: Node, bound: Bound, in_filter: bool) -> Iterator[Name]:
    steps: list[str] = []
    root = node
    while isinstance(root, nodes.Path):
        steps.append(root.name)
        root = root.source
    if not isinstance(root, nodes.Variable):
        yield from free_names(root, bound, in_filter=in_filter)
    elif root.name not in bound and not (root.name in BUILTINS and not steps):
        yield Name((root.name, *reversed(steps)), root.position, in_filter)


def scoped_children(node: Node, bound: Bound) -> Iterator[tuple[Node, Bound]]:
    """The nodes directly below, each with the names that the text binds there."""
    match node:
        case nodes.Filter():
            yield node.source, bound
            yield node.condition, bound | {"item"}
        case nodes.For() | nodes.Quantified():
            for name, source in node.loops:
                yield source, bound
                bound = bound | {name}
            yield node.body, bound | {"partial"} if isinstance(node, nodes.For) else bound
        case nodes.FunctionOf():
            yield node.body, bound | {name for name, _ in node.parameters}
        case nodes.ContextOf():
            for key, value in node.entries:
                yield value, bound | {key} if isinstance(value, nodes.FunctionOf) else bound
                bound = bound | {key}
        case _:
            for child in nodes.children(node):
                yield child, bound
