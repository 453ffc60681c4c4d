"""Procedures that a message, a signal or a timer starts: registered with a version, once for each event."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from engine import definitions, messages
from engine.errors import DeploymentRefused
from engine.messages import Correlation
from engine.models import EventStart, History, ProcessInstance, UserTask
from engine.timers import next_due
from engine.values import loads
from engine.worker import work_until_rest
from engine.world import DEPLOYMENT
from tests import tiny
from tests.stage import Stage
from tests.world import open_world

ROOTS = '<bpmn:message id="m" name="order" /><bpmn:signal id="alarm" name="alarm" />\n'
MESSAGE = '<bpmn:messageEventDefinition messageRef="m" />'
SIGNAL = '<bpmn:signalEventDefinition signalRef="alarm" />'
YESTERDAY = date(2026, 9, 30)


def deploy(stage: Stage, event: str, *, key: str = "tiny", task: str = "work") -> None:
    stage.deploy(
        tiny.node("startEvent", "begin", event),
        tiny.user_task(task, form="ask"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", task, "done"),
        roots=ROOTS,
        key=key,
    )


def send(stage: Stage, key: str = "", sender_id: str | None = None, **payload: object) -> Correlation:
    return messages.correlate(
        stage.world, "order", key, payload, received_on=YESTERDAY, actor=stage.caseworker, sender_id=sender_id
    )


def variables(stage: Stage, number: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = loads(stage.rows(ProcessInstance)[number].variables)["process"]
    return found


# Messages


def test_a_message_that_nobody_waits_for_starts_the_procedure_that_begins_with_it(stage: Stage) -> None:
    deploy(stage, MESSAGE)
    sent = send(stage, answer="please")
    assert (sent.status, sent.instance_id, sent.why) == ("delivered", 1, "")
    assert (stage.open_tasks(), variables(stage)["answer"]) == (["work"], "please")
    started = next(row for row in stage.rows(History) if row.kind == "started")
    assert loads(started.data)["message"] == "order"
    assert send(stage).instance_id == 2


def test_such_an_instance_has_no_case_unless_the_key_names_one(stage: Stage) -> None:
    deploy(stage, MESSAGE)
    send(stage, "A-17")
    send(stage, "CM-1")
    assert [(row.case_id, row.business_key) for row in stage.rows(ProcessInstance)] == [
        (None, "A-17"),
        (stage.case_id, "CM-1"),
    ]
    assert [row.case_id for row in stage.rows(UserTask)] == [None, stage.case_id]
    assert stage.complete("work").status == "completed"


def test_a_message_with_the_senders_id_counts_once_however_often_it_is_sent(stage: Stage) -> None:
    deploy(stage, MESSAGE)
    first, again = send(stage, sender_id="7f3a"), send(stage, sender_id="7f3a", answer="changed")
    assert (again.message_id, again.instance_id, again.is_new) == (first.message_id, 1, False)
    assert send(stage, sender_id="7f3b").instance_id == 2


def test_with_a_key_no_second_instance_starts_while_the_first_is_under_way(stage: Stage) -> None:
    deploy(stage, MESSAGE)
    send(stage, "A-17")
    second = send(stage, "A-17")
    assert (second.status, second.why) == ("kept", "What this message started with the same key is still under way.")
    stage.complete("work")
    assert send(stage, "A-17").instance_id == 2


def test_who_waits_for_a_message_comes_before_what_it_starts(stage: Stage) -> None:
    deploy(stage, MESSAGE)
    waits = (
        '<bpmn:message id="m" name="order"><bpmn:extensionElements><zeebe:subscription correlationKey="=case.reference"'
    )
    stage.deploy(
        tiny.node("startEvent", "begin"), tiny.node("intermediateCatchEvent", "hear", MESSAGE),
        tiny.node("endEvent", "done"), tiny.chain("begin", "hear", "done"), key="hearer",
        roots=f"{waits} /></bpmn:extensionElements></bpmn:message>\n",
    )  # fmt: skip
    stage.start(key="hearer")
    assert send(stage, "CM-1").instance_id == 1
    assert send(stage, "CM-1").instance_id == 2


def test_a_procedure_that_people_and_events_start_begins_at_the_start_that_happened(stage: Stage) -> None:
    stage.deploy(
        tiny.node("startEvent", "begin"), tiny.node("startEvent", "told", MESSAGE),
        tiny.node("startEvent", "rung", SIGNAL), tiny.user_task("asked", form="ask"),
        tiny.user_task("work", form="ask"), tiny.user_task("run", form="ask"), tiny.node("endEvent", "done"),
        tiny.node("endEvent", "done_too"), tiny.node("endEvent", "out"), tiny.chain("begin", "asked", "done"),
        tiny.chain("told", "work", "done_too"), tiny.chain("rung", "run", "out"), roots=ROOTS,
    )  # fmt: skip
    with stage.world.db.read() as connection:
        assert definitions.in_force(stage.world, connection, "tiny").is_started_by_people
    stage.start()
    assert stage.open_tasks() == ["asked"]
    send(stage)
    assert stage.open_tasks() == ["asked", "work"]
    stage.deploy(
        tiny.node("startEvent", "begin"), tiny.node("endEvent", "ring", SIGNAL), tiny.chain("begin", "ring"),
        roots=ROOTS, key="bell",
    )  # fmt: skip
    stage.start(key="bell")
    stage.wait_and_work()
    assert stage.open_tasks() == ["asked", "run", "work"]


def test_people_cannot_start_what_an_event_starts(stage: Stage) -> None:
    deploy(stage, MESSAGE)
    with stage.world.db.read() as connection:
        assert not definitions.in_force(stage.world, connection, "tiny").is_started_by_people


# Signals


def test_a_signal_starts_procedures_with_what_it_carries(stage: Stage) -> None:
    deploy(stage, SIGNAL)
    deploy(stage, SIGNAL, key="other", task="other_work")
    inputs = tiny.extensions(tiny.mapping({"answer": '="fire"'}))
    stage.deploy(
        tiny.node("startEvent", "begin"), tiny.node("endEvent", "ring", inputs, SIGNAL), tiny.chain("begin", "ring"),
        roots=ROOTS, key="bell",
    )  # fmt: skip
    stage.start(key="bell")
    assert stage.open_tasks() == []
    stage.wait_and_work()
    assert stage.open_tasks() == ["other_work", "work"]
    assert [variables(stage, number)["answer"] for number in (1, 2)] == ["fire", "fire"]
    assert stage.wait_and_work() == 0


# Timers


def test_a_date_starts_one_instance_also_after_a_restart(stage: Stage) -> None:
    deploy(stage, tiny.timer("2026-10-03T09:00:00Z", "timeDate"))
    with stage.world.db.read() as connection:
        due = next_due(connection)
    assert due is not None
    assert due.isoformat() == "2026-10-03T09:00:00+00:00"
    stage.wait_and_work(timedelta(days=1))
    assert stage.rows(ProcessInstance) == []
    later = open_world(stage.folder, at=due, processes=stage.folder / "processes")
    work_until_rest(later)
    assert stage.open_tasks() == ["work"]
    assert work_until_rest(later) == 0
    later.db.close()


def test_every_round_of_a_cycle_starts_one_and_the_last_is_the_last(stage: Stage) -> None:
    deploy(stage, tiny.timer("R3/P1D", "timeCycle"))
    stage.wait_and_work(timedelta(days=1))
    assert len(stage.rows(ProcessInstance)) == 1
    stage.wait_and_work(timedelta(days=9))
    assert len(stage.rows(ProcessInstance)) == 3
    assert [row.due_at for row in stage.rows(EventStart)] == [None]


def test_a_new_version_keeps_the_rhythm_of_a_timer_that_is_drawn_as_before(stage: Stage) -> None:
    deploy(stage, tiny.timer("R/P2D", "timeCycle"))
    stage.wait_and_work(timedelta(days=1))
    deploy(stage, tiny.timer("R/P2D", "timeCycle"), task="new_work")
    stage.wait_and_work(timedelta(days=1))
    assert stage.open_tasks() == ["new_work"]
    deploy(stage, tiny.timer("R/P7D", "timeCycle"), task="newer_work")
    stage.wait_and_work(timedelta(days=6))
    assert stage.open_tasks() == ["new_work"]
    stage.wait_and_work(timedelta(days=1))
    assert stage.open_tasks() == ["new_work", "newer_work"]


def test_a_date_that_has_come_does_not_come_again_with_the_next_version(stage: Stage) -> None:
    deploy(stage, tiny.timer("2026-10-03T09:00:00Z", "timeDate"))
    stage.wait_and_work(timedelta(days=3))
    deploy(stage, tiny.timer("2026-10-03T09:00:00Z", "timeDate"), task="new_work")
    stage.wait_and_work(timedelta(days=3))
    assert stage.open_tasks() == ["work"]


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        ("timeDate", "2026-09-01T09:00:00Z", "due in the past"),
        ("timeDate", '="tomorrow"', "not a date"),
        ("timeCycle", '="every day"', "is not like R3/P1D"),
    ],
)
def test_a_timer_that_would_never_start_anything_is_refused_by_name(
    stage: Stage, kind: str, text: str, why: str
) -> None:
    with pytest.raises(DeploymentRefused, match=f"begin: .*{why}"):
        deploy(stage, tiny.timer(text, kind))
    assert stage.rows(EventStart) == []


# Versions


def test_another_version_replaces_the_events_and_withdrawing_removes_them(stage: Stage) -> None:
    deploy(stage, MESSAGE)
    deploy(stage, SIGNAL)
    assert [(row.kind, row.name) for row in stage.rows(EventStart)] == [("signal", "alarm")]
    assert send(stage).status == "kept"
    definitions.withdraw(stage.world, "tiny")
    assert stage.rows(EventStart) == []
    definitions.deploy(stage.world, stage.folder / "processes" / "tiny", actor=DEPLOYMENT)
    assert [row.kind for row in stage.rows(EventStart)] == ["signal"]


def test_a_procedure_that_is_refused_leaves_the_events_of_the_version_in_force(stage: Stage) -> None:
    deploy(stage, MESSAGE)
    with pytest.raises(DeploymentRefused):
        deploy(stage, tiny.timer("2026-09-01T09:00:00Z", "timeDate"))
    assert [row.kind for row in stage.rows(EventStart)] == ["message"]


def test_only_the_main_process_of_a_folder_is_started_by_an_event(stage: Stage) -> None:
    folder = stage.write_folder(
        tiny.node("startEvent", "begin"), tiny.node("endEvent", "done"), tiny.chain("begin", "done")
    )
    other = tiny.diagram(
        tiny.node("startEvent", "other_begin", MESSAGE), tiny.node("endEvent", "other_done"),
        tiny.chain("other_begin", "other_done"), process_id="other", roots=ROOTS,
    )  # fmt: skip
    (folder / "other.bpmn").write_text(other)
    with pytest.raises(DeploymentRefused, match="other_begin: Only the main process of a folder"):
        definitions.deploy(stage.world, folder, actor=DEPLOYMENT)


def test_a_form_that_nobody_would_see_and_a_called_process_with_an_event_are_refused(stage: Stage) -> None:
    form = tiny.extensions('<zeebe:formDefinition formId="ask" bindingType="deployment" />')
    with pytest.raises(DeploymentRefused, match="begin: Nobody fills in a form when a message starts"):
        deploy(stage, form + MESSAGE)
    call = tiny.extensions('<zeebe:calledElement processId="other" bindingType="deployment" />')
    folder = stage.write_folder(
        tiny.node("startEvent", "begin"), tiny.node("callActivity", "call", call), tiny.node("endEvent", "done"),
        tiny.chain("begin", "call", "done"),
    )  # fmt: skip
    other = tiny.diagram(
        tiny.node("startEvent", "other_begin", MESSAGE), tiny.node("endEvent", "other_done"),
        tiny.chain("other_begin", "other_done"), process_id="other", roots=ROOTS,
    )  # fmt: skip
    (folder / "other.bpmn").write_text(other)
    with pytest.raises(DeploymentRefused, match="other_begin: The process is called by another"):
        definitions.deploy(stage.world, folder, actor=DEPLOYMENT)
