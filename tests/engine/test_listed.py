"""What worklists are filtered and sorted by follows the facts, whoever changes them."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select, update

from engine import cases
from engine.models import Case, ProcessInstance, ServiceRequest, UserTask
from engine.values import dumps
from tests import tiny
from tests.stage import Stage


def one_task(**properties: str) -> tuple[str, ...]:
    return (
        tiny.node("startEvent", "start"),
        tiny.user_task("ask", form="ask", **properties),
        tiny.node("endEvent", "end"),
        tiny.flow("start", "ask"),
        tiny.flow("ask", "end"),
    )


@pytest.fixture
def asked(stage: Stage) -> Stage:
    stage.deploy(*one_task())
    stage.start()
    return stage


def listed(stage: Stage) -> tuple[object, ...]:
    task = stage.task("ask")
    return task.procedure_key, task.stage, task.source, task.nation, task.reference, task.client_sort


def change(stage: Stage, statement) -> None:
    with stage.world.db.write() as connection:
        connection.execute(statement)


def test_a_new_task_is_listed_with_the_facts_of_its_case(asked):
    assert listed(asked) == ("tiny", "", None, "england_wales", "CM-1", "robin example")


def test_an_open_task_follows_its_case(asked):
    change(asked, update(Case).values(nation="scotland", client_name="Robin Other"))
    assert listed(asked)[3:] == ("scotland", "CM-1", "robin other")


def test_a_task_follows_the_facts_of_the_issue_until_there_is_a_request_and_of_the_request_then(asked):
    change(asked, update(ProcessInstance).values(pending_facts=dumps({"source": "mp"})))
    assert listed(asked)[1:3] == ("", "mp")
    with asked.world.db.write() as connection:
        fields = {"kind": "Review", "status": "Open", "stage_of_complaint": "Received", "ice_gateway": True}
        request = cases.open_request(connection, asked.world, case_id=asked.case_id, number="SR-1", fields=fields)
        connection.execute(update(ProcessInstance).values(request_id=request))
    assert listed(asked)[1:3] == ("Received", "ice")
    change(asked, update(ServiceRequest).values(facts=dumps({"stage_of_complaint": "Plan", "source": "client"})))
    assert listed(asked)[1:3] == ("Plan", None)


def test_a_task_that_a_process_of_the_version_before_writes_is_listed_too(asked):
    with asked.world.db.write() as connection:
        row = connection.execute(select(UserTask.__table__)).one()._mapping
        earlier = ("procedure_key", "stage", "nation", "reference", "client_sort", "source", "waits_for", "task_id")
        known = {name: value for name, value in row.items() if name not in earlier}
        connection.execute(insert(UserTask).values({**known, "token": "another"}))
    with asked.world.db.read() as connection:
        assert connection.execute(select(UserTask.client_sort)).scalars().all() == ["robin example"] * 2


def test_a_task_that_records_what_somebody_outside_says_waits_for_them(stage):
    stage.deploy(*one_task())
    stage.start()
    assert stage.task("ask").waits_for == "us"
    stage.deploy(*one_task(outside="=case.client_name"))
    stage.start()
    assert stage.task("ask").waits_for == "outside"
