"""Built-in functions on numbers and booleans, and number(). Source: DMN 1.3 10.3.4.2, 10.3.4.5"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Decimal,
)

from engine.feel.functions import builtin
from engine.feel.values import NUMBERS, Months

NUMBER_TEXT = re.compile(r"-?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d{1,6})?", re.ASCII)
SMALLEST_SCALE, LARGEST_SCALE = -6111, 6176
SLOW = 10  # steps that a power or a logarithm counts as
ZERO, TWO = Decimal(0), Decimal(2)


@builtin("number", "from: string, [grouping separator: string|null], [decimal separator: string|null]")
def number(text: str, grouping: str | None = None, point: str | None = None) -> Decimal | None:
    if grouping not in (None, " ", ",", ".") or point not in (None, ",", ".") or (grouping and grouping == point):
        raise ValueError("the separators should be a blank, a comma or a point, and not the same")
    text = text.replace(grouping, "") if grouping else text
    text = text.replace(point, ".") if point else text
    if not NUMBER_TEXT.fullmatch(text):
        raise ValueError("this text is not a number")
    return NUMBERS.create_decimal(text)


def _rounding(mode: str) -> Callable[..., Decimal]:
    def rounded(value: Decimal, scale: Decimal = ZERO) -> Decimal:
        if not SMALLEST_SCALE <= scale <= LARGEST_SCALE:
            raise ValueError(f"the scale should be {SMALLEST_SCALE} to {LARGEST_SCALE}")
        unit = Decimal(1).scaleb(-int(scale))
        exponent = value.as_tuple().exponent
        is_short_enough = isinstance(exponent, int) and exponent >= -int(scale)
        return value if is_short_enough else value.quantize(unit, mode, NUMBERS)

    return rounded


for _name, _mode in {
    "decimal": ROUND_HALF_EVEN,
    "round up": ROUND_UP,
    "round down": ROUND_DOWN,
    "round half up": ROUND_HALF_UP,
    "round half down": ROUND_HALF_DOWN,
}.items():
    builtin(_name, "n: number, scale: number")(_rounding(_mode))
builtin("floor", "n: number, [scale: number]")(_rounding(ROUND_FLOOR))
builtin("ceiling", "n: number, [scale: number]")(_rounding(ROUND_CEILING))
builtin("sqrt", "number: number", cost=SLOW)(NUMBERS.sqrt)
builtin("exp", "number: number", cost=SLOW)(NUMBERS.exp)


@builtin("log", "number: number", cost=SLOW)
def log(value: Decimal) -> Decimal:
    if value <= 0:
        raise ValueError("only numbers above 0 have a logarithm")
    return NUMBERS.ln(value)


@builtin("odd", "number: number")
def odd(value: Decimal) -> bool:
    return NUMBERS.remainder(value, TWO) in (1, -1)


@builtin("even", "number: number")
def even(value: Decimal) -> bool:
    return NUMBERS.remainder(value, TWO) == 0


@builtin("abs", "n: number|days and time duration|years and months duration")
def absolute(value: Decimal | timedelta | Months) -> Decimal | timedelta | Months:
    if isinstance(value, Months):
        return Months(abs(value.months))
    return value.copy_abs() if isinstance(value, Decimal) else abs(value)


@builtin("modulo", "dividend: number, divisor: number")
def modulo(dividend: Decimal, divisor: Decimal) -> Decimal:
    whole = NUMBERS.divide(dividend, divisor).to_integral_value(ROUND_FLOOR)
    return NUMBERS.subtract(dividend, NUMBERS.multiply(divisor, whole))


@builtin("not", "negand: any")
def negated(value: object) -> bool | None:
    return not value if isinstance(value, bool) else None


@builtin("all", "*list: any")
def all_true(values: list[object]) -> bool | None:
    if any(value is False for value in values):
        return False
    return True if all(value is True for value in values) else None


@builtin("any", "*list: any")
def any_true(values: list[object]) -> bool | None:
    if any(value is True for value in values):
        return True
    return False if all(value is False for value in values) else None
