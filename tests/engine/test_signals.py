"""Signals between instances: what they carry, to whom, once, and what becomes of one that cannot be heard."""

from __future__ import annotations

from engine.models import Incident, Outbox, ProcessInstance, Submission
from engine.outbox import owe
from engine.values import loads
from tests import tiny
from tests.stage import Stage

SIGNAL = '<bpmn:signal id="office_closed" name="office_closed" />\n'
SIGNAL_REF = '<bpmn:signalEventDefinition signalRef="office_closed" />'
ANSWER = tiny.mapping({"answer": '="closed on " + string(1 + 1)'})


def deploy_hearer(stage: Stage, *, also: bool = False, after: str = "") -> None:
    """Deploy a procedure that waits for the signal and then asks a person; with `also` it waits again and again."""
    if also:
        body: tuple[str, ...] = (
            tiny.node("startEvent", "begin"),
            tiny.user_task("work", form="ask"),
            tiny.node("boundaryEvent", "hear", SIGNAL_REF, attachedToRef="work", cancelActivity="false"),
            tiny.user_task("heard", form="ask"),
            tiny.node("endEvent", "done"),
            tiny.node("endEvent", "done_too"),
            tiny.chain("begin", "work", "done"),
            tiny.chain("hear", "heard", "done_too"),
        )
    else:
        way = [after] if after else []
        body = (
            tiny.node("startEvent", "begin"),
            tiny.node("intermediateCatchEvent", "hear", SIGNAL_REF),
            *([tiny.service_task(after, after, retries=0)] if after else []),
            tiny.user_task("heard", form="ask"),
            tiny.node("endEvent", "done"),
            tiny.chain("begin", "hear", *way, "heard", "done"),
        )
    stage.deploy(*body, roots=SIGNAL, key="hearer")


def throw(stage: Stage) -> None:
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.node("intermediateThrowEvent", "close", tiny.extensions(ANSWER), SIGNAL_REF),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "close", "done"),
        roots=SIGNAL,
        key="closer",
    )
    stage.start(key="closer")


def test_a_signal_carries_its_inputs_to_each_instance_and_to_its_history(stage: Stage) -> None:
    deploy_hearer(stage)
    stage.start(key="hearer")
    stage.start(key="hearer")
    throw(stage)
    stage.wait_and_work()
    for row in stage.rows(ProcessInstance)[:2]:
        assert loads(row.variables)["process"]["answer"] == "closed on 2"
    assert [loads(row.values)["answer"] for row in stage.rows(Submission) if row.instance_id < 3 and row.seq > 1] == [
        "closed on 2"
    ] * 2


def test_only_who_waits_when_a_signal_is_thrown_hears_it_and_once(stage: Stage) -> None:
    deploy_hearer(stage, also=True)
    stage.start(key="hearer")
    throw(stage)
    stage.start(key="hearer")  # after the throw, and before the worker has carried it over
    stage.wait_and_work()
    assert stage.open_tasks() == ["heard", "work", "work"]
    assert stage.wait_and_work() == 0


def test_a_signal_for_an_instance_that_has_ended_meanwhile_changes_nothing(stage: Stage) -> None:
    deploy_hearer(stage, also=True)
    stage.start(key="hearer")
    throw(stage)
    stage.complete("work")
    before = stage.rows(ProcessInstance)[0]
    stage.wait_and_work()
    assert stage.rows(ProcessInstance)[0] == before
    assert [row.state for row in stage.outbox()] == ["sent"]


def test_a_hearer_that_fails_keeps_the_signal_and_holds_up_no_other(stage: Stage) -> None:
    def always_fails(_context: object) -> dict[str, object]:
        raise RuntimeError("the printer is on fire")

    stage.add_handler("print", always_fails)
    deploy_hearer(stage, after="print")
    stage.start(key="hearer")
    deploy_hearer(stage)
    stage.start(key="hearer")
    throw(stage)
    stage.wait_and_work()
    assert [stage.status(1), stage.status(2)] == ["incident", "active"]
    assert stage.open_tasks() == ["heard"]
    assert [row.element_id for row in stage.rows(Incident)] == ["print"]


def test_a_signal_that_was_owed_before_signals_carried_anything_still_reaches_everyone(stage: Stage) -> None:
    deploy_hearer(stage)
    stage.start(key="hearer")
    stage.start(key="hearer")
    with stage.world.db.write() as connection:
        payload = {"name": "office_closed"}
        owe(connection, key="1-signal-1-0", kind="signal", payload=payload, now=stage.world.clock.now(), instance_id=1)
    stage.wait_and_work()
    assert stage.open_tasks() == ["heard"]
    assert {row.state for row in stage.rows(Outbox)} == {"sent"}
