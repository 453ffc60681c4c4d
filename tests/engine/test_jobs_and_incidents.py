"""What fails: the person's submit is kept, the rest is tried again, then a person sees an incident and can retry it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from engine import jobs, tasks
from engine.context import StepContext
from engine.errors import NotFound
from engine.models import History, Incident, Note, Notification, ProcessInstance, ServiceRequest, Submission, UserTask
from engine.step import Outcome
from engine.values import loads
from engine.worker import next_work_at
from tests import tiny
from tests.stage import Stage


class Printer:
    """A handler that writes a row and then fails until it is mended."""

    def __init__(self) -> None:
        self.broken = True
        self.calls = 0
        self.actors: list[str] = []

    def __call__(self, context: StepContext) -> dict[str, Any]:
        from handlers.notes import add_note

        self.calls += 1
        self.actors.append(context.actor.key)
        add_note(context, text=f"Printed {self.calls}")
        context.request["outcome"] = "printed"
        if self.broken:
            raise RuntimeError("out of paper")
        return {"answer": "printed"}


@pytest.fixture
def printer(stage: Stage) -> Printer:
    """A printer that diagrams may use as the job type ``print``."""
    made = Printer()
    stage.add_handler("print", made)
    return made


def ask_then_print(retries: int = 2) -> tuple[str, ...]:
    return (
        tiny.node("startEvent", "begin"),
        tiny.user_task("ask", form="ask"),
        tiny.service_task("print", "print", retries=retries),
        tiny.user_task("check", form="ask"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "ask", "print", "check", "done"),
    )


def test_a_submit_is_kept_when_the_automatic_step_after_it_fails(stage: Stage, printer: Printer) -> None:
    stage.deploy(*ask_then_print())
    stage.start()
    assert stage.complete("ask", {"answer": "My hard work"}).status == "retrying"
    assert stage.task("ask").status == "completed"
    assert stage.open_tasks() == []
    assert [loads(row.values) for row in stage.rows(Submission)][-1] == {"answer": "My hard work"}
    assert ("submitted", "ask") in stage.told()


def test_what_a_failed_handler_wrote_is_taken_back_with_the_facts_that_it_set(stage: Stage, printer: Printer) -> None:
    stage.deploy(*ask_then_print())
    stage.start()
    stage.complete("ask")
    assert stage.rows(Note) == []
    assert loads(stage.rows(ProcessInstance)[0].pending_facts) == {}


def test_a_failed_job_is_tried_again_with_growing_pauses_and_then_becomes_an_incident(
    stage: Stage, printer: Printer
) -> None:
    stage.deploy(*ask_then_print(retries=2))
    stage.start()
    stage.complete("ask")
    began = stage.world.clock.now()
    [job] = stage.jobs()
    assert (job.attempts, job.available_at - began) == (1, timedelta(seconds=5))
    assert "out of paper" in job.last_error
    assert next_work_at(stage.world) == job.available_at

    stage.wait_and_work(timedelta(seconds=4))
    assert printer.calls == 1
    stage.wait_and_work(timedelta(seconds=1))
    assert stage.jobs()[0].available_at - stage.world.clock.now() == timedelta(seconds=30)
    stage.wait_and_work(timedelta(seconds=30))

    assert printer.calls == 3
    assert stage.jobs() == []
    assert stage.status() == "incident"
    [incident] = stage.incidents()
    assert incident.element_id == "print"
    assert "out of paper" in incident.message
    stage.wait_and_work(timedelta(days=30))
    assert printer.calls == 3


def test_a_job_that_works_again_goes_on_by_itself(stage: Stage, printer: Printer) -> None:
    stage.deploy(*ask_then_print())
    stage.start()
    stage.complete("ask")
    printer.broken = False
    stage.wait_and_work(timedelta(seconds=5))
    assert stage.open_tasks() == ["check"]
    assert (stage.status(), stage.jobs()) == ("active", [])
    assert [row.text for row in stage.rows(Note)] == ["Printed 2"]
    assert loads(stage.rows(ProcessInstance)[0].pending_facts) == {"outcome": "printed"}


def test_a_job_without_retries_is_an_incident_at_once(stage: Stage, printer: Printer) -> None:
    stage.deploy(*ask_then_print(retries=0))
    stage.start()
    assert stage.complete("ask").status == "incident"


def test_an_incident_can_be_retried_by_a_person_and_is_then_resolved_in_their_name(
    stage: Stage, printer: Printer
) -> None:
    stage.deploy(*ask_then_print(retries=0))
    stage.start()
    stage.complete("ask")
    [incident] = stage.incidents()
    again = jobs.retry_incident(stage.world, incident.incident_id, actor=stage.leader)
    assert isinstance(again, Outcome)
    assert again.status == "incident"
    assert len(stage.rows(Incident)) == 1

    printer.broken = False
    jobs.retry_incident(stage.world, incident.incident_id, actor=stage.leader)

    assert (stage.status(), stage.open_tasks(), stage.incidents()) == ("active", ["check"], [])
    assert stage.rows(Incident)[0].resolved_by == stage.leader.actor.key
    assert ("retried", "print") in stage.told()
    with pytest.raises(NotFound):
        jobs.retry_incident(stage.world, incident.incident_id, actor=stage.leader)


def test_what_the_worker_tries_again_is_done_in_the_name_of_the_person_who_submitted(
    stage: Stage, printer: Printer
) -> None:
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.user_task("ask", form="ask"),
        tiny.service_task("print", "print"),
        tiny.node("exclusiveGateway", "who"),
        tiny.user_task("mine", form="ask"),
        tiny.user_task("nobodys", form="ask"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "ask", "print", "who"),
        tiny.flow("who", "mine", f"=actor = {stage.caseworker.person_id}"),
        tiny.flow("who", "nobodys", "=actor = null"),
        tiny.flow("mine", "done"),
        tiny.flow("nobodys", "done"),
    )
    stage.start()
    stage.complete("ask")
    printer.broken = False
    stage.wait_and_work(timedelta(seconds=5))
    assert stage.open_tasks() == ["mine"]
    assert printer.actors == [stage.caseworker.actor.key] * 2
    assert stage.rows(Note)[0].author_id == stage.caseworker.person_id
    done = [row for row in stage.rows(History) if row.kind == "job_done"]
    assert [row.actor for row in done] == ["system:worker"]


def test_a_failure_of_one_branch_leaves_the_tasks_of_another_to_be_done(stage: Stage, printer: Printer) -> None:
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.node("parallelGateway", "split"),
        tiny.user_task("left", form="ask"),
        tiny.service_task("print", "print", retries=0),
        tiny.user_task("right", form="ask"),
        tiny.user_task("after_right", form="ask"),
        tiny.node("parallelGateway", "join"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "split", "left", "print", "join", "done"),
        tiny.chain("split", "right", "after_right", "join"),
    )
    stage.start()
    assert stage.complete("left").status == "incident"
    assert stage.complete("right").status == "incident"
    assert stage.task("right").status == "completed"
    printer.broken = False
    jobs.retry_incident(stage.world, stage.incidents()[0].incident_id, actor=stage.leader)
    assert stage.open_tasks() == ["after_right"]
    assert stage.complete("after_right").status == "completed"


def test_rows_of_an_overdue_timers_path_stay_when_the_submit_that_fired_it_fails_afterwards(
    stage: Stage, printer: Printer
) -> None:
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.user_task("ask", form="ask"),
        tiny.node("boundaryEvent", "day", tiny.timer("P1D"), attachedToRef="ask", cancelActivity="false"),
        tiny.service_task("remind", "notify_group", {"subject": "Overdue", "group": "review_team_leader"}),
        tiny.node("endEvent", "reminded"),
        tiny.service_task("print", "print"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "ask", "print", "done"),
        tiny.chain("day", "remind", "reminded"),
    )
    stage.start()
    tasks.claim(stage.world, stage.task_id("ask"), actor=stage.caseworker)
    stage.wait(timedelta(days=2))
    assert tasks.complete(stage.world, stage.task_id("ask"), {}, actor=stage.caseworker).status == "retrying"
    assert [row.subject for row in stage.rows(Notification)] == ["Overdue"]
    printer.broken = False
    stage.wait_and_work(timedelta(minutes=1))
    assert stage.status() == "completed"
    assert len(stage.rows(Notification)) == 1


def choose(condition: str, *, default: str = "") -> tuple[str, ...]:
    attributes = {"default": f"choose_to_{default}"} if default else {}
    return (
        tiny.node("startEvent", "begin"),
        tiny.user_task("ask", form="ask"),
        tiny.node("exclusiveGateway", "choose", **attributes),
        tiny.user_task("yes", form="ask"),
        tiny.user_task("no", form="ask"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "ask", "choose"),
        tiny.flow("choose", "yes", condition),
        tiny.flow("choose", "no"),
        tiny.flow("yes", "done"),
        tiny.flow("no", "done"),
    )


def test_a_null_condition_is_an_incident_that_says_why_even_beside_a_default_flow(stage: Stage) -> None:
    stage.deploy(*choose("=amount > 300", default="no"))
    stage.start()
    assert stage.complete("ask", {"answer": "kept"}).status == "incident"
    [incident] = stage.incidents()
    assert incident.element_id == "choose"
    assert "amount > 300" in incident.message
    assert "neither true nor false" in incident.message
    assert "there is no 'amount'" in incident.message
    assert stage.open_tasks() == []


def test_a_loop_without_a_wait_is_an_incident_and_not_a_hang(stage: Stage) -> None:
    stage.add_handler("spin", lambda _context: {})
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.user_task("ask", form="ask"),
        tiny.service_task("spin", "spin"),
        tiny.node("exclusiveGateway", "again", default="again_to_spin"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "ask", "spin", "again", "spin"),
        tiny.flow("again", "done", '=answer = "stop"'),
    )
    stage.start()
    assert stage.complete("ask", {"answer": "go"}).status == "incident"
    assert "without waiting" in stage.incidents()[0].message
    assert len(stage.rows(History)) < 10


def test_an_instance_that_waits_for_nothing_and_has_not_ended_is_an_incident(stage: Stage) -> None:
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.user_task("ask", form="ask"),
        tiny.node("exclusiveGateway", "one_way", default="one_way_to_left"),
        tiny.service_task("left", "add_note", {"text": "Left"}),
        tiny.service_task("right", "add_note", {"text": "Right"}),
        tiny.node("parallelGateway", "both"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "ask", "one_way", "left", "both", "done"),
        tiny.flow("one_way", "right", '=answer = "right"'),
        tiny.flow("right", "both"),
        unchecked=True,
    )
    stage.start()
    assert stage.complete("ask", {"answer": "left"}).status == "incident"
    assert "nothing to wait for" in stage.incidents()[0].message
    assert stage.rows(Note) == []


@pytest.mark.parametrize(
    ("fact", "value"),
    [("status", "=null"), ("status", "=5"), ("closed_at", "tomorrow"), ("caseworker", "Amir"), ("caseworker", "=9999")],
)
def test_a_fact_that_cannot_be_stored_is_an_incident_and_the_submit_is_kept(
    stage: Stage, fact: str, value: str
) -> None:
    write = tiny.node(
        "userTask", "ask",
        tiny.extensions(
            "<zeebe:userTask />", '<zeebe:formDefinition formId="ask" bindingType="deployment" />',
            '<zeebe:assignmentDefinition candidateGroups="review_caseworker" />',
        ),
    )  # fmt: skip
    assign = tiny.node(
        "intermediateThrowEvent", "assign", tiny.extensions(tiny.mapping(None, {f"request.{fact}": value}))
    )
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.service_task("make", "create_request", {"kind": "Review", "main": "=true"}),
        write, assign, tiny.user_task("next", form="ask"), tiny.node("endEvent", "done"),
        tiny.chain("begin", "make", "ask", "assign", "next", "done"),
        unchecked=True,
    )  # fmt: skip
    stage.start()
    assert stage.complete("ask", {"answer": "kept"}).status == "incident"
    assert f"request.{fact}" in stage.incidents()[0].message
    assert stage.task("ask").status == "completed"
    assert stage.rows(ServiceRequest)[0].status == "Open"


def test_a_variable_that_cannot_be_stored_is_an_incident_and_the_submit_is_kept(stage: Stage) -> None:
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.user_task("ask", form="ask"),
        tiny.node("intermediateThrowEvent", "assign", tiny.extensions(tiny.mapping(None, {"count": "=[1..9]"}))),
        tiny.user_task("next", form="ask"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "ask", "assign", "next", "done"),
        unchecked=True,
    )
    stage.start()
    assert stage.complete("ask", {"answer": "kept"}).status == "incident"
    assert "cannot be stored" in stage.incidents()[0].message


def test_one_instance_whose_work_breaks_does_not_hold_up_the_others(stage: Stage) -> None:
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.node("intermediateCatchEvent", "day", tiny.timer("P1D")),
        tiny.user_task("after", form="ask"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "day", "after", "done"),
    )
    stage.start()
    stage.start()
    with stage.world.db.write() as connection:
        broken = update(ProcessInstance).where(ProcessInstance.instance_id == 1)
        connection.execute(broken.values(state=b"\0"))
    stage.wait_and_work(timedelta(days=1))
    assert [row.instance_id for row in stage.rows(UserTask)] == [2]
    [incident] = stage.incidents()
    assert (incident.instance_id, stage.status(1)) == (1, "incident")
