"""What an incident says: the element that somebody drew and the values that it met. The person's work is kept."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from engine import definitions, jobs
from engine.errors import DeploymentRefused
from engine.models import History, Incident, Submission, UserTask, Wait
from engine.values import loads
from engine.world import DEPLOYMENT
from tests import tiny
from tests.stage import Stage

SIGNAL = '<bpmn:signal id="stop" name="stop" />\n'


def way_out(*ways: tuple[str, str | None]) -> tuple[str, ...]:
    """A person answers, and a gateway chooses by the answer; a way without a condition is the default."""
    default = next(({"default": f"choose_to_{target}"} for target, condition in ways if condition is None), {})
    return (
        tiny.node("startEvent", "begin"),
        tiny.user_task("work", form="ask"),
        tiny.node("exclusiveGateway", "choose", **default),
        *(tiny.node("endEvent", target) for target, _ in ways),
        tiny.chain("begin", "work", "choose"),
        *(tiny.flow("choose", target, condition) for target, condition in ways),
    )


@pytest.mark.parametrize(
    ("ways", "said"),
    [
        (
            [("yes", '=answer = "Yes"'), ("no", '=answer = "No" and amount > 1')],
            'no condition is true and there is no default flow. It read answer = "Perhaps", amount = null.',
        ),
        ([("yes", "=amount > 1"), ("no", None)], "cannot compare null with number. It read amount = null."),
        ([("yes", "=answer"), ("no", None)], 'it is "Perhaps". It read answer = "Perhaps".'),
    ],
)
def test_a_gateway_that_cannot_choose_is_an_incident_with_the_values_and_keeps_the_work(
    stage: Stage, ways: list[tuple[str, str | None]], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    stage.deploy(*way_out(*ways), unchecked=True)
    stage.start()
    stage.complete("work", {"answer": "Perhaps"})
    [incident] = stage.incidents()
    assert incident.element_id == "choose"
    assert incident.message.startswith("choose: ")
    assert incident.message.endswith(said)
    assert [row.status for row in stage.rows(UserTask)] == ["completed"]
    assert [loads(row.values) for row in stage.rows(Submission) if loads(row.values)] == [{"answer": "Perhaps"}]
    assert "Perhaps" not in caplog.text


def test_a_called_process_that_is_not_there_is_refused_by_name(stage: Stage) -> None:
    call = tiny.extensions('<zeebe:calledElement processId="gone" bindingType="deployment" />')
    with pytest.raises(DeploymentRefused, match=r"call: There is no process “gone”"):
        stage.deploy(
            tiny.node("startEvent", "begin"), tiny.node("callActivity", "call", call), tiny.node("endEvent", "done"),
            tiny.chain("begin", "call", "done"),
        )  # fmt: skip


def test_a_procedure_that_was_withdrawn_before_the_hand_over_is_an_incident_that_names_it(stage: Stage) -> None:
    stage.deploy(
        tiny.node("startEvent", "begin"), tiny.node("endEvent", "done"), tiny.chain("begin", "done"), key="second"
    )
    folder = stage.write_folder(
        tiny.node("startEvent", "begin"),
        tiny.service_task("make", "create_request", {"kind": "First", "main": "=true"}),
        tiny.user_task("work", form="ask"),
        tiny.service_task("hand_over", "hand_over", {"to": "second"}, retries=0),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "make", "work", "hand_over", "done"),
    )
    sheet = folder / "process.toml"
    sheet.write_text(f'{sheet.read_text()}[[hand_overs]]\nto = "second"\nfields = []\n')
    definitions.deploy(stage.world, folder, actor=DEPLOYMENT)
    stage.start()
    definitions.withdraw(stage.world, "second")
    stage.complete("work", {"answer": "Yes"})
    [incident] = stage.incidents()
    assert incident.element_id == "hand_over", incident.message
    assert "The procedure 'second' is not in force" in incident.message
    assert [row.status for row in stage.rows(UserTask)] == ["completed"]
    definitions.deploy(stage.world, stage.folder / "processes" / "second", actor=DEPLOYMENT)
    jobs.retry_incident(stage.world, incident.incident_id, actor=stage.leader)
    assert stage.status() == "completed"


def test_a_join_that_can_never_be_passed_is_named(stage: Stage) -> None:
    stage.deploy(
        tiny.node("startEvent", "begin"), tiny.node("exclusiveGateway", "one", default="one_to_a"),
        tiny.node("task", "a"), tiny.node("task", "b"), tiny.node("parallelGateway", "both"),
        tiny.node("endEvent", "done"), tiny.chain("begin", "one"), tiny.flow("one", "a"),
        tiny.flow("one", "b", "=false"), tiny.chain("a", "both", "done"), tiny.flow("b", "both"), unchecked=True,
    )  # fmt: skip
    stage.start()
    [incident] = stage.incidents()
    assert (incident.element_id, stage.status()) == ("both", "incident")


def test_nothing_that_nobody_drew_reaches_a_table(stage: Stage) -> None:
    def always_fails(_context: Any) -> dict[str, object]:
        raise RuntimeError("the printer is on fire")

    stage.add_handler("print", always_fails)
    reference = '<bpmn:signalEventDefinition signalRef="stop" />'
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.user_task("work", form="ask"),
        tiny.node("endEvent", "yes"),
        tiny.node("endEvent", "no"),
        tiny.chain("begin", "work"),
        tiny.flow("work", "yes", "=amount > 1"),
        tiny.flow("work", "no", "=count = 1"),
        tiny.node(
            "subProcess",
            "handle",
            tiny.node("startEvent", "stopped", reference, isInterrupting="false"),
            tiny.service_task("print", "print"),
            tiny.node("endEvent", "handled"),
            tiny.chain("stopped", "print", "handled"),
            triggeredByEvent="true",
        ),
        roots=SIGNAL,
    )
    stage.start()
    assert stage.waits() == ["stopped"]
    stage.deploy(
        tiny.node("startEvent", "begin"), tiny.node("endEvent", "ring", reference), tiny.chain("begin", "ring"),
        roots=SIGNAL, key="bell",
    )  # fmt: skip
    stage.start(key="bell")
    stage.wait_and_work()
    assert [row.element_id for row in stage.jobs()] == ["print"]
    stage.complete("work", {"answer": "Yes"})
    assert {row.element_id for row in stage.incidents()} <= {"print", "work"}
    for model in (History, Incident, UserTask, Wait):
        shown = [[row.element_id, getattr(row, "message", ""), getattr(row, "data", "")] for row in stage.rows(model)]
        assert "#" not in json.dumps(shown), model
