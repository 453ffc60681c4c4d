"""What can be read and run but hardly says what was meant: each is a warning when a model is checked.

A date without quotation marks is a subtraction, a number in quotation marks is never greater than a number, a word in
capital letters is part of a name.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from decimal import Decimal

from engine.feel import nodes
from engine.feel.builtins import BUILTINS
from engine.feel.comparison import compare
from engine.feel.errors import Note
from engine.feel.names import NOTHING_BOUND, Bound, scoped_children
from engine.feel.nodes import FeelType, Node
from engine.feel.operators import TYPES
from engine.feel.temporal import parse_date, parse_duration, parse_moment, parse_time

NUMBER_AS_TEXT = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
MAKERS = {"date": parse_date, "time": parse_time, "date and time": parse_moment, "duration": parse_duration}
CONSTANTS = {"true": "true", "false": "false", "null": "null", "none": "null", "nil": "null", "undefined": "null"}
# Words of other languages inside what FEEL must read as one name, and what to write instead.
WORDS = {
    **{word.upper(): word for word in ("and", "or", "not", "if", "then", "else", "in", "between")},
    **{"not": "not(...)", "equals": "=", "is": "=", "like": "contains(...)", "where": "satisfies, or a filter [...]"},
}
UNIVERSAL_TYPES = ("Any", "Null")


def doubts(node: Node, bound: Bound = NOTHING_BOUND) -> Iterator[Note]:
    """What hardly says what was meant, and where."""
    match node:
        case nodes.Variable(name=name) if name not in bound:
            yield from _doubts_of_name(node.position, name)
        case nodes.Call(callee=nodes.Variable(name=name), arguments=(nodes.Literal(value=str() as text),)):
            if name in MAKERS and MAKERS[name](text) is None:
                yield Note(node.position, f"{text[:40]!r} is not a {name}, so this is null")
        case nodes.Arithmetic(operator="-"):
            yield from _dates_without_marks(node)
        case nodes.Comparison() | nodes.Test() | nodes.Between():
            yield from _numbers_in_marks(node)
        case nodes.Junction():
            yield from _values_as_truths(node)
        case nodes.RangeOf(low=nodes.Literal(value=low), high=nodes.Literal(value=high)):
            if compare("<=", low, high) is False:
                yield Note(node.position, "the range runs backwards, so this is null: write the smaller end first")
        case nodes.InstanceOf():
            yield from _unknown_types(node.type, node.position)
        case nodes.AnyOf() | nodes.NoneOf():
            yield from _differences_as_tests(node)
    for part, inner in scoped_children(node, bound):
        if not (isinstance(node, nodes.Call) and part is node.callee):
            yield from doubts(part, inner)


def _doubts_of_name(position: int, name: str) -> Iterator[Note]:
    function = BUILTINS.get(name)
    meant = CONSTANTS.get(name.lower())
    if meant:
        yield Note(position, f"{name!r} is read as a name, did you mean {meant}?")
    elif function is not None and not function.parameters:
        yield Note(position, f"{name!r} without brackets is not its value: write {name}()")
    words = name.split(" ")
    for word in words if len(words) > 1 else ():
        if word in WORDS:
            yield Note(position, f"{name[:60]!r} is read as one name: for {word!r} write {WORDS[word]}")
            return


def _dates_without_marks(node: nodes.Arithmetic) -> Iterator[Note]:
    match node.left, node.right:
        case (
            nodes.Arithmetic(
                operator="-", left=nodes.Literal(value=Decimal() as year), right=nodes.Literal(value=month)
            ),
            nodes.Literal(value=Decimal() as day),
        ) if isinstance(month, Decimal) and 1000 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= 31:
            text = f"{year:04}-{month:02}-{day:02}"
            yield Note(node.position, f'this is a subtraction that gives {year - month - day}: write @"{text}"')


def _numbers_in_marks(node: nodes.Comparison | nodes.Test | nodes.Between) -> Iterator[Note]:
    if isinstance(node, nodes.Between):
        sides = [node.low, node.high]
    elif node.operator in ("=", "!="):
        return  # a reference number is a text, and may be all digits
    else:
        sides = [node.operand] if isinstance(node, nodes.Test) else [node.left, node.right]
    for side in sides:
        if isinstance(side, nodes.Literal) and isinstance(side.value, str) and NUMBER_AS_TEXT.fullmatch(side.value):
            yield Note(side.position, f'"{side.value}" is a text, which no number is compared with: remove the marks')


def _values_as_truths(node: nodes.Junction) -> Iterator[Note]:
    for side in (node.left, node.right):
        if isinstance(side, nodes.Literal) and not isinstance(side.value, bool | None):
            yield Note(
                side.position, f"{node.operator!r} joins truths, and this is a value: write the comparison again"
            )


def _unknown_types(type_: FeelType, position: int) -> Iterator[Note]:
    if type_.name not in TYPES and type_.name not in UNIVERSAL_TYPES:
        similar = difflib.get_close_matches(type_.name, TYPES, n=1)
        meant = f", did you mean {similar[0]!r}?" if similar else ""
        yield Note(position, f"FEEL has no type {type_.name[:40]!r}{meant}")
    for inner in (*type_.of, *(of for _, of in type_.fields)):
        yield from _unknown_types(inner, position)


def _differences_as_tests(node: nodes.AnyOf | nodes.NoneOf) -> Iterator[Note]:
    for test in node.tests:
        match test:
            case nodes.Arithmetic(operator="-", left=nodes.Literal(value=low), right=nodes.Literal(value=high)):
                yield Note(test.position, f"this is the number {low} minus {high}: for a range write [{low}..{high}]")
