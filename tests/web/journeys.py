"""Ways through the procedure that tests take by its pages: each fills in the forms as they stand."""

from __future__ import annotations

from tests.page import Browser

REFERRAL = {
    "request.reason_for_review": "Payments are still taken from the wrong date.",
    "request.same_issue": "true",
    "request.source": "client",
    "request.contact_channel": "phone",
    "request.received_on-day": "30",
    "request.received_on-month": "9",
    "request.received_on-year": "2026",
}
REACHED = {
    "contact_outcome": "reached",
    "contact_channel": "phone",
    "enquiry_only": "false",
    "contact_note": "We spoke about the complaint.",
}


def refer(owner: Browser, case_id: int) -> Browser:
    """Start a review on a case; the first call is then to be made."""
    owner.visit(f"/cases/{case_id}").follow("Start: Complaint - Review")
    owner.press("Start", REFERRAL)
    assert owner.status == 200, owner.text
    return owner


def claim(person: Browser, task: str) -> Browser:
    """Claim the task of this name from the queue."""
    person.visit("/tasks/queue").follow(task)
    return person.press("Claim this task")


def open_task(person: Browser, task: str) -> Browser:
    """Open a task of one's own."""
    return person.visit("/tasks/").follow(task)


def call(owner: Browser) -> Browser:
    """Claim the call of the owning team and reach the client."""
    return claim(owner, "Call the client").press("Complete this task", REACHED)
