"""Messages: matched by name and key, kept when nobody waits, and never dropped whatever else goes wrong."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import update

from engine import cases, definitions, history, messages
from engine.errors import DeploymentRefused, NotFound
from engine.messages import Correlation
from engine.models import (
    History,
    Message,
    Note,
    Notification,
    Person,
    ProcessInstance,
    ServiceRequest,
    Submission,
)
from engine.queries import running
from engine.values import loads
from engine.world import DEPLOYMENT
from tests import tiny
from tests.plans import plan_of
from tests.stage import Stage

MESSAGE = (
    '<bpmn:message id="reply_message" name="client_reply"><bpmn:extensionElements>'
    '<zeebe:subscription correlationKey="=request.number" /></bpmn:extensionElements></bpmn:message>\n'
)
CATCH = '<bpmn:messageEventDefinition messageRef="reply_message" />'
YESTERDAY = date(2026, 9, 30)


def wait_a_week(after: str = "") -> tuple[str, ...]:
    """A diagram that waits a week for a reply, then asks a person, whom a late reply still interrupts."""
    late = [after] if after else []
    return (
        tiny.node("startEvent", "begin"),
        tiny.service_task("make", "create_request", {"kind": "Review", "main": "=true"}),
        tiny.node("eventBasedGateway", "wait"),
        tiny.node("intermediateCatchEvent", "reply", CATCH),
        tiny.node("intermediateCatchEvent", "week", tiny.timer("P7D")),
        tiny.user_task("read_reply", form="ask"),
        tiny.user_task("no_reply", form="ask"),
        tiny.node("boundaryEvent", "late_reply", CATCH, attachedToRef="no_reply"),
        *([tiny.service_task(after, after)] if after else []),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "make", "wait", "reply", "read_reply", "done"),
        tiny.chain("wait", "week", *late, "no_reply"),
        tiny.flow("no_reply", "done"),
        tiny.flow("late_reply", "read_reply"),
    )


def reply(stage: Stage, key: str = "SR-000001", **payload: object) -> Correlation:
    return messages.correlate(stage.world, "client_reply", key, payload, received_on=YESTERDAY, actor=stage.caseworker)


def test_a_message_reaches_the_instance_that_waits_for_its_name_and_key_and_no_other(stage: Stage) -> None:
    stage.deploy(*wait_a_week(), roots=MESSAGE)
    stage.start()
    second = stage.start()
    sent = reply(stage, "SR-000002", answer="I agree")
    assert (sent.status, sent.instance_id) == ("delivered", second.instance_id)
    assert stage.open_tasks() == ["read_reply"]
    variables = loads(stage.rows(ProcessInstance)[1].variables)["process"]
    assert variables["answer"] == "I agree"
    assert variables["received_on"] == YESTERDAY
    assert "answer" not in loads(stage.rows(ProcessInstance)[0].variables)["process"]


@pytest.mark.parametrize(("name", "key"), [("client_reply", "SR-999999"), ("another_name", "SR-000001")])
def test_a_message_that_nobody_waits_for_is_kept_with_what_it_said(stage: Stage, name: str, key: str) -> None:
    stage.deploy(*wait_a_week(), roots=MESSAGE)
    stage.start()
    sent = messages.correlate(
        stage.world, name, key, {"answer": "Hello"}, received_on=YESTERDAY, actor=stage.caseworker
    )
    assert (sent.status, sent.why) == ("kept", "Nothing was waiting for this message.")
    [kept] = stage.rows(Message)
    assert (kept.status, kept.received_on) == ("kept", YESTERDAY)
    assert loads(kept.payload)["answer"] == "Hello"
    assert stage.waits() == ["reply", "week"]


def test_a_second_reply_to_the_same_question_is_kept(stage: Stage) -> None:
    stage.deploy(*wait_a_week(), roots=MESSAGE)
    stage.start()
    assert [reply(stage).status, reply(stage).status] == ["delivered", "kept"]
    assert stage.rows(Message)[1].case_id == stage.case_id


def test_a_kept_message_is_marked_as_dealt_with_and_one_that_was_delivered_is_not(stage: Stage) -> None:
    kept = reply(stage, "nobody")
    messages.mark_handled(stage.world, kept.message_id, actor=stage.caseworker)
    assert stage.rows(Message)[0].status == "handled"
    messages.mark_handled(stage.world, kept.message_id, actor=stage.caseworker)  # a double click
    stage.deploy(*wait_a_week(), roots=MESSAGE)
    stage.start()
    with pytest.raises(NotFound):
        messages.mark_handled(stage.world, reply(stage).message_id, actor=stage.caseworker)


def told(stage: Stage) -> list[tuple[str | None, int | None, str]]:
    return [(row.group_key, row.person_id, row.subject) for row in stage.rows(Notification)]


def test_who_dealt_with_a_kept_message_and_when_stays_on_record(stage: Stage) -> None:
    stage.deploy(*wait_a_week(), roots=MESSAGE)
    stage.start()
    kept = messages.correlate(
        stage.world, "nobody_waits", "SR-000001", {}, received_on=YESTERDAY, actor=stage.caseworker
    )
    messages.mark_handled(stage.world, kept.message_id, actor=stage.leader)
    stage.wait(timedelta(days=1))
    messages.mark_handled(stage.world, kept.message_id, actor=stage.caseworker)  # somebody else's page of yesterday
    row = next(row for row in stage.rows(Message) if row.message_id == kept.message_id)
    assert (row.handled_by_id, row.handled_at) == (stage.leader.person_id, row.recorded_at)
    told = [row for row in stage.rows(History) if row.kind == "message_handled"]
    assert [(row.actor, row.element_name) for row in told] == [(stage.leader.actor.key, "nobody_waits")]
    with stage.world.db.read() as connection:
        assert history.verify(connection, told[0].instance_id) is None


def test_a_message_without_a_case_is_dealt_with_and_stays_listed_with_who_did_it(stage: Stage) -> None:
    kept = reply(stage, key="SR-999999")
    messages.mark_handled(stage.world, kept.message_id, actor=stage.leader)
    with stage.world.db.read() as connection:
        (row,) = running.handled_without_case(connection)
    assert (row.message_id, row.handled_by) == (kept.message_id, stage.leader.name)


def test_a_message_about_nothing_that_is_known_is_told_to_operations(stage: Stage) -> None:
    assert reply(stage, "SR-999999").status == "kept"
    assert told(stage) == [("operations", None, "A message about SR-999999 needs you")]


def test_a_message_about_a_request_that_nobody_has_is_told_to_operations(stage: Stage) -> None:
    with stage.world.db.write() as connection:
        fields = {"kind": "Enquiry", "status": "Closed", "closed_at": stage.world.clock.now()}
        cases.open_request(connection, stage.world, case_id=stage.case_id, number="SR-000555", fields=fields)
    assert reply(stage, "SR-000555").status == "kept"
    assert told(stage) == [("operations", None, "A message about SR-000555 needs you")]


def test_a_message_for_somebody_who_has_left_is_told_to_their_team_and_listed_there(stage: Stage) -> None:
    stage.deploy(*wait_a_week(), roots=MESSAGE)
    stage.start()
    reply(stage)
    with stage.world.db.write() as connection:
        its_row = update(ServiceRequest).where(ServiceRequest.number == "SR-000001")
        values = {"owner_id": stage.caseworker.person_id, "owner_group": "review_caseworker"}
        connection.execute(its_row.values(values))
        gone = update(Person).where(Person.person_id == stage.caseworker.person_id)
        connection.execute(gone.values(is_active=False))
    assert reply(stage, answer="And this").status == "kept"
    assert told(stage)[-1] == ("review_caseworker", None, "A message about SR-000001 needs you")
    with stage.world.db.read() as connection:
        assert len(running.kept_for(connection, person_id=0, groups=["review_caseworker"])) == 1


def test_a_message_that_more_than_one_procedure_waits_for_is_kept_and_says_so(stage: Stage) -> None:
    waiting = tiny.node("intermediateCatchEvent", "listen", CATCH)
    everyone = MESSAGE.replace("=request.number", "=case.reference")
    stage.deploy(
        tiny.node("startEvent", "begin"), waiting, tiny.node("endEvent", "done"), tiny.chain("begin", "listen", "done"),
        roots=everyone,
    )  # fmt: skip
    stage.start()
    stage.start()
    sent = reply(stage, "CM-1")
    assert (sent.status, sent.why) == ("kept", "More than one procedure was waiting for this message.")
    assert stage.waits() == ["listen", "listen"]


def test_a_reply_recorded_after_the_deadline_but_before_the_worker_ran_still_reaches_the_late_reply_boundary(
    stage: Stage,
) -> None:
    stage.deploy(*wait_a_week(), roots=MESSAGE)
    stage.start()
    stage.wait(timedelta(days=7, hours=1))
    assert reply(stage, answer="Sorry I am late").status == "delivered"
    assert stage.open_tasks() == ["read_reply"]
    assert ("timer_fired", "week") in stage.told()
    assert stage.wait_and_work() == 0


def test_a_message_is_kept_when_an_overdue_automatic_step_of_the_case_fails_first(stage: Stage) -> None:
    def always_fails(_context: object) -> dict[str, object]:
        raise RuntimeError("the printer is on fire")

    stage.add_handler("print", always_fails)
    stage.deploy(*wait_a_week(after="print"), roots=MESSAGE)
    stage.start()
    stage.wait(timedelta(days=8))
    sent = reply(stage, answer="Late")
    assert (sent.status, sent.instance_id) == ("kept", 1)
    assert "failed first" in sent.why
    assert [loads(row.payload)["answer"] for row in stage.rows(Message)] == ["Late"]


def test_what_a_message_brought_is_in_the_history_but_not_in_its_chain(stage: Stage) -> None:
    stage.deploy(*wait_a_week(), roots=MESSAGE)
    stage.start()
    reply(stage, answer="My secret")
    [row] = [row for row in stage.rows(History) if row.kind == "message"]
    assert "My secret" not in row.data
    [submission] = [s for s in stage.rows(Submission) if s.seq == row.seq]
    assert loads(submission.values)["answer"] == "My secret"


def test_delivering_a_message_looks_its_instance_up_by_index(stage: Stage) -> None:
    stage.deploy(*wait_a_week(), roots=MESSAGE)
    stage.start()
    assert "ix_wait_message" in plan_of(stage.world, lambda: reply(stage), about="SELECT DISTINCT wait.instance_id")


def test_the_few_kept_messages_are_looked_up_among_themselves(stage: Stage) -> None:
    def look() -> None:
        with stage.world.db.read() as connection:
            running.kept_for(connection, person_id=1, groups=["owning_team"])

    assert "ix_message_kept" in plan_of(stage.world, look, about="FROM message")


LATE = """
[fields.client_says]
type = "long_text"
label = "What the client says"
personal = true
[fields.reopening_group]
type = "text"
label = "Who may reopen"
"""


def close_by_hand(stage: Stage, *, after: str = "late", deploy_late: bool = True) -> None:
    """Deploy a procedure that closes its request at once, and the one that its late messages start."""
    if deploy_late:
        stage.deploy(
            tiny.node("startEvent", "begin"),
            tiny.service_task("note", "add_note", {"text": "=client_says"}),
            tiny.user_task("contact", form="ask"),
            tiny.node("endEvent", "done"),
            tiny.chain("begin", "note", "contact", "done"),
            key="late",
            dictionary=LATE,
        )
    folder = stage.write_folder(
        tiny.node("startEvent", "begin"),
        tiny.service_task("make", "create_request", {"kind": "Review", "main": "=true"}),
        tiny.service_task("note", "add_note", {"text": "Done"}),
        tiny.service_task("close", "close_request", {"resolution_code": "No Action Taken"}),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "make", "note", "close", "done"),
        dictionary=LATE,
    )
    sheet = folder / "process.toml"
    sheet.write_text(f'{sheet.read_text()}[[messages]]\nname = "client_reply"\nafter_closure = "{after}"\n')
    definitions.deploy(stage.world, folder, actor=DEPLOYMENT)
    stage.start()
    assert stage.rows(ServiceRequest)[0].status == "Closed"


def test_a_message_after_closure_starts_the_procedure_that_is_declared_for_it(stage: Stage) -> None:
    close_by_hand(stage)
    sent = reply(stage, client_says="I only read it now.")
    assert (sent.status, sent.instance_id, sent.why) == ("delivered", 2, "")
    assert stage.open_tasks() == ["contact"]
    late = stage.rows(ProcessInstance)[1]
    assert (late.request_id, late.business_key, late.case_id) == (1, "SR-000001", stage.case_id)
    assert stage.rows(Note)[-1].text == "I only read it now."
    assert stage.rows(Note)[-1].request_id == 1
    request = stage.rows(ServiceRequest)[0]
    assert (request.status, request.resolution_code) == ("Closed", "No Action Taken")
    assert stage.rows(Notification) == []


def test_what_came_on_the_form_of_an_earlier_question_is_put_into_words(stage: Stage) -> None:
    close_by_hand(stage)
    reply(stage, agreed=True, colour="Red", amount="", answer="No thanks")
    assert stage.rows(Note)[-1].text.splitlines() == ["Agreed: Yes", "Colour: Red", "Answer: No thanks"]


def test_two_messages_after_closure_are_two_pieces_of_work(stage: Stage) -> None:
    close_by_hand(stage)
    assert [reply(stage, client_says="One").instance_id, reply(stage, client_says="Two").instance_id] == [2, 3]
    assert stage.open_tasks() == ["contact", "contact"]


@pytest.mark.parametrize(("after", "deploy_late"), [("late", False), ("never_made", True)])
def test_a_message_after_closure_is_kept_when_its_procedure_is_not_there(
    stage: Stage, after: str, deploy_late: bool
) -> None:
    close_by_hand(stage, after=after, deploy_late=deploy_late)
    sent = reply(stage, client_says="Hello")
    assert (sent.status, sent.why) == ("kept", "Nothing was waiting for this message.")
    assert len(stage.rows(ProcessInstance)) == 1
    assert [row.subject for row in stage.rows(Notification)] == ["A message about SR-000001 needs you"]


def test_another_message_than_the_declared_one_is_kept_after_closure(stage: Stage) -> None:
    close_by_hand(stage)
    sent = messages.correlate(
        stage.world, "something_else", "SR-000001", {}, received_on=YESTERDAY, actor=stage.caseworker
    )
    assert sent.status == "kept"


def test_an_automatic_step_that_fails_after_such_a_message_loses_neither(stage: Stage) -> None:
    def always_fails(_context: object) -> dict[str, object]:
        raise RuntimeError("the printer is on fire")

    stage.add_handler("print", always_fails)
    close_by_hand(stage)
    stage.deploy(
        tiny.node("startEvent", "begin"), tiny.service_task("print", "print", retries=0),
        tiny.node("endEvent", "done"), tiny.chain("begin", "print", "done"), key="late", dictionary=LATE,
    )  # fmt: skip
    sent = reply(stage, client_says="Hello")
    assert (sent.status, sent.instance_id, stage.status(2)) == ("delivered", 2, "incident")
    assert len(stage.rows(Message)) == 1


def test_a_message_for_an_open_request_that_nobody_waits_for_is_kept_and_its_holder_is_told(stage: Stage) -> None:
    close_by_hand(stage)
    with stage.world.db.write() as connection:
        connection.execute(
            update(ServiceRequest).values(status="In Progress", closed_at=None, owner_id=stage.colleague.person_id)
        )
    assert reply(stage, client_says="One more thing").status == "kept"
    assert len(stage.rows(ProcessInstance)) == 1
    assert [row.person_id for row in stage.rows(Notification)] == [stage.colleague.person_id]


def test_a_procedure_for_late_messages_must_be_named_by_its_key(stage: Stage) -> None:
    folder = stage.write_folder(
        tiny.node("startEvent", "begin"), tiny.node("endEvent", "done"), tiny.chain("begin", "done")
    )
    sheet = folder / "process.toml"
    sheet.write_text(f'{sheet.read_text()}[[messages]]\nname = "client_reply"\nafter_closure = true\n')
    with pytest.raises(DeploymentRefused, match="must be the key of a procedure"):
        definitions.deploy(stage.world, folder, actor=DEPLOYMENT)
