"""Tasks by their pages: claimed, drafted, completed, and refused without losing what was typed."""

import pytest
from sqlalchemy import select, update

from engine import tasks
from engine.models import UserTask
from tests.page import Browser
from tests.web.conftest import person_id
from tests.web.journeys import REACHED, call, claim, open_task, refer
from tests.world import somebody

WRONG = {"contact_outcome": "reached", "contact_note": "A note that must not be lost."}


@pytest.fixture
def referred(visitor, case_id, play_once):
    """A caseworker of the owning team, with the first call in their team's queue."""

    def play():
        refer(visitor("owning_team"), case_id)

    play_once(play)
    return visitor("owning_team")


def open_task_id(world, element_id):
    with world.db.read() as connection:
        found = select(UserTask.task_id).where(UserTask.element_id == element_id, UserTask.status == "open")
        return connection.execute(found).scalar_one()


def test_a_task_is_claimed_in_one_click_and_then_is_mine(referred):
    referred.visit("/tasks/queue").press("Claim")
    assert referred.heading == "Call the client"
    assert "Held by you." in referred.text
    assert "Call the client" in referred.visit("/tasks/").text
    assert "The queue is empty." in referred.visit("/tasks/queue").text


def test_a_task_that_a_colleague_was_quicker_to_claim_says_so(referred, visitor, deployed):
    referred.visit("/tasks/queue")
    tasks.claim(deployed, open_task_id(deployed, "call_client"), actor=somebody(deployed, "owning_team.2"))
    referred.press("Claim")
    assert "has already claimed this task" in referred.text


def test_what_is_wrong_is_said_beside_the_question_and_nothing_typed_is_lost(referred, deployed):
    claim(referred, "Call the client").press("Complete this task", WRONG)
    assert referred.status == 422
    summary = referred.page.find_class("govuk-error-summary")[0]
    assert [a.get("href") for a in summary.iter("a")] == ["#contact_channel", "#enquiry_only"]
    assert referred.page.findtext(".//title").startswith("Error: Call the client")
    assert referred.page.get_element_by_id("contact_note").text.strip() == WRONG["contact_note"]
    assert tasks_open(deployed) == ["call_client"]


def test_a_forged_choice_is_refused_in_place(referred, deployed):
    claim(referred, "Call the client").press("Complete this task", {**REACHED, "contact_channel": "smoke signals"})
    assert referred.status == 422
    assert "Select how did you try to reach the client from the list" in referred.text
    assert tasks_open(deployed) == ["call_client"]


def test_a_draft_comes_back_as_it_was_typed_even_where_it_is_wrong(referred, deployed):
    claim(referred, "Call the client").press("Save as draft", {**WRONG, "contacted_at-day": "99"})
    assert "Your draft is saved" in referred.text
    open_task(referred, "Call the client")
    assert referred.page.get_element_by_id("contact_note").text.strip() == WRONG["contact_note"]
    assert referred.page.get_element_by_id("contacted_at-day").get("value") == "99"
    assert "Draft saved" in referred.visit("/tasks/").text
    assert tasks_open(deployed) == ["call_client"]


def test_completing_moves_the_case_on(referred, deployed):
    call(referred)
    assert "You completed “Call the client”." in referred.text
    assert tasks_open(deployed) == ["allocate_review"]


def test_the_second_of_two_tabs_reads_who_completed_it_and_keeps_what_was_typed(app, referred, deployed):
    claim(referred, "Call the client")
    other_tab = Browser(app)
    other_tab.client = referred.client
    other_tab.visit(referred.path)
    referred.press("Complete this task", REACHED)
    other_tab.press("Complete this task", {**REACHED, "contact_note": "Typed in the second tab."})
    assert other_tab.status == 409
    assert "You already completed this task on 1 October 2026 at 9am" in other_tab.text
    assert "Typed in the second tab." in other_tab.text
    assert "I spoke to the client" in other_tab.text
    assert tasks_open(deployed) == ["allocate_review"]


def test_a_task_that_was_taken_away_while_typing_keeps_what_was_typed(referred, deployed):
    claim(referred, "Call the client")
    task_id = open_task_id(deployed, "call_client")
    tasks.release(deployed, task_id, actor=somebody(deployed, "owning_team"))
    tasks.claim(deployed, task_id, actor=somebody(deployed, "owning_team.2"))
    referred.press("Complete this task", REACHED)
    assert referred.status == 403
    assert "This was not done" in referred.text
    assert referred.page.get_element_by_id("contact_note").text.strip() == REACHED["contact_note"]


def test_a_task_that_was_released_while_typing_can_be_claimed_and_sent_again(referred, deployed):
    claim(referred, "Call the client")
    tasks.release(deployed, open_task_id(deployed, "call_client"), actor=somebody(deployed, "owning_team"))
    referred.press("Complete this task", REACHED)
    assert referred.status == 409
    assert "Nobody holds this task yet" in referred.text
    assert referred.page.get_element_by_id("contact_note").text.strip() == REACHED["contact_note"]


def test_a_page_that_is_out_of_date_is_refused_and_keeps_what_was_typed(referred, deployed):
    claim(referred, "Call the client")
    with deployed.db.write() as connection:
        connection.execute(update(UserTask).values(version=UserTask.version + 1))
    referred.press("Complete this task", REACHED)
    assert referred.status == 409
    assert "This task was changed while you had it open" in referred.text
    assert referred.page.get_element_by_id("contact_note").text.strip() == REACHED["contact_note"]
    referred.press("Complete this task")
    assert tasks_open(deployed) == ["allocate_review"]


def test_a_holder_gives_a_task_back(referred):
    claim(referred, "Call the client").press("Give it back to the team")
    assert "The task is back in the team’s queue." in referred.text
    assert "Call the client" in referred.text


def test_a_leader_assigns_a_task_of_the_team_and_others_cannot(referred, visitor, deployed):
    claim(referred, "Call the client")
    assert "Assign" not in referred.text
    leader = visitor("owning_team_leader").visit("/tasks/held")
    assert "Scenario owning team" in leader.text
    leader.follow("Call the client")
    assert "Scenario owning team holds it." in leader.text
    offered = leader.page.xpath("//select[@id='to']/option/text()")
    assert "Scenario owning team.2" in offered
    assert "Scenario owning team" not in offered
    leader.press("Assign", {"to": person_id(deployed, "owning_team.2")})
    assert "Scenario owning team.2 now holds the task." in leader.text
    assert "Call the client" in visitor("owning_team.2").visit("/tasks/").text


def test_the_script_is_told_which_questions_do_not_count(referred):
    claim(referred, "Call the client")
    token = referred.page.xpath("//form[@data-questions]//input[@name='csrf_token']/@value")[0]
    answers = {"csrf_token": token, "do": "questions", "contact_outcome": "no_answer"}
    hidden = referred.client.post(referred.path, data=answers).json["hidden"]
    assert "enquiry_only" in hidden
    assert "stop_trying" not in hidden
    answers["contact_outcome"] = "reached"
    assert "enquiry_only" not in referred.client.post(referred.path, data=answers).json["hidden"]


def test_without_a_script_every_question_that_may_count_is_on_the_page(referred):
    claim(referred, "Call the client")
    names = {element.get("name") for element in referred.page.iter("input", "textarea")}
    assert {"contact_outcome", "enquiry_only", "stop_trying", "contact_note"} <= names


def test_a_task_shows_what_the_procedure_says_and_the_case_beside_it(referred):
    claim(referred, "Call the client")
    assert "What the procedure says" in referred.text
    assert "as many times as necessary" in referred.text
    assert "Who holds it now" in referred.text
    assert "Robin Example" in referred.text


def test_a_double_click_completes_a_task_once(referred, deployed):
    claim(referred, "Call the client")
    form = next(f for f in referred.page.forms if f.get("data-questions") is not None)
    needless = {"stop_trying": "true"}  # asked on the page, and of no account once the client was reached
    fields = dict(form.form_values()) | REACHED | needless | {"do": "complete"}
    first = referred.client.post(referred.path, data=fields)
    second = referred.client.post(referred.path, data=fields)
    assert first.status_code == 302
    assert second.status_code == 409
    assert "You already completed this task on 1 October 2026 at 9am" in second.text
    assert "What you typed is what was recorded." in second.text
    assert tasks_open(deployed) == ["allocate_review"]


def tasks_open(world):
    with world.db.read() as connection:
        rows = connection.execute(select(UserTask.element_id).where(UserTask.status == "open"))
        return [row.element_id for row in rows]


def test_a_task_says_where_its_date_comes_from_and_its_procedure_without_the_analysts_pointers(referred, visitor):
    call(referred)
    leader = visitor("review_team_leader").visit("/tasks/queue")
    leader.follow("5 Allocate the SR to a review caseworker")
    assert "Why this date? 5 Allocate the SR to a review caseworker" in leader.text
    assert "working day" in leader.page.find_class("govuk-details__text")[0].text_content()
    assert "Ours: nobody who took part in the Resolution" in leader.text
    assert "(A53)" not in leader.text
