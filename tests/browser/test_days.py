"""Whole days at work in a real browser: a caseworker, a team leader, a manager who approves money, a leaver.

Axe looks at every page that anybody comes to. The caseworker's day is one list of steps, done with the mouse, with the
keyboard alone, and without JavaScript.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from engine import cases, tasks
from engine.clock import LONDON, MovableClock
from engine.models import Person, UserTask
from engine.people import PROOF_LASTS, get_person
from tests import tiny
from tests.browser.screen import Screen
from tests.world import deploy_text

FORTY = 40
WAYS = {"mouse": {}, "keyboard": {"keyboard": True}, "no_javascript": {"script": False}}


@pytest.mark.parametrize("way", WAYS)
def test_a_day_of_a_caseworker(screen, served, way):
    cara = screen("cara", watched=True, **WAYS[way])
    sees_what_is_due(cara)
    asks_for_the_next_task(cara)
    logs_a_call(cara)
    leaves_a_draft_and_takes_it_up(cara)
    writes_a_letter_and_confirms_it(cara)
    sees_whom_the_cases_wait_for(cara)
    records_a_reply(cara, served[0].clock.now())
    adds_a_note(cara)
    finds_a_client(cara)
    assert "Sign in" in cara.click("Sign out").text


def sees_what_is_due(cara: Screen) -> None:
    cara.click("My tasks")
    assert cara.page.get_by_role("row").filter(has_text="Dana Dummy").count() == 1
    assert "due today" in cara.text


def asks_for_the_next_task(cara: Screen) -> None:
    task(cara, "13 Create a Resolution Plan", "Parker Parliament").click("Give it back to the team")
    cara.click("My tasks").click("Give me the next task")
    assert "You have this task next because" in cara.text
    assert cara.page.locator("h1").inner_text().endswith("13 Create a Resolution Plan")


def logs_a_call(cara: Screen) -> None:
    task(cara, "Call the client", "Dana Dummy").answer(call="no_answer").click("Record the call")
    assert "no answer" in cara.text.lower()


def leaves_a_draft_and_takes_it_up(cara: Screen) -> None:
    cara.answer(contact_outcome="reached", contact_channel="phone", contact_note="We spoke about the change.")
    cara.click("Save as draft").click("My tasks")
    assert "Draft saved" in cara.page.get_by_role("row").filter(has_text="Dana Dummy").inner_text()
    task(cara, "Call the client", "Dana Dummy")
    assert cara.page.locator('[name="contact_note"]').input_value() == "We spoke about the change."
    cara.answer(enquiry_only="false").complete()


def writes_a_letter_and_confirms_it(cara: Screen) -> None:
    task(cara, "Check the letter", "Harper Hypothetical").answer(letter_check="change").complete()
    task(cara, "Write the letter", "Harper Hypothetical")
    cara.answer(slots__update="We looked at everything again. The amount is right.").click("Preview the letter")
    assert cara.page.locator("#letter img").first.evaluate("i => i.decode().then(() => i.naturalWidth > 0)")
    cara.complete()
    task(cara, "Check the letter", "Harper Hypothetical").answer(letter_check="confirm").complete()


def sees_whom_the_cases_wait_for(cara: Screen) -> None:
    cara.click("My cases").click("The client")
    waiting = cara.page.get_by_role("row").filter(has_text="Wren Waiting").inner_text()
    assert "The client, until" in waiting
    assert "7 days to reply to CMSL5800" in waiting


def records_a_reply(cara: Screen, now: datetime) -> None:
    case(cara, "Wren Waiting").click("Record: The client replies")
    put_date(cara, "received_on", now)
    cara.answer(reply_channel="post", reply_text="I accept that.").click("Record this")
    assert "is recorded, and the case has moved on" in cara.text


def adds_a_note(cara: Screen) -> None:
    case(cara, "Wren Waiting").answer(text="The client was content on the phone.").click("Add note")
    assert "Your note has been added." in cara.text


def finds_a_client(cara: Screen) -> None:
    cara.click("Find a case").answer(q="Parker").click("Search")
    assert cara.click("Parker Parliament").page.locator("h1").inner_text() == "Parker Parliament"


def test_a_day_of_a_team_leader(screen, served):
    rita = screen("rita", watched=True)
    rita.click("Team queue")
    queue(rita, "5 Allocate the SR", "Frankie Fiction").answer(request__caseworker="Cara Casework").complete()
    rita.click("Team queue")
    queue(rita, "14 Decide on the plan", "Paula Planned")
    assert "£75" in rita.text
    rita.answer(approval_decision="rejected").click("Complete this task")
    assert "There is a problem" in rita.text
    assert rita.page.title().startswith("Error: ")
    rita.answer(approval_comments="Too much for a short delay.").complete()
    rita.click("Alerts").click("Find a case").click("Paula Planned")
    assert "13 Create a Resolution Plan" in rita.text
    rita.go(rita.page.get_by_role("link", name="Team", exact=True))
    assert "Who has how much to do" in rita.text
    assert rita.click("open cases").page.locator("h1").inner_text() == "Cases of my teams"
    assert rita.page.get_by_role("row").filter(has_text="Paula Planned").count() == 1
    rita.click("Absences").answer(person_id="Colin Casework", cover_id="Cara Casework")
    for name in ("first_on", "last_on"):
        put_date(rita, name, served[0].clock.now() + timedelta(days=1))
    rita.click("Record the absence")
    assert rita.page.get_by_role("row").filter(has_text="Colin Casework").filter(has_text="Cara Casework").count() == 1


def test_a_manager_approves_money_after_giving_the_password_again(screen, served):
    morgan = screen("morgan", watched=True)
    served[0].clock = MovableClock(frozen_at=served[0].clock.now() + PROOF_LASTS + timedelta(seconds=1))
    morgan.click("Team queue")
    queue(morgan, "14 Decide on the redress", "Kit Keptwaiting")
    morgan.answer(approval_decision="approved", decided_amount="200", approval_comments="Fair for four months.")
    morgan.click("Complete this task")
    assert morgan.page.locator("h1").inner_text() == "Confirm that it is you"
    morgan.answer(password="not it").click("Continue")
    assert "There is a problem" in morgan.text
    morgan.answer(password="demo").click("Continue")
    assert morgan.page.locator('[name="approval_comments"]').input_value() == "Fair for four months."
    morgan.complete()
    assert "£200" in case(morgan, "Kit Keptwaiting").unfold().text


def test_a_leavers_forty_cases_are_handed_over_in_one_go(screen, forty):
    rita = screen("rita", watched=True)
    rita.click("Hand over").click("Hand over the work of Colin Casework")
    assert rita.page.locator("input[type=checkbox]:checked").count() >= FORTY
    assert "Error" not in rita.text
    rita.hands.tick(rita.page.get_by_label("Cara Casework"))
    hand_over = rita.page.get_by_role("main").get_by_role("button", name="Hand over")
    assert "There is a problem" in rita.go(hand_over).text
    rita.answer(reason="Colin has left.").go(hand_over)
    assert "not moved" not in rita.text
    assert rita.page.locator("table").filter(has_text="Who has it now").get_by_role("row").count() > FORTY
    rita.click("What Colin Casework still holds")
    assert "holds nothing of your teams" in rita.text


@pytest.fixture
def forty(served, tmp_path):
    """Forty cases that Colin holds, each with a task of a procedure that has nothing else."""
    world = served[0]
    body = (
        tiny.node("startEvent", "start"),
        tiny.user_task("look", form="plain"),
        tiny.node("endEvent", "end"),
        tiny.chain("start", "look", "end"),
    )
    forms = {"plain": tiny.form("plain", {"type": "textfield", "key": "answer", "label": "Answer"})}
    dictionary = '[fields.answer]\ntype = "text"\nlabel = "Answer"\n'
    deploy_text(world, tmp_path, tiny.folder(tiny.diagram(*body), forms, dictionary=dictionary))
    with world.db.read() as connection:
        found = connection.execute(select(Person.person_id).where(Person.username == "colin")).scalar_one()
        colin = get_person(connection, found)
    for number in range(FORTY):
        with world.db.write() as connection:
            case_id = cases.open_case(
                connection,
                world,
                reference=f"CM-40000{number:02d}",
                client_name=f"Client Number{number}",
                nation="scotland",
                facts={},
            )
        cases.start(world, "tiny", {}, case_id=case_id, actor=colin)
        with world.db.read() as connection:
            task_id = connection.execute(select(func.max(UserTask.task_id))).scalar_one()
        tasks.claim(world, task_id, actor=colin)


def put_date(person: Screen, name: str, instant: datetime) -> None:
    local = instant.astimezone(LONDON)
    for part in ("day", "month", "year"):
        person.put(f"{name}-{part}", str(getattr(local, part)))


def task(person: Screen, name: str, client: str) -> Screen:
    """Open a task from my tasks, by the menu."""
    row = person.click("My tasks").page.get_by_role("row").filter(has_text=client).filter(has_text=name)
    return person.go(row.get_by_role("link"))


def queue(person: Screen, name: str, client: str) -> Screen:
    """Claim a task from the queue that is on the screen."""
    row = person.page.get_by_role("row").filter(has_text=client).filter(has_text=name)
    return person.go(row.get_by_role("button"))


def case(person: Screen, client: str) -> Screen:
    """Open a client's case, by the menu and the list of cases."""
    return person.click("Find a case").click(client)
