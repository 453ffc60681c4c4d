"""Why a date is what it is: the rule that it was counted by, taken apart for people who ask about it.

A rule is kept as a sentence (`engine.calendar`), such as "7 calendar days after 2 November 2026, Scotland". Here it is
read back and shown with every bank holiday on the way, by name and date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from engine.calendar import NATIONS, Calendar, CalendarError
from engine.clock import LONDON
from web.words import clock, day

_COUNT = re.compile(
    r"(\d+) (working day|calendar day|month)s? (after|before) (\d{1,2} [A-Z][a-z]+ \d{4})"
    r"(?: \(received (\d{1,2} [A-Z][a-z]+ \d{4}),[^)]*\))?"
    rf"(?:, ({'|'.join(NATIONS.values())}))?"
)
_MOVED = re.compile(r"; ([A-Z][a-z]+day \d{1,2} [A-Z][a-z]+ \d{4}) is not a working day")
_NATION_KEYS = {title: key for key, title in NATIONS.items()}


@dataclass(frozen=True, slots=True)
class Count:
    """One count of a rule: so many days or months of a unit, from a day on, in a nation."""

    number: int
    unit: str
    start: date
    received: str
    nation: str
    moved_from: str

    @property
    def words(self) -> str:
        """The count as people say it."""
        return f"{self.number} {self.unit}{'' if self.number == 1 else 's'}"


def counts_in(rule: str) -> list[Count]:
    """Return the counts that a rule names, in their order; none where it is no rule of the calendar."""
    found = list(_COUNT.finditer(rule))
    ends = [*(match.start() for match in found[1:]), len(rule)]
    return [
        Count(
            int(match[1]),
            match[2],
            datetime.strptime(match[4], "%d %B %Y").date(),  # noqa: DTZ007 - a day has no zone
            match[5] or "",
            match[6] or "",
            (moved[1] if (moved := _MOVED.search(rule, match.end(), end)) else ""),
        )
        for match, end in zip(found, ends, strict=False)  # without a count there is no end either
    ]


def explain(rule: str, due_at: datetime, calendar: Calendar, *, starts: dict[str, str]) -> list[dict[str, Any]]:
    """Return what a date is made of as rows of a summary list; nothing where the rule is not one of counting.

    `starts` says, by unit, what the day is from which it was counted: {"calendar day": "Dispatched at"}.
    """
    rows = []
    counts = counts_in(rule)
    for number, count in enumerate(counts):
        end = counts[number + 1].start if number + 1 < len(counts) else due_at.astimezone(LONDON).date()
        why = starts.get(count.unit, "the end of the first count" if number else "")
        rows += [
            _row("Counted", count.words),
            _row("From", f"{count.start:%A} {day(count.start)}{f' ({why})' if why else ''}, which is day 0"),
            _row("Received", f"{count.received}: after 5pm or not on a working day" if count.received else ""),
            _row("Nation", count.nation),
            _row("Weekends", "Not counted" if count.unit == "working day" else "Counted"),
            _row("Bank holidays on the way", _holidays(count, end, calendar) if count.nation else ""),
            _row("Moved on from", f"{count.moved_from}, which is not a working day" if count.moved_from else ""),
        ]
    if rows:
        rows.append(_row("Ends", _end(due_at)))
    return [row for row in rows if row["value"]["text"]]


def _end(due_at: datetime) -> str:
    local = due_at.astimezone(LONDON)
    hour = "at the end of the day" if (local.hour, local.minute) == (23, 59) else f"at {clock(local.time())}"
    return f"{local:%A} {day(local)}, {hour}"


def _holidays(count: Count, end: date, calendar: Calendar) -> str:
    """Return the bank holidays between the start and the end, and whether they count."""
    try:
        found = [
            f"{title} ({one:%A} {day(one)})"
            for one in _days_after(count.start, end)
            if (title := calendar.holiday(one, _NATION_KEYS[count.nation]))
        ]
    except CalendarError:
        return "Not known for this year"
    if not found:
        return "None"
    counted = "not counted" if count.unit == "working day" else "counted, but it does not end on one"
    return f"{', '.join(found)}: {counted}"


def _days_after(start: date, end: date) -> Iterator[date]:
    return (start + timedelta(days=n) for n in range(1, (end - start).days + 1))


def _row(key: str, text: str) -> dict[str, Any]:
    return {"key": {"text": key}, "value": {"text": text}}
