"""Before money is approved the password is given again; nothing typed is lost, and no way leads round it."""

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import people, tasks
from engine.errors import ProofNeeded
from engine.models import Payment, UserTask
from tests.web.conftest import person_id
from tests.web.journeys import accept, allocate, call, claim, open_task, refer
from tests.web.test_four_eyes import REDRESS
from tests.web.test_settled_plan import FURTHER_ACTION, PLAN
from tests.world import somebody

DECISION = {"approval_decision": "approved", "decided_amount": "100", "approval_comments": "Within my grade."}


@pytest.fixture
def leader(visitor, deployed, case_id):
    """A leader who holds the decision on a plan with redress."""
    call(refer(visitor("owning_team"), case_id))
    allocate(visitor("review_team_leader"), person_id(deployed, "review_caseworker"))
    person = accept(visitor("review_caseworker"))
    open_task(person, "8 Decide").press("Complete this task", FURTHER_ACTION)
    open_task(person, "13 Create a Resolution Plan").press("Add redress item", PLAN)
    person.press("Complete this task", REDRESS | {"request.redress_items-0-amount": "100"})
    assert person.status == 200, person.text
    return claim(visitor("review_team_leader"), "14 Decide on the plan")


def forget_password(person):
    """Let more than five minutes go by since the password was given."""
    with person.client.session_transaction() as session:
        session["proved"] -= 301


def payment(world):
    with world.db.read() as connection:
        return connection.execute(select(Payment.status)).scalar_one()


def test_a_leader_who_signed_in_just_now_approves_at_once(leader, deployed):
    assert leader.press("Complete this task", DECISION).status == 200
    assert payment(deployed) == "Approved"


def test_later_the_password_is_asked_for_and_what_was_typed_is_kept(leader, deployed):
    forget_password(leader)
    leader.press("Complete this task", DECISION)
    assert leader.heading == "Confirm that it is you"
    assert payment(deployed) == "Draft"
    assert leader.press("Continue", {"password": ""}).status == 422
    assert "Enter your password" in leader.text
    assert leader.press("Continue", {"password": "wrong"}).status == 422
    assert "This is not your password" in leader.text
    leader.press("Continue", {"password": "review_team_leader"})
    assert leader.heading == "14 Decide on the plan"
    assert "Within my grade." in leader.body.decode()
    assert leader.press("Complete this task").status == 200
    assert payment(deployed) == "Approved"


def test_the_engine_refuses_without_it_so_that_no_way_leads_round(leader, deployed):
    with deployed.db.read() as connection:
        open_decision = select(UserTask.task_id).where(
            UserTask.element_id == "decide_on_plan", UserTask.status == "open"
        )
        task_id = connection.execute(open_decision).scalar_one()
    actor = somebody(deployed, "review_team_leader")
    values = {"approval_decision": "approved", "decided_amount": 100, "approval_comments": "Yes."}
    now = deployed.clock.now()
    for proved_at in (None, now - timedelta(minutes=6), now + timedelta(minutes=6)):
        unproved = dataclasses.replace(actor, proved_at=proved_at)
        with pytest.raises(ProofNeeded):
            tasks.complete(deployed, task_id, values, actor=unproved)
    assert payment(deployed) == "Draft"


def test_what_approves_no_money_asks_for_no_password(visitor, deployed, case_id):
    person = visitor("owning_team")
    refer(person, case_id)
    forget_password(person)
    assert call(person).heading != "Confirm that it is you"


def test_proof_is_for_some_minutes_and_never_from_the_future(deployed):
    now = deployed.clock.now()
    actor = somebody(deployed, "review_team_leader")
    proved = {minutes: now - timedelta(minutes=minutes) for minutes in (-1, 0, 5, 6)}
    found = {
        minutes: people.has_proved(dataclasses.replace(actor, proved_at=at), now=now) for minutes, at in proved.items()
    }
    assert found == {-1: False, 0: True, 5: True, 6: False}
