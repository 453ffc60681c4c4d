"""The one source of the current time. Nothing else in the product asks the machine what time it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
ZULU = timezone(timedelta(0), "Z")
"""The clock of what somebody wrote with a Z. UTC itself marks an instant of ours, which is read on London's clock."""


class Clock(Protocol):
    """Tells the current instant, and can be moved forward in a demonstration and in tests."""

    def now(self) -> datetime:
        """Return the current instant, aware, in UTC."""
        ...

    @property
    def offset(self) -> timedelta:
        """How far the clock has been moved forward."""
        ...

    def move_to(self, instant: datetime) -> None:
        """Move the clock forward to an instant; an earlier one leaves it where it is."""
        ...


class MovableClock:
    """The machine's clock, moved forward by an offset: zero in real use, set in a demonstration and in tests.

    A frozen clock stands still at a given instant until it is moved.
    """

    def __init__(self, *, offset: timedelta = timedelta(0), frozen_at: datetime | None = None) -> None:
        self._offset = offset
        self._frozen_at = frozen_at

    def now(self) -> datetime:
        """Return the current instant, aware, in UTC."""
        return (self._frozen_at or datetime.now(UTC)) + self._offset

    @property
    def offset(self) -> timedelta:
        """How far the clock has been moved forward."""
        return self._offset

    def move_to(self, instant: datetime) -> None:
        """Move the clock forward to an instant; an earlier one leaves it where it is."""
        self._offset += max(instant - self.now(), timedelta(0))


def london_date(instant: datetime) -> str:
    """Return the day of an instant in London, as 22 November 2026."""
    local = instant.astimezone(LONDON)
    return f"{local.day} {local:%B %Y}"


def london_moment(instant: datetime) -> str:
    """Return an instant in London, as 22 November 2026 at 2:30pm."""
    local = instant.astimezone(LONDON)
    minutes = f":{local.minute:02d}" if local.minute else ""
    return f"{london_date(instant)} at {local.hour % 12 or 12}{minutes}{'am' if local.hour < 12 else 'pm'}"
