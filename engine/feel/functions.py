"""How functions are declared and called: arity, named arguments, types, one item for a list of one, size of results.

A signature is one line, as in the standard's tables: "string: string, start position: number, [length: number]";
brackets make a parameter optional, "*" before the last makes it take all that follows as one list (where it is the only
one, a single list of items will do as well), "a/b" are two names for one parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from engine.feel.errors import quoted
from engine.feel.run import Run
from engine.feel.values import CLASSES, Function, kind

BUILTINS: dict[str, Function] = {}
LEFT_OUT = -1
F = TypeVar("F", bound=Callable[..., object])


class Mismatch(ValueError):
    """A function cannot take this argument."""


def builtin(name: str, signature: str, *, cost: int = 1) -> Callable[[F], F]:
    """Register a built-in that needs only its arguments."""

    def register(call: F) -> F:
        BUILTINS[name] = define(signature, call, wants_run=False, cost=cost)
        return call

    return register


def builtin_of_run(name: str, signature: str, *, cost: int = 1) -> Callable[[F], F]:
    """Register a built-in that takes the evaluation first: its clock, calendar or limits."""

    def register(call: F) -> F:
        BUILTINS[name] = define(signature, call, wants_run=True, cost=cost)
        return call

    return register


def define(signature: str, call: Callable[..., object], *, wants_run: bool, cost: int = 1) -> Function:
    """Make a function of a signature and a callable."""
    pieces = [piece.strip() for piece in signature.split(",") if piece.strip()]
    parameters = [piece.strip("[]*").partition(":") for piece in pieces]
    return Function(
        parameters=tuple(name.strip() for name, _, _ in parameters),
        types=tuple(type_.strip() for _, _, type_ in parameters),
        required=sum(not piece.startswith("[") for piece in pieces),
        call=call,
        variadic="*" in signature,
        wants_run=wants_run,
        cost=cost,
    )


def accept(value: object, type_: str, parameter: str) -> object:
    """The value as an argument: [x] stands for x, and x for [x]. Source: DMN 1.3 10.3.2.9.4

    Raises:
        Mismatch: it is of another type.
    """
    cls = type(value)
    if type_ == "any" or CLASSES.get(type_) is cls:
        return value
    names = type_.split("|")
    if any(CLASSES.get(name) is cls for name in names) or (value is None and "null" in names):
        return value
    if isinstance(value, list) and len(value) == 1:
        return accept(value[0], type_, parameter)
    if type_ == "list" and value is not None:
        return [value]
    wanted = " or ".join(name for name in names if name != "null")
    raise Mismatch(f"{parameter} should be {wanted}, not {kind(value)}")


def arrange(function: Function, names: Sequence[str] | None, count: int) -> tuple[int, ...]:
    """Which given argument goes to which parameter, -1 for one left out.

    Raises:
        Mismatch: says what is wrong with the call.
    """
    if names is None:
        most = count if function.variadic else len(function.parameters)
        if not function.required <= count <= most:
            raise Mismatch(f"takes {_arity(function)}, not {count}")
        return tuple(range(count))
    parameters = [_chosen_name(parameter, names) for parameter in function.parameters]
    unknown = [name for name in names if name not in parameters]
    if unknown:
        raise Mismatch(f"has no argument named {quoted(unknown[0])} (it has {', '.join(function.parameters)})")
    if len(set(names)) < len(names):
        raise Mismatch("has an argument twice")
    slots = [names.index(parameter) if parameter in names else LEFT_OUT for parameter in parameters]
    if LEFT_OUT in slots[: function.required]:
        raise Mismatch(f"needs the argument {function.parameters[slots.index(LEFT_OUT)]!r}")
    while slots and slots[-1] == LEFT_OUT:
        slots.pop()
    return tuple(slots)


def _arity(function: Function) -> str:
    most = len(function.parameters)
    few = str(most) if function.required == most else f"{function.required} to {most}"
    return f"at least {function.required} argument" if function.variadic else f"{few} argument{'s' * (few != '1')}"


def _chosen_name(parameter: str, names: Sequence[str]) -> str:
    return next((name for name in names if name in parameter.split("/")), parameter)


def invoke(function: Function, arguments: Sequence[object], *, run: Run, name: str, position: int) -> object:
    """Call with arguments in the order of the parameters; what goes wrong becomes null with a note."""
    run.charge(function.cost)
    try:
        given = _accepted(function, arguments)
        for value in given:
            if isinstance(value, (list, str, dict)):
                run.charge(len(value) >> 4)
        result = function.call(run, *given) if function.wants_run else function.call(*given)
    except (ArithmeticError, ValueError, LookupError) as error:
        return run.null(position, f"{name}: {_reason(error)}")
    if isinstance(result, list):
        run.charge_list(len(result))
    elif isinstance(result, str):
        run.charge_text(len(result))
    return result


def _accepted(function: Function, arguments: Sequence[object]) -> list[object]:
    if function.variadic:
        return _gathered(function, arguments)
    return [
        accept(value, type_, parameter)
        for value, type_, parameter in zip(arguments, function.types, function.parameters, strict=False)
    ]


def _gathered(function: Function, arguments: Sequence[object]) -> list[object]:
    *fixed, rest_type = function.types
    *_, rest_name = function.parameters
    rest = arguments[len(fixed) :]
    if not fixed and len(rest) == 1 and isinstance(rest[0], list) and rest_type != "list":
        rest = rest[0]
    first = [
        accept(value, type_, parameter)
        for value, type_, parameter in zip(arguments, fixed, function.parameters, strict=False)
    ]
    return [*first, [accept(item, rest_type, rest_name) for item in rest]]


def _reason(error: Exception) -> str:
    if isinstance(error, ValueError) and error.args:
        return str(error.args[0])
    return "there is no such value"


def apply(function: Function, *arguments: object, run: Run) -> object:
    """Call a function that was given to a function.

    Raises:
        Mismatch: it takes another number of arguments.
    """
    arrange(function, None, len(arguments))
    return invoke(function, arguments, run=run, name="the function", position=0)
