"""A contact is recorded in a real browser: a new client, two issues, by mouse and without JavaScript."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

CLIENT = {
    "case.client_name": "Nova Newcomer",
    "case.reference": "CM-7000001",
    "case.phone": "01632 960101",
    "case.client_address": "1 Sample Street\nExampletown\nEX9 1EX",
    "case.nation": "england_wales",
    "case.scheme": "2012",
    "case.is_closed": "false",
}
CONTACT = {
    "request.source": "client",
    "request.contact_channel": "phone",
    "request.identified": "yes",
    "request.issue": "Nobody answers the letters about a change of address.",
    "request.issue_kind": "dissatisfied",
    "request.arrears_issue": "false",
    "request.both_schemes": "false",
}


def put_all(screen, answers):
    for name, text in answers.items():
        screen.put(name, text)
    return screen


def found_nobody(screen):
    """Search for a client who is not there, and open the page for a new one."""
    screen.visit("/").click("Record a contact")
    screen.put("q", "Nova Newcomer").click("Search")
    assert "No client fits" in screen.text
    return screen.click("Record a contact of a new client")


@pytest.mark.parametrize("width", [1280, 320])
def test_a_contact_of_a_new_client_with_two_issues(screen, width):
    olive = found_nobody(screen("olive", width=width))
    olive.check_access()
    assert olive.page.locator('[name="case.client_name"]').input_value() == "Nova Newcomer"
    assert olive.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    put_all(olive, {**CLIENT, **CONTACT})
    olive.click("Add further issue")
    assert olive.page.locator('[name="request.issue"]').input_value() == CONTACT["request.issue"]
    olive.put("further_issues-0-issue", "When is the next payment due?")
    arrears = olive.page.locator('[data-question="further_issues-0-arrears_issue"]')
    olive.put("further_issues-0-issue_kind", "dissatisfied")
    arrears.wait_for(state="visible")
    olive.put("further_issues-0-issue_kind", "question")
    arrears.wait_for(state="hidden")
    olive.check_access().click("Record this contact")
    assert "Contact CON-000001 is recorded. Its 2 issues each take their own way" in olive.text
    assert olive.page.get_by_role("row").filter(has_text="4 Look for outstanding actions, signpost").count() == 2
    olive.check_access()


def test_without_javascript_a_contact_is_recorded_and_a_wrong_date_is_said_beside_it(screen, served):
    olive = found_nobody(screen("olive", script=False))
    put_all(olive, {**CLIENT, **CONTACT, "case.is_closed": "true"})
    tomorrow = served[0].clock.now() + timedelta(days=2)
    parts = {"day": tomorrow.day, "month": tomorrow.month, "year": tomorrow.year}
    put_all(olive, {f"case.closed_on-{part}": str(number) for part, number in parts.items()})
    olive.click("Record this contact")
    expect(olive.page.locator("#case-closed_on-error")).to_contain_text("must be today or in the past")
    olive.put("case.closed_on-year", str(tomorrow.year - 1)).click("Record this contact")
    assert "Contact CON-000001 is recorded." in olive.text
    assert "4 Look for outstanding actions, signpost" in olive.page.locator("h1").inner_text()


def test_the_same_issue_is_seen_before_anything_is_typed_and_added_as_a_note(screen):
    olive = screen("olive")
    olive.visit("/contacts/").put("q", "Wren Waiting").click("Search")
    assert "Open" in olive.text
    olive.check_access().click("Record a contact of Wren Waiting")
    kind = olive.page.locator('[data-question="request-issue_kind"]')
    kind.wait_for(state="visible")
    review = olive.page.locator('[name="request.open_request"]').first
    put_all(
        olive,
        {
            "request.source": "client",
            "request.contact_channel": "phone",
            "request.issue": "Still waiting.",
            "case.scheme": "2012",
            "case.is_closed": "false",
        },
    )
    review.check()
    olive.put("request.open_issue_use", "note")
    kind.wait_for(state="hidden")
    olive.check_access().click("Record this contact")
    assert "A note was added to SR-" in olive.text
    assert "Still waiting." in olive.text
