"""A FEEL value as text: what string() gives. Source: DMN 1.3 10.3.4.1"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from engine.feel.run import Run
from engine.feel.temporal import show_clock, show_duration
from engine.feel.values import NUMBERS, Matcher, Months, Range, kind


def show(value: object, run: Run) -> str:
    """The text; its whole size is charged, because lists may share their parts."""
    if isinstance(value, str):
        return value
    text = _show_part(value, run)
    run.charge_text(len(text))
    return text


def show_number(number: Decimal) -> str:
    return format(number.normalize(NUMBERS) if number else Decimal(0), "f")


def _show_part(value: object, run: Run) -> str:
    run.charge(1)
    if isinstance(value, list):
        return _joined("[", (_show_part(item, run) for item in value), "]", run)
    if isinstance(value, dict):
        return _joined("{", (f"{_key(key)}: {_show_part(item, run)}" for key, item in value.items()), "}", run)
    if isinstance(value, Range):
        low, high = _show_part(value.low, run), _show_part(value.high, run)
        return f"{'[' if value.low_included else '('}{low}..{high}{']' if value.high_included else ')'}"
    if isinstance(value, Matcher):
        return f"{'=' if value.wanted else '!='} {_show_part(value.value, run)}"
    scalar = SCALARS.get(type(value))
    text = scalar(value) if scalar else kind(value)
    run.charge(len(text) >> 8)
    return text


def _joined(opening: str, parts: Iterable[str], closing: str, run: Run) -> str:
    text = opening + ", ".join(parts) + closing
    run.charge_text(len(text))
    return text


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _key(key: str) -> str:
    return key if key.replace(" ", "").replace("_", "").isalnum() else _quoted(key)


SCALARS: dict[type, Callable[..., str]] = {
    type(None): lambda value: "null",
    bool: lambda value: "true" if value else "false",
    Decimal: show_number,
    str: _quoted,
    date: date.isoformat,
    time: show_clock,
    datetime: lambda value: f"{value.date().isoformat()}T{show_clock(value)}",
    timedelta: show_duration,
    Months: str,
}
