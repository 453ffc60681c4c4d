"""An approved plan by its pages: what it says stays as it was approved, whatever a browser sends."""

import pytest

from engine.queries import cases
from tests.web.conftest import person_id
from tests.web.journeys import REACHED, accept, allocate, call, open_task, refer

FURTHER_ACTION = {
    "resolution_was_right": "false",
    "further_action": "true",
    "decision_rationale": "The date was never corrected.",
}
PLAN = {
    "request.plan_reasons-0-reason": "Wrong effective date",
    "request.plan_reasons-0-comments": "The date was keyed wrongly.",
    "request.plan_actions-0-action": "Correct the effective date",
    "request.plan_actions-0-resolution_type": "Correction",
    "request.plan_actions-0-reason": "Wrong effective date",
    "request.plan_actions-0-due_on-day": "14",
    "request.plan_actions-0-due_on-month": "10",
    "request.plan_actions-0-due_on-year": "2026",
}


@pytest.fixture
def agreed(visitor, case_id, deployed):
    """A review caseworker whose client agrees with the plan; due dates are to be agreed."""
    call(refer(visitor("owning_team"), case_id))
    allocate(visitor("review_team_leader"), person_id(deployed, "review_caseworker"))
    caseworker = accept(visitor("review_caseworker"))
    open_task(caseworker, "8 Decide").press("Complete this task", FURTHER_ACTION)
    open_task(caseworker, "13 Create a Resolution Plan").press("Complete this task", PLAN)
    told = {name: answer for name, answer in REACHED.items() if name != "enquiry_only"}
    open_task(caseworker, "Call the client").press("Complete this task", {**told, "plan_answer": "agree"})
    return open_task(caseworker, "16 Update the Due Date")


def actions(world, case_id):
    with world.db.read() as connection:
        newest = next(r for r in cases.requests_of(connection, case_id) if r.fields.get("plan_actions"))
        return newest.fields["plan_actions"]


def test_the_actions_are_shown_and_only_dates_and_agreement_are_asked(agreed):
    names = [i.get("name") for i in agreed.page.iter("input") if (i.get("name") or "").startswith("request.plan")]
    dates = [f"request.plan_actions-0-due_on-{part}" for part in ("day", "month", "year")]
    assert names == ["request.plan_actions-rows", *dates, "request.plan_actions-0-client_agreed"]
    assert "Resolution action Correct the effective date" in agreed.text
    assert not [b for b in agreed.page.iter("button") if (b.get("value") or "").startswith(("add:", "remove:"))]


def test_a_forged_submit_changes_no_action_and_adds_none(agreed, deployed, case_id):
    forged = {
        "csrf_token": agreed.page.xpath("//input[@name='csrf_token']/@value")[0],
        "request.plan_actions-rows": "2",
        "request.plan_actions-0-action": "Do nothing",
        "request.plan_actions-0-due_on-day": "20",
        "request.plan_actions-0-due_on-month": "10",
        "request.plan_actions-0-due_on-year": "2026",
        "request.plan_actions-0-client_agreed": "yes",
        "request.plan_actions-1-action": "Pay a friend",
    }
    before = actions(deployed, case_id)
    agreed.client.post(agreed.path, data={**forged, "do": "remove:request.plan_actions:0"})
    assert actions(deployed, case_id) == before
    answer = agreed.client.post(agreed.path, data={**forged, "do": "complete"})
    assert answer.status_code == 302
    after = actions(deployed, case_id)
    assert [(row["action"], row["due_on"].day, row["client_agreed"]) for row in after] == [
        ("Correct the effective date", 20, True)
    ]
    assert {**before[0], "due_on": None} == {k: v for k, v in after[0].items() if k != "client_agreed"} | {
        "due_on": None
    }


def test_a_double_click_on_the_actions_says_that_they_are_recorded_as_they_were_sent(agreed):
    form = next(f for f in agreed.page.forms if f.get("data-questions") is not None)
    fields = dict(form.form_values()) | {"request.plan_actions-0-client_agreed": "yes", "do": "complete"}
    answers = [agreed.client.post(agreed.path, data=fields) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 409]
    assert "What you typed is what was recorded." in answers[1].text
    fields["request.plan_actions-0-due_on-day"] = "28"
    other = agreed.client.post(agreed.path, data=fields).text
    assert "What you answered differently" in other
    assert "28 October 2026" in other
    assert "request.plan_actions-0" not in other
