"""The routing table of Log: every rule once, and the 14 months to the day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decisions import Decision, load_decisions
from tests.world import PROCESSES

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def _table(name: str) -> Decision:
    return load_decisions((PROCESSES / "log" / f"{name}.dmn").read_bytes(), file=f"{name}.dmn")[name]


DESTINATION, DUTIES = _table("log_destination"), _table("log_duties")


def destination(*, tier: bool = True, rejected: tuple[str, ...] = (), case: Any = None, **request: Any) -> str:
    facts = {"issue_kind": "dissatisfied", "source": "client", "received_on": date(2026, 11, 2), **request}
    names = {"request": facts, "case": case or {}, "review_tier": tier, "rejected_reviews": list(rejected)}
    found: Any = DESTINATION.evaluate(names, now=NOW)
    return str(found["destination"])


ARREARS: dict[str, Any] = {"arrears_issue": True}
CLOSED_LONG_AGO = {"is_closed": True, "closed_on": date(2024, 1, 1)}


@pytest.mark.parametrize(
    ("expected", "facts"),
    [
        ("dissatisfaction", {}),
        ("enquiry", {"issue_kind": "question"}),
        ("reconsideration", {"issue_kind": "decision"}),
        ("review", {"issue_kind": "outcome", "resolution_number": "SR-1"}),
        ("examiner", {"issue_kind": "outcome", "resolution_number": "SR-1", "tier": False}),
        ("dissatisfaction", {"issue_kind": "outcome", "resolution_number": "SR-1", "rejected": ("SR-1",)}),
        ("review", {"issue_kind": "outcome", "resolution_number": "SR-1", "rejected": ("SR-2",)}),
        ("review", {"issue_kind": "outcome", "resolution_number": "SR-1", "case": CLOSED_LONG_AGO}),
        ("holder", {"open_request": "SR-3"}),
        ("holder", {"open_request": "SR-3", "case": CLOSED_LONG_AGO}),
        ("out_of_time", {"case": CLOSED_LONG_AGO}),
        ("out_of_time", {"case": CLOSED_LONG_AGO, **ARREARS, "transition_complete": True, "service_of": "legacy"}),
        ("dissatisfaction", {"case": CLOSED_LONG_AGO, "time_limit_waived": True}),
        ("dissatisfaction", {"case": CLOSED_LONG_AGO, "source": "mp"}),
        ("dissatisfaction", {"case": CLOSED_LONG_AGO, "source": "ice"}),
        ("dissatisfaction", {"case": CLOSED_LONG_AGO, "source": "phso"}),
        ("legacy_scheme", {**ARREARS, "transition_complete": True, "service_of": "legacy"}),
        ("dissatisfaction", {**ARREARS, "transition_complete": True, "service_of": "cms"}),
        ("legacy_closure", {**ARREARS, "transition_complete": False, "told_in_closure_letter": True}),
        ("team_leader", {**ARREARS, "transition_complete": False, "told_in_closure_letter": False}),
    ],
)
def test_an_issue_goes_where_the_first_rule_that_fits_sends_it(expected: str, facts: dict[str, Any]) -> None:
    assert destination(**facts) == expected


@pytest.mark.parametrize(
    ("closed_on", "last_day"),
    [
        (date(2025, 9, 2), date(2026, 11, 2)),
        (date(2025, 12, 31), date(2027, 2, 28)),  # there is no 31 February: the month ends sooner
        (date(2026, 12, 31), date(2028, 2, 29)),
        (date(2024, 2, 29), date(2025, 4, 29)),
        (date(2025, 11, 1), date(2027, 1, 1)),
        (date(2026, 8, 31), date(2027, 10, 31)),
    ],
)
def test_fourteen_months_are_calendar_months_and_the_last_day_is_in_time(closed_on: date, last_day: date) -> None:
    case = {"is_closed": True, "closed_on": closed_on}
    assert destination(case=case, received_on=last_day) == "dissatisfaction"
    assert destination(case=case, received_on=last_day + timedelta(days=1)) == "out_of_time"


@given(closed_on=st.dates(date(1995, 1, 1), date(2090, 1, 1)), late=st.integers(1, 4000))
def test_around_fourteen_months_there_is_one_day_on_which_time_ends(closed_on: date, late: int) -> None:
    case = {"is_closed": True, "closed_on": closed_on}
    year, month = divmod(closed_on.year * 12 + closed_on.month - 1 + 14, 12)
    next_month = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    last_day = min(date(year, month + 1, 1) + timedelta(days=closed_on.day - 1), next_month - timedelta(days=1))
    assert destination(case=case, received_on=last_day) == "dissatisfaction"
    assert destination(case=case, received_on=last_day + timedelta(days=late)) == "out_of_time"
    assert destination(case=case, received_on=last_day + timedelta(days=late), source="mp") == "dissatisfaction"


@pytest.mark.parametrize(
    ("duties", "facts"),
    [
        (0, {}),
        (0, {"arrears_issue": True, "transition_complete": False}),
        (1, {"arrears_issue": True, "transition_complete": True}),
        (1, {"both_schemes": True}),
        (2, {"arrears_issue": True, "transition_complete": True, "both_schemes": True}),
    ],
)
def test_every_duty_that_fits_counts(duties: int, facts: dict[str, Any]) -> None:
    found: Any = DUTIES.evaluate({"request": facts}, now=NOW)
    assert len(found or []) == duties
