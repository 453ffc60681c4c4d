"""What operations and analysts see: where instances stand, what stopped, what is handed over, what is deployed."""

import json
from dataclasses import replace

import pytest

from engine import messages, worker
from engine.outbox import owe
from tests.web.conftest import person_id
from tests.web.journeys import accept, allocate, call, decide_no_further_action, open_task, refer, write_letter
from tests.world import somebody

HELD_UP = "Operations: a letter or a message could not be handed over (Scenario review caseworker has the case)"


@pytest.fixture
def started(visitor, case_id):
    """An instance whose first call is to be made."""
    refer(visitor("owning_team"), case_id)
    return visitor("operations")


def test_an_instance_shows_its_live_tokens_on_the_diagram_and_in_a_table(started):
    started.visit("/operations/instances").follow("Instance 1")
    place = started.page.get_element_by_id("diagram")
    assert place.get("data-diagram").endswith("contact_client.bpmn")
    assert json.loads(place.get("data-live")) == {"call_client": {"kind": "active", "count": 1}}
    assert "In the queue of Owning team" in started.text
    assert "The chain is whole" in started.text


def test_the_calling_diagram_marks_the_call_where_only_one_can_be_meant(started, visitor, deployed, case_id):
    call(visitor("owning_team"))
    allocate(visitor("review_team_leader"), person_id(deployed, "review_caseworker"))
    accept(visitor("review_caseworker"))
    started.visit("/operations/instances/1?diagram=processes/review/review.bpmn")
    live = json.loads(started.page.get_element_by_id("diagram").get("data-live"))
    active = [element for element, mark in live.items() if mark["kind"] == "active"]
    assert active == ["plan_review"]


def test_a_diagram_is_sent_as_it_was_deployed_and_nothing_else_is(started, deployed):
    started.visit("/operations/instances/1")
    address = started.page.get_element_by_id("diagram").get("data-diagram")
    answer = started.client.get(address)
    assert answer.mimetype == "application/xml"
    assert b"bpmn:definitions" in answer.data
    assert started.client.get(address.replace("contact_client.bpmn", "../dictionary.toml")).status_code == 404
    assert started.client.get(address.split("/diagram/")[0] + "/diagram/processes/dictionary.toml").status_code == 404


def test_a_delivery_that_failed_is_an_incident_that_operations_retry(visitor, case_id, deployed):
    call(refer(visitor("owning_team"), case_id))
    allocate(visitor("review_team_leader"), person_id(deployed, "review_caseworker"))
    caseworker = accept(visitor("review_caseworker"))
    decide_no_further_action(caseworker)
    write_letter(caseworker, update="Words.")
    open_task(caseworker, "Check the letter").press("Complete this task", {"letter_check": "confirm"})
    deployed.settings = replace(deployed.settings, delivery_attempts=1)
    deliveries, deployed.deliveries = deployed.deliveries, {"letter": out_of_paper}
    worker.work_until_rest(deployed)
    # Whoever holds the case is told, and the case says so until it was handed over.
    assert "CMSL5800 about SR-000001 could not be handed over" in caseworker.visit("/alerts").text
    assert HELD_UP in caseworker.visit(f"/cases/{case_id}").text
    assert "CMSL5800 (Keeping you informed about your complaint) could not be handed over" in caseworker.text
    assert "could not be handed over: Issue the letter" in caseworker.visit("/tasks/cases").text
    operations = visitor("operations").visit("/operations/incidents")
    assert "The printer is out of paper" in operations.text
    assert "Failed" in operations.visit("/operations/deliveries?state=failed").text
    deployed.deliveries = deliveries
    operations.visit("/operations/incidents").press("Try again")
    assert "The delivery will be tried again." in operations.text
    worker.work_until_rest(deployed)
    assert "Sent" in operations.visit("/operations/deliveries").text
    assert "Nothing has stopped." in operations.visit("/operations/incidents").text
    assert "could not be handed over" not in caseworker.visit(f"/cases/{case_id}").text


def out_of_paper(_world, _owed):
    raise OSError("The printer is out of paper")


def test_instances_are_counted_and_narrowed_by_status(started):
    started.visit("/operations/instances")
    assert "1 active" in started.text
    assert "There is no such instance." in started.visit("/operations/instances?status=incident").text
    assert "Instance 1" in started.visit("/operations/instances?status=bogus").text


def test_a_procedure_shows_its_versions_and_its_steps(visitor):
    analyst = visitor("analyst").visit("/procedures/")
    assert "Complaint - Review" in analyst.text
    analyst.follow("Complaint - Review")
    assert "5 Allocate the SR to a review caseworker" in analyst.text
    assert "style-src-attr 'unsafe-inline'" in analyst.headers["Content-Security-Policy"]


def test_health_says_the_version_and_the_state_of_database_and_scheduler(app):
    answer = app.test_client().get("/health")
    assert answer.status_code == 200
    assert answer.json == {
        "status": "ok",
        "version": "0.1.0",
        "database": "ok",
        "scheduler": "not in this process",
    }


def test_health_is_bad_when_the_scheduler_has_stopped_or_the_database_is_empty(app, deployed, world):
    class Stopped:
        running = False

    app.extensions["redress_scheduler"] = Stopped()
    answer = app.test_client().get("/health")
    assert (answer.status_code, answer.json["scheduler"]) == (503, "stopped")


def test_a_message_about_no_case_is_read_and_dealt_with_by_operations_and_one_of_a_case_on_the_case(
    visitor, deployed, case_id
):
    for key in ("SR-999999", "SR-000900"):
        messages.correlate(
            deployed,
            "nobody_waits",
            key,
            {"client_says": f"About {key}."},
            received_on=deployed.clock.now().date(),
            actor=somebody(deployed, "owning_team"),
        )
    operations = visitor("operations").visit("/operations/incidents")
    assert "About SR-999999." in operations.text
    assert "Case of SR-000900" in operations.text
    (form,) = (form for form in operations.page.forms if "/messages/1/" in (form.get("action") or ""))
    form.set("action", "/operations/messages/2/handled")  # forged
    assert operations.send(form, {}).status == 404
    operations.visit("/operations/incidents").press("Mark as dealt with")
    assert "Messages about no case that were dealt with" in operations.text
    assert "Scenario operations" in operations.page.get_element_by_id("main-content").text_content()


def test_every_kind_of_delivery_that_is_given_up_is_an_incident_and_said_on_the_case(started, deployed, case_id):
    payloads = {
        "letter": {"document_id": 99, "second_copy": True},
        "email": {"to": "ice@redress.example", "subject": "Complaint closed", "text": "Details."},
        "payment": {"number": "PAY-000001"},
    }
    deployed.settings = replace(deployed.settings, delivery_attempts=1)
    deployed.deliveries = dict.fromkeys(payloads, out_of_paper)
    with deployed.db.write() as connection:
        for kind, payload in payloads.items():
            owe(connection, key=kind, kind=kind, payload=payload, now=deployed.clock.now(), instance_id=1)
    worker.work_until_rest(deployed)
    said = started.visit(f"/cases/{case_id}").text
    for what in ("A second copy of A letter", "The email “Complaint closed”", "The instruction to pay PAY-000001"):
        assert f"{what} could not be handed over. Operations have had an incident about it since" in said
    assert started.visit("/operations/incidents").text.count("The printer is out of paper") == len(payloads)
