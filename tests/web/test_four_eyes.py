"""Redress decided outside, by the pages: whoever wrote the plan neither decides on it nor records the decision."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from sqlalchemy import select

from engine import people, worker
from engine.file_kinds import specimen
from engine.models import Document, Payment, UserTask
from tests.web.conftest import person_id
from tests.web.journeys import accept, allocate, call, claim, open_task, refer
from tests.web.test_settled_plan import FURTHER_ACTION, PLAN

REDRESS = {
    "request.redress_items-0-type": "Financial loss or costs",
    "request.redress_items-0-amount": "200",
    "request.redress_items-0-reason": "Bank charges",
}
DECISION = {
    "approval_decision": "approved",
    "decided_amount": "200",
    "manager_decided_on-day": "1",
    "manager_decided_on-month": "10",
    "manager_decided_on-year": "2026",
    "approval_comments": "Agreed by email.",
}
EMAIL = {"manager_evidence": (specimen("decision.eml"), "decision.eml")}


@pytest.fixture
def author(visitor, deployed, case_id):
    """Somebody who leads the team and has written a plan with redress above a leader's grade."""
    with deployed.db.write() as connection:
        people.add_person(
            connection,
            username="both",
            name="Acting Leader",
            job_title="",
            password="both",
            groups=["review_caseworker", "review_team_leader"],
        )
    call(refer(visitor("owning_team"), case_id))
    allocate(visitor("review_team_leader"), person_id(deployed, "both"))
    person = accept(visitor("both"))
    open_task(person, "8 Decide").press("Complete this task", FURTHER_ACTION)
    open_task(person, "13 Create a Resolution Plan").press("Add redress item", PLAN)
    person.press("Complete this task", REDRESS)
    assert person.status == 200, person.text
    return person


@pytest.fixture
def leader(visitor, author, deployed):
    """The leader who referred the redress to a manager without access, and is to record what comes back."""
    person = claim(visitor("review_team_leader"), "14 Decide on the plan")
    person.press(
        "Complete this task",
        {"approval_decision": "refer", "decided_amount": "200", "approval_comments": "Above my grade."},
    )
    open_task(person, "14 Complete CMSF5551")
    person.press(
        "Complete this task",
        {
            "manager_name": "Morgan Sample",
            "manager_email": "morgan.sample@redress.example",
            "manager_has_access": "false",
            "documents_scanned": "yes",
            "hard_copies_destroyed": "yes",
        },
    )
    assert person.status == 200, person.text
    worker.work_until_rest(deployed)  # the email to the manager leaves
    return open_task(person, "14 Record the manager")


def payment(world):
    with world.db.read() as connection:
        return connection.execute(select(Payment.status, Payment.approved_amount)).one()


def open_task_id(world, element_id):
    with world.db.read() as connection:
        found = select(UserTask.task_id).where(UserTask.element_id == element_id, UserTask.status == "open")
        return connection.execute(found).scalar_one()


def evidence():
    return {"manager_evidence": (BytesIO(specimen("decision.eml")), "decision.eml")}


def send(person, path, **answers):
    token = person.visit("/cases/").page.xpath("//input[@name='csrf_token']/@value")[0]
    return person.client.post(path, data={"csrf_token": token, **answers})


def test_the_author_who_leads_the_team_cannot_decide_on_the_plan(author, deployed):
    task = f"/tasks/{open_task_id(deployed, 'decide_on_plan')}"
    answer = send(author, f"{task}/claim")
    assert answer.status_code == 403
    assert "Whoever wrote a plan" in answer.text
    assert send(author, task, do="complete", **{**DECISION, "decided_amount": "100"}).status_code in (403, 409)
    assert payment(deployed).status == "Draft"
    author.visit(task)
    assert "Whoever wrote a plan cannot decide on it." in author.text
    assert "Claim this task" not in author.text
    assert "Acting Leader" not in [option.text for option in author.page.iter("option")]


def test_the_author_cannot_record_the_decision_that_came_back(author, leader, deployed):
    task = f"/tasks/{open_task_id(deployed, 'record_manager_decision')}"
    assert send(author, task, do="complete", **DECISION, **evidence()).status_code == 403
    leader.press("Give it back to the team")
    assert send(author, f"{task}/claim").status_code == 403
    assert send(leader, f"{task}/assign", to=person_id(deployed, "both")).status_code == 403
    assert send(author, task, do="upload:manager_evidence", **evidence()).status_code == 409
    assert tuple(payment(deployed)) == ("Draft", None)


def test_a_decision_is_recorded_with_its_evidence_by_somebody_else(leader, deployed):
    leader.press("Complete this task", DECISION)
    assert leader.status == 422
    assert "Attach the evidence of the decision, such as the manager’s email" in leader.text
    assert payment(deployed).status == "Draft"
    leader.press("Complete this task", DECISION, EMAIL)
    assert leader.status == 200, leader.text
    assert tuple(payment(deployed)) == ("Approved", 20000)
    with deployed.db.read() as connection:
        row = connection.execute(select(Document.step, Document.created_by_id).where(Document.kind == "evidence")).one()
    assert re.search(r"Review 14\b", row.step)
    assert row.created_by_id == int(person_id(deployed, "review_team_leader"))
