"""The types that a DMN file names: FEEL's own and those that its item definitions make of them.

Texts become dates, times and durations where the type says so. A value that is not of its type, or not one of the
type's allowed values, is a mistake. A type that nobody defines is not checked.
Source: DMN 1.3 7.3.2, 10.3.2.9.4
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from engine.clock import ZULU
from engine.feel import Function, Months, UnaryTests, kind, literal_values
from engine.feel.nodes import ANY_TYPE, FeelType
from engine.feel.temporal import parse_date, parse_duration, parse_moment, parse_time

CLASSES: dict[str, type] = {
    "string": str,
    "boolean": bool,
    **dict.fromkeys(("number", "integer", "long", "double"), Decimal),
    "date": date,
    "time": time,
    **dict.fromkeys(("date and time", "dateTime"), datetime),
    **dict.fromkeys(("days and time duration", "dayTimeDuration"), timedelta),
    **dict.fromkeys(("years and months duration", "yearMonthDuration"), Months),
    "function": Function,
}
PARSERS: dict[type, Callable[[str], object]] = {
    date: parse_date,
    time: parse_time,
    datetime: parse_moment,
    timedelta: parse_duration,
    Months: parse_duration,
}
WHOLE = ("integer", "long")
MAX_DEPTH = 30  # types inside each other
_NO_CLOCK = datetime(2000, 1, 1, tzinfo=UTC)  # an allowed value does not depend on the day


class TypeMismatch(ValueError):
    """The value is not of the type."""


@dataclass(frozen=True, slots=True)
class ItemType:
    """A type: `base` is one of FEEL's own or "context" or "" for any.

    `allowed` is a test for each value; of a collection, for each item, while `whole` is a test for the list. `gives` is
    what a function results in.
    """

    name: str
    base: str
    is_collection: bool = False
    item: ItemType | None = None
    components: tuple[tuple[str, ItemType], ...] = ()
    allowed: UnaryTests | None = None
    whole: UnaryTests | None = None
    gives: ItemType | None = None

    @property
    def is_list(self) -> bool:
        return self.is_collection or (self.item is not None and self.item.is_list)

    @property
    def output(self) -> ItemType:
        """Of a function: the type of its results."""
        return self.gives or ANY

    @property
    def listed(self) -> tuple[object, ...]:
        """The allowed values, if they are a list of literals."""
        if self.allowed is not None:
            return literal_values(self.allowed.text)
        return self.item.listed if self.item is not None and not self.item.is_collection else ()

    def as_feel(self) -> FeelType:
        """The type as FEEL's own check of parameters knows it, without allowed values."""
        if self.is_collection:
            return FeelType("list", (self.item.as_feel(),)) if self.item else FeelType("list")
        if self.components:
            return FeelType("context", fields=tuple((name, of.as_feel()) for name, of in self.components))
        if self.item is not None:
            return self.item.as_feel()
        if self.base in WHOLE or self.base == "double":
            return FeelType("number")
        return FeelType(self.base) if self.base in CLASSES else ANY_TYPE


ANY = ItemType("", "")


def type_named(name: str, types: Mapping[str, ItemType] | None = None) -> ItemType:
    """FEEL's own type, one that the file defines, or any. DMN 1.1 wrote a namespace's prefix before the name."""
    known = types or {}
    for short in (name.strip(), name.rpartition(":")[2].strip()):
        if short in known:
            return known[short]
        if short in CLASSES:
            return ItemType(short, short)
    return ANY


def typed(value: object, type_: str | ItemType, what: str = "the result") -> object:
    """The value as the type; null is of every type.

    Raises:
        TypeMismatch: says what was found and what was wanted.
    """
    of = type_named(type_) if isinstance(type_, str) else type_
    return value if of is ANY or value is None else _typed(value, of, what)


def typed_whole(value: object, of: ItemType, what: str = "the result") -> object:
    """The value as the type, with every part of it; what is given from outside may leave parts out.

    Raises:
        TypeMismatch: as `typed`.
    """
    checked = typed(value, of, what)
    missing = _missing(checked, of)
    if missing:
        raise TypeMismatch(f"{what} should be of type {of.name}, but has no {missing!r}")
    return checked


def is_of(value: object, of: ItemType) -> bool:
    """Whether a value is of a type as it stands, without becoming a list or an item of one."""
    if value is None or isinstance(value, list) is not of.is_list:
        return False
    try:
        return typed_whole(value, of) == value
    except TypeMismatch:
        return False


def _missing(value: object, of: ItemType) -> str:
    if isinstance(value, list):
        return next(filter(None, (_missing(item, of) for item in value)), "")
    if not isinstance(value, dict):
        return ""
    if of.item is not None and not of.components:
        return _missing(value, of.item)
    for name, part in of.components:
        missing = _missing(value[name], part) if name in value else name
        if missing:
            return missing
    return ""


def _typed(value: object, of: ItemType, what: str) -> object:
    if value is None:
        return None
    if of.is_collection:
        items = value if isinstance(value, list) else [value]
        value = [_typed_item(item, of, what) for item in items]
    else:
        if isinstance(value, list) and len(value) == 1 and of.base:
            value = value[0]
        value = _typed_item(value, of, what)
    if of.whole is not None and not of.whole.matches(value, {}, now=_NO_CLOCK):
        raise TypeMismatch(f"{what} is not allowed: the type {of.name} asks for {of.whole.text}")
    return value


def _typed_item(value: object, of: ItemType, what: str) -> object:
    if value is None:
        return None
    if of.item is not None:
        value = _typed(value, of.item, what)
    elif of.components:
        value = _structure(value, of, what)
    else:
        value = _plain(value, of.base, what)
    if of.allowed is not None and not of.allowed.matches(value, {}, now=_NO_CLOCK):
        raise TypeMismatch(f"{what} is {_shown(value)}, which the type {of.name} does not allow: {of.allowed.text}")
    return value


def _structure(value: object, of: ItemType, what: str) -> object:
    if not isinstance(value, dict):
        raise TypeMismatch(f"{what} should be of type {of.name}, not {kind(value)}")
    checked = {name: _typed(value[name], part, f"{what}, {name},") for name, part in of.components if name in value}
    return {**value, **checked}


def _plain(value: object, name: str, what: str) -> object:
    cls = CLASSES.get(name)
    if cls is None:
        return value
    if isinstance(value, str) and cls in PARSERS:
        value = _parsed(value, cls, name)
    if cls is datetime and type(value) is date:
        value = datetime(value.year, value.month, value.day, tzinfo=ZULU)
    if type(value) is not cls:
        raise TypeMismatch(f"{what} should be of type {name}, not {kind(value)}")
    if name in WHOLE and isinstance(value, Decimal) and value != value.to_integral_value():
        raise TypeMismatch(f"{what} should be a whole number, not {value}")
    return value


def _parsed(text: str, cls: type, name: str) -> object:
    value = PARSERS[cls](text)
    if value is None:
        raise TypeMismatch(f"{text[:40]!r} is not a {name}")
    return value


def _shown(value: object) -> str:
    return repr(value)[:40] if isinstance(value, str) else str(value)[:40]
