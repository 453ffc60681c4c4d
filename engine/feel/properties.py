"""What "." can reach on a value that is no context: one table, so that no attribute of a Python object ever is.

Source: DMN 1.3 table 65
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from engine.feel.values import Matcher, Months, Range

Getter = Callable[..., object]


def _zone_name(value: datetime | time) -> str | None:
    return value.tzinfo.key if isinstance(value.tzinfo, ZoneInfo) else None


def _part_of_duration(seconds_per_unit: int, units_per_next: int | None) -> Getter:
    def part(duration: timedelta) -> Decimal:
        count = abs(duration) // timedelta(seconds=seconds_per_unit)
        count = count % units_per_next if units_per_next else count
        return Decimal(-count if duration < timedelta(0) else count)

    return part


def _years(duration: Months) -> Decimal:
    years = abs(duration.months) // 12
    return Decimal(-years if duration.months < 0 else years)


def _months(duration: Months) -> Decimal:
    months = abs(duration.months) % 12
    return Decimal(-months if duration.months < 0 else months)


DATE_PARTS: dict[str, Getter] = {
    "year": lambda value: Decimal(value.year),
    "month": lambda value: Decimal(value.month),
    "day": lambda value: Decimal(value.day),
    "weekday": lambda value: Decimal(value.isoweekday()),
}
TIME_PARTS: dict[str, Getter] = {
    "hour": lambda value: Decimal(value.hour),
    "minute": lambda value: Decimal(value.minute),
    "second": lambda value: Decimal(value.second),
    "time offset": lambda value: value.utcoffset(),
    "timezone": _zone_name,
}
PROPERTIES: dict[type, dict[str, Getter]] = {
    date: DATE_PARTS,
    time: TIME_PARTS,
    datetime: DATE_PARTS | TIME_PARTS,
    timedelta: {
        "days": _part_of_duration(86_400, None),
        "hours": _part_of_duration(3_600, 24),
        "minutes": _part_of_duration(60, 60),
        "seconds": _part_of_duration(1, 60),
    },
    Months: {"years": _years, "months": _months},
    Range: {
        "start": lambda value: value.low,
        "end": lambda value: value.high,
        "start included": lambda value: value.low_included,
        "end included": lambda value: value.high_included,
    },
    Matcher: {
        "start": lambda value: value.value,
        "end": lambda value: value.value,
        "start included": lambda value: value.wanted,
        "end included": lambda value: value.wanted,
    },
}
