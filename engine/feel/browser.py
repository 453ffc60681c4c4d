"""What the browser's engine evaluates differently: an expression of a form should have one value in both places.

Forms that are shown by a browser's own form viewer run FEEL there too (feelin, which counts in binary fractions and
orders values of different types). The server decides again, so nothing wrong is stored, but a person may be shown a
question that does not count. `tests/unit/test_feel_parity.py` holds this list against the real engine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from engine.feel import nodes
from engine.feel.comparison import compare
from engine.feel.errors import Note
from engine.feel.names import NOTHING_BOUND, Bound, scoped_children
from engine.feel.nodes import Node
from engine.feel.tokens import tokenize

LARGEST_WHOLE = 2**53  # beyond this the browser's numbers skip some
NOT_THERE = frozenset(
    {
        *("working days after", "calendar days after", "months after", "count working days", "is working day"),
        *("get or else", "duplicate values", "range", "trim"),
        *("overlaps before", "starts", "finishes", "coincides", "during", "overlaps after", "started by"),
        "finished by",
    }
)
EXPONENT = re.compile(r"[eE]")
# Look-ahead, look-behind, named groups and back references: the browser has them, the server's patterns do not.
PATTERN_ONLY_THERE = re.compile(r"\(\?[=!<]|\\[1-9]")
ORDERS = ("<", "<=", ">", ">=")


def browser_differences(source: str, node: Node) -> Iterator[Note]:
    """What has another value in the browser, and where; `source` is the text of the tree."""
    for token in tokenize(source):
        if token.kind == "number" and EXPONENT.search(token.text):
            yield Note(token.position, f"the browser reads {token.text} without its exponent")
    yield from _of_node(node, NOTHING_BOUND)


def _of_node(node: Node, bound: Bound) -> Iterator[Note]:
    match node:
        case nodes.Literal(value=Decimal() as number) if abs(number) > LARGEST_WHOLE:
            yield Note(node.position, "the browser has no numbers of so many digits")
        case nodes.Arithmetic():
            yield from _of_arithmetic(node)
        case nodes.Comparison() if node.operator in ORDERS:
            yield from _of_order(node)
        case nodes.Between(low=nodes.Literal(value=str() as text)) if text[:1].isdigit():
            yield Note(node.position, "the browser compares numbers with texts")
        case nodes.If(condition=nodes.Literal(value=value)) if not isinstance(value, bool | None):
            yield Note(node.position, "the browser takes this condition for true")
        case nodes.RangeOf(low=nodes.Literal(value=low), high=nodes.Literal(value=high)):
            if compare("<=", low, high) is False:
                yield Note(node.position, "the browser turns a range that runs backwards")
        case nodes.Call(callee=nodes.Variable(name=name)) if name not in bound:
            yield from _of_call(node, name)
    for part, inner in scoped_children(node, bound):
        yield from _of_node(part, inner)


def _of_arithmetic(node: nodes.Arithmetic) -> Iterator[Note]:
    sides = (node.left, node.right)
    if node.operator in ("*", "/") and any(_is_duration(side) for side in sides):
        yield Note(node.position, "the browser does not multiply or divide durations")
    elif node.operator == "/" or any(_is_fraction(side) for side in sides):
        yield Note(
            node.position, "the browser counts in binary fractions, so that 0.1 + 0.2 is not 0.3: round the result"
        )


def _is_fraction(node: Node) -> bool:
    return isinstance(node, nodes.Literal) and isinstance(node.value, Decimal) and node.value != int(node.value)


def _is_duration(node: Node) -> bool:
    match node:
        case nodes.Call(callee=nodes.Variable(name="duration")):
            return True
        case nodes.TemporalLiteral(text=text):
            return text.lstrip("-").startswith("P")
    return False


def _of_order(node: nodes.Comparison) -> Iterator[Note]:
    sides = [side.value for side in (node.left, node.right) if isinstance(side, nodes.Literal)]
    is_number_as_text = any(isinstance(side, str) and side[:1].isdigit() for side in sides)
    if is_number_as_text or (len(sides) == 2 and type(sides[0]) is not type(sides[1])):
        yield Note(node.position, 'the browser compares values of different types, such as 120 and "100"')
    if isinstance(node.left, nodes.Comparison):
        yield Note(node.position, "the browser compares the result of a comparison with a number")


def _of_call(node: nodes.Call, name: str) -> Iterator[Note]:
    values = [one.value for one in node.arguments if isinstance(one, nodes.Literal)]
    if name in NOT_THERE:
        yield Note(node.position, f"the browser has no function {name!r}")
    elif name in ("median", "years and months duration"):
        yield Note(node.position, f"the browser's function {name!r} gives another value")
    elif name == "sort" and len(node.arguments) == 1:
        yield Note(node.position, "the browser sorts only by a function")
    elif name == "get value" and any(isinstance(one, nodes.ListOf) for one in node.arguments):
        yield Note(node.position, "the browser takes one key only")
    elif name in ("matches", "replace", "split") and any(
        isinstance(value, str) and (PATTERN_ONLY_THERE.search(value) or (name == "split" and not value))
        for value in values[:2]
    ):
        yield Note(node.position, "the browser's patterns differ here")
    elif name == "substring" and values and any(isinstance(value, Decimal) and value == 0 for value in values):
        yield Note(node.position, "the browser counts a position 0")
    elif name in ("round half up", "round half down", "round up", "round down", "decimal") and any(
        _is_fraction(one) for one in node.arguments
    ):
        yield Note(node.position, "the browser counts in binary fractions, so that 1.005 is rounded down")
