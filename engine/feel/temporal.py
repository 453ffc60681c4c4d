"""Dates, times and durations: reading them from text and writing them back.

Every reader gives None for text that is no such value. Years run from 1 to 9999 and fractions of a second to
microseconds, because these are Python's dates.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo, available_timezones

from engine.clock import ZULU
from engine.feel.values import Months

DATE_TEXT = r"(\d{4})-(\d\d)-(\d\d)"
CLOCK_TEXT = r"(\d\d):(\d\d):(\d\d)(\.\d*)?(Z|[+-]\d\d:\d\d(?::\d\d)?|@[\w/+-]+)?"
DATE = re.compile(DATE_TEXT, re.ASCII)
TIME = re.compile(CLOCK_TEXT, re.ASCII)
MOMENT = re.compile(f"{DATE_TEXT}T{CLOCK_TEXT}", re.ASCII)
MONTHS = re.compile(r"(-?)P(?:(\d{1,9})Y)?(?:(\d{1,10})M)?", re.ASCII)
DAYS = re.compile(
    r"(-?)P(?:(\d{1,9})D)?(?:T(?=\d)(?:(\d{1,12})H)?(?:(\d{1,12})M)?(?:(\d{1,12}(?:\.\d*)?)S)?)?", re.ASCII
)
LARGEST_OFFSET = timedelta(hours=18)
MICROSECONDS = 1_000_000
T = TypeVar("T")


def parse_date(text: str) -> date | None:
    match = DATE.fullmatch(text)
    return _or_none(lambda: date(*(int(part) for part in match.groups()))) if match else None


def parse_time(text: str) -> time | None:
    match = TIME.fullmatch(text)
    return _or_none(lambda: _clock(match.groups())) if match else None


def parse_moment(text: str) -> datetime | None:
    """A date and time; a date alone is its midnight."""
    match = MOMENT.fullmatch(text)
    if match is None:
        day = parse_date(text)
        return datetime.combine(day, time()) if day else None

    def build() -> datetime:
        year, month, day, *clock = match.groups()
        moment = datetime.combine(date(int(year), int(month), int(day)), _clock(clock))
        return moment + timedelta(days=1) if clock[0] == "24" else moment

    return _or_none(build)


def parse_duration(text: str) -> timedelta | Months | None:
    match = MONTHS.fullmatch(text)
    if match and (match[2] or match[3]):
        total = int(match[2] or 0) * 12 + int(match[3] or 0)
        return Months(-total if match[1] else total)
    match = DAYS.fullmatch(text)
    return _or_none(lambda: _days(match.groups())) if match and any(match.groups()[1:]) else None


def parse_temporal(text: str) -> object:
    """What @"..." means, or None."""
    for parse in (parse_date, parse_duration, parse_time):
        value = parse(text)
        if value is not None:
            return value
    return parse_moment(text)


def _or_none(build: Callable[[], T]) -> T | None:
    try:
        return build()
    except (ValueError, OverflowError):
        return None


def _clock(groups: tuple[str | None, ...] | list[str | None]) -> time:
    hour, minute, second, fraction, zone = (part or "" for part in groups)
    if (hour, minute, second) == ("24", "00", "00"):  # midnight at the end of the day
        hour = "0"
    microsecond = int((fraction[1:] + "000000")[:6])
    return time(int(hour), int(minute), int(second), microsecond, parse_zone(zone))


def _days(groups: tuple[str | None, ...]) -> timedelta:
    minus, days, hours, minutes, seconds = groups
    duration = timedelta(
        days=int(days or 0),
        hours=int(hours or 0),
        minutes=int(minutes or 0),
        microseconds=int(Decimal(seconds or 0) * MICROSECONDS),
    )
    return -duration if minus else duration


@lru_cache(256)
def parse_zone(text: str) -> tzinfo | None:
    """ "", "Z", "+01:00" or "@Europe/London".

    Raises:
        ValueError: no such zone.
    """
    if not text:
        return None
    if text == "Z":
        return ZULU
    if text[0] == "@":
        return _named_zone(text[1:])
    hours, minutes, *rest = (int(part) for part in text[1:].split(":"))
    offset = timedelta(hours=hours, minutes=minutes, seconds=rest[0] if rest else 0)
    if offset > LARGEST_OFFSET or minutes > 59:
        raise ValueError("time offset too big")
    return timezone(-offset if text[0] == "-" else offset) if offset else ZULU


def _named_zone(name: str) -> ZoneInfo:
    if name not in _known_zones():  # asking the files for each wrong name would take long
        raise ValueError(f"unknown time zone {name}")
    return ZoneInfo(name)


@lru_cache(1)
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def microseconds(duration: timedelta) -> int:
    return (duration.days * 86_400 + duration.seconds) * MICROSECONDS + duration.microseconds


def show_clock(value: time | datetime) -> str:
    fraction = f".{value.microsecond:06}".rstrip("0") if value.microsecond else ""
    return f"{value:%H:%M:%S}{fraction}{_show_zone(value)}"


def _show_zone(value: time | datetime) -> str:
    if isinstance(value.tzinfo, ZoneInfo):
        return f"@{value.tzinfo.key}"
    offset = value.utcoffset()
    if offset is None:
        return ""
    if not offset:
        return "Z"
    minutes, seconds = divmod(abs(offset) // timedelta(seconds=1), 60)
    tail = f":{seconds:02}" if seconds else ""
    return f"{'-' if offset < timedelta(0) else '+'}{minutes // 60:02}:{minutes % 60:02}{tail}"


def show_duration(duration: timedelta) -> str:
    days, rest = divmod(abs(microseconds(duration)), 86_400 * MICROSECONDS)
    hours, rest = divmod(rest, 3_600 * MICROSECONDS)
    minutes, rest = divmod(rest, 60 * MICROSECONDS)
    seconds = f"{rest // MICROSECONDS}"
    if rest % MICROSECONDS:
        seconds += f".{rest % MICROSECONDS:06}".rstrip("0")
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "") + (f"{seconds}S" if rest else "")
    text = (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
    return ("-" if duration < timedelta(0) else "") + "P" + (text or "T0S")
