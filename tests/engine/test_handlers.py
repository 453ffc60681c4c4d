"""Handlers: what a service task does for a case, and what it refuses, on small diagrams and a real database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert

from engine import messages
from engine.attempts import day_part
from engine.models import (
    Blob,
    ContactAttempt,
    Document,
    Note,
    Notification,
    Payment,
    ProcessInstance,
    RequestLink,
    ServiceRequest,
)
from engine.values import loads
from handlers import HANDLERS
from tests import tiny
from tests.stage import Stage

MAKE = tiny.service_task("make", "create_request", {"kind": "Review", "main": "=true"})


def play(stage: Stage, *middle: tuple[str, str, dict[str, str]], retries: int = 0) -> str:
    """Make a request, run service tasks, each (element, job type, inputs), then ask a person; return the status."""
    ids = [element_id for element_id, _, _ in middle]
    stage.deploy(
        tiny.node("startEvent", "begin"),
        MAKE,
        *(tiny.service_task(element_id, job, inputs, retries) for element_id, job, inputs in middle),
        tiny.user_task("rest", form="ask"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "make", *ids, "rest", "done"),
        dictionary=PLAY_NAMES,
    )
    return stage.start().status


PLAY_NAMES = "".join(
    f'[fields.{name}]\ntype = "{kind}"\nlabel = "{name}"\n'
    for name, kind in (("payment", "text"), ("attempts", "number"), ("day_parts", "number"), ("number", "text"),
                       ("closure_problems", "long_text"), ("approved_amount", "money"))
)  # fmt: skip


def close(letter: str | None = None) -> dict[str, str]:
    inputs = {"resolution_code": "No Action Taken"}
    return inputs if letter is None else {**inputs, "closure_letter": letter}


NOTE = ("note", "add_note", {"text": "We spoke to the client."})
CLOSE = ("close", "close_request", close())


def refusal(stage: Stage) -> str:
    assert stage.status() == "incident"
    assert "Closed" not in [row.status for row in stage.rows(ServiceRequest)]
    return str(stage.incidents()[0].message)


def test_a_request_with_notes_and_nothing_owed_is_closed(stage: Stage) -> None:
    assert play(stage, NOTE, CLOSE) == "active"
    [request] = stage.rows(ServiceRequest)
    assert (request.status, request.sub_status, request.resolution_code) == ("Closed", "Complete", "No Action Taken")
    assert request.closed_at == stage.world.clock.now()


def test_a_request_that_is_made_as_closed_is_not_open_for_anybody(stage: Stage) -> None:
    play(stage, ("enquiry", "create_request", {"kind": "Enquiry", "status": "Closed"}))
    request = stage.rows(ServiceRequest)[-1]
    assert (request.kind, request.status, request.closed_at) == ("Enquiry", "Closed", stage.world.clock.now())


def test_a_request_without_a_note_is_not_closed(stage: Stage) -> None:
    play(stage, CLOSE)
    assert "no notes" in refusal(stage)


def test_an_empty_note_is_no_note(stage: Stage) -> None:
    play(stage, ("note", "add_note", {"text": '="  "'}), CLOSE)
    assert "no notes" in refusal(stage)


def test_a_request_that_owes_a_letter_is_not_closed_without_it(stage: Stage) -> None:
    play(stage, NOTE, ("close", "close_request", close("CMSL5800")))
    assert "CMSL5800 has not been issued" in refusal(stage)


@pytest.mark.parametrize(
    ("template", "is_dispatched", "closes"),
    [("CMSL5800", True, True), ("CMSL5800", False, False), ("CMSL5806", True, False)],
)
def test_only_the_dispatched_letter_that_is_owed_lets_a_request_close(
    stage: Stage, template: str, is_dispatched: bool, closes: bool
) -> None:
    stage.deploy(
        tiny.node("startEvent", "begin"), MAKE, tiny.user_task("ask", form="ask"),
        tiny.service_task("note", "add_note", {"text": "Done"}),
        tiny.service_task("close", "close_request", close("CMSL5800"), 0), tiny.node("endEvent", "done"),
        tiny.chain("begin", "make", "ask", "note", "close", "done"),
    )  # fmt: skip
    stage.start()
    with stage.world.db.write() as connection:
        connection.execute(insert(Blob).values(sha256="0" * 64, content=b"%PDF"))
        connection.execute(
            insert(Document).values(
                case_id=stage.case_id, request_id=1, kind="letter", template_id=template, title="Letter",
                media_type="application/pdf", sha256="0" * 64, created_at=stage.world.clock.now(), facts="{}",
                dispatched_at=stage.world.clock.now() if is_dispatched else None,
            )
        )  # fmt: skip
    assert stage.complete("ask").status == ("completed" if closes else "incident")


def test_a_request_with_an_open_payment_is_not_closed(stage: Stage) -> None:
    play(stage, NOTE, ("draft", "draft_payment", {"amount": "=5000"}), CLOSE)
    assert "payment is still open" in refusal(stage)


def test_a_withdrawn_payment_does_not_stand_in_the_way(stage: Stage) -> None:
    draft = ("draft", "draft_payment", {"amount": "=5000"})
    withdraw = ("withdraw", "update_payment", {"payment": "=payment", "status": "Withdrawn"})
    assert play(stage, NOTE, draft, withdraw, CLOSE) == "active"


def test_a_request_with_an_open_child_is_not_closed_until_the_child_is(stage: Stage) -> None:
    child = ("child", "create_request", {"kind": "Enquiry", "relation": "child"})
    play(stage, NOTE, child, CLOSE)
    assert "child request is still open" in refusal(stage)


def test_a_completed_child_does_not_stand_in_the_way(stage: Stage) -> None:
    child = ("child", "create_request", {"kind": "Enquiry", "relation": "child"})
    finish = ("finish", "complete_request", {"number": "=number", "note": "Answered"})
    assert play(stage, NOTE, child, finish, CLOSE) == "active"
    assert [row.status for row in stage.rows(ServiceRequest)] == ["Closed", "Closed"]
    assert stage.rows(RequestLink)[0].relation == "child"


def test_a_request_for_which_a_message_was_kept_is_not_closed_until_it_was_dealt_with(stage: Stage) -> None:
    from engine import jobs

    kept = messages.correlate(
        stage.world, "client_reply", "SR-000001", {}, received_on=date(2026, 10, 1), actor=stage.caseworker
    )
    play(stage, NOTE, CLOSE)
    assert "nobody has dealt with" in refusal(stage)
    messages.mark_handled(stage.world, kept.message_id, actor=stage.caseworker)
    jobs.retry_incident(stage.world, stage.incidents()[0].incident_id, actor=stage.leader)
    assert stage.rows(ServiceRequest)[0].status == "Closed"


def test_every_reason_against_closing_is_given_at_once_and_a_diagram_can_catch_it(stage: Stage) -> None:
    error = '<bpmn:errorEventDefinition errorRef="refusal" />'
    stage.deploy(
        tiny.node("startEvent", "begin"), MAKE,
        tiny.service_task("draft", "draft_payment", {"amount": "=100"}),
        tiny.service_task("close", "close_request", close("CMSL5806")),
        tiny.node("boundaryEvent", "refused", error, attachedToRef="close"),
        tiny.user_task("put_right", form="ask"), tiny.node("endEvent", "done"), tiny.node("endEvent", "closed"),
        tiny.chain("begin", "make", "draft", "close", "closed"), tiny.chain("refused", "put_right", "done"),
        roots='<bpmn:error id="refusal" name="closure_refused" errorCode="closure_refused" />\n', dictionary=PLAY_NAMES,
    )  # fmt: skip
    stage.start()
    assert stage.open_tasks() == ["put_right"]
    problems = loads(stage.rows(ProcessInstance)[0].variables)["process"]["closure_problems"].splitlines()
    assert len(problems) == 4


def test_closing_a_locked_case_reminds_the_owning_team_of_the_flag(stage: Stage) -> None:
    with stage.world.db.write() as connection:
        connection.exec_driver_sql("UPDATE case_file SET lock_flag = true")
    play(stage, NOTE, CLOSE)
    assert [(row.group_key, row.subject) for row in stage.rows(Notification)] == [
        ("owning_team", "Release the Lock Assignment Flag")
    ]


DRAFT = ("draft", "draft_payment", {"amount": "=5000", "reason": "Redress"})
APPROVE = ("approve", "approve_payment", {"payment": "=payment", "amount": "=4000"})
INSTRUCT = ("instruct", "instruct_payment", {"payment": "=payment"})


def pay(element_id: str = "pay", amount: str | None = None, status: str = "Paid") -> tuple[str, str, dict[str, str]]:
    inputs = {"payment": "=payment", "status": status}
    return element_id, "update_payment", inputs if amount is None else {**inputs, "amount": amount}


def test_an_approved_payment_is_paid_with_the_approved_amount(stage: Stage) -> None:
    assert play(stage, DRAFT, APPROVE, INSTRUCT, pay(amount="=4000")) == "active"
    stage.wait_and_work()
    [payment] = stage.rows(Payment)
    assert (payment.status, payment.requested_amount, payment.approved_amount) == ("Paid", 5000, 4000)


@pytest.mark.parametrize(
    ("steps", "reason", "left"),
    [
        ([DRAFT, pay()], "has not been approved", "Draft"),
        ([DRAFT, APPROVE, pay()], "has not been instructed", "Approved"),
        ([DRAFT, APPROVE, INSTRUCT, pay(amount="=5000")], "approved for another amount", "Instructed"),
        ([DRAFT, APPROVE, INSTRUCT, pay(), pay("again")], "has been paid already", "Paid"),
        (
            [DRAFT, APPROVE, INSTRUCT, pay(), pay("back", status="Approved"), pay("again")],
            "has been paid already",
            "Paid",
        ),
        ([DRAFT, APPROVE, INSTRUCT, pay(), pay("back", status="Withdrawn")], "has been paid already", "Paid"),
        ([DRAFT, pay("skip", status="Approved"), pay()], "has not been approved", "Draft"),
        ([DRAFT, pay("odd", status="Sent")], "Sent", "Draft"),
        ([DRAFT, APPROVE, INSTRUCT, pay(), ("more", "approve_payment", APPROVE[2])], "has been paid already", "Paid"),
    ],
)
def test_a_payment_is_paid_once_and_only_as_approved(
    stage: Stage, steps: list[tuple[str, str, dict[str, str]]], reason: str, left: str
) -> None:
    # Each step is its own task for a person to send on, so that what succeeded before the refusal is kept.
    ids = [element_id for element_id, _, _ in steps]
    stage.deploy(
        tiny.node("startEvent", "begin"), MAKE,
        *(tiny.service_task(element_id, job, inputs, 0) for element_id, job, inputs in steps),
        *(tiny.user_task(f"before_{element_id}", form="ask") for element_id in ids),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "make", *(part for one in ids for part in (f"before_{one}", one)), "done"),
        dictionary=PLAY_NAMES,
    )  # fmt: skip
    stage.start()
    for element_id in ids:
        if stage.open_tasks():
            stage.complete(f"before_{element_id}")
        stage.wait_and_work()
    assert reason in stage.incidents()[0].message
    assert stage.rows(Payment)[0].status == left


def test_a_draft_that_is_asked_for_again_is_changed_and_loses_its_approval(stage: Stage) -> None:
    again = ("again", "draft_payment", {"payment": "=payment", "amount": "=6000"})
    play(stage, DRAFT, APPROVE, again)
    [payment] = stage.rows(Payment)
    assert (payment.status, payment.requested_amount, payment.approved_amount) == ("Draft", 6000, None)


@pytest.mark.parametrize("amount", ["=-1", "=1.5", '="50"', "=true", "=null"])
def test_an_amount_that_is_not_whole_pence_is_refused(stage: Stage, amount: str) -> None:
    assert play(stage, ("draft", "draft_payment", {"amount": amount})) == "incident"
    assert "whole number of pence" in stage.incidents()[0].message


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"number": "SR-1"}, "request.number is not a field that can be set"),
        ({"no_such_field": "x"}, "request.no_such_field"),
        ({"case_reference": "x"}, "case.reference is not a field that can be set"),
        ({"received_on": "yesterday"}, "request.received_on cannot be set"),
        ({"outcome": "=5"}, "request.outcome cannot be set"),
    ],
)
def test_a_field_that_is_unknown_read_only_or_of_another_type_is_not_set(
    stage: Stage, inputs: dict[str, str], reason: str
) -> None:
    stage.deploy(
        tiny.node("startEvent", "begin"), MAKE, tiny.service_task("set", "set_fields", inputs, 0),
        tiny.user_task("rest", form="ask"), tiny.node("endEvent", "done"),
        tiny.chain("begin", "make", "set", "rest", "done"), unchecked=True,
    )  # fmt: skip
    assert stage.start().status == "incident"
    assert reason in stage.incidents()[0].message


def test_numbers_of_requests_are_given_once(stage: Stage) -> None:
    for _ in range(3):
        play(stage)
    assert [row.number for row in stage.rows(ServiceRequest)] == ["SR-000001", "SR-000002", "SR-000003"]


def test_contact_attempts_are_counted_with_the_parts_of_the_day(stage: Stage) -> None:
    call = {"outcome": "no_answer"}
    play(stage, ("one", "log_contact_attempt", call), ("two", "log_contact_attempt", call))
    variables = loads(stage.rows(ProcessInstance)[0].variables)["process"]
    assert (variables["attempts"], variables["day_parts"]) == (2, 1)
    assert {row.day_part for row in stage.rows(ContactAttempt)} == {"morning"}


@pytest.mark.parametrize(
    ("hour", "part"), [(8, "morning"), (10, "morning"), (11, "afternoon"), (15, "afternoon"), (16, "evening")]
)
def test_parts_of_the_day_go_by_the_clock_in_london(hour: int, part: str) -> None:
    assert day_part(datetime(2026, 7, 1, hour, 59, tzinfo=UTC)) == part


def test_a_notification_names_a_group_or_a_person(stage: Stage) -> None:
    assert play(stage, ("tell", "notify_group", {"subject": "Hello"})) == "incident"
    assert "needs a group or a person" in stage.incidents()[0].message


def test_a_note_says_who_wrote_it_and_when(stage: Stage) -> None:
    stage.wait(timedelta(hours=2))
    play(stage, NOTE)
    [note] = stage.rows(Note)
    assert (note.author_id, note.written_at, note.request_id) == (
        stage.caseworker.person_id,
        stage.world.clock.now(),
        1,
    )


def test_a_decision_is_in_the_history_with_who_made_it(stage: Stage) -> None:
    from engine.models import Submission

    play(stage, ("decide", "record_decision", {"subject": "plan", "decision": "approved", "amount": "=4000"}))
    [record] = [
        loads(row.values)["decision_record"] for row in stage.rows(Submission) if "decision_record" in row.values
    ]
    assert (record["decision"], record["amount"], record["decided_by"]) == (
        "approved",
        4000,
        stage.caseworker.person_id,
    )


def test_every_handler_says_what_it_does() -> None:
    assert [name for name, handler in HANDLERS.items() if not handler.__doc__] == []
