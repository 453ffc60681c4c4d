"""Working days, bank holidays and due dates. Source: domain 4.2"""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.calendar import (
    NATIONS,
    BeyondTable,
    Calendar,
    CalendarError,
    UnknownNation,
    local_date,
    seed_holidays,
)
from engine.feel import compile_expression

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
FIRST_YEAR, LAST_YEAR = 2020, 2035


def seeded():
    days = defaultdict(dict)
    for nation, day, title, _source in seed_holidays(FIRST_YEAR, LAST_YEAR):
        days[nation][day] = title
    return Calendar(days)


CALENDAR = seeded()


def end_of(day):
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=LONDON)


def london(text):
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


def feel(text, **names):
    return compile_expression(text).explain(names, now=NOW, calendar=CALENDAR)


@pytest.mark.parametrize(
    ("start", "n", "nation", "due"),
    [
        (date(2026, 12, 10), 15, "england_wales", date(2027, 1, 5)),
        (date(2026, 12, 10), 15, "northern_ireland", date(2027, 1, 5)),
        (date(2026, 12, 10), 15, "scotland", date(2027, 1, 6)),
        (date(2026, 7, 6), 5, "england_wales", date(2026, 7, 13)),
        (date(2026, 7, 6), 5, "scotland", date(2026, 7, 13)),
        (date(2026, 7, 6), 5, "northern_ireland", date(2026, 7, 14)),
        (date(2026, 6, 12), 1, "scotland", date(2026, 6, 16)),
        (date(2026, 6, 12), 1, "england_wales", date(2026, 6, 15)),
        (date(2026, 11, 20), 2, "england_wales", date(2026, 11, 24)),
        (date(2026, 11, 20), 0, "england_wales", date(2026, 11, 20)),
        (date(2026, 11, 21), 0, "england_wales", date(2026, 11, 23)),
        (date(2026, 11, 21), 2, "england_wales", date(2026, 11, 25)),
        (date(2026, 12, 25), 1, "england_wales", date(2026, 12, 30)),
    ],
)
def test_working_days_skip_weekends_and_the_nations_bank_holidays(start, n, nation, due):
    assert CALENDAR.working_days_after(start, n, nation) == end_of(due)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (london("2026-11-19T16:59"), date(2026, 11, 20)),
        (london("2026-11-19T17:00"), date(2026, 11, 20)),
        (london("2026-11-19T17:00:01"), date(2026, 11, 23)),
        (london("2026-11-20T18:00"), date(2026, 11, 24)),
        (london("2026-11-21T10:00"), date(2026, 11, 24)),
        (london("2026-11-21T18:00"), date(2026, 11, 24)),
        (london("2026-11-22T23:59"), date(2026, 11, 24)),
        (datetime(2026, 7, 1, 16, 30, tzinfo=UTC), date(2026, 7, 3)),
        (datetime(2026, 7, 1, 15, 30, tzinfo=UTC), date(2026, 7, 2)),
        (datetime(2026, 7, 1, 23, 30, tzinfo=UTC), date(2026, 7, 3)),
    ],
)
def test_what_comes_after_five_or_on_a_day_off_counts_as_the_next_working_day(received, due):
    assert CALENDAR.working_days_after(received, 1, "england_wales") == end_of(due)


@pytest.mark.parametrize(
    ("start", "n", "nation", "due"),
    [
        (date(2026, 11, 16), 7, "england_wales", date(2026, 11, 23)),
        (date(2026, 11, 14), 7, "england_wales", date(2026, 11, 23)),
        (date(2026, 11, 23), 7, "scotland", date(2026, 12, 1)),
        (date(2026, 11, 23), 7, "england_wales", date(2026, 11, 30)),
        (date(2026, 12, 18), 7, "england_wales", date(2026, 12, 29)),
        (london("2026-11-16T23:30"), 7, "england_wales", date(2026, 11, 23)),
        (datetime(2026, 7, 1, 23, 30, tzinfo=UTC), 14, "england_wales", date(2026, 7, 16)),
    ],
)
def test_calendar_days_roll_forward_to_a_working_day(start, n, nation, due):
    assert CALENDAR.calendar_days_after(start, n, nation) == end_of(due)


@pytest.mark.parametrize(
    ("start", "n", "due"),
    [
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 1, 15), 14, date(2027, 3, 15)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 3, 31), 0, date(2026, 3, 31)),
        (datetime(2026, 7, 31, 23, 30, tzinfo=UTC), 6, date(2027, 2, 1)),
    ],
)
def test_months_clip_to_the_end_of_a_shorter_month(start, n, due):
    assert CALENDAR.months_after(start, n) == due


def test_a_reason_names_the_rule_the_nation_and_the_days_left_out():
    use = CALENDAR.explain("working days after", date(2026, 12, 10), 15, "scotland")
    assert use.due == date(2027, 1, 6)
    assert use.rule == (
        "15 working days after 10 December 2026, Scotland; not counted: Christmas Day (25 December 2026), "
        "Boxing Day (observed) (28 December 2026), New Year's Day (1 January 2027), "
        "New Year Holiday (observed) (4 January 2027)"
    )
    assert use.skipped[0] == (date(2026, 12, 25), "Christmas Day")


def test_a_reason_says_when_the_day_of_receipt_was_moved():
    use = CALENDAR.explain("working days after", london("2026-11-20T18:00"), 2, "england_wales")
    assert use.start == date(2026, 11, 23)
    assert use.rule == (
        "2 working days after 23 November 2026 (received 20 November 2026, counts as the next working day), "
        "England and Wales"
    )


def test_a_reason_says_when_the_due_day_was_moved():
    use = CALENDAR.explain("calendar days after", date(2026, 12, 18), 7, "england_wales")
    assert use.rule == (
        "7 calendar days after 18 December 2026, England and Wales; Friday 25 December 2026 is not a working day; "
        "not counted: Christmas Day (25 December 2026), Boxing Day (observed) (28 December 2026)"
    )


def test_a_reason_for_months_says_when_they_were_clipped():
    use = CALENDAR.explain("months after", date(2026, 8, 31), 6, "england_wales")
    assert use.rule == "6 months after 31 August 2026; the last day of that month"


def test_the_due_day_ends_on_the_clock_of_london_in_summer_too():
    assert CALENDAR.calendar_days_after(date(2026, 7, 1), 1, "scotland").astimezone(UTC).hour == 22


def test_the_seed_holds_each_nations_own_days():
    days = {(nation, day) for nation, day, _title, _source in seed_holidays(2026, 2026)}
    assert ("england_wales", date(2026, 4, 6)) in days
    assert ("scotland", date(2026, 4, 6)) not in days
    assert ("scotland", date(2026, 6, 15)) in days
    assert ("northern_ireland", date(2026, 7, 13)) in days
    assert {nation for nation, _day in days} == set(NATIONS)


def test_an_unknown_nation_is_refused():
    with pytest.raises(UnknownNation, match="'wales'"):
        CALENDAR.working_days_after(date(2026, 1, 5), 1, "wales")


@pytest.mark.parametrize(
    "start", [date(LAST_YEAR, 12, 31), date(LAST_YEAR + 1, 1, 5), date(FIRST_YEAR - 1, 12, 31), date(9999, 12, 31)]
)
def test_a_day_beyond_the_table_is_refused_rather_than_guessed(start):
    with pytest.raises(CalendarError):
        CALENDAR.working_days_after(start, 2, "scotland")


def test_a_due_day_beyond_the_table_is_refused():
    with pytest.raises(BeyondTable, match="2020 to 2035"):
        CALENDAR.calendar_days_after(date(LAST_YEAR, 12, 30), 30, "scotland")


def test_days_are_not_counted_backwards():
    with pytest.raises(CalendarError, match="cannot be negative"):
        CALENDAR.working_days_after(date(2026, 1, 5), -1, "scotland")


def test_a_changed_table_does_not_change_a_calendar():
    holidays = {"scotland": {date(2026, 1, 1): "New Year's Day"}}
    calendar = Calendar(holidays)
    holidays["scotland"][date(2026, 1, 5)] = "A later proclamation"
    assert calendar.is_working_day(date(2026, 1, 5), "scotland")


DAYS = st.dates(date(2021, 1, 1), date(2033, 12, 31))
NATION = st.sampled_from(sorted(NATIONS))
COUNT = st.integers(0, 60)


@settings(max_examples=100, deadline=None)
@given(DAYS, COUNT, NATION)
def test_a_due_day_is_always_a_working_day(start, n, nation):
    assert CALENDAR.is_working_day(CALENDAR.working_days_after(start, n, nation).date(), nation)
    assert CALENDAR.is_working_day(CALENDAR.calendar_days_after(start, n, nation).date(), nation)


@settings(max_examples=100, deadline=None)
@given(DAYS, st.integers(0, 20), COUNT, NATION)
def test_later_receipt_and_more_days_never_fall_due_earlier(start, later, n, nation):
    for count in (CALENDAR.working_days_after, CALENDAR.calendar_days_after):
        assert count(start + timedelta(days=later), n, nation) >= count(start, n, nation)
        assert count(start, n + 1, nation) >= count(start, n, nation)


@settings(max_examples=100, deadline=None)
@given(DAYS, COUNT, NATION)
def test_counting_the_days_to_the_due_day_gives_back_their_number(start, n, nation):
    use = CALENDAR.explain("working days after", start, n, nation)
    assert CALENDAR.count_working_days(use.start, use.due, nation) == n
    assert CALENDAR.count_working_days(use.due, use.start, nation) == -n


@settings(max_examples=100, deadline=None)
@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(-200, 200))
def test_months_never_leave_their_month_and_are_inclusive(start, n):
    due = CALENDAR.months_after(start, n)
    assert (due.year * 12 + due.month) - (start.year * 12 + start.month) == n
    assert due.day == start.day or (due.day < start.day and (due + timedelta(days=1)).day == 1)


@settings(max_examples=100, deadline=None)
@given(st.datetimes(datetime(2021, 1, 1), datetime(2033, 1, 1), timezones=st.just(UTC)), COUNT, NATION)
def test_an_instant_counts_from_its_day_in_london(moment, n, nation):
    day = moment.astimezone(LONDON).date()
    assert local_date(moment) == day
    assert CALENDAR.calendar_days_after(moment, n, nation) == CALENDAR.calendar_days_after(day, n, nation)
    assert CALENDAR.working_days_after(moment, n, nation) >= CALENDAR.working_days_after(day, n, nation)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('working days after(@"2026-12-10", 15, "scotland")', end_of(date(2027, 1, 6))),
        ('calendar days after(date: @"2026-11-16", n: 7, nation: nation)', end_of(date(2026, 11, 23))),
        ('months after(@"2026-08-31", 6)', date(2027, 2, 28)),
        ('count working days(@"2026-12-01", @"2026-12-31", "scotland")', 20),
        ('is working day(@"2026-11-30", "scotland")', False),
        ('working days after(@"2026-12-10", 15, "france")', None),
        ('working days after(@"2099-12-10", 15, "scotland")', None),
        ('working days after(@"2026-12-10", 1.5, "scotland")', None),
        ('working days after(@"2026-12-10", -1, "scotland")', None),
        ('working days after("2026-12-10", 1, "scotland")', None),
        ('months after(@"2026-08-31", 10**5)', None),
        ("working days after(received_at, 1, nation) < now()", True),
    ],
)
def test_expressions_count_with_the_calendar_they_are_given(text, expected):
    evaluated = feel(text, nation="england_wales", received_at=datetime(2026, 11, 18, 18, 0, tzinfo=UTC))
    assert evaluated.value == expected
    assert bool(evaluated.notes) is (expected is None)


def test_an_expression_tells_which_due_dates_it_counted():
    evaluated = feel('working days after(months after(@"2026-08-20", 3), 2, "england_wales")')
    assert [use.rule for use in evaluated.calendar_uses] == [
        "3 months after 20 August 2026",
        "2 working days after 20 November 2026, England and Wales",
    ]
