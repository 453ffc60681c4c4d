"""A provider that behaves badly: what it took leaves once, an email at least once with one Message-ID."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from handlers import gateway
from tests import tiny
from tests.faults.oracle import faults_in
from tests.faults.provider import Manner, Provider, provider
from tests.stage import Stage

SEND = {
    "letters": ("issue_letter", {"letter": "CMSL5829", "facts": "={contact_days: 10}"}),
    "payments": ("instruct_payment", {"payment": "=payment"}),
    "mail": ("send_email", {"to": "team@redress.example", "subject": "Hello", "text": "Dear team"}),
}
NAMES = '[fields.payment]\ntype = "text"\nlabel = "Payment"\n'
MANNERS: tuple[Manner, ...] = ("refuse", "take and refuse", "take and hang up", "take and be late", "answer twice")
TOOK_IT = ("take and refuse", "take and hang up", "take and be late")


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Provider]:
    """A provider outside."""
    with provider(tmp_path) as opened:
        yield opened


@pytest.fixture
def stage(tmp_path: Path, outside: Provider) -> Iterator[Stage]:
    """A stage whose letters, payments and emails go to the provider."""
    (tmp_path / "data").mkdir()
    made = Stage(tmp_path / "data")
    made.world.settings = dataclasses.replace(
        made.world.settings,
        gateway_url=f"{outside.url}/us",
        gateway_seconds=1,
        mail_server=outside.mail_server,
        mail_from="us@office",
    )
    yield made
    made.world.db.close()


def owe(stage: Stage, kind: str) -> None:
    job, inputs = SEND[kind]
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.service_task("make", "create_request", {"kind": "Review", "main": "=true"}),
        tiny.service_task("draft", "draft_payment", {"amount": "=5000", "reason": "Redress"}),
        tiny.service_task("approve", "approve_payment", {"payment": "=payment", "amount": "=4000"}),
        tiny.service_task("send", job, inputs),
        tiny.user_task("after", form="ask"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "make", "draft", "approve", "send", "after", "done"),
        dictionary=NAMES,
    )
    stage.start()


@pytest.mark.parametrize("manner", MANNERS)
@pytest.mark.parametrize("kind", SEND)
def test_whatever_a_provider_answers_what_we_owe_is_taken_once(
    stage: Stage, outside: Provider, kind: str, manner: Manner
) -> None:
    owe(stage, kind)
    outside.manners.append(manner)
    stage.wait_and_work()
    assert stage.open_tasks() == (["after"] if manner == "answer twice" else [])
    stage.wait_and_work(timedelta(minutes=1))
    assert (stage.open_tasks(), stage.incidents()) == (["after"], [])
    [(_, times)] = outside.taken("us").items()
    assert times == (2 if kind == "mail" and manner in TOOK_IT else 1)
    assert len({entry["sha256"] for entry in outside.entries("us")}) == 1
    assert faults_in(stage.world) == []


def test_a_provider_that_is_away_for_good_becomes_an_incident_that_names_no_person(
    stage: Stage, outside: Provider
) -> None:
    owe(stage, "letters")
    outside.manners.extend(["refuse"] * 5)
    for _ in range(6):
        stage.wait_and_work(timedelta(hours=1))
    [incident] = stage.incidents()
    assert "The provider answered 500" in incident.message
    assert "Robin" not in incident.message
    assert outside.taken("us") == {}
    assert faults_in(stage.world) == []


def test_a_payment_whose_instruction_may_have_left_is_not_withdrawn(stage: Stage, outside: Provider) -> None:
    job, inputs = SEND["payments"]
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.service_task("make", "create_request", {"kind": "Review", "main": "=true"}),
        tiny.service_task("draft", "draft_payment", {"amount": "=5000", "reason": "Redress"}),
        tiny.service_task("approve", "approve_payment", {"payment": "=payment", "amount": "=4000"}),
        tiny.node("parallelGateway", "split"),
        tiny.service_task("send", job, inputs),
        tiny.user_task("think", form="ask"),
        tiny.service_task("withdraw", "draft_payment", {"payment": "=payment", "amount": "=0", "status": "Withdrawn"}),
        tiny.node("parallelGateway", "join"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "make", "draft", "approve", "split", "send", "join", "done"),
        tiny.chain("split", "think", "withdraw", "join"),
        dictionary=NAMES,
    )
    stage.start()
    outside.manners.append("take and hang up")
    stage.wait_and_work()
    assert stage.complete("think", {"answer": "No"}).status == "retrying"
    assert "is just leaving" in stage.jobs()[0].last_error
    for _ in range(3):
        stage.wait_and_work(timedelta(minutes=5))
    assert (stage.status(), outside.taken("us")) == ("completed", {"payments/PAY-000001.json": 1})
    assert faults_in(stage.world) == []


def test_an_instruction_of_the_same_number_that_another_left_with_the_provider_is_not_taken_for_ours(
    stage: Stage, outside: Provider
) -> None:
    owe(stage, "payments")
    gateway.put(f"{outside.url}/us", "payments", "PAY-000001.json", b"{}", seconds=1)
    stage.wait_and_work()
    assert "Another instruction for PAY-000001 has left already" in stage.outbox()[0].last_error
    assert outside.taken("us") == {"payments/PAY-000001.json": 1}
