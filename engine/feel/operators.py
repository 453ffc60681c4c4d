"""Closures for operators: each function takes compiled operands and gives what evaluates the whole.

Source: DMN 1.3 10.3.2.6 to 10.3.2.13
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from engine.feel import nodes
from engine.feel.arithmetic import OPERATIONS
from engine.feel.comparison import ORDER, ORDERED, compare, equal, satisfies, within
from engine.feel.nodes import FeelType
from engine.feel.scope import Evaluate, Scope
from engine.feel.values import CLASSES, Matcher, Months, Range, kind

COST_OF_POWER = 20  # steps; 1.1 ** 0.3 takes as long as twenty sums
TYPES: dict[str, type] = CLASSES | {
    "dateTime": CLASSES["date and time"],
    "dayTimeDuration": timedelta,
    "yearMonthDuration": Months,
}


def arithmetic(node: nodes.Arithmetic, left: Evaluate, right: Evaluate) -> Evaluate:
    table, verb = OPERATIONS[node.operator]
    position, is_power = node.position, node.operator == "**"

    def evaluate(scope: Scope) -> object:
        one, other = left(scope), right(scope)
        operation = table.get((type(one), type(other)))
        if operation is None:
            return scope.run.null(position, f"cannot {verb} {kind(one)} and {kind(other)}")
        if is_power:
            scope.run.charge(COST_OF_POWER)
        try:
            result = operation(one, other)
        except (ArithmeticError, ValueError) as error:
            reason = str(error) if isinstance(error, ValueError) else "there is no such value"
            return scope.run.null(position, f"cannot {verb} these: {reason}")
        if type(result) is str:
            scope.run.charge_text(len(result))
        return result

    return evaluate


def negation(node: nodes.Negation, operand: Evaluate) -> Evaluate:
    def evaluate(scope: Scope) -> object:
        value = operand(scope)
        if isinstance(value, Months):
            return Months(-value.months)
        if isinstance(value, Decimal):
            return value.copy_negate() if value else value
        if isinstance(value, timedelta):
            return -value
        return scope.run.null(node.position, f"there is no minus {kind(value)}")

    return evaluate


def comparison(node: nodes.Comparison, left: Evaluate, right: Evaluate) -> Evaluate:
    if node.operator in ("=", "!="):
        return _equality(node, left, right)
    position, symbol, test = node.position, node.operator, ORDER[node.operator]

    def evaluate(scope: Scope) -> object:
        one, other = left(scope), right(scope)
        if type(one) is type(other) and type(one) in ORDERED:  # the common case, without a call
            return test(one, other)
        verdict = compare(symbol, one, other)
        if verdict is None:
            return scope.run.null(position, f"cannot compare {kind(one)} with {kind(other)}")
        return verdict

    return evaluate


def _equality(node: nodes.Comparison, left: Evaluate, right: Evaluate) -> Evaluate:
    position, wanted = node.position, node.operator == "="

    def evaluate(scope: Scope) -> object:
        one, other = left(scope), right(scope)
        same = equal(one, other, scope.run)
        if same is None:
            return scope.run.null(position, f"cannot compare {kind(one)} with {kind(other)}")
        return same is wanted

    return evaluate


def junction(node: nodes.Junction, left: Evaluate, right: Evaluate) -> Evaluate:
    """`and` is decided by one false, `or` by one true; what is neither true nor false counts as unknown."""
    decisive = node.operator == "or"

    def evaluate(scope: Scope) -> object:
        one = left(scope)
        if one is decisive:
            return decisive
        other = right(scope)
        if other is decisive:
            return decisive
        return (not decisive) if type(one) is bool and type(other) is bool else None

    return evaluate


def between(node: nodes.Between, item: Evaluate, low: Evaluate, high: Evaluate) -> Evaluate:
    def evaluate(scope: Scope) -> object:
        value, lowest, highest = item(scope), low(scope), high(scope)
        is_bounded = lowest is not None and highest is not None
        verdict = within(Range(lowest, highest, True, True), value) if is_bounded else None
        if verdict is None:
            message = f"cannot compare {kind(value)} with {kind(lowest)} and {kind(highest)}"
            return scope.run.null(node.position, message)
        return verdict

    return evaluate


def membership(node: nodes.In, item: Evaluate, tests: Sequence[Evaluate]) -> Evaluate:
    are_ranges = [isinstance(test, nodes.RangeOf) for test in node.tests]

    def evaluate(scope: Scope) -> object:
        value = item(scope)
        verdicts: list[bool | None] = []
        for test, is_range in zip(tests, are_ranges, strict=True):
            wanted = test(scope)
            is_broken_range = is_range and wanted is None
            verdicts.append(None if is_broken_range else satisfies(wanted, value, scope.run))
        if True in verdicts:
            return True
        return False if False in verdicts else scope.run.null(node.position, f"cannot compare {kind(value)} here")

    return evaluate


def instance_of(node: nodes.InstanceOf, item: Evaluate) -> Evaluate:
    def evaluate(scope: Scope) -> object:
        value = item(scope)
        of_host = scope.run.types.get(node.type.name)
        return conforms(value, node.type, nullable=False) if of_host is None else of_host(value)

    return evaluate


def conforms(value: object, type_: FeelType, *, nullable: bool) -> bool | None:
    """Whether the value is of the type; None if there is no such type."""
    if value is None:
        return nullable or type_.name == "Null"
    if type_.name == "Any":
        return True
    cls = TYPES.get(type_.name)
    if cls is None or type(value) is not cls:
        return False if cls or type_.name == "Null" else None
    if isinstance(value, list) and type_.of:
        return all(conforms(item, type_.of[0], nullable=True) for item in value)
    if isinstance(value, Range) and type_.of:
        return all(conforms(end, type_.of[0], nullable=True) for end in (value.low, value.high))
    if isinstance(value, dict):
        return all(name in value and conforms(value[name], of, nullable=True) for name, of in type_.fields)
    return True


def conditional(condition: Evaluate, then: Evaluate, otherwise: Evaluate) -> Evaluate:
    return lambda scope: then(scope) if condition(scope) is True else otherwise(scope)


def standing_test(node: nodes.Test, operand: Evaluate) -> Evaluate:
    """`< 5` without a left side."""
    if isinstance(node.operand, nodes.Literal):
        ready = _test_of(node.operator, node.operand.value)
        return lambda scope: ready
    return lambda scope: _test_of(node.operator, operand(scope))


def _test_of(symbol: str, value: object) -> Range | Matcher:
    match symbol:
        case "<" | "<=":
            return Range(None, value, False, symbol == "<=")
        case ">" | ">=":
            return Range(value, None, symbol == ">=", False)
        case _:
            return Matcher(value, symbol == "=")


def any_of(tests: Sequence[Evaluate]) -> Evaluate:
    if len(tests) == 1:
        return tests[0]

    def evaluate(scope: Scope) -> object:
        is_unknown = False
        for test in tests:
            verdict = test(scope)
            if verdict is True:
                return True
            is_unknown = is_unknown or verdict is None
        return None if is_unknown else False

    return evaluate


def none_of(tests: Sequence[Evaluate]) -> Evaluate:
    some = any_of(tests)

    def evaluate(scope: Scope) -> object:
        verdict = some(scope)
        return not verdict if isinstance(verdict, bool) else None

    return evaluate


def cell_test(test: Evaluate, value: Evaluate) -> Evaluate:
    """A cell's test that does not speak of `?`: compared with the input, but a bare verdict counts as one."""

    def evaluate(scope: Scope) -> object:
        wanted, given = test(scope), value(scope)
        if isinstance(wanted, bool) and not isinstance(given, bool):
            return wanted
        return satisfies(wanted, given, scope.run)

    return evaluate
