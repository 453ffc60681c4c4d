"""Built-in functions on lists. Source: DMN 1.3 10.3.4.4"""

from __future__ import annotations

import functools
from collections import Counter
from decimal import Decimal

from engine.feel.arithmetic import ADD
from engine.feel.comparison import canonical, compare, equal
from engine.feel.functions import Mismatch, apply, builtin, builtin_of_run
from engine.feel.run import Run
from engine.feel.values import NUMBERS, Function, Months, kind


@builtin("count", "list: list")
def count(items: list[object]) -> Decimal:
    return Decimal(len(items))


@builtin("min", "*list: any")
def smallest(items: list[object]) -> object:
    return _best(items, "<")


@builtin("max", "*list: any")
def largest(items: list[object]) -> object:
    return _best(items, ">")


def _best(items: list[object], symbol: str) -> object:
    best = items[0] if items else None
    for item in items:
        better = compare(symbol, item, best)
        if better is None:
            raise ValueError(f"cannot order {kind(item)} and {kind(best)}")
        best = item if better else best
    return best


@builtin("sum", "*list: any")
def total(items: list[object]) -> object:
    result = items[0] if items else None
    if items and not isinstance(result, (Decimal, Months)) and kind(result) != "days and time duration":
        raise ValueError(f"cannot add {kind(result)}")
    for item in items[1:]:
        if type(item) is not type(result):
            raise ValueError(f"cannot add {kind(result)} and {kind(item)}")
        result = ADD[type(result), type(item)](result, item)
    return result


@builtin("mean", "*list: number")
def mean(numbers: list[Decimal]) -> Decimal | None:
    return NUMBERS.divide(_sum(numbers), Decimal(len(numbers))) if numbers else None


def _sum(numbers: list[Decimal]) -> Decimal:
    return functools.reduce(NUMBERS.add, numbers, Decimal(0))


@builtin("median", "*list: number")
def median(numbers: list[Decimal]) -> Decimal | None:
    if not numbers:
        return None
    ordered, half = sorted(numbers), len(numbers) // 2
    if len(ordered) % 2:
        return ordered[half]
    return NUMBERS.divide(NUMBERS.add(ordered[half - 1], ordered[half]), Decimal(2))


@builtin("stddev", "*list: number")
def standard_deviation(numbers: list[Decimal]) -> Decimal | None:
    """Of a sample, hence divided by one less than the number of items."""
    if len(numbers) < 2:
        return None
    middle = NUMBERS.divide(_sum(numbers), Decimal(len(numbers)))
    squares = [NUMBERS.power(NUMBERS.subtract(number, middle), Decimal(2)) for number in numbers]
    return NUMBERS.sqrt(NUMBERS.divide(_sum(squares), Decimal(len(numbers) - 1)))


@builtin("mode", "*list: number")
def mode(numbers: list[Decimal]) -> list[Decimal]:
    counts = Counter(numbers)
    top = max(counts.values(), default=0)
    return sorted(number for number, times in counts.items() if times == top)


@builtin("product", "*list: number")
def product(numbers: list[Decimal]) -> Decimal | None:
    return functools.reduce(NUMBERS.multiply, numbers) if numbers else None


@builtin_of_run("list contains", "list: list, element: any")
def list_contains(run: Run, items: list[object], element: object) -> bool:
    return any(equal(item, element, run) is True for item in items)


@builtin_of_run("index of", "list: list, match: any")
def index_of(run: Run, items: list[object], match: object) -> list[Decimal]:
    return [Decimal(place) for place, item in enumerate(items, 1) if equal(item, match, run) is True]


@builtin("reverse", "list: list")
def reverse(items: list[object]) -> list[object]:
    return items[::-1]


@builtin("sublist", "list: list, start position: number, [length: number]")
def sublist(items: list[object], start: Decimal, length: Decimal | None = None) -> list[object]:
    first = _index(items, start)
    if length is None:
        return items[first:]
    if length < 1 or first + length > len(items):
        raise ValueError("the list is shorter")
    return items[first : first + int(length)]


def _index(items: list[object], position: Decimal) -> int:
    """Positions count from 1, or from the end if negative."""
    place = int(position)
    index = place - 1 if place > 0 else len(items) + place
    if place == 0 or not 0 <= index < len(items):
        raise ValueError(f"there is no item {place}")
    return index


@builtin_of_run("list replace", "list: list, position/match: number|function, newItem: any")
def list_replace(run: Run, items: list[object], at: Decimal | Function, new: object) -> list[object] | None:
    if isinstance(at, Function):
        verdicts = [apply(at, item, new, run=run) for item in items]
        if not all(isinstance(verdict, bool) for verdict in verdicts):
            raise ValueError("the function should give true or false")
        return [new if verdict else item for verdict, item in zip(verdicts, items, strict=True)]
    index = _index(items, at)
    return [*items[:index], new, *items[index + 1 :]]


@builtin("insert before", "list: list, position: number, newItem: any")
def insert_before(items: list[object], position: Decimal, new: object) -> list[object]:
    index = _index(items, position)
    return [*items[:index], new, *items[index:]]


@builtin("remove", "list: list, position: number")
def remove(items: list[object], position: Decimal) -> list[object]:
    index = _index(items, position)
    return items[:index] + items[index + 1 :]


@builtin("append", "list: list, *item: any")
def append(items: list[object], new: list[object]) -> list[object]:
    return [*items, *new]


@builtin("concatenate", "*list: list")
def concatenate(lists: list[list[object]]) -> list[object]:
    return [item for one in lists for item in one]


@builtin_of_run("union", "*list: list")
def union(run: Run, lists: list[list[object]]) -> list[object]:
    return distinct_values(run, concatenate(lists))


@builtin_of_run("distinct values", "list: list")
def distinct_values(run: Run, items: list[object]) -> list[object]:
    seen: dict[object, object] = {}
    for item in items:
        seen.setdefault(canonical(item, run), item)
    return list(seen.values())


@builtin_of_run("duplicate values", "list: list")
def duplicate_values(run: Run, items: list[object]) -> list[object]:
    keys = [canonical(item, run) for item in items]
    counts = Counter(keys)
    repeated = [item for item, key in zip(items, keys, strict=True) if counts[key] > 1]
    return distinct_values(run, repeated)


@builtin_of_run("flatten", "list: list")
def flatten(run: Run, items: list[object]) -> list[object]:
    run.charge(len(items))
    flat: list[object] = []
    for item in items:
        flat.extend(flatten(run, item) if isinstance(item, list) else [item])
    return flat


@builtin_of_run("sort", "list: list, [precedes: function|null]")
def sort(run: Run, items: list[object], precedes: Function | None = None) -> list[object]:
    def order(left: object, right: object) -> int:
        first = compare("<", left, right) if precedes is None else apply(precedes, left, right, run=run)
        if first is None:
            raise Mismatch(f"cannot order {kind(left)} and {kind(right)}")
        if first is True:
            return -1
        return 0 if equal(left, right, run) else 1

    return sorted(items, key=functools.cmp_to_key(order))
