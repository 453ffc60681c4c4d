"""Built-in functions on ranges: range() itself, and those that compare. Source: DMN 1.3 10.3.4.9, DMN 1.4 10.3.4.1"""

from __future__ import annotations

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
from engine.feel.values import Range

Relation = Callable[[Range, Range, Run], bool]
MAKERS: dict[str, Callable[[str], object]] = {
    "date": parse_date,
    "time": parse_time,
    "date and time": parse_moment,
    "duration": parse_duration,
}


@builtin("range", "from: string")
def make_range(text: str) -> Range:
    """The range that a text writes down; its ends are plain values, so that a text can compute nothing."""
    try:
        node = parse_expression(text)
    except (FeelSyntaxError, RecursionError):
        raise ValueError(f"{text[:40]!r} is not a range") from None
    if not isinstance(node, nodes.RangeOf):
        raise ValueError(f"{text[:40]!r} is not a range")
    low, high = _end(node.low), _end(node.high)
    if compare("<=", low, high) is not True:
        raise ValueError(f"{text[:40]!r} has no order")
    return Range(low, high, node.low_included, node.high_included)


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
    return value if isinstance(value, Range) else Range(value, value, True, True)


def _same(left: object, right: object, run: Run) -> bool:
    return equal(left, right, run) is True


def _is_before(a: Range, b: Range, run: Run) -> bool:
    touches = _same(a.high, b.low, run) and not (a.high_included and b.low_included)
    return compare("<", a.high, b.low) is True or touches


def _is_met_at_end(a: Range, b: Range, run: Run) -> bool:
    return a.high_included and b.low_included and _same(a.high, b.low, run)


def _starts_no_later(a: Range, b: Range, run: Run) -> bool:
    same = _same(a.low, b.low, run) and (a.low_included or not b.low_included)
    return compare("<", a.low, b.low) is True or same


def _starts_earlier(a: Range, b: Range, run: Run) -> bool:
    same = _same(a.low, b.low, run) and a.low_included and not b.low_included
    return compare("<", a.low, b.low) is True or same


def _ends_no_earlier(a: Range, b: Range, run: Run) -> bool:
    same = _same(a.high, b.high, run) and (a.high_included or not b.high_included)
    return compare(">", a.high, b.high) is True or same


def _includes(a: Range, b: Range, run: Run) -> bool:
    return _starts_no_later(a, b, run) and _ends_no_earlier(a, b, run)


def _overlaps(a: Range, b: Range, run: Run) -> bool:
    return not _is_before(a, b, run) and not _is_before(b, a, run)


def _overlaps_before(a: Range, b: Range, run: Run) -> bool:
    return _starts_earlier(a, b, run) and _overlaps(a, b, run) and _ends_no_earlier(b, a, run)


def _starts(a: Range, b: Range, run: Run) -> bool:
    return a.low_included == b.low_included and _same(a.low, b.low, run) and _ends_no_earlier(b, a, run)


def _finishes(a: Range, b: Range, run: Run) -> bool:
    return a.high_included == b.high_included and _same(a.high, b.high, run) and _starts_no_later(b, a, run)


def _coincides(a: Range, b: Range, run: Run) -> bool:
    return _same(a, b, run)


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
