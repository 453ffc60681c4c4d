"""Drafts, two windows, a conflict and the letter's preview in a real browser, with JavaScript and without."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select, update

from engine.drafts import draft_of
from engine.models import Person, ProcessInstance, ServiceRequest, UserTask
from engine.values import dumps, loads

SAVED = "Draft saved at"


def open_task(world, element_id, username):
    """Return the id of a task of the demonstration that somebody holds."""
    with world.db.read() as connection:
        found = (
            select(UserTask)
            .join(Person, Person.person_id == UserTask.assignee_id)
            .where(UserTask.element_id == element_id, UserTask.status == "open", Person.username == username)
        )
        return connection.execute(found).first()


@pytest.fixture
def plan(served, screen):
    """Cara writes a plan: the address of her task and her screen."""
    world, _ = served
    task = open_task(world, "create_plan", "cara")
    return world, task, screen("cara").visit(f"/tasks/{task.task_id}")


def status(screen):
    return screen.page.locator("#draft-status")


def box(screen, name="request.plan_reasons-0-reason"):
    return screen.page.locator(f'[name="{name}"]')


def test_typing_is_kept_when_the_window_is_closed(plan, screen):
    _, task, cara = plan
    box(cara).fill("Wrong date")
    expect(status(cara)).to_contain_text(SAVED)
    cara.check_access()
    box(cara).fill("Wrong date of change")
    cara.page.close(run_before_unload=True)  # before the pause after which typing is saved
    again = screen("cara")
    for _ in range(20):  # what a closing window sends may arrive after the next page is asked for
        if box(again.visit(f"/tasks/{task.task_id}")).input_value() == "Wrong date of change":
            return
    raise AssertionError("What was typed last was lost.")


def test_the_older_of_two_windows_is_told_and_shows_both_drafts(plan, screen):
    _, task, older = plan
    newer = screen("cara").visit(f"/tasks/{task.task_id}")
    box(newer).fill("The newer reason")
    expect(status(newer)).to_contain_text(SAVED)
    box(older).fill("The older reason")
    expect(status(older)).to_contain_text("A newer draft of this task was saved in another window")
    older.click("Compare the two drafts")
    reason = "Reason or ground for the complaint"
    assert f"On this page {reason}: The older reason In the newer draft {reason}: The newer reason" in older.text
    older.check_access()
    expect(status(older)).to_contain_text("not saved yet")
    older.click("Use what the draft says")
    expect(box(older)).to_have_value("The newer reason")


def test_a_conflict_keeps_what_was_typed_and_shows_what_changed(served, screen):
    world, _ = served
    task = open_task(world, "create_plan", "cara")
    cara = screen("cara").visit(f"/tasks/{task.task_id}")
    for name, text in {
        "request.plan_reasons-0-reason": "Wrong date",
        "request.plan_reasons-0-comments": "It was keyed wrongly.",
        "request.plan_actions-0-action": "Correct the date",
        "request.plan_actions-0-resolution_type": "Correction",
        "request.plan_actions-0-reason": "Wrong date",
        "request.plan_actions-0-due_on-day": "1 March 2027",
    }.items():
        cara.put(name, text)
    with world.db.write() as connection:
        facts = connection.execute(
            select(ServiceRequest.facts, ServiceRequest.request_id).where(
                ServiceRequest.request_id == task_request(connection, task)
            )
        ).one()
        changed = {**loads(facts.facts), "plan_reasons": [{"reason": "Another reason", "comments": "From elsewhere."}]}
        connection.execute(
            update(ServiceRequest).where(ServiceRequest.request_id == facts.request_id).values(facts=dumps(changed))
        )
    cara.click("Complete this task")
    assert "The case changed while you had this task open" in cara.text
    assert "Another reason" in cara.text
    cara.page.set_viewport_size({"width": 320, "height": 800})
    assert cara.page.evaluate("document.documentElement.scrollWidth") <= 320
    expect(box(cara)).to_have_value("Wrong date")
    expect(cara.page.locator(".govuk-error-summary")).to_be_focused()
    cara.check_access()


def task_request(connection, task):
    found = select(ProcessInstance.request_id).where(ProcessInstance.instance_id == task.instance_id)
    return connection.execute(found).scalar_one()


def test_a_letter_is_drawn_again_while_it_is_written(served, screen):
    world, _ = served
    task = open_task(world, "check_letter", "cara")
    cara = screen("cara").visit(f"/tasks/{task.task_id}")
    cara.put("letter_check", "change").click("Complete this task")
    writing = open_task(world, "write_letter", "cara")
    cara.visit(f"/tasks/{writing.task_id}")
    words = cara.page.locator("#letter .app-note")
    cara.put("slots.update", "We looked again at every payment.")
    expect(words).to_contain_text("We looked again at every payment.")
    first = cara.page.locator(".app-preview img").first
    assert first.evaluate("i => i.decode().then(() => i.naturalWidth > 0)")
    with cara.page.expect_response("**/letter?size=18&brand=cmg"):
        cara.page.locator("#size").select_option("18")
    expect(first).to_have_attribute("src", f"/tasks/{writing.task_id}/letter/1.svg?size=18&brand=cmg&v=1")
    expect(cara.page.locator("#letter")).to_contain_text("This is not what will be sent.")
    cara.page.locator("#brand").select_option("nicms")
    expect(words).to_contain_text("Northern Ireland Child Maintenance Service")
    cara.check_access()


def test_who_hears_the_page_is_told_once_that_the_preview_shows_what_was_typed(served, screen):
    world, _ = served
    task = open_task(world, "check_letter", "cara")
    cara = screen("cara").visit(f"/tasks/{task.task_id}")
    cara.put("letter_check", "change").click("Complete this task")
    cara.page.clock.install()
    cara.visit(f"/tasks/{open_task(world, 'write_letter', 'cara').task_id}")
    status, words = cara.page.locator("#preview-status"), cara.page.locator("#letter .app-note")
    for typed in ("We looked", "We looked again."):
        cara.put("slots.update", typed)
        cara.page.clock.run_for(500)  # the draft is saved, and the letter drawn
        expect(words).to_contain_text(typed)
        expect(status).to_have_text("")  # more may be typed
    cara.page.clock.run_for(2500)
    expect(status).to_have_text("The preview shows your changes.")
    cara.page.locator("#size").select_option("18")
    expect(status).to_have_text("The preview shows this version, which is not what will be sent.")
    assert status.get_attribute("role") == "status"


def test_without_javascript_conditions_are_said_and_rows_are_gone_on_at(plan, screen):
    world, task, _ = plan
    calling = open_task(world, "call_client", "cara")
    plain = screen("cara", script=False, width=320).visit(f"/tasks/{calling.task_id}")
    assert "Only if “What happened?” is “I spoke to the client”:" in plain.text
    plain.visit(f"/tasks/{task.task_id}").click("Add another action")
    expect(plain.page.locator("fieldset[autofocus]")).to_contain_text("Action 2")
    box(plain).fill("Typed by hand")
    plain.click("Save as draft")
    assert SAVED in plain.text
    assert draft_of(open_task(world, "create_plan", "cara")).typed["request.plan_reasons-0-reason"] == ["Typed by hand"]


def test_a_call_is_recorded_in_two_clicks_and_what_was_typed_stays(plan):
    _, _, cara = plan
    box(cara).fill("Half a reason")
    cara.page.get_by_label("Called, no answer").check()
    cara.click("Record the call")
    assert "The call is recorded" in cara.text
    expect(box(cara)).to_have_value("Half a reason")
    cara.check_access()


def test_who_was_signed_out_and_signs_in_elsewhere_goes_on_typing(plan, screen):
    _, _, cara = plan
    elsewhere = cara.page.context.new_page()
    elsewhere.goto(cara.address + "/tasks/")
    elsewhere.get_by_role("button", name="Sign out").click()
    box(cara).fill("Typed while signed out")
    expect(status(cara)).to_contain_text("you are signed out")
    elsewhere.goto(cara.address + "/sign-in")
    elsewhere.fill("#username", "cara")
    elsewhere.fill("#password", "demo")
    elsewhere.locator("form[novalidate]").get_by_role("button", name="Sign in").click()
    elsewhere.wait_for_url("**/tasks/**")
    cara.page.evaluate("dispatchEvent(new Event('focus'))")
    expect(status(cara)).to_contain_text(SAVED)
    cara.click("Save as draft")
    assert "Your draft is saved" in cara.text
    expect(box(cara)).to_have_value("Typed while signed out")
