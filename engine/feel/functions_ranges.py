"""Built-in functions on ranges: range() itself, and those that compare. Source: DMN 1.3 10.3.4.9, DMN 1.4 10.3.4.1"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from engine.feel import nodes
from engine.feel.comparison import compare, equal
from engine.feel.errors import FeelSyntaxError
from engine.feel.functions import builtin, builtin_of_run
from engine.feel.nodes import Node
from engine.feel.parser import parse_expression
from engine.feel.run import Run
from engine.feel.temporal import parse_date, parse_duration, parse_moment, parse_time
from engine.feel.values import Matcher, Range, kind

Relation = Callable[[Range, Range, Run], bool]
# A range that is open at one side. Source: DMN 1.5 10.3.4.1
BELOW = re.compile(r"\s*[(\]]\s*\.\.(.+)([\])\[])\s*", re.DOTALL)
ABOVE = re.compile(r"\s*([\[(\]])(.+)\.\.\s*[)\[]\s*", re.DOTALL)
MAKERS: dict[str, Callable[[str], object]] = {
    "date": parse_date,
    "time": parse_time,
    "date and time": parse_moment,
    "duration": parse_duration,
}


@builtin("range", "from: string", cost=20)
def make_range(text: str) -> Range:
    """The range that a text writes down; its ends are plain values, so that a text can compute nothing."""
    below, above = BELOW.fullmatch(text), ABOVE.fullmatch(text)
    if below:
        return Range(None, _plain_end(below[1], text), False, below[2] == "]")
    if above:
        return Range(_plain_end(above[2], text), None, above[1] == "[", False)
    node = _parsed(text, text)
    if not isinstance(node, nodes.RangeOf):
        raise ValueError(f"{text[:40]!r} is not a range")
    low, high = _end(node.low), _end(node.high)
    if compare("<=", low, high) is not True:
        raise ValueError(f"{text[:40]!r} has no order")
    return Range(low, high, node.low_included, node.high_included)


def _parsed(part: str, text: str) -> Node:
    try:
        return parse_expression(part)
    except (FeelSyntaxError, RecursionError):
        raise ValueError(f"{text[:40]!r} is not a range") from None


def _plain_end(part: str, text: str) -> object:
    end = _end(_parsed(part, text))
    if compare("<=", end, end) is not True:
        raise ValueError(f"{text[:40]!r} has no order")
    return end


def _end(node: Node) -> object:
    match node:
        case nodes.Negation(operand=nodes.Literal(value=Decimal() as number)):
            return number.copy_negate()
        case nodes.Literal():
            return node.value
        case nodes.Call(callee=nodes.Variable(name=name), arguments=(nodes.Literal(value=str() as text),)):
            return MAKERS[name](text) if name in MAKERS else None
    return None


def _as_range(value: object) -> Range:
    """Raises: ValueError for `= 5` or `!= 5`, which stand for no one stretch."""
    if isinstance(value, Matcher):
        if not value.wanted:
            raise ValueError("needs two points or ranges")
        value = value.value
    return value if isinstance(value, Range) else Range(value, value, True, True)


def _order(left: object, right: object, run: Run) -> int:
    """-1, 0 or 1. Raises: ValueError where the two have no order."""
    before = compare("<", left, right)
    if before is None and equal(left, right, run) is not True:
        raise ValueError(f"cannot compare {kind(left)} with {kind(right)}")
    return -1 if before else 0 if equal(left, right, run) else 1


def _order_of_starts(a: Range, b: Range, run: Run) -> int:
    """A range without a start begins before every other."""
    if a.low is None or b.low is None:
        return (a.low is not None) - (b.low is not None)
    return _order(a.low, b.low, run) or b.low_included - a.low_included


def _order_of_ends(a: Range, b: Range, run: Run) -> int:
    """A range without an end goes on after every other."""
    if a.high is None or b.high is None:
        return (a.high is None) - (b.high is None)
    return _order(a.high, b.high, run) or a.high_included - b.high_included


def _is_before(a: Range, b: Range, run: Run) -> bool:
    if a.high is None or b.low is None:
        return False
    order = _order(a.high, b.low, run)
    return order < 0 or (order == 0 and not (a.high_included and b.low_included))


def _is_met_at_end(a: Range, b: Range, run: Run) -> bool:
    touches = a.high is not None and b.low is not None and _order(a.high, b.low, run) == 0
    return touches and a.high_included and b.low_included


def _includes(a: Range, b: Range, run: Run) -> bool:
    return _order_of_starts(a, b, run) <= 0 and _order_of_ends(a, b, run) >= 0


def _overlaps(a: Range, b: Range, run: Run) -> bool:
    return not _is_before(a, b, run) and not _is_before(b, a, run)


def _overlaps_before(a: Range, b: Range, run: Run) -> bool:
    return _order_of_starts(a, b, run) < 0 and _overlaps(a, b, run) and _order_of_ends(a, b, run) <= 0


def _starts(a: Range, b: Range, run: Run) -> bool:
    return _order_of_starts(a, b, run) == 0 and _order_of_ends(a, b, run) <= 0


def _finishes(a: Range, b: Range, run: Run) -> bool:
    return _order_of_ends(a, b, run) == 0 and _order_of_starts(a, b, run) >= 0


def _coincides(a: Range, b: Range, run: Run) -> bool:
    return _order_of_starts(a, b, run) == 0 and _order_of_ends(a, b, run) == 0


def _register(name: str, relation: Relation) -> None:
    def call(run: Run, left: object, right: object) -> bool:
        if left is None or right is None:
            raise ValueError("needs two points or ranges")
        return relation(_as_range(left), _as_range(right), run)

    builtin_of_run(name, "a: any, b: any")(call)


def _turned(relation: Relation) -> Relation:
    return lambda a, b, run: relation(b, a, run)


for _name, _relation in {
    "before": _is_before,
    "meets": _is_met_at_end,
    "includes": _includes,
    "overlaps before": _overlaps_before,
    "starts": _starts,
    "finishes": _finishes,
    "overlaps": _overlaps,
    "coincides": _coincides,
    "after": _turned(_is_before),
    "met by": _turned(_is_met_at_end),
    "during": _turned(_includes),
    "overlaps after": _turned(_overlaps_before),
    "started by": _turned(_starts),
    "finished by": _turned(_finishes),
}.items():
    _register(_name, _relation)
