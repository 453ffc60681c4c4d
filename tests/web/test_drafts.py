"""Drafts: saved while somebody types, refused from an older window, and held against what changed meanwhile."""

import json

import pytest
from sqlalchemy import select, update

from engine import interventions, tasks
from engine.drafts import draft_of
from engine.models import History, ProcessInstance, ServiceRequest, UserTask
from engine.values import dumps, loads
from tests.page import Browser
from tests.web.conftest import person_id
from tests.web.journeys import DETAILS, REACHED, allocate, call, claim, open_task, refer
from tests.world import somebody

NOTE = "contact_note"


@pytest.fixture
def referred(visitor, case_id):
    """A caseworker of the owning team who holds the first call and has its page open."""
    return claim(refer(visitor("owning_team"), case_id), "Call the client")


@pytest.fixture
def details(visitor, deployed, case_id):
    """A review caseworker at step 7, whose form asks for facts of the case."""
    owner = refer(visitor("owning_team"), case_id)
    call(owner)
    allocate(visitor("review_team_leader"), person_id(deployed, "review_caseworker"))
    caseworker = visitor("review_caseworker")
    open_task(caseworker, "6 Check the gate").press("Complete this task", {"gate_decision": "accept"})
    open_task(caseworker, "Call the client").press("Complete this task", REACHED)
    return open_task(caseworker, "7 Complete the Complaints Details")


def task_of(world, element_id="call_client"):
    with world.db.read() as connection:
        found = select(UserTask).where(UserTask.element_id == element_id, UserTask.status == "open")
        return connection.execute(found.order_by(UserTask.task_id.desc())).first()


def form_of(browser):
    """Return what the page's form would send as it stands."""
    form = browser.page.get_element_by_id("task-form")
    return dict(form.form_values())


def typing(browser, task_id, **typed):
    """Send what the page's script sends while somebody types."""
    return browser.client.post(f"/tasks/{task_id}/draft", data={**form_of(browser), **typed})


def second_window(app, browser):
    other = Browser(app)
    other.client = browser.client
    return other.visit(browser.path)


def test_what_is_typed_is_saved_and_moves_nothing(referred, deployed):
    task = task_of(deployed)
    with deployed.db.read() as connection:
        before = connection.execute(select(ProcessInstance.version, ProcessInstance.history_seq)).all()
    answer = typing(referred, task.task_id, contact_note="Half a sen")
    assert answer.json == {"said": "Draft saved at 9am", "number": 1}
    with deployed.db.read() as connection:
        assert connection.execute(select(ProcessInstance.version, ProcessInstance.history_seq)).all() == before
    saved = task_of(deployed)
    assert (saved.version, saved.draft_saved_at) == (task.version, deployed.clock.now())
    page = referred.visit(referred.path)
    assert page.page.get_element_by_id(NOTE).text.strip() == "Half a sen"
    assert page.page.get_element_by_id("draft-status").text == "Draft saved at 9am"


def test_nothing_of_a_draft_stays_on_a_completed_task(referred, deployed):
    task_id = task_of(deployed).task_id
    typing(referred, task_id, contact_note="Half a sen")
    referred.visit(referred.path).press("Complete this task", REACHED)
    with deployed.db.read() as connection:
        task = connection.execute(select(UserTask).where(UserTask.task_id == task_id)).one()
    assert (task.status, task.draft, task.draft_saved_at) == ("completed", None, None)


def test_one_window_saves_again_without_having_heard_that_it_did(referred, deployed):
    task_id = task_of(deployed).task_id
    assert typing(referred, task_id, contact_note="One").json["number"] == 1
    assert typing(referred, task_id, contact_note="One two").json["number"] == 2


def test_an_older_window_overwrites_no_newer_draft_and_shows_both(app, referred, deployed):
    task_id = task_of(deployed).task_id
    other = second_window(app, referred)
    typing(referred, task_id, contact_note="The newer words.")
    refused = typing(other, task_id, contact_note="The older words.")
    assert (refused.status_code, refused.json["newer"]) == (409, True)
    assert "newer draft" in refused.json["said"]
    assert draft_of(task_of(deployed)).typed[NOTE] == ["The newer words."]

    other.press("Save as draft", {NOTE: "The older words."})
    assert other.status == 409
    assert "On this page The older words. In the newer draft The newer words." in other.text
    other.press("Use what the draft says")
    assert other.page.get_element_by_id(NOTE).text.strip() == "The newer words."
    assert "What differs" not in other.text

    other.press("Save as draft", {NOTE: "Knowingly something else."})
    assert draft_of(task_of(deployed)).typed[NOTE] == ["Knowingly something else."]


def test_a_newer_draft_is_not_passed_over_by_completing_from_an_older_window(app, referred, deployed):
    other = second_window(app, referred)
    typing(referred, task_of(deployed).task_id, contact_note="The newer words.")
    other.press("Complete this task", REACHED)
    assert other.status == 409
    assert "In the newer draft The newer words." in other.text
    other.press("Complete this task")
    assert "You completed “Call the client”." in other.text


def test_adding_a_row_in_an_older_window_makes_it_no_newer(app, referred, deployed):
    other = second_window(app, referred)
    typing(referred, task_of(deployed).task_id, contact_note="The newer words.")
    number = form_of(other)["draft"]
    other.press("Complete this task", {NOTE: "No other answer."})
    assert other.status == 422
    assert form_of(other)["draft"] == number
    assert typing(other, task_of(deployed).task_id).status_code == 409


def test_a_draft_of_a_task_that_somebody_else_holds_is_refused(referred, deployed, visitor):
    task = task_of(deployed)
    tasks.release(deployed, task.task_id, actor=somebody(deployed, "owning_team"))
    tasks.claim(deployed, task.task_id, actor=somebody(deployed, "owning_team.2"))
    answer = typing(referred, task.task_id, contact_note="Too late")
    assert answer.status_code == 403
    assert "held by someone else" in answer.json["said"]


def test_what_a_page_says_that_it_knows_is_taken_for_nothing_when_it_is_no_such_thing(referred, deployed):
    for seen in ("[1]", "{", "x" * 60_000):
        assert typing(referred, task_of(deployed).task_id, seen=seen).status_code == 200
    assert draft_of(task_of(deployed)).seen == {}


def change_the_case(world, **facts):
    """Change facts of the review as a step beside this one would, by hand of its leader."""
    with world.db.write() as connection:
        row = connection.execute(select(ServiceRequest).where(ServiceRequest.kind == "Review")).one()
        changed = {**loads(row.facts), **facts}
        connection.execute(
            update(ServiceRequest).where(ServiceRequest.request_id == row.request_id).values(facts=dumps(changed))
        )


def test_an_answer_that_the_case_has_changed_meanwhile_is_shown_beside_ones_own(details, deployed):
    change_the_case(deployed, root_cause="System Error")
    details.press("Complete this task", DETAILS)
    assert details.status == 409
    assert "The case changed while you had this task open" in details.text
    assert (
        "Root Cause On this page Human Error On the case before Nothing On the case now"
        "The history does not say by whom System Error"
    ) in details.text
    assert "Addressee On this page" not in details.text  # only what changed, not all that was typed
    details.press("Use what the case says")
    assert "On the case now" not in details.text
    details.press("Complete this task")
    assert "You completed" in details.text


def test_whoever_has_seen_what_changed_goes_on_with_their_own(details, deployed):
    change_the_case(deployed, root_cause="System Error")
    details.press("Complete this task", DETAILS).press("Complete this task")
    assert "You completed" in details.text
    with deployed.db.read() as connection:
        [facts] = connection.execute(select(ServiceRequest.facts).where(ServiceRequest.kind == "Review")).one()
    assert loads(facts)["root_cause"] == "Human Error"


def correct(world, name, literal):
    """Correct a value of the review as operations do, which is in its history."""
    operator = somebody(world, "operations")
    with world.db.read() as connection:
        instance_id = connection.execute(select(ProcessInstance.instance_id)).scalar_one()
    interventions.suspend(world, instance_id, reason="To correct it", actor=operator)
    interventions.correct(world, instance_id, "", name, literal, reason="It was wrong", actor=operator)
    interventions.resume(world, instance_id, reason="Corrected", actor=operator)


def test_what_changed_is_shown_with_what_it_was_and_by_whom(details, deployed):
    correct(deployed, "request.root_cause", '"Policy"')
    page = details.visit(details.path).press("Save as draft", DETAILS)
    correct(deployed, "request.root_cause", '"System Error"')
    correct(deployed, "request.reason_for_review", '"Another reason."')
    page.press("Complete this task")
    by = "Scenario operations, 1 October 2026 at 9am"
    assert (
        f"Root Cause On this page Human Error On the case before Policy On the case now{by} System Error" in page.text
    )
    assert f"Another reason. ({by})Before: Payments are still taken from the wrong date." in page.text


def test_a_draft_tells_what_changed_since_it_was_saved(details, deployed):
    details.press("Save as draft", DETAILS)
    change_the_case(deployed, root_cause="System Error", complaint_details="Something new.")
    page = details.visit(details.path)
    assert "What changed on the case" in page.text
    assert "Root Cause On this page Human Error On the case before Nothing On the case now" in page.text
    assert page.page.get_element_by_id("request-complaint_details").text.strip() == DETAILS["request.complaint_details"]


def test_a_task_taken_meanwhile_says_by_whom_and_can_be_claimed_with_what_was_typed(referred, deployed):
    task_id = task_of(deployed).task_id
    tasks.release(deployed, task_id, actor=somebody(deployed, "owning_team"))
    referred.press("Complete this task", REACHED)
    assert "Scenario owning team gave “Call the client” back to the team, 1 October 2026 at 9am." in referred.text
    referred.press("Claim this task and keep what is typed")
    assert "what you typed is saved as a draft" in referred.text
    assert referred.page.get_element_by_id(NOTE).text.strip() == REACHED[NOTE]
    assert draft_of(task_of(deployed)).typed[NOTE] == [REACHED[NOTE]]


def test_a_task_completed_elsewhere_shows_both_answers_and_keeps_ones_own_as_a_note(app, referred, deployed):
    other = second_window(app, referred)
    referred.press("Complete this task", REACHED)
    other.press("Complete this task", {**REACHED, NOTE: "Typed in the second window."})
    assert other.status == 409
    assert f"You typed Typed in the second window. Recorded by Scenario owning team {REACHED[NOTE]}" in other.text
    other.press("Add note")
    assert "What was said, or left as a message: Typed in the second window." in other.text


def test_the_page_carries_no_words_of_the_case_to_compare_with(details):
    seen = json.loads(form_of(details)["seen"])
    assert seen["request.root_cause"]
    assert all(len(mark) == 10 for mark in seen.values())


def test_history_has_no_drafts(referred, deployed):
    typing(referred, task_of(deployed).task_id, contact_note="Not yet said")
    with deployed.db.read() as connection:
        assert "draft" not in " ".join(connection.execute(select(History.kind)).scalars())
