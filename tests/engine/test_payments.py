"""Payments: each has a request of its own, is approved for no more than was asked, and is instructed exactly once."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine import jobs, outbox
from engine.models import Document, Note, Payment, ProcessInstance, RequestLink, ServiceRequest
from engine.values import loads
from tests import tiny
from tests.engine.test_outbox import Gateway
from tests.stage import Stage

NAMES = "".join(
    f'[fields.{name}]\ntype = "{kind}"\nlabel = "{name}"\n'
    for name, kind in (
        ("payment", "text"), ("payment_request", "text"), ("approved_amount", "money"), ("approved_by", "text"),
        ("approved_on", "date"), ("payment_approver", "person"), ("payment_instruction", "context"),
    )
)  # fmt: skip
MAKE = tiny.service_task("make", "create_request", {"kind": "Review", "main": "=true"})
DRAFT = ("draft", "draft_payment", {"amount": "=5000", "reason": "Delay"})
APPROVE = ("approve", "approve_payment", {"payment": "=payment", "amount": "=4000"})
INSTRUCT = ("instruct", "instruct_payment", {"payment": "=payment"})
WITHDRAW = ("withdraw", "update_payment", {"payment": "=payment", "status": "Withdrawn", "note": "Not wanted."})
PAID = (
    "paid", "update_payment",
    {"payment": "=payment", "status": "Paid", "paid_on": '=date("2026-09-30")', "reference": "EX-1"},
)  # fmt: skip


def play(stage: Stage, *steps: tuple[str, str, dict[str, str]]) -> None:
    """Make a request, then do each step (element, job type, inputs) once a person has sent it on.

    What a step owes is delivered before the next one; after the last one it is still owed.
    """
    ids = [element_id for element_id, _, _ in steps]
    stage.deploy(
        tiny.node("startEvent", "begin"), MAKE,
        *(tiny.service_task(element_id, job, inputs, 0) for element_id, job, inputs in steps),
        *(tiny.user_task(f"before_{element_id}", form="ask") for element_id in ids),
        tiny.user_task("rest", form="ask"), tiny.node("endEvent", "done"),
        tiny.chain("begin", "make", *(part for one in ids for part in (f"before_{one}", one)), "rest", "done"),
        dictionary=NAMES,
    )  # fmt: skip
    stage.start()
    for element_id in ids:
        stage.wait_and_work()
        stage.complete(f"before_{element_id}")


def payment_of(stage: Stage) -> Any:
    return stage.rows(Payment)[-1]


def own_request(stage: Stage) -> Any:
    """Return the newest payment's own service request."""
    return next(row for row in stage.rows(ServiceRequest) if row.request_id == payment_of(stage).payment_request_id)


def spooled(stage: Stage) -> list[Path]:
    folder = stage.world.settings.spool_dir / "payments"
    return sorted(folder.iterdir()) if folder.exists() else []


def variables(stage: Stage) -> Any:
    return loads(stage.rows(ProcessInstance)[0].variables)["process"]


def test_a_payment_is_drafted_with_a_request_of_its_own_that_is_a_child_of_the_main_one(stage: Stage) -> None:
    play(stage, DRAFT)
    own = own_request(stage)
    assert (own.kind, own.status, own.sub_status) == ("Payment - Non Standard", "Open", "Draft")
    [link] = stage.rows(RequestLink)
    assert (link.from_request_id, link.to_request_id, link.relation) == (1, own.request_id, "child")


def test_an_instruction_says_what_was_approved_and_nothing_about_an_account(stage: Stage) -> None:
    play(stage, DRAFT, APPROVE, INSTRUCT)
    assert (payment_of(stage).status, spooled(stage), stage.open_tasks()) == ("Approved", [], [])
    stage.wait_and_work(timedelta(hours=2))
    [file] = spooled(stage)
    assert json.loads(file.read_text()) == {
        "format": "redress-payment-instruction/1",
        "number": "PAY-000001",
        "amount_pence": 4000,
        "currency": "GBP",
        "payee_reference": "CM-1",
        "request_number": "SR-000001",
        "payment_request_number": "SR-000002",
        "approved_by": stage.caseworker.name,
        "approved_on": "2026-10-01",
    }
    payment = payment_of(stage)
    assert (payment.status, payment.instruction_ref) == ("Instructed", "PAY-000001.json")
    assert payment.instructed_at == stage.world.clock.now()
    assert own_request(stage).sub_status == "Instructed"
    assert stage.open_tasks() == ["rest"]


def test_a_manager_outside_is_named_as_who_approved_and_the_recorder_is_kept(stage: Stage) -> None:
    approve = ("approve", "approve_payment", {**APPROVE[2], "approved_by": "Morgan Sample"})
    play(stage, DRAFT, approve, ("read", "read_payment", {"payment": "=payment"}), INSTRUCT)
    stage.wait_and_work()
    assert json.loads(spooled(stage)[0].read_text())["approved_by"] == "Morgan Sample"
    assert variables(stage)["payment_approver"] == stage.caseworker.person_id


def test_a_payment_that_was_made_closes_its_own_request_with_date_and_reference(stage: Stage) -> None:
    play(stage, DRAFT, APPROVE, INSTRUCT, PAID)
    own = own_request(stage)
    assert (payment_of(stage).status, own.status, own.sub_status) == ("Paid", "Closed", "Complete")
    facts = loads(own.facts)
    assert (facts["paid_on"].isoformat(), facts["payment_reference"]) == ("2026-09-30", "EX-1")


def test_a_withdrawn_payment_closes_its_own_request_as_withdrawn_and_says_why(stage: Stage) -> None:
    play(stage, DRAFT, WITHDRAW)
    own = own_request(stage)
    assert (payment_of(stage).status, own.status, own.sub_status) == ("Withdrawn", "Closed", "Withdrawn")
    assert [note.text for note in stage.rows(Note) if note.request_id == own.request_id] == [
        "PAY-000001 was withdrawn: Not wanted."
    ]


def test_redress_that_comes_up_again_opens_the_request_of_the_withdrawn_draft_again(stage: Stage) -> None:
    again = ("again", "draft_payment", {"payment": '="PAY-000001"', "amount": "=3000"})
    play(stage, DRAFT, WITHDRAW, again)
    own = own_request(stage)
    assert (payment_of(stage).status, payment_of(stage).requested_amount) == ("Draft", 3000)
    assert (own.status, own.sub_status, own.closed_at) == ("Open", "Draft", None)


def test_a_payment_whose_instruction_left_is_never_used_for_another_amount(stage: Stage) -> None:
    again = ("again", "draft_payment", {"payment": '="PAY-000001"', "amount": "=3000"})
    play(stage, DRAFT, APPROVE, INSTRUCT, WITHDRAW, again)
    assert [(row.number, row.status, row.requested_amount) for row in stage.rows(Payment)] == [
        ("PAY-000001", "Withdrawn", 5000),
        ("PAY-000002", "Draft", 3000),
    ]


@pytest.mark.parametrize(
    ("steps", "reason", "left"),
    [
        ([DRAFT, INSTRUCT], "has not been approved", "Draft"),
        ([DRAFT, APPROVE, INSTRUCT, ("twice", *INSTRUCT[1:])], "has left already", "Instructed"),
        ([DRAFT, APPROVE, INSTRUCT, ("less", "approve_payment", {"payment": "=payment", "amount": "=1"})],
         "has left already", "Instructed"),
        ([DRAFT, ("more", "approve_payment", {"payment": "=payment", "amount": "=5001"})],
         "More was approved for PAY-000001 than was asked for", "Draft"),
        ([DRAFT, APPROVE, WITHDRAW, INSTRUCT], "has not been approved", "Withdrawn"),
    ],
)  # fmt: skip
def test_only_what_was_approved_is_instructed_and_only_once(
    stage: Stage, steps: list[tuple[str, str, dict[str, str]]], reason: str, left: str
) -> None:
    play(stage, *steps)
    assert reason in stage.incidents()[0].message
    assert payment_of(stage).status == left
    assert len(spooled(stage)) == (left == "Instructed")


def test_what_a_vanished_worker_had_instructed_is_recorded_without_a_second_instruction(stage: Stage) -> None:
    play(stage, DRAFT, APPROVE, INSTRUCT)
    world = stage.world
    with world.db.write() as connection:
        owed = outbox.claim(connection, now=world.clock.now())
    assert owed is not None
    world.deliveries["payment"](world, owed)
    instructed_at = payment_of(stage).instructed_at
    assert (len(spooled(stage)), stage.open_tasks()) == (1, [])
    stage.wait_and_work(outbox.LEASE)
    assert (len(spooled(stage)), stage.open_tasks()) == (1, ["rest"])
    assert payment_of(stage).instructed_at == instructed_at


def test_an_instruction_is_never_written_over_another_one_of_the_same_number(stage: Stage) -> None:
    folder = stage.world.settings.spool_dir / "payments"
    folder.mkdir(parents=True)
    (folder / "PAY-000001.json").write_text("{}\n")
    play(stage, DRAFT, APPROVE, INSTRUCT)
    for _ in range(10):
        stage.wait_and_work(timedelta(hours=1))
    assert "Another instruction for PAY-000001 has left already" in stage.incidents()[0].message
    assert (folder / "PAY-000001.json").read_text() == "{}\n"
    assert (payment_of(stage).status, own_request(stage).status) == ("Approved", "In Progress")


def test_an_outage_is_tried_again_then_shown_to_operations_and_the_request_stays_open(stage: Stage) -> None:
    gateway = Gateway(stage.world.deliveries["payment"], failures=5)
    stage.world.deliveries = {**stage.world.deliveries, "payment": gateway}
    play(stage, DRAFT, APPROVE, INSTRUCT)
    for _ in range(10):
        stage.wait_and_work(timedelta(hours=1))
    [incident] = stage.incidents()
    assert (gateway.tried, incident.kind) == (5, "DeliveryFailed")
    assert (payment_of(stage).status, own_request(stage).status, stage.open_tasks()) == ("Approved", "In Progress", [])
    jobs.retry_incident(stage.world, incident.incident_id, actor=stage.leader)
    stage.wait_and_work()
    assert (payment_of(stage).status, len(spooled(stage)), stage.open_tasks()) == ("Instructed", 1, ["rest"])


@pytest.mark.parametrize(
    ("meanwhile", "reason"),
    [
        (("other", "update_payment", {"payment": "=payment", "status": "Withdrawn"}), "is Withdrawn"),
        (("other", "approve_payment", {"payment": "=payment", "amount": "=3000"}), "for another amount meanwhile"),
        (("other", "draft_payment", {"payment": "=payment", "amount": "=3000"}), "is Draft"),
    ],
)
def test_what_changed_while_the_instruction_was_owed_is_not_instructed(
    stage: Stage, meanwhile: tuple[str, str, dict[str, str]], reason: str
) -> None:
    steps = (DRAFT, APPROVE, INSTRUCT, meanwhile)
    stage.deploy(
        tiny.node("startEvent", "begin"), MAKE,
        *(tiny.service_task(element_id, job, inputs, 0) for element_id, job, inputs in steps),
        tiny.node("parallelGateway", "split"), tiny.node("parallelGateway", "join"),
        tiny.user_task("think", form="ask"), tiny.node("endEvent", "done"),
        tiny.chain("begin", "make", "draft", "approve", "split", "instruct", "join", "done"),
        tiny.chain("split", "think", "other", "join"), dictionary=NAMES,
    )  # fmt: skip
    stage.start()
    stage.complete("think")
    for _ in range(10):
        stage.wait_and_work(timedelta(hours=1))
    assert reason in stage.incidents()[0].message
    assert spooled(stage) == []


@pytest.mark.parametrize("excluded", ["review_team_leader", "review_team_leader.2"])
def test_whom_the_diagram_keeps_from_a_task_can_neither_claim_nor_be_given_it(stage: Stage, excluded: str) -> None:
    from engine import tasks
    from engine.errors import NotAllowed
    from tests.world import somebody

    author = somebody(stage.world, excluded)
    other = somebody(stage.world, {"review_team_leader", "review_team_leader.2"}.difference({excluded}).pop())
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.user_task("write", form="ask", group="review_team_leader"),
        tiny.user_task("decide", form="ask", group="review_team_leader", not_by="=actor",
                       not_by_reason="Whoever wrote a plan cannot decide on it."),
        tiny.node("endEvent", "done"), tiny.chain("begin", "write", "decide", "done"),
    )  # fmt: skip
    stage.start()
    stage.complete("write", by=author)
    with pytest.raises(NotAllowed, match="Whoever wrote a plan cannot decide on it"):
        tasks.claim(stage.world, stage.task_id("decide"), actor=author)
    with pytest.raises(NotAllowed, match="Whoever wrote a plan cannot decide on it"):
        tasks.assign(stage.world, stage.task_id("decide"), to=author.person_id, actor=other)
    assert stage.complete("decide", by=other).status == "completed"


def test_a_task_that_fell_to_somebody_who_is_kept_from_it_is_not_completed_by_them(stage: Stage) -> None:
    from engine import tasks
    from engine.errors import NotAllowed

    stage.deploy(
        tiny.node("startEvent", "begin"), tiny.user_task("write", form="ask"),
        tiny.node("userTask", "decide", tiny.extensions(
            "<zeebe:userTask />", '<zeebe:formDefinition formId="ask" bindingType="deployment" />',
            '<zeebe:assignmentDefinition assignee="=actor" candidateGroups="review_caseworker" />',
            tiny.properties(not_by="=actor"))),
        tiny.node("endEvent", "done"), tiny.chain("begin", "write", "decide", "done"),
    )  # fmt: skip
    stage.start()
    stage.complete("write")
    with pytest.raises(NotAllowed, match="so that two people see it"):
        tasks.complete(stage.world, stage.task_id("decide"), {"answer": "Yes"}, actor=stage.caseworker)
    assert stage.open_tasks() == ["decide"]


def test_the_approval_form_is_attached_to_the_request_of_the_payment(stage: Stage) -> None:
    slots = '={amount: 5000, redress_type: "Delay", reason: "Months lost", authority: "Manager", plan_version: 1}'
    form = {"form": "CMSF5551", "slots": slots, "number": "=payment_request"}
    play(stage, DRAFT, ("form", "fill_form", form))
    [document] = stage.rows(Document)
    assert (document.template_id, document.request_id) == ("CMSF5551", payment_of(stage).payment_request_id)


def test_what_was_approved_besides_a_payment_counts_what_is_paid_and_what_is_still_to_be(stage: Stage) -> None:
    other = ("other", "draft_payment", {"amount": "=900"})
    third = ("third", "draft_payment", {"amount": "=700"})
    play(
        stage, DRAFT, APPROVE, INSTRUCT, PAID, other,
        ("yes", "approve_payment", {"payment": "=payment", "amount": "=800"}), third,
        ("read", "read_payment", {"payment": "=payment"}),
    )  # fmt: skip
    assert variables(stage)["approved_besides"] == 4800
