"""A review that was rejected by mistake, by its pages: the client writes again, and the team leader puts it right."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.world import World
from tests.page import Browser
from tests.web.conftest import person_id
from tests.web.journeys import allocate, call, claim, open_task, refer

Visitors = Callable[[str], Browser]
REASON = "Another issue than at Resolution"
ANSWERED = {"after_closure_note": "We went through the dates together."}


@pytest.fixture
def rejected(deployed: World, visitor: Visitors, case_id: int) -> int:
    """A case whose review was rejected at step 6, and whose owning team has told the client."""
    owner = call(refer(visitor("owning_team"), case_id))
    allocate(visitor("review_team_leader"), person_id(deployed, "review_caseworker"))
    reject = {"gate_decision": "reject", "gate_note": "Closed too long ago.", "gate_reason": REASON}
    gate = open_task(visitor("review_caseworker"), "6 Check the gate")
    asked = {str(element.get("name")) for element in gate.page.iter("input", "select", "textarea")}
    gate.press("Complete this task", {name: answer for name, answer in reject.items() if name in asked})
    assert gate.status == 200, gate.text
    claim(owner, "6 Case back with the owning team").press(
        "Complete this task", {"case_taken_back": "yes", "take_back_note": "Called and explained."}
    )
    assert owner.status == 200, owner.text
    return case_id


def write_again(owner: Browser, case_id: int) -> Browser:
    """Record that the client wrote after closure, and take the task that this makes."""
    owner.visit(f"/cases/{case_id}").follow("The client writes again about SR-000001")
    owner.press(
        "Record this",
        {
            "received_on-day": "1",
            "received_on-month": "10",
            "received_on-year": "2026",
            "client_says": "You read the date of the letter wrong.",
        },
    )
    return claim(owner, "Contact the client about a reply that came after closure")


def test_what_the_client_writes_after_closure_leads_to_a_reopened_review(visitor: Visitors, rejected: int) -> None:
    owner = write_again(visitor("owning_team"), rejected)
    assert "You read the date of the letter wrong." in owner.text
    owner.press("Complete this task", {**ANSWERED, "after_closure_outcome": "reopen"})
    leader = claim(visitor("review_team_leader"), "Decide whether to reopen")
    assert "We went through the dates together." in leader.text
    leader.press("Complete this task", {"reopening_decision": "reopen", "reopening_note": "We read it wrong."})
    assert leader.status == 200
    caseworker = open_task(visitor("review_caseworker"), "8 Decide")
    assert caseworker.status == 200
    page = caseworker.visit(f"/cases/{rejected}").text
    assert "Reopened after closure" in page
    assert "We read it wrong." in page
    assert "Reopened on 1 October 2026" in page


def test_a_request_is_not_reopened_beside_a_message_that_is_not_answered(visitor: Visitors, rejected: int) -> None:
    leader = visitor("review_team_leader").visit(f"/cases/{rejected}").follow("Reopen SR-000001")
    reopen = leader.path
    write_again(visitor("owning_team"), rejected)
    assert leader.visit(reopen).status == 409
    assert "Complete its open tasks first" in leader.text
    assert "Reopen SR-000001" not in leader.visit(f"/cases/{rejected}").text


def test_a_new_issue_ends_with_the_number_of_its_contact(visitor: Visitors, rejected: int) -> None:
    owner = write_again(visitor("owning_team"), rejected)
    owner.press("Complete this task", {**ANSWERED, "after_closure_outcome": "new_issue"})
    claim(owner, "Record the new issue as a new contact").press(
        "Complete this task", {"new_contact_number": "CON-000007"}
    )
    assert "There is no open task." in owner.visit(f"/cases/{rejected}").text
    assert "CON-000007" in owner.visit(f"/cases/{rejected}/history").text


def test_a_leader_corrects_the_reason_of_a_rejection_from_the_picklist(visitor: Visitors, rejected: int) -> None:
    leader = visitor("review_team_leader").visit(f"/cases/{rejected}").follow("Correct SR-000001")
    leader.press(
        "Correct SR-000001",
        {"request.root_cause": "System Error", "correction_reason": "It was the system."},
    )
    assert leader.path == f"/cases/{rejected}", leader.text
    page = leader.text
    assert "Corrected after closure: Root Cause." in page
    assert "System Error" in page
