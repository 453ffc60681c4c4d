"""Three reviews taken from referral to closure by hand, in a real browser; two of them in the long form of the tests.

What these two do with the browser alone, the one with a plan does too; their ways through the procedure are those of
scenarios and of `tests/web/test_reviews.py`.
"""

from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

from engine import worker
from engine.attempts import day_part
from engine.clock import LONDON
from tests.browser.screen import Screen

REACHED = {"contact_outcome": "reached", "contact_channel": "phone", "contact_note": "We spoke."}
NOT_REACHED = {"contact_outcome": "no_answer", "contact_channel": "phone", "contact_note": "It rang and rang."}


@pytest.fixture
def people(screen):
    """The people of a review at their screens."""
    return {name: screen(name) for name in ("olive", "rita", "cara")}


def date_of(instant, name):
    local = instant.astimezone(LONDON)
    return {f"{name}-day": str(local.day), f"{name}-month": str(local.month), f"{name}-year": str(local.year)}


def put_all(screen, answers):
    for name, text in answers.items():
        screen.put(name, text)
    return screen


def accepted(people, world, client):
    """Refer a client's case, allocate it to Cara, pass the gate, fill in the details."""
    olive, rita, cara = people["olive"], people["rita"], people["cara"]
    olive.visit("/cases/").click(client).click("Start: Complaint - Review")
    olive.answer(
        request__reason_for_review="Payments are taken from the wrong date.",
        request__same_issue="true",
        request__source="client",
        request__contact_channel="phone",
    )
    put_all(olive, date_of(world.clock.now(), "request.received_on"))
    olive.click("Start")
    olive.claim("Call the client", client).answer(**REACHED, enquiry_only="false").complete()
    rita.claim("5 Allocate the SR", client).answer(request__caseworker="Cara Casework").complete()
    cara.open("6 Check the gate", client).answer(gate_decision="accept").complete()
    cara.open("Call the client", client).answer(**REACHED, enquiry_only="false").complete()
    cara.open("7 Complete the Complaints Details", client).answer(
        request__addressee="Child Maintenance Group (CMG)",
        request__root_cause="Human Error",
        request__parliamentary_contact="false",
        request__complaint_details="The date was wrong.",
    ).complete()
    return cara


def letter_checked(writer: Screen, client: str, **slots: str) -> Screen:
    """Write a letter, look at its preview, and confirm it."""
    writer.open("Write the letter", client)
    for name, text in slots.items():
        writer.put(f"slots.{name}", text)
    writer.click("Preview the letter")
    assert "The letter cannot be made yet" not in writer.text, writer.text
    assert writer.page.locator(".app-preview img").first.evaluate("i => i.decode().then(() => i.naturalWidth > 0)")
    writer.complete()
    writer.open("Check the letter", client).answer(letter_check="confirm").complete()
    return writer


def wait_for_task(screen: Screen, world, task: str, client: str) -> None:
    """Move the demonstration's clock from date to date until a client's task has come."""
    for _ in range(12):
        worker.work_until_rest(world)
        screen.visit("/tasks/").click("Move the clock to the next due date")
        assert "What was due has been done." in screen.text
        rows = screen.visit("/tasks/").page.get_by_role("row").filter(has_text=client)
        if rows.filter(has_text=task).count():
            return
    raise AssertionError(f"The task {task} of {client} never came.")


def day(name: str, year: int) -> dict[str, str]:
    return {f"{name}-day": "1", f"{name}-month": "3", f"{name}-year": str(year)}


def planned(cara: Screen, world, client: str, *, amount: str = "") -> Screen:
    """Find that more can be done, and make a plan."""
    cara.open("8 Decide", client).answer(
        resolution_was_right="false", further_action="true", decision_rationale="The date was never corrected."
    ).complete()
    cara.open("13 Create a Resolution Plan", client)
    put_all(
        cara,
        {
            "request.plan_reasons-0-reason": "Wrong effective date",
            "request.plan_reasons-0-comments": "The date was keyed wrongly.",
            "request.plan_actions-0-action": "Correct the effective date",
            "request.plan_actions-0-resolution_type": "Correction",
            "request.plan_actions-0-reason": "Wrong effective date",
            **day("request.plan_actions-0-due_on", world.clock.now().year + 1),
        },
    )
    if amount:
        cara.click("Add redress item")
        assert cara.page.locator('[name="request.plan_actions-0-action"]').input_value() == "Correct the effective date"
        put_all(
            cara,
            {
                "request.redress_items-0-type": "Consolatory payment",
                "request.redress_items-0-amount": amount,
                "request.redress_items-0-reason": "Delay",
            },
        )
    return cara.complete()


def called(cara: Screen, client: str, **answers: str) -> Screen:
    return cara.open("Call the client", client).answer(**{**REACHED, **answers}).complete()


def given_up_calling(cara: Screen, world, client: str) -> Screen:
    """Call now and in another part of the day; the client is not reached."""
    cara.open("Call the client", client).answer(**NOT_REACHED, stop_trying="false").complete()
    now = world.clock.now()
    hours = (now + timedelta(hours=number) for number in range(1, 24))
    world.clock.move_to(next(later for later in hours if day_part(later) != day_part(now)))
    return cara.open("Call the client", client).answer(**NOT_REACHED, stop_trying="true").complete()


def paid(cara: Screen, world, client: str) -> Screen:
    """Have the approved payment instructed, and confirm that it was made."""
    cara.open("Progress the approved payment", client).answer(payment_step="send").complete()
    worker.work_until_rest(world)
    cara.open("Confirm that the payment was made", client)
    cara.answer(payment_outcome="paid", payment_reference="EX-2026-0001")
    put_all(cara, day("paid_on", world.clock.now().year))
    return cara.complete()


def carried_out(cara: Screen, client: str) -> Screen:
    cara.open("22 Update the resolution actions", client)
    cara.put("request.plan_actions-0-status", "Done").complete()
    return cara.open("24 Progress the actions", client).answer(next_step="done").complete()


def plan_letter(world) -> dict[str, str]:
    """Return the boxes of CMSL5801: due when the last action of the plan is."""
    today = world.clock.now().astimezone(LONDON).date()
    due_on = date(today.year + 1, 3, 1)
    return {
        "details": "You told us that payments are taken from the wrong date.",
        "explanation": "The date was keyed wrongly.",
        "corrective_action": "We will correct the date.",
        "days": str((due_on - today).days),
        **day("due_on", due_on.year),
    }


@pytest.mark.long
def test_no_further_action_and_the_client_stays_silent(people, served):
    world, client = served[0], "Robin Example"
    cara = accepted(people, world, client)
    cara.open("8 Decide", client).answer(
        resolution_was_right="true", further_action="false", decision_rationale="Everything has been done."
    ).complete()
    cara.open("Call the client", client).answer(**REACHED).complete()
    letter_checked(cara, client, update="We looked at everything again.")
    worker.work_until_rest(world)
    cara.visit("/cases/").click(client)
    assert "Waits for the client until" in cara.text
    wait_for_task(cara, world, "11 No reply", client)
    cara.open("11 No reply", client).answer(no_reply_confirmed="yes").complete()
    assert "No Action Taken" in cara.unfold().text
    assert "Nobody: it is closed" in cara.text


def test_a_plan_with_redress_is_rejected_once_then_agreed(people, served):
    world, client = served[0], "Isla Invented"
    cara, rita = accepted(people, world, client), people["rita"]
    planned(cara, world, client, amount="75")
    rita.claim("14 Decide on the plan", client)
    assert "£75" in rita.text
    rita.answer(approval_decision="rejected").click("Complete this task")
    assert "There is a problem" in rita.text
    rita.answer(approval_comments="Too much for a short delay.").complete()
    cara.open("13 Create a Resolution Plan", client)
    assert "Too much for a short delay." in cara.text
    cara.put("request.redress_items-0-amount", "50").complete()
    rita.claim("14 Decide on the plan", client)
    rita.answer(approval_decision="approved", decided_amount="50", approval_comments="Fair.").complete()
    called(cara, client, plan_answer="agree")
    cara.open("16 Update the Due Date", client).put("request.plan_actions-0-client_agreed", "yes").complete()
    letter_checked(cara, client, **plan_letter(world))
    worker.work_until_rest(world)
    carried_out(cara, client)
    paid(cara, world, client)
    assert "£50.00" in cara.text
    called(cara, client, closure_answer="agree")
    letter_checked(cara, client, what_this_means="The date has been corrected. We are sorry.")
    worker.work_until_rest(world)
    cara.visit("/cases/").click(client)
    assert "Actions Complete – Client OK" in cara.text
    assert "CMSL5806" in cara.text


@pytest.mark.long
def test_the_client_disagrees_the_plan_stands_and_nobody_is_reached_at_closure(people, served):
    world, client = served[0], "Niamh Notreal"
    cara, rita = accepted(people, world, client), people["rita"]
    planned(cara, world, client)
    called(cara, client, plan_answer="disagree")
    cara.open("16 Update the Due Date", client).complete()
    letter_checked(cara, client, **plan_letter(world))
    worker.work_until_rest(world)
    rita.claim("19 Decide after the client disagreed", client)
    rita.answer(approval_decision="approved", decided_amount="0", approval_comments="The plan is right.").complete()
    called(cara, client)
    letter_checked(cara, client, update="A senior team leader reviewed the plan.")
    worker.work_until_rest(world)
    carried_out(cara, client)
    given_up_calling(cara, world, client)
    letter_checked(cara, client, what_this_means="The date has been corrected. We are sorry.")
    wait_for_task(cara, world, "27 Check the outcome", client)
    cara.open("27 Check the outcome", client).answer(no_reply_confirmed="yes").complete()
    assert "Actions Complete – No Reply" in cara.text
    assert "CMSL5805" in cara.text
    assert "CMSL5806" not in cara.text


def test_questions_appear_and_go_with_the_answers_that_they_depend_on(screen):
    cara = screen("cara")
    cara.visit("/tasks/").click("Call the client")
    stop = cara.page.locator('[data-question="stop_trying"]')
    enquiry = cara.page.locator('[data-question="enquiry_only"]')
    stop.wait_for(state="hidden")
    cara.answer(contact_outcome="no_answer")
    stop.wait_for(state="visible")
    assert not enquiry.is_visible()
    cara.answer(contact_outcome="reached")
    enquiry.wait_for(state="visible")
    stop.wait_for(state="hidden")


def test_without_javascript_every_question_is_there_and_the_server_decides(screen):
    cara = screen("cara", script=False)
    cara.visit("/tasks/").click("Call the client")
    assert cara.page.locator('[data-question="stop_trying"]').is_visible()
    cara.answer(**REACHED, enquiry_only="false", stop_trying="true").complete()


def test_the_diagram_is_drawn_with_its_tokens_and_the_makers_mark(screen):
    otis = screen("otis")
    otis.visit("/operations/instances/4")
    otis.page.wait_for_selector("[data-drawn]")
    assert otis.page.locator(".app-live-badge").count() >= 2
    assert otis.page.locator(".bjs-powered-by").is_visible()
    otis.check_access()


def test_an_error_summary_takes_the_focus_and_leads_to_the_question(screen):
    cara = screen("cara")
    cara.visit("/tasks/").click("Call the client").click("Complete this task")
    expect(cara.page.locator(".govuk-error-summary")).to_be_focused()
    cara.page.locator(".govuk-error-summary a").first.click()
    expect(cara.page.locator('[name="contact_outcome"]').first).to_be_focused()
    cara.check_access()


def test_the_first_stop_of_the_keyboard_leads_past_what_is_on_every_page(screen):
    cara = screen("cara", width=320).visit("/tasks/")
    cara.page.keyboard.press("Tab")
    assert cara.page.evaluate("document.activeElement.textContent") == "Skip to main content"
    cara.page.keyboard.press("Enter")
    cara.page.keyboard.press("Tab")
    assert cara.page.evaluate("document.activeElement.closest('main') !== null")
