"""The outbox and its deliveries: what is owed leaves once, late rather than never, and never twice."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from engine import dispatch, jobs, outbox
from engine.clock import MovableClock
from engine.models import Document, ProcessInstance
from engine.outbox import Owed
from engine.values import loads
from engine.world import World
from handlers.spool import put_once
from tests import tiny
from tests.stage import Stage

ISSUE = {"letter": "CMSL5829", "facts": "={contact_days: 10}"}


def issue_a_letter() -> tuple[str, ...]:
    send = tiny.node(
        "serviceTask", "send",
        tiny.extensions(
            '<zeebe:taskDefinition type="issue_letter" retries="3" />',
            tiny.mapping(ISSUE, {"result": "=letter"}),
        ),
    )  # fmt: skip
    return (
        tiny.node("startEvent", "begin"),
        tiny.service_task("make", "create_request", {"kind": "Review", "main": "=true"}),
        send,
        tiny.user_task("after", form="ask"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "make", "send", "after", "done"),
    )


def spooled(stage: Stage, kind: str = "letters") -> list[Path]:
    folder = stage.world.settings.spool_dir / kind
    return sorted(folder.iterdir()) if folder.exists() else []


class Gateway:
    """A delivery that fails as often as it is told to, then hands over for real."""

    def __init__(self, real: Any, failures: int) -> None:
        self.real = real
        self.failures = failures
        self.tried = 0

    def __call__(self, world: World, owed: Owed) -> Mapping[str, Any]:
        self.tried += 1
        if self.tried <= self.failures:
            raise OSError("the print room is closed")
        result: Mapping[str, Any] = self.real(world, owed)
        return result


def break_letters(stage: Stage, failures: int) -> Gateway:
    gateway = Gateway(stage.world.deliveries["letter"], failures)
    stage.world.deliveries = {**stage.world.deliveries, "letter": gateway}
    return gateway


def test_the_token_waits_until_the_letter_was_handed_over_and_the_reply_clock_starts_there(stage: Stage) -> None:
    stage.deploy(*issue_a_letter())
    stage.start()
    assert (stage.open_tasks(), stage.waits(), spooled(stage)) == ([], ["send"], [])
    stage.wait_and_work(timedelta(hours=3))
    assert stage.open_tasks() == ["after"]
    [document] = stage.rows(Document)
    assert document.dispatched_at == stage.world.clock.now()
    [file] = spooled(stage)
    assert file.read_bytes().startswith(b"%PDF")
    result = loads(stage.rows(ProcessInstance)[0].variables)["process"]["result"]
    assert result["dispatched_at"] == document.dispatched_at


def test_a_failed_delivery_is_tried_again_with_growing_pauses(stage: Stage) -> None:
    gateway = break_letters(stage, failures=2)
    stage.deploy(*issue_a_letter())
    stage.start()
    stage.wait_and_work()
    assert stage.outbox()[0].available_at - stage.world.clock.now() == timedelta(seconds=5)
    stage.wait_and_work(timedelta(seconds=4))
    assert gateway.tried == 1
    stage.wait_and_work(timedelta(seconds=1))
    stage.wait_and_work(timedelta(seconds=30))
    assert (gateway.tried, stage.open_tasks(), len(spooled(stage))) == (3, ["after"], 1)
    assert stage.incidents() == []


def test_a_delivery_that_keeps_failing_becomes_an_incident_that_a_person_retries(stage: Stage) -> None:
    gateway = break_letters(stage, failures=6)
    stage.deploy(*issue_a_letter())
    stage.start()
    for _ in range(10):
        stage.wait_and_work(timedelta(hours=1))
    assert gateway.tried == stage.world.settings.delivery_attempts == 5
    [incident] = stage.incidents()
    assert "print room is closed" in incident.message
    assert stage.status() == "active"
    for _ in range(3):  # the last one finds it on its way
        jobs.retry_incident(stage.world, incident.incident_id, actor=stage.leader)
        if gateway.tried == 5:
            stage.wait_and_work()  # in vain, and it pauses: whoever presses then need not wait
    assert [kind for kind, _ in stage.told()].count("retried") == 2
    stage.wait_and_work()
    assert (stage.open_tasks(), stage.incidents(), len(spooled(stage))) == (["after"], [], 1)


def test_a_delivery_that_ends_its_worker_each_time_is_given_up_and_a_person_is_told(stage: Stage) -> None:
    gateway = break_letters(stage, failures=0)
    stage.deploy(*issue_a_letter())
    stage.start()
    for _ in range(stage.world.settings.delivery_attempts):
        claim(stage)  # and dies: nobody records what became of it
        stage.wait(outbox.LEASE)
    stage.wait_and_work()
    [row], [incident] = stage.outbox(), stage.incidents()
    assert (gateway.tried, row.state) == (0, "failed")
    assert "after 5 tries" in incident.message
    assert "whoever handed it over ended" in incident.message
    assert stage.wait_and_work(timedelta(days=1)) == 0
    jobs.retry_incident(stage.world, incident.incident_id, actor=stage.leader)
    stage.wait_and_work()
    assert (stage.open_tasks(), stage.incidents(), len(spooled(stage))) == (["after"], [], 1)


def test_what_a_vanished_worker_held_is_delivered_by_another_after_its_lease(stage: Stage) -> None:
    stage.deploy(*issue_a_letter())
    stage.start()
    claim(stage)
    assert stage.wait_and_work(outbox.LEASE - timedelta(seconds=1)) == 0
    stage.wait_and_work(timedelta(seconds=1))
    assert (stage.open_tasks(), len(spooled(stage))) == (["after"], 1)


def claim(stage: Stage) -> Owed:
    """Take the delivery that is due, as a worker does."""
    with stage.world.db.write() as connection:
        owed = outbox.claim(connection, now=stage.world.clock.now())
    assert owed is not None
    return owed


def test_of_two_workers_that_deliver_the_same_one_records_it_and_the_other_changes_nothing(stage: Stage) -> None:
    stage.deploy(*issue_a_letter())
    stage.start()
    world = stage.world
    slow = claim(stage)
    stage.wait_and_work(outbox.LEASE)
    version = stage.rows(ProcessInstance)[0].version
    row = stage.outbox()[0]
    dispatch._deliver(world, slow)
    with world.db.write() as connection:
        outbox.mark_for_retry(connection, slow, "too late", at=world.clock.now())
        assert not outbox.mark_failed(connection, slow, "too late")
    assert stage.outbox()[0] == row
    assert stage.rows(ProcessInstance)[0].version == version
    assert len(spooled(stage)) == 1


def test_who_slept_through_the_lease_records_nothing_while_another_delivers(stage: Stage) -> None:
    stage.deploy(*issue_a_letter())
    stage.start()
    world = stage.world
    slept = claim(stage)
    stage.wait(outbox.LEASE)
    awake = claim(stage)
    with world.db.write() as connection:
        outbox.mark_for_retry(connection, slept, "late", at=world.clock.now())
        assert not outbox.mark_failed(connection, slept, "late")
        assert not outbox.mark_sent(connection, slept, {}, now=world.clock.now())
    dispatch._deliver(world, slept)
    assert (stage.outbox()[0].state, stage.open_tasks()) == ("busy", [])
    dispatch._deliver(world, awake)
    assert (stage.outbox()[0].state, stage.open_tasks(), len(spooled(stage))) == ("sent", ["after"], 1)


def test_each_delivery_is_held_only_from_its_own_turn_on(stage: Stage) -> None:
    stage.deploy(*issue_a_letter())
    stage.start()
    stage.start()
    real, held = stage.world.deliveries["letter"], []

    def slow(world: World, owed: Owed) -> Mapping[str, Any]:
        held.append([row.state for row in stage.outbox()])
        return real(world, owed)

    stage.world.deliveries = {**stage.world.deliveries, "letter": slow}
    stage.wait_and_work()
    assert held == [["busy", "new"], ["sent", "busy"]]


def test_a_named_delivery_is_tried_only_while_it_is_due(stage: Stage) -> None:
    stage.deploy(*issue_a_letter())
    stage.start()
    stage.start()
    assert dispatch.deliver_one(stage.world, 2)
    assert not dispatch.deliver_one(stage.world, 2)
    assert not dispatch.deliver_one(stage.world, 3)
    assert [row.state for row in stage.outbox()] == ["new", "sent"]


@pytest.mark.parametrize("too_far", [timedelta(hours=1), timedelta(days=14)])
def test_a_clock_that_ran_ahead_and_was_set_back_delays_no_delivery(stage: Stage, too_far: timedelta) -> None:
    break_letters(stage, failures=1)
    stage.deploy(*issue_a_letter())
    stage.start()
    stage.start()
    right = stage.world.clock.now()
    stage.wait(too_far)
    dispatch.deliver_one(stage.world)  # fails, and is put back for later
    claim(stage)  # and its worker dies
    stage.world.clock = MovableClock(frozen_at=right)
    stage.wait_and_work()
    assert [row.state for row in stage.outbox()] == ["sent", "sent"]


def test_a_hand_over_that_could_not_be_recorded_is_tried_again_without_a_second_copy(stage: Stage) -> None:
    fails = [True]

    def note(_context: object) -> dict[str, object]:
        if fails[0]:
            raise RuntimeError("not yet")
        return {}

    stage.add_handler("print", note)
    send = issue_a_letter()[2]
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.service_task("make", "create_request", {"kind": "Review", "main": "=true"}),
        tiny.node("parallelGateway", "split"),
        send,
        tiny.node("intermediateCatchEvent", "day", tiny.timer("P1D")),
        tiny.service_task("print", "print", retries=0),
        tiny.node("parallelGateway", "join"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "make", "split", "send", "join", "done"),
        tiny.chain("split", "day", "print", "join"),
    )
    stage.start()
    stage.wait(timedelta(days=2))
    dispatch.deliver_due(stage.world)  # before the timers: the overdue step fails first
    assert (len(spooled(stage)), stage.outbox()[0].state) == (1, "new")
    fails[0] = False
    stage.wait_and_work(timedelta(minutes=1))
    assert (stage.status(), len(spooled(stage)), stage.outbox()[0].state) == ("completed", 1, "sent")


def test_one_bad_delivery_does_not_hold_up_the_next(stage: Stage) -> None:
    break_letters(stage, failures=1)
    stage.deploy(*issue_a_letter())
    stage.start()
    stage.start()
    stage.wait_and_work()
    assert [row.state for row in stage.outbox()] == ["new", "sent"]


def test_a_file_is_put_into_the_spool_once_and_whole(tmp_path: Path) -> None:
    first = put_once(tmp_path / "spool", "1-send-1-abc.pdf", b"first")
    again = put_once(tmp_path / "spool", "1-send-1-abc.pdf", b"second")
    assert first == again
    assert first.read_bytes() == b"first"
    assert [path.name for path in (tmp_path / "spool").iterdir()] == ["1-send-1-abc.pdf"]


def test_a_disk_that_refuses_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="No space left"):
        put_once(tmp_path / "spool", "letter.pdf", b"x" * 10_000)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_a_killed_try_left_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / ".leaving").mkdir()
    (tmp_path / ".leaving" / "letter.pdf.0123").write_bytes(b"ha")
    put_once(tmp_path / "spool", "letter.pdf", b"half")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["letter.pdf"]


def test_many_who_put_the_same_file_at_once_put_it_once_and_whole(tmp_path: Path) -> None:
    content = os.urandom(300_000)
    with ThreadPoolExecutor(8) as pool:
        put = set(pool.map(lambda _: put_once(tmp_path / "spool", "letter.pdf", content), range(24)))
    [target] = put
    assert target.read_bytes() == content
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["letter.pdf"]


def test_a_name_cannot_leave_the_spool_folder(tmp_path: Path) -> None:
    put = put_once(tmp_path / "spool", "../../etc/passwd", b"x")
    assert put.parent == tmp_path / "spool"


def send_email(to: str, subject: str) -> tuple[str, ...]:
    return (
        tiny.node("startEvent", "begin"),
        tiny.service_task("mail", "send_email", {"to": to, "subject": subject, "text": "Dear team"}, retries=0),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "mail", "done"),
    )


def test_an_email_is_handed_over_as_a_message_that_can_be_told_from_a_copy(stage: Stage) -> None:
    stage.deploy(*send_email("team@redress.example", "Café, déjà vu"))
    stage.start()
    stage.wait_and_work()
    [file] = spooled(stage, "email")
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert (message["To"], message["Subject"]) == ("team@redress.example", "Café, déjà vu")
    assert message["Message-ID"].endswith("@redress.invalid>")
    assert stage.status() == "completed"


@pytest.mark.parametrize(
    ("to", "subject"),
    [
        ('="team@redress.example\\nBcc: other@redress.example"', "Hello"),
        ('="team@redress.example\\r\\nBcc: other@redress.example"', "Hello"),
        ("team@redress.example", '="Hello\\nBcc: other@redress.example"'),
        ("team@redress.example, other@redress.example", "Hello"),
        ('="team@redress.example\\u2028Bcc: other@redress.example"', "Hello"),
        ("nobody", "Hello"),
    ],
)
def test_an_email_whose_address_or_subject_could_break_out_of_its_header_is_never_owed(
    stage: Stage, to: str, subject: str
) -> None:
    stage.deploy(*send_email(to, subject))
    assert stage.start().status == "incident"
    assert stage.outbox() == []


SIGNAL = '<bpmn:signal id="office_closed" name="office_closed" />\n'
SIGNAL_REF = '<bpmn:signalEventDefinition signalRef="office_closed" />'


def test_a_signal_reaches_every_other_instance_that_waits_for_it_and_each_once(stage: Stage) -> None:
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.node("intermediateCatchEvent", "closed", SIGNAL_REF),
        tiny.user_task("tell_client", form="ask"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "closed", "tell_client", "done"),
        roots=SIGNAL,
    )
    stage.start()
    stage.start()
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.node("intermediateThrowEvent", "close", SIGNAL_REF),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "close", "done"),
        roots=SIGNAL,
        key="closer",
    )
    assert stage.start(key="closer").status == "completed"
    assert stage.open_tasks() == []
    stage.wait_and_work()
    assert stage.open_tasks() == ["tell_client", "tell_client"]
    assert stage.waits() == []
    assert [(row.instance_id, row.state) for row in stage.outbox()] == [(1, "sent"), (2, "sent")]
