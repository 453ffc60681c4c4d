"""Races: two at once on the same thing, each in a world of its own as two processes would be. One wins, once."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from engine import cases, definitions, dispatch, instance_row, jobs, messages, tasks, timers
from engine.clock import MovableClock
from engine.errors import Conflict, RedressError
from engine.models import Document, Incident, Message, Note, ProcessInstance, UserTask, Wait
from engine.world import DEPLOYMENT, World
from tests import tiny
from tests.faults.oracle import faults_in
from tests.page import Browser
from tests.stage import Stage
from tests.world import open_world
from web.app import create_app

ROUNDS = int(os.environ.get("RACES", "1"))  # each is another race; `make faults` runs more of them
MESSAGE = (
    '<bpmn:message id="m_reply" name="reply"><bpmn:extensionElements>'
    '<zeebe:subscription correlationKey="=request.number" /></bpmn:extensionElements></bpmn:message>\n'
)
MAKE = tiny.service_task("make", "create_request", {"kind": "Review", "main": "=true"})
ASK = (
    tiny.node("startEvent", "begin"),
    MAKE,
    tiny.user_task("ask", form="ask"),
    tiny.service_task("note", "add_note", {"text": "=answer"}),
    tiny.user_task("check", form="ask"),
    tiny.node("endEvent", "done"),
    tiny.chain("begin", "make", "ask", "note", "check", "done"),
)
REPLY_OR_WEEK = (
    tiny.node("startEvent", "begin"),
    MAKE,
    tiny.node("eventBasedGateway", "wait"),
    tiny.node("intermediateCatchEvent", "reply", '<bpmn:messageEventDefinition messageRef="m_reply" />'),
    tiny.node("intermediateCatchEvent", "week", tiny.timer("P7D")),
    tiny.user_task("replied", form="ask"),
    tiny.user_task("silent", form="ask"),
    tiny.node("endEvent", "done"),
    tiny.chain("begin", "make", "wait", "reply", "replied", "done"),
    tiny.chain("wait", "week", "silent", "done"),
)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A world with a case and people."""
    made = Stage(tmp_path)
    yield made
    made.world.db.close()


@pytest.fixture
def other(stage: Stage) -> Iterator[World]:
    """The same world as another process sees it: its own connections, its own locks."""
    stage.write_folder(*ASK)
    made = open_world(stage.folder, processes=stage.folder / "processes")
    made.handlers = stage.world.handlers
    yield made
    made.db.close()


def together(*attempts: Callable[[], object]) -> list[object]:
    """Make attempts in threads that start at the same moment; return each one's result or refusal."""
    results: list[object] = [None] * len(attempts)
    start = threading.Barrier(len(attempts))

    def run(index: int, attempt: Callable[[], object]) -> None:
        start.wait()
        try:
            results[index] = attempt()
        except RedressError as refused:
            results[index] = refused

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(attempts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def refusals(results: list[object]) -> int:
    return sum(isinstance(result, RedressError) for result in results)


def version(stage: Stage) -> int:
    return int(stage.rows(ProcessInstance)[-1].version)


def move_clocks(stage: Stage, other: World, time: timedelta) -> None:
    stage.wait(time)
    other.clock = MovableClock(frozen_at=stage.world.clock.now())


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_one_of_two_submits_of_a_form_counts(stage: Stage, other: World, _round: int) -> None:
    stage.deploy(*ASK)
    stage.start()
    task_id = stage.task_id("ask")
    tasks.claim(stage.world, task_id, actor=stage.caseworker)
    before = version(stage)
    results = together(*(
        lambda world=world, said=said: tasks.complete(world, task_id, {"answer": said}, actor=stage.caseworker)
        for world, said in ((stage.world, "one"), (other, "two"), (stage.world, "three"))
    ))  # fmt: skip
    assert (refusals(results), version(stage) - before) == (2, 1)
    assert (len(stage.rows(Note)), stage.open_tasks()) == (1, ["check"])
    assert faults_in(stage.world) == []


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_a_task_that_is_reassigned_while_it_is_completed_is_completed_by_its_holder_or_not_at_all(
    stage: Stage, other: World, _round: int
) -> None:
    stage.deploy(*ASK)
    stage.start()
    task_id = stage.task_id("ask")
    tasks.claim(stage.world, task_id, actor=stage.caseworker)
    completed, assigned = together(
        lambda: tasks.complete(stage.world, task_id, {"answer": "x"}, actor=stage.caseworker),
        lambda: tasks.assign(other, task_id, to=stage.colleague.person_id, actor=stage.leader),
    )
    task = stage.task("ask")
    assert isinstance(completed, RedressError) != isinstance(assigned, RedressError)
    if isinstance(completed, RedressError):
        assert (task.status, task.assignee_id) == ("open", stage.colleague.person_id)
    else:
        assert (task.status, task.ended_by_id) == ("completed", stage.caseworker.person_id)
    assert faults_in(stage.world) == []


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_a_message_and_a_timer_at_once_take_one_way(stage: Stage, other: World, _round: int) -> None:
    stage.deploy(*REPLY_OR_WEEK, roots=MESSAGE)
    stage.start()
    move_clocks(stage, other, timedelta(days=7))
    together(
        lambda: timers.fire_due(stage.world),
        lambda: messages.correlate(
            other, "reply", "SR-000001", {}, received_on=other.clock.now().date(), actor=stage.caseworker
        ),
        lambda: timers.fire_due(other),
    )
    stage.wait_and_work()
    assert len(stage.open_tasks()) == 1
    [message] = stage.rows(Message)
    assert (message.status == "delivered") == (stage.open_tasks() == ["replied"])
    assert stage.waits() == []
    assert faults_in(stage.world) == []


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_two_different_messages_at_once_are_both_kept_and_one_moves_the_case(
    stage: Stage, other: World, _round: int
) -> None:
    stage.deploy(*REPLY_OR_WEEK, roots=MESSAGE)
    stage.start()
    together(*(
        lambda world=world, said=said: messages.correlate(
            world, "reply", "SR-000001", {"client_says": said}, received_on=world.clock.now().date(),
            actor=stage.caseworker,
        )
        for world, said in ((stage.world, "Yes"), (other, "No"))
    ))  # fmt: skip
    assert sorted(row.status for row in stage.rows(Message)) == ["delivered", "kept"]
    assert stage.open_tasks() == ["replied"]
    assert faults_in(stage.world) == []


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_two_workers_fire_a_timer_and_a_delivery_once(stage: Stage, other: World, _round: int) -> None:
    stage.deploy(
        tiny.node("startEvent", "begin"), MAKE, tiny.node("intermediateCatchEvent", "day", tiny.timer("P1D")),
        tiny.service_task("mail", "send_email", {"to": "team@redress.example", "subject": "Hi", "text": "Hi"}),
        tiny.user_task("after", form="ask"), tiny.node("endEvent", "done"),
        tiny.chain("begin", "make", "day", "mail", "after", "done"),
    )  # fmt: skip
    for _ in range(2):
        stage.start()
    move_clocks(stage, other, timedelta(days=1))
    together(*(lambda world=world: timers.fire_due(world) for world in (stage.world, other, stage.world, other)))
    together(*(lambda world=world: dispatch.deliver_due(world) for world in (stage.world, other, stage.world)))
    assert stage.open_tasks() == ["after", "after"]
    for instance in (1, 2):
        assert stage.told(instance).count(("timer_fired", "day")) == 1
        assert stage.told(instance).count(("job_done", "mail")) == 1
    assert [(row.state, row.attempts) for row in stage.outbox()] == [("sent", 1), ("sent", 1)]
    assert len(list((stage.world.settings.spool_dir / "email").iterdir())) == 2
    assert faults_in(stage.world) == []


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_of_two_retries_of_an_incident_one_counts(stage: Stage, other: World, _round: int) -> None:
    fails = [True]

    def print_it(_context: object) -> dict[str, object]:
        if fails[0]:
            raise RuntimeError("out of paper")
        return {}

    stage.add_handler("print", print_it)
    other.handlers = stage.world.handlers
    stage.deploy(
        tiny.node("startEvent", "begin"), MAKE, tiny.service_task("print", "print", retries=0),
        tiny.service_task("note", "add_note", {"text": "Printed"}), tiny.user_task("after", form="ask"),
        tiny.node("endEvent", "done"), tiny.chain("begin", "make", "print", "note", "after", "done"),
    )  # fmt: skip
    stage.start()
    fails[0] = False
    incident_id = stage.rows(Incident)[0].incident_id
    before = version(stage)
    results = together(*(
        lambda world=world: jobs.retry_incident(world, incident_id, actor=stage.leader)
        for world in (stage.world, other, stage.world)
    ))  # fmt: skip
    assert (refusals(results), version(stage) - before, len(stage.rows(Note))) == (2, 1, 1)
    assert stage.told().count(("retried", "print")) == 1
    assert faults_in(stage.world) == []


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_a_deployment_while_cases_start_leaves_each_on_one_whole_version(
    stage: Stage, other: World, _round: int
) -> None:
    stage.deploy(*ASK)
    path = stage.folder / "processes" / "tiny" / "tiny.bpmn"
    path.write_text(path.read_text().replace('name="check"', 'name="Check it"'))
    second = stage.open_case("CM-2")
    results = together(
        lambda: definitions.deploy(stage.world, path.parent, actor=DEPLOYMENT),
        lambda: cases.start(other, "tiny", {}, case_id=stage.case_id, actor=stage.caseworker),
        lambda: cases.start(stage.world, "tiny", {}, case_id=second, actor=stage.caseworker),
        lambda: definitions.deploy(other, path.parent, actor=DEPLOYMENT),
    )
    assert refusals(results) == 0
    for task in stage.rows(UserTask):
        tasks.claim(stage.world, task.task_id, actor=stage.caseworker)
        tasks.complete(stage.world, task.task_id, {"answer": "x"}, actor=stage.caseworker)
    names = {1: "check", 2: "Check it"}
    versions = {row.instance_id: row.definition_id for row in stage.rows(ProcessInstance)}
    checks = [row for row in stage.rows(UserTask) if row.element_id == "check"]
    assert [row.name for row in checks] == [names[versions[row.instance_id]] for row in checks]
    assert faults_in(stage.world) == []


def test_a_step_whose_instance_was_saved_since_it_was_read_is_refused(stage: Stage) -> None:
    stage.deploy(*ASK)
    stage.start()
    with stage.world.db.read() as connection:
        stale = instance_row.read(connection, 1)
    stage.complete("ask", {"answer": "x"})

    def save_stale() -> None:
        with stage.world.db.write() as connection:
            instance_row.save(connection, stale, {"status": "active"})

    with pytest.raises(Conflict):
        save_stale()
    assert faults_in(stage.world) == []


def test_two_processes_that_read_and_then_write_queue_and_neither_is_refused(stage: Stage, other: World) -> None:
    stage.deploy(*ASK)
    for number in range(2, 10):
        stage.start(case_id=stage.open_case(f"CM-{number}"))
    open_tasks = [row.task_id for row in stage.rows(UserTask)]

    def take(world: World, ids: list[int]) -> None:
        for task_id in ids:
            tasks.claim(world, task_id, actor=stage.caseworker)
            tasks.complete(world, task_id, {"answer": "x"}, actor=stage.caseworker)

    results = together(lambda: take(stage.world, open_tasks[::2]), lambda: take(other, open_tasks[1::2]))
    assert results == [None, None]
    assert stage.open_tasks() == ["check"] * len(open_tasks)
    assert faults_in(stage.world) == []


def sent_twice(stage: Stage, path: str, button: str, answers: dict[str, str], **files: tuple[bytes, str]) -> list[int]:
    """Open a page in two windows of the same person, then press the same button in both at once."""
    windows = [Browser(create_app(world=stage.world)).sign_in("review_caseworker") for _ in range(2)]
    for window in windows:
        window.visit(path)
    together(*(lambda window=window: window.press(button, answers, files) for window in windows))
    return [window.status for window in windows]


def test_a_form_that_is_sent_twice_at_once_counts_once(stage: Stage) -> None:
    stage.deploy(*ASK)
    stage.start()
    tasks.claim(stage.world, stage.task_id("ask"), actor=stage.caseworker)
    statuses = sent_twice(stage, f"/tasks/{stage.task_id('ask')}", "Complete this task", {"answer": "Yes"})
    assert sorted(statuses) == [200, 409]
    assert len(stage.rows(Note)) == 1
    assert faults_in(stage.world) == []


def test_a_start_that_is_sent_twice_at_once_counts_once(stage: Stage, other: World) -> None:
    stage.deploy(*ASK)
    results = together(*(
        lambda world=world: cases.start_once(world, "tiny", {}, case_id=stage.case_id, actor=stage.caseworker)
        for world in (stage.world, other, stage.world)
    ))  # fmt: skip
    assert (refusals(results), len(stage.rows(ProcessInstance))) == (2, 1)
    assert faults_in(stage.world) == []


def test_a_message_that_is_sent_twice_at_once_is_one_message(stage: Stage) -> None:
    stage.deploy(
        tiny.node("startEvent", "begin"), MAKE, tiny.node("parallelGateway", "split"),
        tiny.user_task("ask", form="ask"), tiny.user_task("replied", form="ask"),
        tiny.node("intermediateCatchEvent", "reply", '<bpmn:messageEventDefinition messageRef="m_reply" />'),
        tiny.node("parallelGateway", "join"), tiny.node("endEvent", "done"),
        tiny.chain("begin", "make", "split", "ask", "join", "done"),
        tiny.chain("split", "reply", "replied", "join"), roots=MESSAGE,
    )  # fmt: skip
    stage.start()
    today = stage.world.clock.now()
    day = {f"received_on-{part}": str(getattr(today, part)) for part in ("day", "month", "year")}
    [wait] = stage.rows(Wait)
    sent_twice(stage, f"/cases/{stage.case_id}/messages/{wait.wait_id}", "Record", day)
    assert [row.status for row in stage.rows(Message)] == ["delivered"]
    assert stage.open_tasks() == ["ask", "replied"]
    assert faults_in(stage.world) == []


def test_a_note_is_kept_once_for_each_form_that_was_drawn_and_once_for_each_text(stage: Stage) -> None:
    screen = Browser(create_app(world=stage.world)).sign_in("review_caseworker")
    stage.deploy(*ASK)
    stage.start()
    drawn = screen.visit(f"/cases/{stage.case_id}").body
    for text in ("Called.", "Called.", "Called again."):  # a double click; then Back, and another word
        screen.body = drawn
        screen.press("Add note", {"text": text})
        assert "Your note has been added." in screen.text
    screen.press("Add note", {"text": "Called."})  # meant: the page was drawn again
    assert [row.text for row in stage.rows(Note)] == ["Called.", "Called again.", "Called."]


def test_a_note_that_two_processes_add_at_once_is_kept_once(stage: Stage, other: World) -> None:
    def add(world: World) -> None:
        note = {"case_id": stage.case_id, "request_id": None, "text": "Called.", "author_id": None}
        with world.db.write() as connection:
            cases.add_note(connection, world, **note, sent_key="a" * 64)  # type: ignore[arg-type]

    assert together(*(lambda world=world: add(world) for world in (stage.world, other))) == [None, None]
    assert len(stage.rows(Note)) == 1


def test_a_file_that_is_sent_twice_at_once_is_attached_once(stage: Stage) -> None:
    stage.deploy(*ASK)
    stage.start()
    file = (b"I never got it.", "letter.txt")
    sent_twice(stage, f"/cases/{stage.case_id}/documents", "Attach", {"title": "Letter"}, file=file)
    assert (len(stage.rows(Document)), len(stage.rows(Note))) == (1, 1)
    assert faults_in(stage.world) == []
