"""Messages: matched by name and key, kept when nobody waits, and never dropped whatever else goes wrong."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from engine import messages
from engine.errors import NotFound
from engine.messages import Correlation
from engine.models import Message, ProcessInstance
from engine.values import loads
from tests import tiny
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


def test_a_kept_message_can_be_marked_as_dealt_with_once(stage: Stage) -> None:
    kept = reply(stage, "nobody")
    messages.mark_handled(stage.world, kept.message_id, actor=stage.caseworker)
    assert stage.rows(Message)[0].status == "handled"
    with pytest.raises(NotFound):
        messages.mark_handled(stage.world, kept.message_id, actor=stage.caseworker)


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
    from engine.models import History, Submission

    [row] = [row for row in stage.rows(History) if row.kind == "message"]
    assert "My secret" not in row.data
    [submission] = [s for s in stage.rows(Submission) if s.seq == row.seq]
    assert loads(submission.values)["answer"] == "My secret"


def test_delivering_a_message_looks_its_instance_up_by_index(stage: Stage) -> None:
    with stage.world.db.read() as connection:
        plan = connection.exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT DISTINCT instance_id FROM wait"
            " WHERE kind = 'message' AND name = 'a' AND correlation_key = 'b'"
        ).all()
    assert any("ix_wait_message" in row.detail for row in plan)
