"""Where an issue goes, and when it is too late: every rule of the tables, run as the diagrams run them.

Days are checked against a second reading of the rules, written out below, on the real tables and the real calendar.
"""

from __future__ import annotations

import itertools
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from engine.calendar import Calendar, seed_holidays
from engine.decisions import Decision, load_decisions
from engine.feel import compile_expression
from tests.world import PROCESSES

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")
NATIONS = ("england_wales", "scotland", "northern_ireland")
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
DAYS = st.dates(date(1995, 1, 1), date(2090, 1, 1))


def _table(folder: str, name: str) -> Decision:
    return load_decisions((PROCESSES / folder / f"{name}.dmn").read_bytes(), file=f"{name}.dmn")[name]


@cache
def _calendar() -> Calendar:
    holidays: dict[str, dict[date, str]] = {}
    for nation, day, title, _source in seed_holidays(2026, 2031):
        holidays.setdefault(nation, {})[day] = title
    return Calendar(holidays)


DESTINATION, DUTIES, GATE = (
    _table("log", "log_destination"), _table("log", "log_duties"), _table("review", "review_gate"),
)  # fmt: skip


def routed(*, tier: bool = True, rejected: tuple[str, ...] = (), case: Any = None, **request: Any) -> dict[str, Any]:
    facts = {"issue_kind": "dissatisfied", "source": "client", "received_on": date(2026, 11, 2), **request}
    names = {"request": facts, "case": case or {}, "review_tier": tier, "rejected_reviews": list(rejected)}
    found: Any = DESTINATION.evaluate(names, now=NOW, calendar=_calendar())
    return dict(found)


def destination(**facts: Any) -> str:
    return str(routed(**facts)["destination"])


def gate(closed_on: date | None, received_on: date, **facts: Any) -> tuple[str, str]:
    names = {"same_issue": True, "source": "client", "ice_gateway": False, **facts}
    names |= {"resolution_closed_on": closed_on, "received_on": received_on}
    found: Any = GATE.evaluate(names, now=NOW, calendar=_calendar())
    return found["proposal"], found["decided_by"]


def last_day(start: date, months: int) -> date:
    """The same day some months later, or the last of a shorter month: counted apart from what is tested."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


ARREARS: dict[str, Any] = {"arrears_issue": True}
CLOSED_LONG_AGO = {"is_closed": True, "closed_on": date(2024, 1, 1)}
OUTCOME: dict[str, Any] = {"issue_kind": "outcome", "resolution_number": "SR-1"}


# ---------------------------------------------------------------- one test for each rule
@pytest.mark.parametrize(
    ("expected", "facts"),
    [
        ("dissatisfaction", {}),
        ("enquiry", {"issue_kind": "question"}),
        ("reconsideration", {"issue_kind": "decision"}),
        ("review", OUTCOME),
        ("examiner", {**OUTCOME, "tier": False}),
        ("review", {**OUTCOME, "case": CLOSED_LONG_AGO}),
        ("holder", {"open_request": "SR-3"}),
        ("holder", {"open_request": "SR-3", "open_issue_use": "note"}),
        ("holder", {"open_request": "SR-3", "case": CLOSED_LONG_AGO}),
        ("dissatisfaction", {"open_request": "SR-3", "open_issue_use": "link"}),
        ("out_of_time", {"case": CLOSED_LONG_AGO}),
        ("out_of_time", {"case": CLOSED_LONG_AGO, **ARREARS, "transition_complete": True, "service_of": "legacy"}),
        ("dissatisfaction", {"case": CLOSED_LONG_AGO, "time_limit_waived": True}),
        ("dissatisfaction", {"case": CLOSED_LONG_AGO, "source": "mp"}),
        ("dissatisfaction", {"case": CLOSED_LONG_AGO, "source": "ice"}),
        ("dissatisfaction", {"case": CLOSED_LONG_AGO, "source": "phso"}),
        ("legacy_scheme", {**ARREARS, "transition_complete": True, "service_of": "legacy"}),
        ("dissatisfaction", {**ARREARS, "transition_complete": True, "service_of": "cms"}),
        ("legacy_closure", {**ARREARS, "transition_complete": False, "told_in_closure_letter": True}),
        ("legacy_closure", {**ARREARS, "told_in_closure_letter": True, "service_of": "legacy"}),
        ("team_leader", {**ARREARS, "transition_complete": False, "told_in_closure_letter": False}),
        ("team_leader", {**ARREARS, "transition_complete": False}),
        ("team_leader", ARREARS),
        ("dissatisfaction", {"transition_complete": False, "told_in_closure_letter": False}),
    ],
)
def test_an_issue_goes_where_the_first_rule_that_fits_sends_it(expected: str, facts: dict[str, Any]) -> None:
    assert destination(**facts) == expected


def test_a_rejected_review_counts_for_its_own_resolution_alone() -> None:
    assert destination(**OUTCOME, rejected=("SR-1",)) == "dissatisfaction"
    assert destination(**OUTCOME, rejected=("SR-2", "SR-3")) == "review"
    assert "Rejected on age before" in routed(**OUTCOME, rejected=("SR-1",))["reason"]


def test_no_review_without_a_closed_resolution_and_a_sentence_says_why() -> None:
    found = routed(issue_kind="outcome")
    assert found["destination"] == "dissatisfaction"
    assert "there is no closed Resolution of this issue" in found["reason"]


@pytest.mark.parametrize(
    "facts",
    [
        {"transition_complete": True, "service_of": "legacy"},
        {"transition_complete": False, "told_in_closure_letter": True},
        {"transition_complete": False, "told_in_closure_letter": False},
    ],
)
def test_what_goes_to_a_legacy_scheme_is_a_work_item_of_a_group_that_there_is(facts: dict[str, Any]) -> None:
    assert routed(**ARREARS, **facts)["group"] == "legacy_team"
    assert "[groups.legacy_team]" in (PROCESSES / "groups.toml").read_text()


# ---------------------------------------------------------------- completeness
def _second_reading(facts: dict[str, Any], *, tier: bool, rejected: bool, late: bool) -> str:
    """The routing rules of Log, first hit, as one reads them: the table has to say the same everywhere."""
    kind, legacy = facts["issue_kind"], facts.get("arrears_issue") is True
    if kind == "question":
        return "enquiry"
    if kind == "decision":
        return "reconsideration"
    if kind == "outcome" and facts["resolution_number"] and not rejected:
        return "review" if tier else "examiner"
    if facts["open_request"] and facts["open_issue_use"] != "link":
        return "holder"
    if late and facts["source"] == "client":
        return "out_of_time"
    if legacy and facts["transition_complete"] is not True:
        return "legacy_closure" if facts["told_in_closure_letter"] is True else "team_leader"
    if legacy and facts["service_of"] == "legacy":
        return "legacy_scheme"
    return "dissatisfaction"


def _flow_conditions() -> dict[str, str | None]:
    root = etree.parse(PROCESSES / "log" / "log_elsewhere.bpmn").getroot()
    flows = [flow for flow in root.iter(f"{BPMN}sequenceFlow") if flow.get("sourceRef") == "issue_goes_to_other"]
    return {str(flow.get("id")): flow.findtext(f"{BPMN}conditionExpression") for flow in flows}


def test_for_every_combination_of_answers_there_is_exactly_one_destination_and_one_way_to_it() -> None:
    answers: dict[str, tuple[Any, ...]] = {
        "issue_kind": ("question", "decision", "outcome", "dissatisfied"),
        "resolution_number": (None, "SR-1"),
        "open_request": (None, "SR-3"),
        "open_issue_use": (None, "link"),
        "source": ("client", "phso"),
        "arrears_issue": (None, True),
        "transition_complete": (None, True, False),
        "service_of": (None, "cms", "legacy"),
        "told_in_closure_letter": (None, True, False),
    }
    conditions = {flow: text and compile_expression(text[1:]) for flow, text in _flow_conditions().items()}
    seen = set()
    cases: tuple[dict[str, Any], ...] = ({}, {"is_closed": True, "closed_on": date(2024, 1, 1)})
    for values in itertools.product(*answers.values()):
        facts = dict(zip(answers, values, strict=True))
        for tier, rejected, case in ((True, False, cases[0]), (False, False, cases[1]), (True, True, cases[1])):
            found = routed(tier=tier, rejected=("SR-1",) if rejected else (), case=case, **facts)
            assert found["destination"] == _second_reading(facts, tier=tier, rejected=rejected, late=bool(case)), facts
            assert found["reason"]
            seen.add(found["destination"])
    for one in seen:
        names = {"destination": {"destination": one}}
        taken = [flow for flow, test in conditions.items() if test and test.evaluate(names, now=NOW) is True]
        assert len(taken) == (0 if one == "enquiry" else 1), one  # enquiry is the default flow
    assert len(seen) == 10


# ---------------------------------------------------------------- 14 months
MONTH_ENDS = [
    (date(2025, 9, 2), date(2026, 11, 2)),
    (date(2025, 12, 31), date(2027, 2, 28)),  # there is no 31 February: the month ends sooner
    (date(2026, 12, 31), date(2028, 2, 29)),
    (date(2024, 2, 29), date(2025, 4, 29)),
    (date(2025, 11, 1), date(2027, 1, 1)),
    (date(2026, 8, 31), date(2027, 10, 31)),
]


@pytest.mark.parametrize(("closed_on", "last"), MONTH_ENDS)
def test_fourteen_months_are_calendar_months_and_the_last_day_is_in_time(closed_on: date, last: date) -> None:
    case = {"is_closed": True, "closed_on": closed_on}
    assert destination(case=case, received_on=last) == "dissatisfaction"
    assert destination(case=case, received_on=last + timedelta(days=1)) == "out_of_time"


@given(closed_on=DAYS, late=st.integers(1, 4000), early=st.integers(0, 400))
def test_around_fourteen_months_there_is_one_day_on_which_time_ends(closed_on: date, late: int, early: int) -> None:
    case = {"is_closed": True, "closed_on": closed_on}
    last = last_day(closed_on, 14)
    assert destination(case=case, received_on=last - timedelta(days=early)) == "dissatisfaction"
    assert destination(case=case, received_on=last + timedelta(days=late)) == "out_of_time"
    for source in ("mp", "ice", "phso"):
        assert destination(case=case, received_on=last + timedelta(days=late), source=source) == "dissatisfaction"


# ---------------------------------------------------------------- 6 months, at the gate of Review
@pytest.mark.parametrize(
    ("closed_on", "last"),
    [
        (date(2026, 5, 2), date(2026, 11, 2)),
        (date(2025, 8, 31), date(2026, 2, 28)),
        (date(2027, 8, 31), date(2028, 2, 29)),
        (date(2024, 2, 29), date(2024, 8, 29)),
        (date(2026, 7, 1), date(2027, 1, 1)),
        (date(2026, 6, 30), date(2026, 12, 30)),
        (date(2026, 10, 31), date(2027, 4, 30)),
    ],
)
def test_six_months_are_calendar_months_and_the_last_day_is_in_time(closed_on: date, last: date) -> None:
    assert gate(closed_on, last) == ("accept", "caseworker")
    assert gate(closed_on, last + timedelta(days=1)) == ("reject", "caseworker")


@given(
    closed_on=DAYS, late=st.integers(1, 4000), early=st.integers(0, 180), source=st.sampled_from(("mp", "ice", "phso"))
)
def test_around_six_months_age_ends_the_way_to_review_for_clients_alone(
    closed_on: date, late: int, early: int, source: str
) -> None:
    last = last_day(closed_on, 6)
    assert gate(closed_on, last - timedelta(days=early)) == ("accept", "caseworker")
    assert gate(closed_on, last + timedelta(days=late)) == ("reject", "caseworker")
    assert gate(closed_on, last + timedelta(days=late), source=source) == ("accept", "team leader")
    assert gate(closed_on, last + timedelta(days=late), ice_gateway=True) == ("accept", "team leader")
    assert gate(closed_on, last + timedelta(days=late), source=source, same_issue=False)[0] == "reject"
    assert gate(None, last, source=source)[0] == "reject"


def test_log_sends_to_review_whatever_the_age_and_the_gate_of_review_decides() -> None:
    closed_on, received_on = date(2025, 1, 1), date(2026, 11, 2)
    assert destination(**OUTCOME, received_on=received_on) == "review"
    assert gate(closed_on, received_on)[0] == "reject"


# ---------------------------------------------------------------- duties
@pytest.mark.parametrize(
    ("groups", "facts"),
    [
        ([], {}),
        ([], {"arrears_issue": True, "transition_complete": False}),
        (["rules_reassessment_team"], {"arrears_issue": True, "transition_complete": True}),
        (["legacy_team"], {"both_schemes": True}),
        (
            ["rules_reassessment_team", "legacy_team"],
            {"arrears_issue": True, "transition_complete": True, "both_schemes": True},
        ),
    ],
)
def test_every_duty_that_fits_is_a_work_item_of_a_group(groups: list[str], facts: dict[str, Any]) -> None:
    found: Any = DUTIES.evaluate({"request": facts}, now=NOW)
    assert [duty["group"] for duty in found or []] == groups


# ---------------------------------------------------------------- the clocks of Resolution, in each nation's days
def _timer(name: str) -> str:
    root = etree.parse(PROCESSES / "resolution" / "resolution_case.bpmn").getroot()
    (timer,) = [node for node in root.iter(f"{BPMN}timerEventDefinition") if node.get("id") == f"{name}_timer"]
    return str(timer.findtext(f"{BPMN}timeDate"))[1:]


def fires(name: str, started_at: datetime, nation: str, **case: Any) -> datetime:
    """When a timer of the diagram fires, in London."""
    request = {"clock_started_at": started_at, "pending_assignment_at": started_at}
    facts = {"nation": nation, "language": "en", "letter_format": "standard", **case}
    names = {"request": request, "case": facts}
    found = compile_expression(_timer(name)).evaluate(names, now=started_at, calendar=_calendar())
    assert isinstance(found, datetime)
    return found.astimezone(LONDON)


@pytest.mark.parametrize(
    ("start", "nation", "due"),
    [
        (date(2026, 12, 10), "england_wales", date(2027, 1, 5)),
        (date(2026, 12, 10), "northern_ireland", date(2027, 1, 5)),
        (date(2026, 12, 10), "scotland", date(2027, 1, 6)),  # 4 January stands for 2 January
        (date(2026, 6, 29), "england_wales", date(2026, 7, 20)),
        (date(2026, 6, 29), "northern_ireland", date(2026, 7, 21)),  # 13 July stands for the Twelfth
        (date(2027, 3, 15), "england_wales", date(2027, 4, 7)),
        (date(2027, 3, 15), "scotland", date(2027, 4, 6)),  # Easter Monday is no holiday in Scotland
        (date(2027, 3, 15), "northern_ireland", date(2027, 4, 8)),  # and St Patrick's Day is one here
        (date(2028, 2, 14), "england_wales", date(2028, 3, 6)),  # over 29 February
    ],
)
def test_the_update_is_asked_for_on_the_fifteenth_working_day_of_the_nation(
    start: date, nation: str, due: date
) -> None:
    at = fires("clock_fifteen_days", datetime.combine(start, time(9, 30), LONDON), nation)
    assert (at.date(), at.hour) == (due, 8)  # 08:59:59: in hand for the whole day


@pytest.mark.parametrize(("nation", "due"), [("england_wales", 13), ("scotland", 13), ("northern_ireland", 14)])
def test_five_working_days_from_6_july_2026(nation: str, due: int) -> None:
    found: Any = compile_expression("working days after(start, 5, nation)").evaluate(
        {"start": date(2026, 7, 6), "nation": nation}, now=NOW, calendar=_calendar()
    )
    assert found.date() == date(2026, 7, due)


@given(
    start=st.dates(date(2026, 1, 1), date(2030, 6, 1)),
    nation=st.sampled_from(NATIONS),
    timer=st.sampled_from((("contact_two_days", 2), ("clock_ten_days", 10), ("clock_fifteen_days", 15))),
)
def test_between_start_and_due_day_lie_exactly_the_working_days_of_the_rule(
    start: date, nation: str, timer: tuple[str, int]
) -> None:
    name, days = timer
    due = fires(name, datetime.combine(start, time(9, 30), LONDON), nation).date()
    open_days = [start + timedelta(days=n) for n in range((due - start).days + 1)]
    working = [day for day in open_days if _calendar().is_working_day(day, nation)]
    assert working[-1] == due
    assert len(working) == days + 1  # the day of receipt, or the next working day, is day 0


def test_a_letter_that_somebody_else_makes_is_put_in_hand_a_day_earlier() -> None:
    started_at = datetime(2026, 11, 26, 9, 30, tzinfo=LONDON)
    assert fires("contact_two_days", started_at, "scotland") == datetime(2026, 12, 1, 14, 59, 59, tzinfo=LONDON)
    assert fires("contact_two_days", started_at, "scotland", letter_format="braille").date() == date(2026, 11, 27)
