"""Interventions of operations: suspend, resume, cancel, correct and move, each with a reason, none in silence."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from engine import history, interventions, jobs, messages, tasks, worker
from engine.drafts import draft_of, save_draft
from engine.errors import Conflict, InstanceSuspended, NotCompatible, NotFound, ValuesRefused
from engine.interventions import Value
from engine.models import Definition, Notification, ProcessInstance, Submission, UserTask, Wait
from engine.values import loads
from tests import tiny
from tests.faults.oracle import faults_in
from tests.stage import Stage

WHY = "The diagram is being put right."
MESSAGE = '<bpmn:message id="reply" name="client_replies"><bpmn:extensionElements><zeebe:subscription correlationKey="=&quot;K-1&quot;" /></bpmn:extensionElements></bpmn:message>'  # noqa: E501


def paused(text: str = "P7D") -> tuple[str, ...]:
    return (
        tiny.node("startEvent", "begin"),
        tiny.node("parallelGateway", "split"),
        tiny.user_task("ask", form="ask"),
        tiny.node("intermediateCatchEvent", "pause", tiny.timer(text)),
        tiny.node("parallelGateway", "join"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "split", "ask", "join", "done"),
        tiny.chain("split", "pause", "join"),
    )


def suspend(stage: Stage) -> None:
    interventions.suspend(stage.world, 1, reason=WHY, actor=stage.leader)


def resume(stage: Stage) -> None:
    interventions.resume(stage.world, 1, reason="It is right again.", actor=stage.leader)


def chain_is_whole(stage: Stage) -> bool:
    with stage.world.db.read() as connection:
        return history.verify(connection, 1) is None


def test_a_suspended_instance_waits_and_has_the_time_left_that_it_had(stage: Stage) -> None:
    stage.deploy(*paused())
    stage.start()
    stage.wait(timedelta(days=6))
    suspend(stage)
    assert stage.wait_and_work(timedelta(days=30)) == 0
    assert (stage.status(), stage.waits()) == ("suspended", ["pause"])
    assert worker.next_work_at(stage.world) is None
    resume(stage)
    assert stage.status() == "active"
    assert stage.rows(Wait)[0].due_at - stage.world.clock.now() == timedelta(days=1)
    stage.wait_and_work(timedelta(days=1) - timedelta(seconds=1))
    assert stage.waits() == ["pause"]
    stage.wait_and_work(timedelta(seconds=1))
    assert stage.waits() == []
    stage.complete("ask")
    assert stage.status() == "completed"
    assert chain_is_whole(stage)


def test_a_submit_to_a_suspended_instance_is_refused_and_the_draft_kept(stage: Stage) -> None:
    stage.deploy(*paused())
    stage.start()
    task_id = stage.task_id("ask")
    tasks.claim(stage.world, task_id, actor=stage.caseworker)
    save_draft(stage.world, task_id, {"answer": ["Typed"]}, actor=stage.caseworker)
    suspend(stage)
    with pytest.raises(InstanceSuspended, match="suspended"):
        tasks.complete(stage.world, task_id, {"answer": "Typed"}, actor=stage.caseworker)
    assert draft_of(stage.task("ask")).typed == {"answer": ["Typed"]}
    resume(stage)
    tasks.complete(stage.world, task_id, {"answer": "Typed"}, actor=stage.caseworker)
    assert stage.task("ask").status == "completed"


def test_a_message_that_reaches_a_suspended_instance_is_kept_and_acts_when_it_is_resumed(stage: Stage) -> None:
    reply = tiny.node("intermediateCatchEvent", "reply_wait", '<bpmn:messageEventDefinition messageRef="reply" />')
    stage.deploy(
        tiny.node("startEvent", "begin"),
        reply,
        tiny.user_task("ask", form="ask"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "reply_wait", "ask", "done"),
        roots=MESSAGE,
    )
    stage.start()
    suspend(stage)
    sent = messages.correlate(
        stage.world, "client_replies", "K-1", {"answer": "Yes"}, received_on=date(2026, 10, 1), actor=stage.caseworker
    )
    assert sent.status == "delivered"
    assert (stage.status(), stage.open_tasks(), stage.waits()) == ("suspended", [], [])
    resume(stage)
    assert (stage.status(), stage.open_tasks()) == ("active", ["ask"])


def test_what_a_suspended_instance_owes_stays_until_it_is_resumed(stage: Stage) -> None:
    sent: list[str] = []

    def deliver(_world: Any, owed: Any) -> dict[str, object]:
        sent.append(owed.key)
        return {"answer": "sent"}

    def handler(context: Any) -> Any:
        return context.enqueue("parcel", {})

    stage.add_handler("post", handler)
    stage.world.deliveries = {**stage.world.deliveries, "parcel": deliver}
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.service_task("post", "post"),
        tiny.user_task("ask", form="ask"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "post", "ask", "done"),
    )
    stage.start()
    suspend(stage)
    stage.wait_and_work(timedelta(days=1))
    assert sent == []
    resume(stage)
    stage.wait_and_work()
    assert (len(sent), stage.open_tasks()) == (1, ["ask"])


def test_a_cancelled_instance_is_over_and_the_teams_that_worked_on_it_are_told(stage: Stage) -> None:
    stage.deploy(*paused())
    stage.start()
    interventions.cancel(stage.world, 1, reason="It was started twice.", actor=stage.leader)
    assert (stage.status(), stage.open_tasks(), stage.waits()) == ("cancelled", [], [])
    assert stage.task("ask").status == "withdrawn"
    assert stage.rows(ProcessInstance)[0].ended_at == stage.world.clock.now()
    [told] = stage.rows(Notification)
    assert told.group_key == "review_caseworker"
    assert "It was started twice." in told.text
    assert stage.wait_and_work(timedelta(days=30)) == 0
    with pytest.raises(Conflict, match="ended"):
        suspend(stage)
    assert faults_in(stage.world) == []


def test_what_a_cancelled_instance_owes_is_never_handed_over(stage: Stage) -> None:
    def handler(context: Any) -> Any:
        return context.enqueue("parcel", {})

    stage.add_handler("post", handler)
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.service_task("post", "post"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "post", "done"),
    )
    stage.start()
    interventions.cancel(stage.world, 1, reason="It was started twice.", actor=stage.leader)
    stage.wait_and_work(timedelta(days=1))
    assert [row.state for row in stage.outbox()] == ["withdrawn"]
    assert (stage.status(), stage.incidents()) == ("cancelled", [])


def test_a_delivery_under_way_while_its_instance_is_cancelled_is_not_tried_again(stage: Stage) -> None:
    tries: list[str] = []

    def fails_after_the_cancelling(_world: Any, owed: Any) -> dict[str, object]:
        tries.append(owed.key)
        if len(tries) == 1:
            interventions.cancel(stage.world, 1, reason="It was started twice.", actor=stage.leader)
        raise OSError("The printer is out of paper")

    stage.add_handler("post", lambda context: context.enqueue("parcel", {}))
    stage.world.deliveries = {**stage.world.deliveries, "parcel": fails_after_the_cancelling}
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.service_task("post", "post"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "post", "done"),
    )
    stage.start()
    stage.wait_and_work()
    stage.wait_and_work(timedelta(days=1))
    assert (len(tries), stage.status(), stage.incidents()) == (1, "cancelled", [])


def stuck(stage: Stage) -> None:
    """An instance that stopped because a variable is null where a truth is needed."""
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.user_task("ask", form="ask"),
        tiny.node("exclusiveGateway", "which", default="which_to_no"),
        tiny.user_task("yes", form="ask"),
        tiny.user_task("no", form="ask"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "ask", "which", "no", "done"),
        tiny.flow("which", "yes", '=answer > "m"'),
        tiny.flow("yes", "done"),
    )
    stage.start()
    stage.complete("ask")
    assert stage.status() == "incident"


def test_a_value_is_corrected_before_what_stopped_is_tried_again(stage: Stage) -> None:
    stuck(stage)
    with stage.world.db.read() as connection:
        assert interventions.values_of(stage.world, connection, 1) == []
    interventions.correct(stage.world, 1, "", "answer", '"z"', reason="Left empty by mistake.", actor=stage.leader)
    assert stage.status() == "incident"
    jobs.retry_incident(stage.world, stage.incidents()[0].incident_id, actor=stage.leader)
    assert (stage.status(), stage.open_tasks()) == ("active", ["yes"])
    assert ("value_corrected", "") in stage.told()
    with stage.world.db.read() as connection:
        assert interventions.values_of(stage.world, connection, 1) == [Value("", "answer", "z")]
    assert {"reason": "Left empty by mistake.", "value": "z"} in [loads(row.values) for row in stage.rows(Submission)]
    assert chain_is_whole(stage)


@pytest.mark.parametrize("literal", ["", "1 +", "answer(", '"unclosed'])
def test_what_is_no_value_is_refused_before_anything_changes(stage: Stage, literal: str) -> None:
    stuck(stage)
    with pytest.raises(ValuesRefused):
        interventions.correct(stage.world, 1, "", "answer", literal, reason=WHY, actor=stage.leader)
    assert ("value_corrected", "") not in stage.told()


def test_only_what_is_there_is_corrected_and_only_while_nothing_runs(stage: Stage) -> None:
    stuck(stage)
    with pytest.raises(NotFound):
        interventions.correct(stage.world, 1, "", "anser", '"z"', reason=WHY, actor=stage.leader)
    interventions.correct(stage.world, 1, "", "answer", '"z"', reason=WHY, actor=stage.leader)
    jobs.retry_incident(stage.world, stage.incidents()[0].incident_id, actor=stage.leader)
    with pytest.raises(Conflict, match="Suspend it"):
        interventions.correct(stage.world, 1, "", "answer", '"a"', reason=WHY, actor=stage.leader)


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_nothing_is_done_without_a_reason(stage: Stage, reason: str) -> None:
    stage.deploy(*paused())
    stage.start()
    with pytest.raises(ValuesRefused, match="Say why"):
        interventions.suspend(stage.world, 1, reason=reason, actor=stage.leader)
    with pytest.raises(ValuesRefused, match="Say why"):
        interventions.cancel(stage.world, 1, reason=reason, actor=stage.leader)
    assert stage.status() == "active"


def test_a_stuck_instance_goes_on_by_a_version_that_has_what_it_stands_on(stage: Stage) -> None:
    stuck(stage)
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.user_task("ask", form="ask"),
        tiny.node("exclusiveGateway", "which", default="which_to_no"),
        tiny.user_task("yes", form="ask"),
        tiny.user_task("no", form="ask"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "ask", "which", "no", "done"),
        tiny.flow("which", "yes", "=answer != null"),
        tiny.flow("yes", "done"),
    )
    new = max(row.definition_id for row in stage.rows(Definition))
    interventions.move_to_version(stage.world, 1, new, reason="Version 2 takes no answer.", actor=stage.leader)
    assert (stage.status(), stage.open_tasks(), stage.incidents()) == ("active", ["no"], [])
    assert stage.rows(ProcessInstance)[0].definition_id == new
    assert ("moved_to_version", "") in stage.told()
    assert chain_is_whole(stage)


def test_moved_tasks_keep_their_holder_and_read_as_the_new_version_says(stage: Stage) -> None:
    stage.deploy(*paused())
    stage.start()
    stage.wait(timedelta(days=2))
    tasks.claim(stage.world, stage.task_id("ask"), actor=stage.caseworker)
    due = stage.rows(Wait)[0].due_at
    stage.deploy(*[part.replace('name="ask"', 'name="Ask the client"') for part in paused("P9D")])
    interventions.move_to_version(stage.world, 1, 2, reason=WHY, actor=stage.leader)
    [task] = stage.rows(UserTask)
    assert (task.name, task.assignee_id, task.status) == ("Ask the client", stage.caseworker.person_id, "open")
    assert stage.rows(Wait)[0].due_at == due
    tasks.complete(stage.world, task.task_id, {}, actor=stage.caseworker)
    stage.wait_and_work(timedelta(days=5))
    assert stage.status() == "completed"


def test_a_version_that_lacks_where_the_instance_stands_is_refused_by_name(stage: Stage) -> None:
    stage.deploy(*paused())
    stage.start()
    stage.deploy(*[part.replace('"pause"', '"wait"').replace("pause", "wait") for part in paused()])
    with pytest.raises(NotCompatible, match="pause"):
        interventions.move_to_version(stage.world, 1, 2, reason=WHY, actor=stage.leader)
    assert stage.rows(ProcessInstance)[0].definition_id == 1


def test_a_version_that_attaches_another_event_where_the_instance_stands_is_refused(stage: Stage) -> None:
    stage.deploy(*paused())
    stage.start()
    late = tiny.node("boundaryEvent", "late", tiny.timer("P3D"), attachedToRef="ask", cancelActivity="false")
    stage.deploy(*paused(), late, tiny.user_task("remind", form="ask"), tiny.chain("late", "remind", "done"))
    with pytest.raises(NotCompatible, match="ask"):
        interventions.move_to_version(stage.world, 1, 2, reason=WHY, actor=stage.leader)


def test_an_instance_moves_only_within_its_own_procedure(stage: Stage) -> None:
    stage.deploy(*paused())
    stage.start()
    with pytest.raises(NotFound):
        interventions.move_to_version(stage.world, 1, 1, reason=WHY, actor=stage.leader)
    with pytest.raises(NotFound):
        interventions.move_to_version(stage.world, 1, 99, reason=WHY, actor=stage.leader)


@pytest.mark.parametrize(
    "value",
    ["a \"quoted\" text\\n", 12, True, None, date(2026, 11, 22), timedelta(days=3), [1, "x", {"two words": [None]}]],
)  # fmt: skip
def test_a_value_reads_back_from_what_is_shown_of_it(stage: Stage, value: object) -> None:
    shown = interventions.as_literal(value)
    assert interventions.value_of(stage.world, shown) == value
