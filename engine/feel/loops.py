"""Closures for loops, quantifiers, and calls of functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from engine.feel import nodes
from engine.feel.errors import FeelLimit
from engine.feel.functions import LEFT_OUT, Mismatch, arrange, invoke
from engine.feel.operators import conforms
from engine.feel.run import MAX_CALLS, MAX_LIST
from engine.feel.scope import Evaluate, Scope
from engine.feel.values import Function, Range, kind

COST_OF_CALL = 2  # steps that a function written in FEEL counts as
Loops = Sequence[tuple[str, Evaluate]]


class NotIterable(Exception):
    """A loop over something that is no list."""


def for_loop(node: nodes.For, loops: Loops, body: Evaluate) -> Evaluate:
    """`partial` is the list made so far."""

    def evaluate(scope: Scope) -> object:
        made: list[object] = []
        for inner in turns(loops, Scope({"partial": made}, scope, scope.run)):
            made.append(body(inner))
            if len(made) > MAX_LIST:
                raise FeelLimit(f"the expression makes a list of more than {MAX_LIST} items")
        return made

    return _null_where_no_list(evaluate, node.position)


def quantified(node: nodes.Quantified, loops: Loops, body: Evaluate) -> Evaluate:
    decisive = node.quantifier == "some"

    def evaluate(scope: Scope) -> object:
        is_unknown = False
        for inner in turns(loops, scope):
            verdict = body(inner)
            if verdict is decisive:
                return decisive
            is_unknown = is_unknown or not isinstance(verdict, bool)
        return None if is_unknown else not decisive

    return _null_where_no_list(evaluate, node.position)


def _null_where_no_list(evaluate: Evaluate, position: int) -> Evaluate:
    def guarded(scope: Scope) -> object:
        try:
            return evaluate(scope)
        except NotIterable as error:
            return scope.run.null(position, str(error))

    return guarded


def turns(loops: Loops, scope: Scope) -> Iterator[Scope]:
    """Every combination of the loop variables, the last one turning fastest."""
    (name, source), *rest = loops
    for item in items_of(source(scope)):
        scope.run.charge(1)
        inner = Scope({name: item}, scope, scope.run)
        if rest:
            yield from turns(rest, inner)
        else:
            yield inner


def items_of(value: object) -> Iterable[object]:
    """What a loop runs over; a range of numbers or dates may run downwards.

    Raises:
        NotIterable: neither a list nor such a range.
    """
    if isinstance(value, list):
        return value
    if isinstance(value, Range):
        low, high = value.low, value.high
        if isinstance(low, Decimal) and isinstance(high, Decimal):
            first, last = int(low), int(high)
            return map(Decimal, _between(first, last, value))
        if type(low) is date and type(high) is date:
            return map(date.fromordinal, _between(low.toordinal(), high.toordinal(), value))
    raise NotIterable(f"cannot loop over {kind(value)}")


def _between(first: int, last: int, bounds: Range) -> range:
    step = 1 if first <= last else -1
    start = first if bounds.low_included else first + step
    return range(start, last + step if bounds.high_included else last, step)


def function_of(node: nodes.FunctionOf, body: Evaluate) -> Evaluate:
    names = tuple(name for name, _ in node.parameters)

    def evaluate(scope: Scope) -> object:
        return Function(names, ("any",) * len(names), len(names), _closure(node, body, scope), cost=COST_OF_CALL)

    return evaluate


def _closure(node: nodes.FunctionOf, body: Evaluate, scope: Scope) -> Callable[..., object]:
    def call(*arguments: object) -> object:
        run = scope.run
        for (name, type_), value in zip(node.parameters, arguments, strict=True):
            if conforms(value, type_, nullable=True) is False:
                return run.null(node.position, f"{name} should be {type_.name}, not {kind(value)}")
        run.calls += 1
        if run.calls > MAX_CALLS:
            raise FeelLimit(f"the expression calls more than {MAX_CALLS} functions inside each other")
        try:
            names = {name: value for (name, _), value in zip(node.parameters, arguments, strict=True)}
            return body(Scope(names, scope, run))
        finally:
            run.calls -= 1

    return call


def call_of_builtin(node: nodes.Call, name: str, function: Function, arguments: Sequence[Evaluate]) -> Evaluate:
    position = node.position
    try:
        slots = arrange(function, node.argument_names, len(arguments))
    except Mismatch as error:
        reason = f"{name} {error}"
        return lambda scope: scope.run.null(position, reason)
    ordered = [arguments[slot] if slot != LEFT_OUT else _left_out for slot in slots]

    def evaluate(scope: Scope) -> object:
        given = [argument(scope) for argument in ordered]
        return invoke(function, given, run=scope.run, name=name, position=position)

    return evaluate


def _left_out(scope: Scope) -> object:
    return None


def call_of_value(node: nodes.Call, name: str, callee: Evaluate, arguments: Sequence[Evaluate]) -> Evaluate:
    """A function held by a variable or made on the spot."""

    def evaluate(scope: Scope) -> object:
        function = callee(scope)
        if not isinstance(function, Function):
            return scope.run.null(node.position, f"{name} is not a function")
        try:
            slots = arrange(function, node.argument_names, len(arguments))
        except Mismatch as error:
            return scope.run.null(node.position, f"{name} {error}")
        given = [arguments[slot](scope) if slot != LEFT_OUT else None for slot in slots]
        return invoke(function, given, run=scope.run, name=name, position=node.position)

    return evaluate
