"""Equality, order and membership: the one place that knows what may be compared with what.

Three-valued: None where FEEL refuses to compare. Different types, and a zoned with a zoneless time, are refused.
Source: DMN 1.3 10.3.2.6, 10.3.2.13
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from engine.feel.run import Run
from engine.feel.values import Function, Matcher, Months, Range

ORDERED = frozenset({Decimal, str, date, timedelta, Months})
ORDER: dict[str, Callable[..., bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
NO_DATE = date(2000, 1, 1)  # a time in a named zone has no date, hence no certain offset: winter is assumed


def instant(value: datetime | time) -> datetime | time:
    """A comparable form; Python would compare two moments of one zone by the clock on the wall."""
    if value.tzinfo is None:
        return value
    moment = value if isinstance(value, datetime) else datetime.combine(NO_DATE, value)
    return moment.astimezone(UTC)


def equal(left: object, right: object, run: Run) -> bool | None:
    """Whether two values are the same; only null equals null, and null is comparable with everything."""
    if left is None or right is None:
        return left is right
    cls = type(left)
    if cls is not type(right):
        return None
    if cls is Decimal or cls is str or cls is bool:
        return left == right
    if isinstance(left, (datetime, time)) and isinstance(right, (datetime, time)):
        same_sort = (left.tzinfo is None) is (right.tzinfo is None)
        return instant(left) == instant(right) if same_sort else None
    if isinstance(left, (list, dict)):
        return _equal_parts(left, right, run)
    if isinstance(left, Range) and isinstance(right, Range):
        same_ends = (left.low_included, left.high_included) == (right.low_included, right.high_included)
        return same_ends and bool(equal(left.low, right.low, run) and equal(left.high, right.high, run))
    return left is right if cls is Function else left == right


def _equal_parts(left: object, right: object, run: Run) -> bool:
    if isinstance(left, list) and isinstance(right, list):
        run.charge(len(left))
        return len(left) == len(right) and all(
            equal(one, other, run) is True for one, other in zip(left, right, strict=True)
        )
    if isinstance(left, dict) and isinstance(right, dict):
        run.charge(len(left))
        return left.keys() == right.keys() and all(equal(left[key], right[key], run) is True for key in left)
    return False


def compare(symbol: str, left: object, right: object) -> bool | None:
    """`left < right` and its like; None where these have no order."""
    cls = type(left)
    if cls is not type(right):
        return None
    if cls in ORDERED:
        return ORDER[symbol](left, right)
    if isinstance(left, (datetime, time)) and isinstance(right, (datetime, time)):
        same_sort = (left.tzinfo is None) is (right.tzinfo is None)
        return ORDER[symbol](instant(left), instant(right)) if same_sort else None
    return None


def within(bounds: Range, value: object) -> bool | None:
    """Whether the value lies in the range."""
    above = True if bounds.low is None else compare(">=" if bounds.low_included else ">", value, bounds.low)
    below = True if bounds.high is None else compare("<=" if bounds.high_included else "<", value, bounds.high)
    if above is False or below is False:
        return False
    return None if above is None or below is None else True


def satisfies(test: object, value: object, run: Run) -> bool | None:
    """`value in test`: inside a range, one of a list, or the same."""
    if isinstance(test, Range):
        return within(test, value)
    if isinstance(test, Matcher):
        same = equal(value, test.value, run)
        return None if same is None else same is test.wanted
    if isinstance(test, list):
        run.charge(len(test))
        if isinstance(value, list) and equal(value, test, run):
            return True
        return any(_satisfies_item(item, value, run) is True for item in test)
    return equal(value, test, run)


def _satisfies_item(item: object, value: object, run: Run) -> bool | None:
    return satisfies(item, value, run) if isinstance(item, (Range, Matcher)) else equal(value, item, run)


def canonical(value: object, run: Run) -> Hashable:
    """A hashable twin: equal values have equal twins."""
    run.charge(1)
    if isinstance(value, list):
        return ("list", *(canonical(item, run) for item in value))
    if isinstance(value, dict):
        return ("context", frozenset((key, canonical(item, run)) for key, item in value.items()))
    if isinstance(value, (datetime, time)):
        return (type(value), instant(value))
    if isinstance(value, (Range, Matcher)):
        return repr(value)
    return (type(value), value) if isinstance(value, Hashable) else id(value)
