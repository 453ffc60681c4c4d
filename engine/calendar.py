"""Working days: the bank holidays of each nation, and the dates that the procedures count to.

Owns the rules of counting. Refuses to answer beyond the years that its table covers, because a missing year would
silently read as a year without holidays. Never asks the network: the table is seeded and then kept by operations.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from engine.errors import RedressError

LONDON = ZoneInfo("Europe/London")
CUT_OFF = time(17)  # later the same day counts as the next working day
END_OF_DAY = time(23, 59, 59)
SATURDAY = 5
ONE_DAY = timedelta(days=1)
NATIONS = {"england_wales": "England and Wales", "scotland": "Scotland", "northern_ireland": "Northern Ireland"}
SUBDIVISIONS = {"england_wales": "ENG", "scotland": "SCT", "northern_ireland": "NIR"}
CalendarFunction = Literal["working days after", "calendar days after", "months after"]


class CalendarError(RedressError):
    """The calendar cannot answer."""


class UnknownNation(CalendarError):
    """No bank holidays are kept for this nation."""


class BeyondTable(CalendarError):
    """The table of bank holidays does not reach this date."""


@dataclass(frozen=True, slots=True)
class CalendarUse:
    """One answer of the calendar, and why: what a page shows under "Why this date?".

    `start` is day 0, already moved to the next working day where the rule says so. `skipped` holds the bank holidays
    on weekdays that were passed over.
    """

    function: CalendarFunction
    start: date
    n: int
    nation: str | None
    due: date
    skipped: tuple[tuple[date, str], ...]
    rule: str

    @property
    def due_at(self) -> datetime:
        """The last second of the due day, on the clock of London."""
        return datetime.combine(self.due, END_OF_DAY, tzinfo=LONDON)


class Calendar:
    """Bank holidays by nation and day. Immutable; covers whole years, from the first to the last in the table."""

    def __init__(self, holidays: Mapping[str, Mapping[date, str]]) -> None:
        self._holidays = {nation: dict(days) for nation, days in holidays.items()}
        self._years = {
            nation: (min(days).year, max(days).year) for nation, days in self._holidays.items() if len(days) > 0
        }

    def last_year(self, nation: str) -> int:
        """The last year that the table covers.

        Raises:
            UnknownNation: no such nation in the table.
        """
        self._days_of(nation)
        return self._years[nation][1]

    def holiday(self, day: date, nation: str) -> str | None:
        """The title of the bank holiday on this day, if it is one.

        Raises:
            UnknownNation: no such nation in the table.
            BeyondTable: operations must first enter the bank holidays of that year.
        """
        days = self._days_of(nation)
        first, last = self._years[nation]
        if not first <= day.year <= last:
            raise BeyondTable(f"the bank holidays of {NATIONS.get(nation, nation)} are known for {first} to {last}")
        return days.get(day)

    def is_working_day(self, day: date, nation: str) -> bool:
        """Whether the day is neither at a weekend nor a bank holiday.

        Raises:
            UnknownNation, BeyondTable: as `holiday`.
        """
        return self.holiday(day, nation) is None and day.weekday() < SATURDAY

    def working_days_between(self, first: date, last: date, nation: str) -> int:
        """How many working days come after the first day up to the last, which is included.

        Raises:
            UnknownNation, BeyondTable: as `holiday`.
        """
        start, end = local_date(first), local_date(last)
        return sum(self.is_working_day(day, nation) for day in _days(start, end) if day > start)

    def working_days_after(self, start: date, n: int, nation: str) -> datetime:
        """The end of the n-th working day after receipt. Source: domain 4.2

        Raises:
            CalendarError: as `explain`.
        """
        return self.explain("working days after", start, n, nation).due_at

    def calendar_days_after(self, start: date, n: int, nation: str) -> datetime:
        """The end of the n-th day, or of the next working day if that is none. Source: domain 4.2

        Raises:
            CalendarError: as `explain`.
        """
        return self.explain("calendar days after", start, n, nation).due_at

    def months_after(self, start: date, n: int) -> date:
        """The same day n months later, or the last of a shorter month; n may be negative. Source: domain 4.2

        Raises:
            CalendarError: as `explain`.
        """
        return explain_months(start, n).due

    def explain(self, function: CalendarFunction, start: date, n: int, nation: str) -> CalendarUse:
        """Count, and say how. `start` may be a date and time: its day in London counts, and its hour for the cut-off.

        Raises:
            UnknownNation, BeyondTable: as `holiday`.
            CalendarError: n is negative, or the date does not exist.
        """
        if function == "months after":
            return explain_months(start, n)
        if n < 0:
            raise CalendarError(f"{function}: the number of days cannot be negative")
        if function == "working days after":
            return self._explain_working_days(start, n, nation)
        return self._explain_calendar_days(start, n, nation)

    def count_working_days(self, start: date, end: date, nation: str) -> int:
        """How many working days lie after `start`, up to and including `end`; negative if `end` is the earlier.

        Raises:
            UnknownNation, BeyondTable: as `holiday`.
        """
        first, last = local_date(start), local_date(end)
        if last < first:
            return -self.count_working_days(last, first, nation)
        return sum(self.is_working_day(day, nation) for day in _days(first + ONE_DAY, last))

    def _explain_working_days(self, start: date, n: int, nation: str) -> CalendarUse:
        day_0 = self._day_of_receipt(start, nation)
        due = day_0
        for _ in range(n):
            due = self._working_day_from(_next(due), nation)
        skipped = self._weekday_holidays(local_date(start), due, nation)
        return CalendarUse(
            function="working days after",
            start=day_0,
            n=n,
            nation=nation,
            due=due,
            skipped=skipped,
            rule=f"{_count(n, 'working day')} after {_in_words(day_0)}{_moved(start, day_0)}, "
            + NATIONS.get(nation, nation)
            + _not_counted(skipped),
        )

    def _explain_calendar_days(self, start: date, n: int, nation: str) -> CalendarUse:
        day_0 = local_date(start)
        counted = _add_days(day_0, n)
        due = self._working_day_from(counted, nation)
        skipped = self._weekday_holidays(counted, due, nation)
        rolled = f"; {counted:%A} {_in_words(counted)} is not a working day" if due != counted else ""
        return CalendarUse(
            function="calendar days after",
            start=day_0,
            n=n,
            nation=nation,
            due=due,
            skipped=skipped,
            rule=f"{_count(n, 'calendar day')} after {_in_words(day_0)}, {NATIONS.get(nation, nation)}"
            + rolled
            + _not_counted(skipped),
        )

    def _day_of_receipt(self, start: date, nation: str) -> date:
        day = local_date(start)
        is_late = isinstance(start, datetime) and _local_time(start) > CUT_OFF
        if is_late and self.is_working_day(day, nation):
            day = _next(day)
        return self._working_day_from(day, nation)

    def _working_day_from(self, day: date, nation: str) -> date:
        while not self.is_working_day(day, nation):
            day = _next(day)
        return day

    def _weekday_holidays(self, first: date, last: date, nation: str) -> tuple[tuple[date, str], ...]:
        days = self._days_of(nation)
        return tuple((day, days[day]) for day in _days(first, last) if day in days and day.weekday() < SATURDAY)

    def _days_of(self, nation: str) -> Mapping[date, str]:
        if nation not in self._years:
            raise UnknownNation(f"there are no bank holidays for {nation!r}, only for {', '.join(self._years)}")
        return self._holidays[nation]


def explain_months(start: date, n: int) -> CalendarUse:
    """Count calendar months, which needs no table of holidays.

    Raises:
        CalendarError: the date lies outside the years 1 to 9999.
    """
    day_0 = local_date(start)
    year, month_index = divmod(day_0.year * 12 + day_0.month - 1 + n, 12)
    if not 1 <= year <= 9999:
        raise CalendarError("months after: the date lies outside the years 1 to 9999")
    last_day = monthrange(year, month_index + 1)[1]
    due = date(year, month_index + 1, min(day_0.day, last_day))
    clipped = "; the last day of that month" if due.day != day_0.day else ""
    direction = "before" if n < 0 else "after"
    return CalendarUse(
        function="months after",
        start=day_0,
        n=n,
        nation=None,
        due=due,
        skipped=(),
        rule=f"{_count(abs(n), 'month')} {direction} {_in_words(day_0)}{clipped}",
    )


def seed_holidays(first_year: int, last_year: int) -> list[tuple[str, date, str, str]]:
    """Rows (nation, date, title, source) for the table, both years included.

    The package gives only the days common to all nations when no subdivision is named, so each nation names its own.
    """
    import holidays as holidays_package  # slow to import, and needed once in a database's life

    source = f"holidays {holidays_package.__version__}"
    years = range(first_year, last_year + 1)
    return [
        (nation, day, title, source)
        for nation, subdivision in SUBDIVISIONS.items()
        for day, title in sorted(holidays_package.country_holidays("GB", subdiv=subdivision, years=years).items())
    ]


def local_date(moment: date) -> date:
    """The day in London. A date and time without a zone is taken as London's."""
    if not isinstance(moment, datetime):
        return moment
    return moment.astimezone(LONDON).date() if moment.tzinfo else moment.date()


def _local_time(moment: datetime) -> time:
    return moment.astimezone(LONDON).time() if moment.tzinfo else moment.time()


def _next(day: date) -> date:
    return _add_days(day, 1)


def _add_days(day: date, n: int) -> date:
    try:
        return day + timedelta(days=n)
    except OverflowError:
        raise CalendarError("the date lies outside the years 1 to 9999") from None


def _days(first: date, last: date) -> Iterator[date]:
    return (date.fromordinal(ordinal) for ordinal in range(first.toordinal(), last.toordinal() + 1))


def _count(n: int, unit: str) -> str:
    return f"{n} {unit}" if n == 1 else f"{n} {unit}s"


def _in_words(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _moved(start: date, day_0: date) -> str:
    received = local_date(start)
    return f" (received {_in_words(received)}, counts as the next working day)" if received != day_0 else ""


def _not_counted(skipped: tuple[tuple[date, str], ...]) -> str:
    if not skipped:
        return ""
    return "; not counted: " + ", ".join(f"{title} ({_in_words(day)})" for day, title in skipped)
