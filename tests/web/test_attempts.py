"""Calls recorded in two clicks, and taken back with a note when that was a mistake."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.models import ContactAttempt, Note
from tests.web.conftest import person_id
from tests.web.journeys import REACHED, allocate, call, claim, open_task, refer

NOT_REACHED = {**REACHED, "contact_outcome": "no_answer", "stop_trying": "true", "enquiry_only": None}


@pytest.fixture
def calling(visitor, case_id):
    """A caseworker of the owning team who holds the first call and has its page open."""
    return claim(refer(visitor("owning_team"), case_id), "Call the client")


@pytest.fixture
def introducing(visitor, deployed, case_id):
    """A review caseworker at the call of step 6: two tries at different parts of the day are needed there."""
    call(refer(visitor("owning_team"), case_id))
    allocate(visitor("review_team_leader"), person_id(deployed, "review_caseworker"))
    caseworker = open_task(visitor("review_caseworker"), "6 Check the gate")
    caseworker.press("Complete this task", {"gate_decision": "accept"})
    return open_task(caseworker, "Call the client")


def record(browser, outcome, **typed):
    """Choose what happened and press Record the call, which is sent with the task's form."""
    form = browser.page.get_element_by_id("task-form")
    said = {**dict(form.form_values()), **typed, "call": outcome, "do": "call"}
    return browser._took(browser.client.post(form.get("action"), data=said, follow_redirects=True))


def attempts(world):
    with world.db.read() as connection:
        found = select(ContactAttempt.outcome, ContactAttempt.day_part, ContactAttempt.taken_back_at)
        return connection.execute(found.order_by(ContactAttempt.attempt_id)).all()


def test_a_call_takes_two_clicks_and_keeps_what_was_typed(calling, deployed):
    record(calling, "no_answer", contact_note="Half a note", call_note="It rang out.")
    assert "The call is recorded: morning, no answer." in calling.text
    assert "Tried without reaching the client: 1 in the morning." in calling.text
    assert "Telephone, morning: No answer It rang out." in calling.text
    assert calling.page.get_element_by_id("contact_note").text.strip() == "Half a note"
    assert attempts(deployed) == [("no_answer", "morning", None)]


def test_a_double_click_records_one_call_and_no_choice_records_none(calling, deployed):
    form = dict(calling.page.get_element_by_id("task-form").form_values())
    said = {**form, "call": "message_left", "do": "call"}
    for _ in range(2):
        calling.client.post(calling.path, data=said)
    assert len(attempts(deployed)) == 1
    record(calling.visit(calling.path), "carrier_pigeon")
    assert "Nothing was recorded. Select what happened on the call" in calling.text
    assert len(attempts(deployed)) == 1


def test_reaching_the_client_is_recorded_in_the_form_where_the_task_asks_for_it(calling, visitor, deployed):
    choices = [i.get("value") for i in calling.page.xpath("//input[@name='call']")]
    assert choices == ["no_answer", "message_left"]
    assert "answer the questions of this task" in calling.text


def test_a_recorded_call_counts_in_the_round_with_its_part_of_the_day(introducing, deployed):
    record(introducing, "no_answer")
    deployed.clock.move_to(deployed.clock.now() + timedelta(hours=5))
    introducing.visit(introducing.path).press("Complete this task", NOT_REACHED)
    assert "You completed “Call the client”." in introducing.text
    assert "Call the client" not in introducing.visit("/tasks/").text
    assert [row.day_part for row in attempts(deployed)][-2:] == ["morning", "afternoon"]


def test_a_call_that_was_taken_back_counts_no_more_and_a_note_says_so(introducing, deployed):
    record(introducing, "no_answer")
    task_path = introducing.path.partition("#")[0]
    introducing.follow("Correct").press("Take this attempt back")
    assert introducing.status == 422
    assert "Enter why this record is wrong" in introducing.text
    introducing.press("Take this attempt back", {"why": "It was another client."})
    assert "The attempt is taken back" in introducing.text
    assert "Taken back" in introducing.text
    with deployed.db.read() as connection:
        texts = connection.execute(select(Note.text)).scalars().all()
    assert texts[-1] == (
        "Correction: the attempt of 1 October 2026 at 9am (no answer) was recorded by mistake. It was another client."
    )
    deployed.clock.move_to(deployed.clock.now() + timedelta(hours=5))
    introducing.visit(task_path).press("Complete this task", NOT_REACHED)
    introducing.visit("/tasks/").follow("Call the client")
    assert "Before you record that the client cannot be reached" in introducing.text
    introducing.visit("/cases/1/attempts/2/correct")
    assert "It was taken back on 1 October 2026 at 9am." in introducing.text


def test_a_call_is_recorded_from_a_task_that_a_colleague_holds(calling, visitor, deployed):
    other = visitor("owning_team.2").visit(calling.path)
    other.press("Record the call", {"call": "message_left"})
    assert "The call is recorded: morning, a message was left." in other.text
    assert other.path.startswith("/tasks/")
    assert attempts(deployed) == [("message_left", "morning", None)]
