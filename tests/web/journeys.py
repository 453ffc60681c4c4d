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


def allocate(leader: Browser, caseworker_id: str) -> Browser:
    """Claim the allocation and give the case to a caseworker."""
    return claim(leader, "5 Allocate the SR").press("Complete this task", {"request.caseworker": caseworker_id})


def accept(caseworker: Browser) -> Browser:
    """Pass the gate, introduce oneself, fill in the complaint's details."""
    open_task(caseworker, "6 Check the gate").press("Complete this task", {"gate_decision": "accept"})
    open_task(caseworker, "Call the client").press("Complete this task", REACHED)
    return open_task(caseworker, "7 Complete the Complaints Details").press("Complete this task", DETAILS)


DETAILS = {
    "request.addressee": "Child Maintenance Group (CMG)",
    "request.root_cause": "Human Error",
    "request.parliamentary_contact": "false",
    "request.complaint_details": "Payments are taken from a date that was wrong.",
}
NO_FURTHER_ACTION = {
    "resolution_was_right": "true",
    "further_action": "false",
    "decision_rationale": "Everything has been done.",
}


def decide_no_further_action(caseworker: Browser) -> Browser:
    """Decide that nothing more can be done and tell the client by phone; the letter is then to be written."""
    open_task(caseworker, "8 Decide").press("Complete this task", NO_FURTHER_ACTION)
    told = {name: answer for name, answer in REACHED.items() if name != "enquiry_only"}
    return open_task(caseworker, "Call the client").press("Complete this task", told)


def write_letter(caseworker: Browser, **slots: str) -> Browser:
    """Write the letter that is to be written."""
    answers = {f"slots.{name}": text for name, text in slots.items()}
    return open_task(caseworker, "Write the letter").press("Complete this task", answers)
