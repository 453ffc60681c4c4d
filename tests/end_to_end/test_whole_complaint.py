"""One complaint from the first contact to the end, over HTTP, with the scheduler running and the clock moved."""

from __future__ import annotations

import pytest

from tests.end_to_end.office import Office, office

CLIENT = {
    "case.client_name": "Nova Newcomer",
    "case.reference": "CM-7000001",
    "case.phone": "01632 960101",
    "case.client_address": "1 Sample Street\nExampletown\nEX9 1EX",
    "case.nation": "scotland",
    "case.language": "en",
    "case.letter_format": "large_print_18",
    "case.scheme": "2012",
    "case.is_closed": "false",
}
CONTACT = {
    "request.source": "client",
    "request.contact_channel": "phone",
    "request.identified": "yes",
    "request.ice_gateway": "yes",
    "request.issue": "Payments are taken from the wrong date.",
    "request.issue_kind": "dissatisfied",
    "request.arrears_issue": "false",
    "request.both_schemes": "false",
}


@pytest.fixture
def here(tmp_path):
    with office(tmp_path, at="2026-11-23T09:30") as opened:
        yield opened


def take_the_call(here: Office) -> None:
    screen = here.screen("owning_team").visit("/").follow("Record a contact")
    screen.press("Search", {"q": "Nova Newcomer"})
    screen.follow("Record a contact of a new client").press("Record this contact", CLIENT | CONTACT)
    assert "Contact CON-000001 is recorded." in screen.text


def test_a_complaint_goes_from_first_contact_through_review_to_the_notice_to_ice(here):
    take_the_call(here)
    here.do("look_for_outstanding_actions")
    here.do("discuss_issue", resolved_simply=False)
    assert here.requests() == {"SR-000001": "Dissatisfaction With TL"}
    here.do("leader_discusses", leader_decision="authorise")
    assert here.requests() == {"SR-000001": "Dissatisfaction Referred", "SR-000002": "Resolution Pending Assignment"}
    assert here.links() == {("SR-000002", "related", "SR-000001")}
    # 30 November is a bank holiday in Scotland, where the client lives.
    assert here.dues()["clock_ten_days"].startswith("08 December 2026")

    here.do("allocate_resolution", "check_entry")
    here.until("2026-11-25T16:00")
    assert here.letters() == ["RES-ACK 25 November 2026"]
    here.do("call_client", "complete_complaints_details", "record_findings", "decide_further_action", "create_plan")
    here.do("call_client", plan_answer="agree")
    here.do("agree_due_dates", "write_letter", "check_letter")
    assert here.letters()[-1] == "RES-PLAN 25 November 2026"
    here.until("2026-12-16T09:00")
    assert here.tasks() == {"update_resolution_actions", "agree_timetable"}
    assert "SR-000002" in here.screen("complaint_resolution_caseworker").visit("/").text

    here.do("agree_timetable")
    here.do("write_letter", "check_letter")
    assert here.letters()[-1] == "RES-UPDATE 16 December 2026"
    here.do("update_resolution_actions", "progress_actions")
    here.do("call_client", closure_answer="disagree")
    here.do("write_letter", "check_letter", "record_learning")
    assert here.letters()[-1] == "RES-CLOSED-NOTOK 16 December 2026"
    assert here.requests()["SR-000002"] == "Resolution Closed"
    assert len(here.emails()) == 1
    here.do("notify_ice")
    assert here.requests()["SR-000001"] == "Dissatisfaction Closed"
    here.do("ask_for_review", wants_review=True, review_reason="The fee was not repaid.")

    here.do("call_client", "allocate_review", "check_gate", "call_client", "complete_complaints_details")
    assert here.requests()["SR-000003"] == "Review In Progress"
    assert ("SR-000003", "related", "SR-000002") in here.links()
    here.do("decide_further_action", further_action=False, resolution_was_right=True)
    here.do("call_client", "write_letter", "check_letter")
    assert here.letters()[-1] == "CMSL5800 16 December 2026"
    assert here.dues()["no_further_action_seven_days"] == "23 December 2026 23:59"
    here.until("2026-12-23T23:00")
    assert here.tasks() == set()
    here.until("2026-12-24T09:00")
    here.do("check_no_reply_to_decision")
    assert here.requests()["SR-000003"] == "Review Closed"
    assert len(here.emails()) == 2
    here.do("notify_ice")

    assert (here.tasks(), here.dues()) == (set(), {})
    page = here.screen("owning_team").visit("/cases/").follow("Nova Newcomer")
    assert "Nobody: it is closed" in page.text
    assert "No Action Taken" in page.text
    for number in here.requests():
        assert number in page.text
