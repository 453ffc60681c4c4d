"""What the pages say to a leader whose grade does not reach: the sentence that says what to do."""

from __future__ import annotations

import re

import pytest

from tests.web.conftest import person_id
from tests.web.journeys import accept, allocate, call, claim, open_task, refer
from tests.web.test_four_eyes import REDRESS, payment
from tests.web.test_settled_plan import FURTHER_ACTION, PLAN

APPROVED = {"approval_decision": "approved", "approval_comments": "Fair."}


@pytest.fixture
def planned(visitor, deployed, case_id):
    """A plan with £200 of redress waits for the team leader, who may authorise £100 (EXAMPLE)."""
    call(refer(visitor("owning_team"), case_id))
    allocate(visitor("review_team_leader"), person_id(deployed, "review_caseworker"))
    person = accept(visitor("review_caseworker"))
    open_task(person, "8 Decide").press("Complete this task", FURTHER_ACTION)
    open_task(person, "13 Create a Resolution Plan").press("Add redress item", PLAN)
    person.press("Complete this task", REDRESS)
    return person


def test_a_leader_above_the_grade_is_told_that_nothing_is_approved_and_what_to_complete(visitor, planned, deployed):
    leader = claim(visitor("review_team_leader"), "14 Decide on the plan")
    leader.press("Complete this task", {**APPROVED, "decided_amount": "200"})
    assert "This is above your grade, so nothing is approved yet: complete CMSF5551" in leader.text
    assert payment(deployed).status == "Draft"
    open_task(leader, "14 Complete CMSF5551")
    assert "This is above your grade, so nothing is approved yet." in leader.text
    assert re.search(r"attached to the payment’s own request, SR-\d{6}", leader.text)


def test_a_leader_cannot_approve_more_than_was_asked_for(visitor, planned, deployed):
    leader = claim(visitor("review_team_leader"), "14 Decide on the plan")
    leader.press("Complete this task", {**APPROVED, "decided_amount": "200.01"})
    assert leader.status == 422
    assert "Amount must be £200.00 or less (Amount asked for)" in leader.text
