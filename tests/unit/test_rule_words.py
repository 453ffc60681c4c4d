"""A rule that a date was counted by is taken apart: number, unit, nation, start, and the holidays on the way."""

from datetime import UTC, date, datetime

import pytest

from engine.calendar import Calendar, seed_holidays
from web.rule_words import counts_in, explain


@pytest.fixture(scope="module")
def calendar():
    """The bank holidays of 2026 to 2028."""
    days = {}
    for nation, day, title, _ in seed_holidays(2026, 2028):
        days.setdefault(nation, {})[day] = title
    return Calendar(days)


def told(calendar, function, start, n, nation, **starts):
    use = calendar.explain(function, start, n, nation)
    rows = explain(use.rule, use.due_at, calendar, starts=starts)
    return {row["key"]["text"]: row["value"]["text"] for row in rows}


def test_working_days_name_the_holidays_that_were_not_counted(calendar):
    found = told(calendar, "working days after", date(2026, 12, 10), 15, "scotland")
    assert (found["Counted"], found["Nation"], found["Weekends"]) == ("15 working days", "Scotland", "Not counted")
    assert found["From"] == "Thursday 10 December 2026, which is day 0"
    assert "Christmas Day (Friday 25 December 2026), " in found["Bank holidays on the way"]
    assert found["Bank holidays on the way"].endswith("(Monday 4 January 2027): not counted")
    assert found["Ends"] == "Wednesday 6 January 2027, at the end of the day"


def test_calendar_days_say_from_where_they_moved_on(calendar):
    found = told(calendar, "calendar days after", date(2027, 7, 5), 7, "northern_ireland", **{"calendar day": "sent"})
    assert found["From"] == "Monday 5 July 2027 (sent), which is day 0"
    assert found["Bank holidays on the way"].startswith("Battle of the Boyne (Monday 12 July 2027): counted")
    assert found["Moved on from"] == "Monday 12 July 2027, which is not a working day"
    assert found["Ends"] == "Tuesday 13 July 2027, at the end of the day"


def test_what_came_in_late_is_said_with_the_day_that_it_came_in(calendar):
    found = told(calendar, "working days after", datetime(2026, 11, 6, 18, tzinfo=UTC), 2, "england_wales")
    assert found["From"] == "Monday 9 November 2026, which is day 0"
    assert found["Received"] == "6 November 2026: after 5pm or not on a working day"


def test_one_count_after_another_is_told_as_two_and_other_rules_as_none(calendar):
    rule = "7 calendar days after 2 November 2026, Scotland; 1 working day after 9 November 2026, Scotland"
    assert [count.words for count in counts_in(rule)] == ["7 calendar days", "1 working day"]
    assert explain("P7D after the wait began", datetime(2026, 11, 9, tzinfo=UTC), calendar, starts={}) == []
