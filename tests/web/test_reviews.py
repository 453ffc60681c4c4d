"""A review taken through its pages to closure, with letters, waits and replies."""

from datetime import timedelta

import pytest

from engine import timers, worker
from tests.web.conftest import person_id
from tests.web.journeys import accept, allocate, call, decide_no_further_action, open_task, refer, write_letter


@pytest.fixture
def caseworker(visitor, case_id, deployed, play_once):
    """A review caseworker who holds an accepted review."""

    def play():
        call(refer(visitor("owning_team"), case_id))
        allocate(visitor("review_team_leader"), person_id(deployed, "review_caseworker"))
        accept(visitor("review_caseworker"))

    play_once(play)
    return visitor("review_caseworker")


@pytest.fixture
def waiting(caseworker, deployed, case_id):
    """A caseworker whose letter is on its way; the case waits seven days for the client."""
    decide_no_further_action(caseworker)
    write_letter(caseworker, update="We looked at it again and can do no more.")
    open_task(caseworker, "Check the letter").press("Complete this task", {"letter_check": "confirm"})
    worker.work_until_rest(deployed)
    return caseworker.visit(f"/cases/{case_id}")


def to_the_next_date(world):
    with world.db.read() as connection:
        world.clock.move_to(timers.next_due(connection) + timedelta(seconds=1))
    worker.work_until_rest(world)


def test_a_letter_is_previewed_before_it_is_written_and_says_what_it_lacks(caseworker):
    decide_no_further_action(caseworker)
    open_task(caseworker, "Write the letter").press("Preview the letter")
    assert "The letter cannot be made yet" in caseworker.text
    assert "Fill in “An update”" in caseworker.text
    caseworker.press("Preview the letter", {"slots.update": "We looked <b>again</b>."})
    assert "We looked <b>again</b>." in caseworker.text
    picture = caseworker.page.find(".//img").get("src")
    answer = caseworker.client.get(picture)
    assert answer.mimetype == "image/svg+xml"
    assert answer.data.startswith(b"<svg")
    assert caseworker.client.get(picture.replace("1.svg", "99.svg")).status_code == 404
    pdf = caseworker.client.get(next(a.get("href") for a in caseworker.page.iter("a") if "PDF" in a.text_content()))
    assert pdf.data.startswith(b"%PDF")


def test_the_letter_that_is_checked_is_the_one_that_is_issued(caseworker, deployed, case_id):
    decide_no_further_action(caseworker)
    write_letter(caseworker, update="Words that the client will read.")
    open_task(caseworker, "Check the letter")
    assert "Words that the client will read." in caseworker.text
    assert "No letter has been issued." in caseworker.visit(f"/cases/{case_id}").text
    open_task(caseworker, "Check the letter").press("Complete this task", {"letter_check": "confirm"})
    assert "Not yet" in caseworker.visit(f"/cases/{case_id}").text
    worker.work_until_rest(deployed)
    caseworker.visit(f"/cases/{case_id}")
    assert "CMSL5800 Keeping you informed about your complaint (PDF)" in caseworker.text
    link = next(a.get("href") for a in caseworker.page.iter("a") if "CMSL5800" in a.text_content())
    assert caseworker.client.get(link).data.startswith(b"%PDF")


def test_a_wait_shows_its_date_and_the_rule_that_it_comes_from(waiting):
    assert "Sub Status Wait" in waiting.text
    assert (
        "Who holds it now Waits for the client until 8 October 2026 (Scenario review caseworker has the case)"
        in waiting.text
    )
    assert "Why this date?" in waiting.text
    assert "7 calendar days after 1 October 2026, England and Wales" in waiting.text


def test_silence_ends_in_a_task_and_nothing_closes_by_itself(waiting, deployed, case_id):
    to_the_next_date(deployed)
    assert "In Progress" in waiting.visit(f"/cases/{case_id}").text
    open_task(waiting, "11 No reply").press("Complete this task", {"no_reply_confirmed": "yes"})
    assert "Status Closed Sub Status Complete" in waiting.text
    assert "Resolution Code No Action Taken" in waiting.text
    assert "Nobody: it is closed" in waiting.text


REPLY = {
    "received_on-day": "7",
    "received_on-month": "10",
    "received_on-year": "2026",
    "reply_channel": "post",
    "reply_text": "I still do not agree.",
}


def test_a_reply_is_recorded_with_the_day_it_reached_us(waiting, deployed, case_id):
    deployed.clock.move_to(deployed.clock.now() + timedelta(days=6))
    waiting.visit(f"/cases/{case_id}").follow("Record: The client replies")
    waiting.press("Record this", REPLY)
    assert "“The client replies” is recorded, and the case has moved on." in waiting.text
    assert "received on 7 October 2026, recorded by Scenario review caseworker" in waiting.text


def test_a_reply_of_tomorrow_is_refused_and_what_was_typed_stays(waiting):
    waiting.follow("Record: The client replies").press("Record this", REPLY)
    assert waiting.status == 422
    assert "The date that this reached us must be today or in the past" in waiting.text
    assert waiting.page.get_element_by_id("reply_text").text.strip() == "I still do not agree."


def test_a_reply_recorded_after_the_deadline_still_reaches_the_caseworker(waiting, deployed, case_id):
    to_the_next_date(deployed)
    waiting.visit(f"/cases/{case_id}").follow("Record: The client replies").press("Record this", REPLY)
    assert "is recorded, and the case has moved on." in waiting.text


def test_a_reply_that_a_colleague_has_just_recorded_keeps_what_was_typed(app, waiting, visitor, deployed, case_id):
    deployed.clock.move_to(deployed.clock.now() + timedelta(days=6))
    waiting.visit(f"/cases/{case_id}").follow("Record: The client replies")
    colleague = visitor("review_caseworker.2").visit(f"/cases/{case_id}").follow("Record: The client replies")
    waiting.press("Record this", REPLY)
    colleague.press("Record this", {**REPLY, "reply_text": "Typed by the second."})
    assert colleague.status == 409
    assert colleague.heading == "The case no longer waits for this"
    assert "Typed by the second." in colleague.text


def test_history_tells_who_did_what_in_words(waiting, case_id):
    waiting.follow("The whole history")
    assert "Scenario owning team started the procedure Complaint - Review, version 1" in waiting.text
    assert "Scenario review caseworker completed “8 Decide: can more be done?”" in waiting.text
    assert "Everything has been done." in waiting.text
    assert "The procedure issued CMSL5800" in waiting.text


def test_history_tells_a_choice_in_the_words_of_its_form(waiting):
    waiting.follow("The whole history")
    assert "Accept for review" in waiting.text
    assert "Yes, issue it" in waiting.text
    assert "confirm" not in waiting.text
    assert "Slots" not in waiting.text


def test_a_note_is_added_and_an_empty_one_is_not(waiting, case_id):
    waiting.press("Add note")
    assert waiting.status == 422
    assert "Enter the note" in waiting.text
    waiting.press("Add note", {"text": "The client called about <parking>."})
    assert "The client called about <parking>." in waiting.text
    assert "Your note has been added." in waiting.text


def test_a_procedure_under_way_is_not_offered_again_and_only_its_own_team_starts_it(waiting, visitor, case_id):
    assert "Start: Complaint - Review" not in waiting.text
    assert "Start: Complaint - Review" not in visitor("owning_team").visit(f"/cases/{case_id}").text
    assert waiting.visit(f"/cases/{case_id}/start/review").status == 403


def test_cases_are_found_by_name_reference_and_number(waiting):
    for text in ("robin", "CM-2000001", "SR-000900"):
        assert "Robin Example" in waiting.visit(f"/cases/?q={text}").text
    assert "No case of your teams fits “nobody”" in waiting.visit("/cases/?q=nobody").text
    assert "No case of your teams fits" in waiting.visit("/cases/?q=%25_%27%3B").text


def test_an_alert_is_seen_once(waiting, visitor, deployed, case_id):
    from engine import messages
    from tests.world import somebody

    actor = somebody(deployed, "review_caseworker")
    key = "SR-000001"
    messages.correlate(deployed, "nobody_waits", key, {}, received_on=deployed.clock.now().date(), actor=actor)
    waiting.visit("/alerts")
    assert "A message about SR-000001 needs you" in waiting.text
    waiting.press("Mark as seen")
    assert "Seen by Scenario review caseworker" in waiting.text
    waiting.visit(f"/cases/{case_id}").press("Mark as dealt with")
    assert "It was kept. Scenario review caseworker marked it as dealt with on " in waiting.text
    assert (
        "Scenario review caseworker marked “Nobody waits” as dealt with"
        in waiting.visit(f"/cases/{case_id}/history").text
    )
