"""Recording a contact by its pages: find the client, say everything once, go on with the first task."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from engine import cases
from engine.models import Case, Contact, Note, ProcessInstance, UserTask
from tests.page import Browser

NEW_CLIENT = {
    "case.client_name": "Nova Newcomer",
    "case.reference": "CM-7000001",
    "case.phone": "01632 960101",
    "case.client_address": "1 Sample Street\nExampletown\nEX9 1EX",
    "case.nation": "england_wales",
    "case.language": "en",
    "case.letter_format": "standard",
}
MAINTENANCE = {"case.scheme": "2012", "case.is_closed": "false"}
ISSUE = {
    "request.issue": "Nobody answers the letters.",
    "request.issue_kind": "dissatisfied",
    "request.arrears_issue": "false",
    "request.both_schemes": "false",
}
CONTACT = {"request.source": "client", "request.contact_channel": "phone", "request.identified": "yes", **ISSUE}


def on(day: date, name: str) -> dict[str, str]:
    return {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}


def rows(world: Any, model: Any) -> list[Any]:
    with world.db.read() as connection:
        return list(connection.execute(select(model.__table__)))


def new_contact(person: Browser) -> Browser:
    """Search for a client who is not there, and open the page for a new one."""
    person.visit("/").follow("Record a contact")
    person.press("Search", {"q": "Nova Newcomer"})
    assert "No client fits" in person.text
    return person.follow("Record a contact of a new client")


def record(person: Browser, **more: str) -> Browser:
    answers = {**NEW_CLIENT, **MAINTENANCE, **CONTACT, **{key.replace("__", "."): text for key, text in more.items()}}
    return new_contact(person).press("Record this contact", answers)


def test_a_contact_of_a_new_client_leads_to_the_first_task(visitor, deployed):
    person = record(visitor("owning_team"))
    assert person.status == 200
    assert "Contact CON-000001 is recorded." in person.text
    assert person.path.startswith("/tasks/")
    assert person.heading == "4 Look for outstanding actions, signpost"
    (contact,) = rows(deployed, Contact)
    assert contact.received_on == deployed.clock.now().date()


def test_who_records_a_contact_for_another_team_is_led_to_the_case(visitor):
    leader = record(visitor("owning_team_leader"))
    assert "Contact CON-000001 is recorded." in leader.text
    assert leader.path.startswith("/cases/")


def test_what_was_searched_for_and_todays_date_are_filled_in(visitor, deployed):
    person = new_contact(visitor("owning_team"))
    filled = dict(person.page.forms[-1].form_values())
    assert filled["case.client_name"] == "Nova Newcomer"
    assert filled["request.received_on-day"] == str(deployed.clock.now().day)
    assert filled["case.language"] == "en"


def test_several_issues_are_described_on_one_page_and_each_has_its_task(visitor, deployed):
    person = new_contact(visitor("owning_team"))
    person.press("Add further issue", {**NEW_CLIENT, **MAINTENANCE, **CONTACT})
    assert dict(person.page.forms[-1].form_values())["case.client_name"] == "Nova Newcomer"
    person.press(
        "Record this contact",
        {"further_issues-0-issue": "When is the next payment?", "further_issues-0-issue_kind": "question"},
    )
    assert person.path.startswith("/cases/")
    assert "Its 2 issues each take their own way" in person.text
    assert person.text.count("4 Look for outstanding actions, signpost") >= 2
    assert len(rows(deployed, ProcessInstance)) == 2
    # Each issue has a card and a path of its own.
    assert len([h for h in person.page.iter("h3") if "no service request yet" in h.text_content()]) == 2
    assert "1 2 1 2" not in person.text


def test_the_page_sent_again_makes_no_second_contact(visitor, deployed):
    person = new_contact(visitor("owning_team"))
    form = person.page.forms[-1]
    answers = {**NEW_CLIENT, **MAINTENANCE, **CONTACT}
    button = form.xpath(".//button[@value='complete']")[0]
    person.send(form, answers, button)
    person.send(form, answers, button)
    assert "was recorded before, as CON-000001. It was not recorded a second time." in person.text
    assert [len(rows(deployed, model)) for model in (Case, Contact, UserTask)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"request.issue": ""}, "Enter what it is about"),
        ({"request.issue_kind": "outcome"}, "Without one there is nothing to review"),
        ({"case.client_name": ""}, "Enter the client’s name"),
        ({"case.phone": "no phone"}, "Enter a phone number"),
    ],
)
def test_what_is_not_right_is_said_beside_its_question_and_nothing_is_there(visitor, deployed, answers, sentence):
    person = new_contact(visitor("owning_team"))
    person.press("Record this contact", {**NEW_CLIENT, **MAINTENANCE, **CONTACT, **answers})
    assert person.status == 422
    assert "There is a problem" in person.text
    assert person.text.count(sentence) == 2
    assert [rows(deployed, model) for model in (Case, Contact, ProcessInstance)] == [[], [], []]


def test_dates_in_the_future_are_refused_together_with_what_else_is_wrong(visitor, deployed):
    tomorrow = deployed.clock.now().date() + timedelta(days=1)
    future = {"case.is_closed": "true"} | on(tomorrow, "case.closed_on") | on(tomorrow, "request.received_on")
    person = new_contact(visitor("owning_team"))
    person.press("Record this contact", {**NEW_CLIENT, **MAINTENANCE, **CONTACT, **future, "request.issue": ""})
    assert person.status == 422
    for sentence in (
        "Date they contacted us must be today or in the past",
        "Date the maintenance case was closed must be today or in the past",
        "Enter what it is about",
    ):
        assert person.text.count(sentence) == 2
    assert rows(deployed, Case) == []


def test_a_number_that_is_another_clients_says_whose(visitor, deployed, case_id):
    person = record(visitor("owning_team"), case__reference="CM-2000001")
    assert person.status == 422
    assert "is the number of Robin Example" in person.text
    assert len(rows(deployed, Case)) == 1


def test_a_known_client_is_not_typed_again_and_their_requests_are_seen_first(visitor, deployed, case_id):
    person = visitor("owning_team").visit("/contacts/?q=robin")
    assert "SR-000900, Resolution: closed on" in person.text
    person.follow("Record a contact of Robin Example")
    assert "SR-000900" in person.text
    person.press("Record this contact", {**MAINTENANCE, **CONTACT})
    assert "Contact CON-000001 is recorded." in person.text
    assert "01632 960001" not in [row.text for row in rows(deployed, Note)]


def test_the_same_issue_again_is_noted_on_the_open_request(visitor, deployed, case_id):
    person = visitor("owning_team")
    with deployed.db.write() as connection:
        fields = {"kind": "Resolution", "status": "In Progress", "owner_group": "owning_team", "issue": "No answer."}
        cases.open_request(connection, deployed, case_id=case_id, number="SR-000901", fields=fields)
    person.visit(f"/contacts/clients/{case_id}")
    said = {**MAINTENANCE, **CONTACT}
    person.press("Record this contact", said)
    assert person.text.count("Select the open service request, or that none is about the same issue") == 2
    person.press("Record this contact", {"request.open_request": "SR-000901", "request.open_issue_use": "note"})
    assert "A note was added to SR-000901." in person.text
    assert person.path == f"/cases/{case_id}"
    assert rows(deployed, ProcessInstance) == []
    assert any("Nobody answers the letters." in row.text for row in rows(deployed, Note))


def test_another_teams_client_is_found_with_no_more_than_intake_needs(visitor, deployed, case_id):
    with deployed.db.write() as connection:
        made = cases.open_case(
            connection,
            deployed,
            reference="CM-2000002",
            client_name="Hidden Person",
            nation="scotland",
            facts={"phone": "01632 960777", "client_address": "7 Secret Street\nEX7 7EX"},
        )
        fields = {"kind": "Review", "status": "In Progress", "owner_group": "review_caseworker", "issue": "A secret."}
        cases.open_request(connection, deployed, case_id=made, number="SR-000902", fields=fields)
    person = visitor("owning_team").visit("/contacts/?q=01632+960777")
    assert "Hidden Person" in person.text
    assert "SR-000902, Review: In Progress" in person.text
    person.follow("Record a contact of Hidden Person")
    for secret in ("01632 960777", "Secret Street", "A secret."):
        assert secret not in person.body.decode()
    assert person.visit(f"/cases/{made}").status == 404
    assert person.visit(f"/contacts/clients/{made}/details").status == 404


def test_from_a_case_a_contact_is_recorded_and_its_procedure_is_not_started_around_it(visitor, case_id):
    person = visitor("owning_team").visit(f"/cases/{case_id}")
    assert "Start: Complaint/Dissatisfaction - Log" not in person.text
    assert "Start: Complaint - Review" in person.text
    assert person.follow("Record a contact of Robin Example").path == f"/contacts/clients/{case_id}"
    assert person.visit(f"/cases/{case_id}/start/log").status == 403


def test_details_are_changed_from_the_case_and_a_note_says_what_was(visitor, deployed, case_id):
    person = visitor("owning_team").visit(f"/contacts/clients/{case_id}/details")
    assert dict(person.page.forms[-1].form_values())["case.phone"] == "01632 960001"
    person.press("Save the details", {"case.phone": "01632 960555", "case.nation": "scotland"})
    assert person.path == f"/cases/{case_id}"
    assert "Changed: Phone, Nation" in person.text
    assert "Phone: 01632 960001 → 01632 960555" in person.text
    assert "Nation: England and Wales → Scotland" in person.text
    person.visit(f"/contacts/clients/{case_id}/details").press("Save the details", {"case.client_name": ""})
    assert person.status == 422
    person.visit(f"/contacts/clients/{case_id}/details").press("Save the details")
    assert "Nothing was changed." in person.text


@pytest.mark.parametrize("username", ["review_caseworker", "operations", "analyst", "redress_authority"])
def test_other_teams_are_not_offered_intake(visitor, username):
    person = visitor(username)
    assert "Record a contact" not in person.visit("/tasks/").page.text_content()
    assert person.visit("/contacts/?q=robin").status == 403


def test_a_leader_of_the_team_records_contacts_too(visitor):
    assert record(visitor("owning_team_leader")).status == 200


def test_hostile_text_is_text(visitor, deployed):
    person = visitor("owning_team")
    for text in ("<script>alert(1)</script>", "' or 1=1 --", "%", "_" * 500, "\u202e", "🙂"):
        assert person.visit("/contacts/").press("Search", {"q": text}).status == 200
    person = record(person, case__client_name="<b>Bold</b>", request__issue="<script>alert(1)</script>")
    assert person.status == 200
    assert b"<script>alert" not in person.body


def test_from_the_page_to_the_first_task_there_are_at_most_25_statements_and_one_commit(visitor, deployed):
    person = new_contact(visitor("owning_team"))
    form = person.page.forms[-1]
    fields = dict(form.form_values()) | NEW_CLIENT | MAINTENANCE | CONTACT | {"do": "complete"}
    sent: list[str] = []
    commits: list[object] = []

    def statement(_connection: Any, _cursor: Any, text: str, *_rest: Any) -> None:
        sent.append(text)

    def commit(_connection: Any) -> None:
        commits.append(_connection)

    event.listen(deployed.db.engine, "before_cursor_execute", statement)
    event.listen(deployed.db.engine, "commit", commit)
    answer = person.client.post(form.get("action"), data=fields)
    event.remove(deployed.db.engine, "before_cursor_execute", statement)
    event.remove(deployed.db.engine, "commit", commit)
    assert (answer.status_code, answer.headers["Location"][:7]) == (302, "/tasks/")
    assert len(commits) == 1
    writing = sent[next(i for i, text in enumerate(sent) if "IMMEDIATE" in text or "pg_advisory" in text) :]
    assert len(writing) <= 25, writing
