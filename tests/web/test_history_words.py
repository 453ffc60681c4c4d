"""History tells a decision on a plan with its version, who decided and what was approved."""

from datetime import UTC, datetime

from engine.queries.told import HistoryRow
from web.history_words import tell

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)


def told(**record):
    row = HistoryRow(
        1, 1, 1, "Complaint - Review", 1, 1, AT, "person:3", "job_done", "record_decision", "Record it",
        "Review 14", {"type": "record_decision"}, "", {"decision_record": {"plan_version": 2, **record}},
    )  # fmt: skip
    line = tell([row], {3: "Rita Reviewlead"}, {})[0]
    return line.title, {answer["key"]["text"]: answer["value"]["html"] for answer in line.answers}


def test_an_approval_tells_its_version_who_decided_and_the_approved_amount():
    title, answers = told(subject="plan", decision="approved", amount=9000, comments="Fine.", decided_by=3)
    assert title == "Decision on version 2 of the plan: approved"
    assert answers == {"Decided by": "Rita Reviewlead", "Amount approved": "£90.00", "Comments": "Fine."}


def test_a_manager_outside_the_system_is_named_and_a_rejection_tells_no_amount():
    title, answers = told(subject="disagreement", decision="rejected", amount=9000, decided_by="Max Manager")
    assert title == "Decision on version 2 of the plan: must change"
    assert answers == {"Decided by": "Max Manager"}
