"""What can never work in a text, known without running it: each is an error when a model is checked.

Unknown functions, wrong arguments, days that do not exist, and comparisons without a left side where a value belongs:
a cell `> 5 and < 10` reads well and passes nothing.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from engine.feel import nodes
from engine.feel.builtins import BUILTINS
from engine.feel.comparison import compare
from engine.feel.errors import LONGEST_NAME, Note, quoted
from engine.feel.functions import Mismatch, arrange
from engine.feel.names import NOTHING_BOUND, Bound, scoped_children
from engine.feel.nodes import Node

# What people call functions elsewhere, where no spelling is near.
KNOWN_AS = {
    **dict.fromkeys(("len", "length", "size"), "count or string length"),
    **dict.fromkeys(("str", "to string", "toString", "text"), "string"),
    **dict.fromkeys(("avg", "average"), "mean"),
    **dict.fromkeys(("upper", "uppercase", "toUpperCase"), "upper case"),
    **dict.fromkeys(("lower", "lowercase", "toLowerCase"), "lower case"),
    **dict.fromkeys(("startsWith", "starts"), "starts with"),
    **dict.fromkeys(("endsWith", "ends"), "ends with"),
    **dict.fromkeys(("ceil",), "ceiling"),
    **dict.fromkeys(("round",), "round half up"),
    **dict.fromkeys(("isBlank", "is blank", "is empty", "is defined", "is null"), "= null"),
    **dict.fromkeys(("concat",), "+ or string join"),
    **dict.fromkeys(("NOT", "Not"), "not"),
}


def problems(node: Node, bound: Bound = NOTHING_BOUND) -> Iterator[Note]:
    """What can never work, and where."""
    match node:
        case nodes.Call(callee=nodes.Variable(name=name)) if name not in bound:
            yield from _problems_of_call(node, name)
        case nodes.ContextOf():
            yield from _repeated_keys(node)
        case nodes.TemporalLiteral(value=None):
            yield Note(node.position, f"{node.text[:40]!r} is not a date, time or duration")
        case nodes.Junction() | nodes.Arithmetic() | nodes.Negation() | nodes.If():
            yield from _tests_as_values(node)
        case nodes.AnyOf() | nodes.NoneOf():
            yield from _problems_of_cell(node)
    for part, inner in scoped_children(node, bound):
        yield from problems(part, inner)


def _problems_of_call(node: nodes.Call, name: str) -> Iterator[Note]:
    function = BUILTINS.get(name)
    if function is None:
        near = difflib.get_close_matches(name, BUILTINS, n=1) if len(name) <= LONGEST_NAME else []
        similar = KNOWN_AS.get(name) or next(iter(near), "")
        meant = f", did you mean {similar!r}?" if similar else ""
        yield Note(node.callee.position, f"there is no function {quoted(name)}{meant}")
        return
    try:
        arrange(function, node.argument_names, len(node.arguments))
    except Mismatch as error:
        yield Note(node.callee.position, f"{name} {error}")


def _repeated_keys(node: nodes.ContextOf) -> Iterator[Note]:
    keys = [key for key, _ in node.entries]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield Note(node.position, f"the context has the key {quoted(key)} twice")


def _tests_as_values(node: Node) -> Iterator[Note]:
    """`> 5 and < 10` joins no truths: neither side says what is compared."""
    parts = [node.condition] if isinstance(node, nodes.If) else nodes.children(node)
    for part in parts:
        if isinstance(part, nodes.Test):
            hint = "write a range, (5..10), or put what is compared before it, ? in a cell"
            yield Note(part.position, f"nothing stands before this {part.operator!r}: {hint}")
        elif isinstance(part, nodes.RangeOf):
            yield Note(part.position, "a range is neither true nor a number: write 'in' before it")


def _problems_of_cell(node: nodes.AnyOf | nodes.NoneOf) -> Iterator[Note]:
    for test in node.tests:
        if isinstance(test, nodes.Junction):
            for side in (test.left, test.right):
                if isinstance(side, nodes.Literal) and not isinstance(side.value, bool | None):
                    yield Note(test.position, f"{test.operator!r} joins truths, and this is a value: write a comma")
                    break
        elif isinstance(test, nodes.RangeOf) and _is_backwards(test):
            yield Note(test.position, "the range runs backwards: write the smaller end first")


def _is_backwards(node: nodes.RangeOf) -> bool:
    low, high = node.low, node.high
    both = isinstance(low, nodes.Literal) and isinstance(high, nodes.Literal)
    return both and compare("<=", low.value, high.value) is False  # type: ignore[attr-defined]
