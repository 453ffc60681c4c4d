"""Closures for names, paths, filters, lists, contexts and ranges.

A dotted path from a variable walks the host's own data and takes over only what it ends at, so that `case.nation`
costs the same however large the case is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from engine.feel import nodes
from engine.feel.comparison import compare
from engine.feel.errors import quoted
from engine.feel.properties import PROPERTIES
from engine.feel.run import Run
from engine.feel.scope import MISSING, Evaluate, Scope
from engine.feel.values import UNCHANGED, Function, Range, from_python, kind


def variable(node: nodes.Variable, function: Function | None) -> Evaluate:
    """`function`: the built-in of that name, given where no variable has it."""
    name, position = node.name, node.position

    def evaluate(scope: Scope) -> object:
        current = scope
        while True:
            value = current.names.get(name, MISSING)
            if value is not MISSING:
                if current.outer is not None or type(value) in UNCHANGED:
                    return value
                return from_python(value, scope.run)
            if current.outer is None:
                return function or scope.run.missing(position, name, name, scope.visible)
            current = current.outer

    return evaluate


def name_or_path(node: nodes.Variable, whole: Evaluate) -> Evaluate:
    """A declared name with a dot in it, such as a parameter "client.age"; where there is none, a path."""
    first, *steps = node.name.split(".")
    path = dotted_variable(nodes.Variable(node.position, first), tuple(steps))

    def evaluate(scope: Scope) -> object:
        current: Scope | None = scope
        while current is not None:
            if node.name in current.names:
                return whole(scope)
            current = current.outer
        return path(scope)

    return evaluate


def dotted_variable(node: nodes.Variable, steps: tuple[str, ...]) -> Evaluate:
    """`case.client.name`, read without copying the case."""
    name, position = node.name, node.position

    def evaluate(scope: Scope) -> object:
        run, current = scope.run, scope
        value: object = current.names.get(name, MISSING)
        while value is MISSING:
            if current.outer is None:
                return run.missing(position, name, name, scope.visible)
            current = current.outer
            value = current.names.get(name, MISSING)
        is_host = current.outer is None
        for index, step in enumerate(steps):
            if not (type(value) is dict or (is_host and isinstance(value, Mapping))):
                value = from_python(value, run) if is_host else value
                return _walk(value, steps[index:], position, run)
            found = value.get(step, MISSING)
            if found is MISSING:
                return run.missing(position, ".".join((name, *steps[: index + 1])), step, value.keys)
            value = found
        return value if not is_host or type(value) in UNCHANGED else from_python(value, run)

    return evaluate


def _walk(value: object, steps: tuple[str, ...], position: int, run: Run) -> object:
    for step in steps:
        value = select(value, step, position, run)
    return value


def path(node: nodes.Path, source: Evaluate) -> Evaluate:
    return lambda scope: select(source(scope), node.name, node.position, scope.run)


def select(value: object, name: str, position: int, run: Run) -> object:
    """`.name` of a context, of every item of a list, or a property of a date, a duration, a range."""
    if isinstance(value, dict):
        return value[name] if name in value else run.missing(position, name, name, value.keys)
    if isinstance(value, list):
        run.charge(len(value))
        return [select(item, name, position, run) for item in value]
    properties = PROPERTIES.get(type(value), {})
    get = properties.get(name)
    if get is None:
        known = f" (it has {', '.join(properties)})" if properties else ""
        return run.null(position, f"{kind(value)} has no {quoted(name)}{known}")
    return get(value)


def filtered(node: nodes.Filter, source: Evaluate, condition: Evaluate) -> Evaluate:
    """`items[price > 5]` keeps items, `items[1]` picks one; a filter on anything else sees it as a list of one."""
    is_constant = isinstance(node.condition, (nodes.Literal, nodes.Negation))

    def evaluate(scope: Scope) -> object:
        run, found = scope.run, source(scope)
        items = found if isinstance(found, list) else [] if found is None else [found]
        if is_constant or not items:
            place = condition(scope)
            if isinstance(place, Decimal):
                return _pick(items, place, node.position, run)
        kept: list[object] = []
        for item in items:
            run.charge(1)
            verdict = condition(_scope_of_item(item, scope))
            if isinstance(verdict, Decimal):
                return _pick(items, verdict, node.position, run)
            if verdict is True:
                kept.append(item)
        return kept

    return evaluate


def _scope_of_item(item: object, scope: Scope) -> Scope:
    inner = Scope({"item": item}, scope, scope.run)
    return Scope(item, inner, scope.run) if isinstance(item, dict) else inner


def _pick(items: list[object], place: Decimal, position: int, run: Run) -> object:
    index = int(place)
    if index != place or not 0 < abs(index) <= len(items):
        return run.null(position, f"there is no item {place}")
    return items[index - 1 if index > 0 else index]


def checked(node: nodes.Checked, value: Evaluate) -> Evaluate:
    return lambda scope: node.check(value(scope), scope)


def list_of(items: Sequence[Evaluate]) -> Evaluate:
    return lambda scope: [item(scope) for item in items]


def context_of(entries: Sequence[tuple[str, Evaluate]]) -> Evaluate:
    """Later entries see earlier ones."""

    def evaluate(scope: Scope) -> object:
        made: dict[str, object] = {}
        inner = Scope(made, scope, scope.run)
        for key, value in entries:
            made[key] = value(inner)
        return made

    return evaluate


def range_of(node: nodes.RangeOf, low: Evaluate, high: Evaluate) -> Evaluate:
    def evaluate(scope: Scope) -> object:
        lowest, highest = low(scope), high(scope)
        if compare("<=", lowest, highest) is not True:
            return scope.run.null(node.position, f"no range from {kind(lowest)} to {kind(highest)}")
        return Range(lowest, highest, node.low_included, node.high_included)

    if isinstance(node.low, nodes.Literal) and isinstance(node.high, nodes.Literal):
        ready = Range(node.low.value, node.high.value, node.low_included, node.high_included)
        if compare("<=", ready.low, ready.high) is True:
            return lambda scope: ready
    return evaluate


def steps(low: Evaluate, high: Evaluate) -> Evaluate:
    return lambda scope: Range(low(scope), high(scope), True, True)
