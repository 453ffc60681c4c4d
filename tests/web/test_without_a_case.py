"""A procedure that an event starts without a case: its tasks are found, done and seen like any other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from engine import messages, scenarios
from engine.models import ProcessInstance
from tests import tiny
from tests.page import Browser
from tests.stage import Stage
from web.app import create_app

ROOTS = '<bpmn:message id="m" name="order" />'


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A procedure that a message starts, and such a message from somebody without a case."""
    stage = Stage(tmp_path)
    stage.deploy(
        tiny.node("startEvent", "begin", '<bpmn:messageEventDefinition messageRef="m" />'),
        tiny.user_task("work", form="ask"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "work", "done"),
        roots=ROOTS,
    )
    sent = date(2026, 9, 30)
    messages.correlate(stage.world, "order", "A-17", {"answer": "please"}, received_on=sent, actor=stage.caseworker)
    yield stage
    stage.world.db.close()


def test_its_task_is_in_the_queue_and_can_be_done(stage: Stage) -> None:
    caseworker = Browser(create_app(world=stage.world)).sign_in("review_caseworker")
    caseworker.visit("/tasks/queue").follow("work")
    caseworker.press("Claim this task")
    caseworker.visit("/tasks/").follow("work").press("Complete this task", {"answer": "Done"})
    assert stage.status() == "completed"
    assert caseworker.visit("/tasks/").text


def test_operations_see_it_with_its_messages_key(stage: Stage) -> None:
    scenarios.cast(stage.world, ["operations"])
    operations = Browser(create_app(world=stage.world)).sign_in("operations")
    operations.visit("/operations/instances").follow("Instance 1")
    assert "A-17" in operations.text
    assert "In the queue of Review caseworkers" in operations.text


def test_a_message_from_elsewhere_is_handed_in_by_a_command_and_counts_once(stage: Stage) -> None:
    told = create_app(world=stage.world).test_cli_runner().invoke
    words = ["send-message", "order", "--by", "review_caseworker", "--id", "7f3a", "--with", '{"answer": "now"}']
    assert told(args=words).output == "Message 2 is delivered to instance 2.\n"
    again = told(args=words)
    assert "Message 2 is delivered to instance 2. It had arrived before" in again.output
    assert len(stage.rows(ProcessInstance)) == 2
    kept = told(args=["send-message", "another", "--by", "review_caseworker"])
    assert (kept.exit_code, kept.output) == (1, "Message 3 is kept. Nothing was waiting for this message.\n")
    for wrong in (["--by", "nobody"], ["--by", "review_caseworker", "--with", "[1]"]):
        assert told(args=["send-message", "order", *wrong]).exit_code == 2
