"""A form that is sent empty says what is wrong: in the title, on top with the focus, and beside each question."""

from __future__ import annotations

from tests.browser.every_page import every_page
from tests.browser.pictures import seen

# The page of a form -> the button that sends it. None of them takes an empty form.
FORMS = {
    "absences": "Record the absence",
    "attempt-correct": "Take this attempt back",
    "case-letter-again": "Send a second copy",
    "case-message": "Record this",
    "case-start": "Start",
    "hand-over-choose": "Hand over",
    "instance-suspend": "Suspend it",
    "people-add": "Add",
    "prove": "Continue",
    "record-contact-new-client": "Record this contact",
    "request-message": "Record this",
    "request-reopen": "Reopen",
    "task-create-plan": "Complete this task",
}


def test_a_form_that_is_sent_empty_says_what_is_wrong_where_people_look(chromium, settled):
    faults = []
    sights = [sight for sight in every_page(settled[0]) if sight.name in FORMS]
    assert {sight.name for sight in sights} == FORMS.keys()
    for sight, screen in seen(chromium, settled[1], sights):
        buttons = screen.page.get_by_role("main").get_by_role("button", name=FORMS[sight.name])
        screen.go(buttons.last)
        found = screen.page_faults()
        if not screen.page.locator(".govuk-error-summary a").count():
            found.append("no error summary with links")
        faults += [f"{sight.name}: {fault}" for fault in found]
    assert not faults, "\n" + "\n".join(faults)
