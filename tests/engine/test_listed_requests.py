"""What lists know of an open service request follows what happens to it, whoever changes it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from importlib import import_module

import pytest
from sqlalchemy import update

from engine import cases, interventions, tasks
from engine.models import Case, ListedRequest, ServiceRequest
from engine.queries import team
from engine.queries.listed_requests import owners_in, requests_by_id
from engine.queries.search import Sight, find_cases
from engine.schema import migrate
from engine.values import dumps
from engine.world import World
from tests import tiny
from tests.engine.test_messages import MESSAGE, reply, wait_a_week
from tests.plans import explain
from tests.stage import Stage

WEEK = timedelta(days=7)
MIGRATION = import_module("engine.migrations.versions.0009_what_open_requests_wait_for")


@pytest.fixture
def waiting(stage: Stage) -> Stage:
    """A request that waits a week for the client's reply."""
    stage.deploy(*wait_a_week(), roots=MESSAGE)
    stage.start()
    return stage


def listed(stage: Stage, number: str = "SR-000001") -> object | None:
    [request] = [row for row in stage.rows(ServiceRequest) if row.number == number]
    return next((row for row in stage.rows(ListedRequest) if row.request_id == request.request_id), None)


def now(stage: Stage) -> datetime:
    return stage.world.clock.now()


def waits_for(stage: Stage, number: str = "SR-000001") -> str:
    return getattr(listed(stage, number), "waits_for", "not listed")


def change(stage: Stage, **values: object) -> None:
    with stage.world.db.write() as connection:
        connection.execute(update(ServiceRequest).values(**values))


def test_a_reply_with_its_deadline_is_what_a_request_waits_for_then_whoever_has_the_task(waiting: Stage) -> None:
    row = listed(waiting)
    assert (row.waits_for, row.due_at, row.procedure_key) == ("client", now(waiting) + WEEK, "tiny")
    change(waiting, owner_id=waiting.caseworker.person_id, owner_group="review_caseworker")
    assert (listed(waiting).owner_id, listed(waiting).owner_group) == (
        waiting.caseworker.person_id,
        "review_caseworker",
    )
    reply(waiting)
    assert (waits_for(waiting), listed(waiting).due_at) == ("other", None)
    task_id = waiting.task("read_reply").task_id
    tasks.claim(waiting.world, task_id, actor=waiting.caseworker)
    assert waits_for(waiting) == "owner"
    tasks.release(waiting.world, task_id, actor=waiting.caseworker)
    assert waits_for(waiting) == "other"


def test_a_closed_request_is_not_listed_and_one_that_is_open_again_is(waiting: Stage) -> None:
    change(waiting, closed_at=now(waiting), status="Closed")
    assert waits_for(waiting) == "not listed"
    change(waiting, closed_at=None, status="Open")
    assert waits_for(waiting) == "client"


def test_a_request_follows_its_facts_and_its_case(waiting: Stage) -> None:
    assert (listed(waiting).reference, listed(waiting).client_sort) == ("CM-1", "robin example")
    change(waiting, facts=dumps({"stage_of_complaint": "Plan", "ice_gateway": True}))
    with waiting.world.db.write() as connection:
        connection.execute(update(Case).values(nation="scotland", client_name="Sam Other"))
    row = listed(waiting)
    assert (row.stage, row.source, row.nation, row.client_sort) == ("Plan", "ice", "scotland", "sam other")
    change(waiting, facts=dumps({"source": "mp"}))
    assert (listed(waiting).stage, listed(waiting).source) == ("", "mp")


@pytest.mark.parametrize(
    ("element", "word"),
    [
        (tiny.node("intermediateCatchEvent", "there", tiny.timer("P7D")), "date"),
        (
            tiny.node("intermediateCatchEvent", "there", '<bpmn:messageEventDefinition messageRef="reply_message" />'),
            "client",
        ),
        (tiny.user_task("there", form="ask", outside="=case.client_name"), "outside"),
        (tiny.service_task("there", "fails", retries=0), "stopped"),
        (tiny.service_task("there", "fails", retries=3), "service"),
    ],
)
def test_what_else_a_request_may_wait_for(stage: Stage, element: str, word: str) -> None:
    def fails(_context: object) -> dict[str, object]:
        raise ValueError("no")

    stage.add_handler("fails", fails)
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.service_task("make", "create_request", {"kind": "Review", "main": "=true"}),
        tiny.user_task("first", form="ask"),
        element,
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "make", "first", "there", "done"),
        roots=MESSAGE,
    )
    stage.start()
    stage.complete("first", {"answer": "yes"})
    assert waits_for(stage) == word


def test_a_request_whose_procedure_was_cancelled_is_listed_and_waits_for_nothing(waiting: Stage) -> None:
    interventions.cancel(waiting.world, 1, reason="It was a mistake.", actor=waiting.leader)
    assert waits_for(waiting) == ""


def test_a_child_without_a_procedure_is_served_with_its_request_and_stands_alone_when_that_is_closed(
    waiting: Stage,
) -> None:
    with waiting.world.db.write() as connection:
        connection.execute(update(ServiceRequest).values(owner_group="review_caseworker"))
        fields = {"kind": "Payment - Non Standard", "status": "Open", "owner_group": "review_caseworker"}
        child = cases.open_request(connection, waiting.world, case_id=waiting.case_id, number="SR-9", fields=fields)
        [parent] = [row.request_id for row in waiting.rows(ServiceRequest) if row.number == "SR-000001"]
        cases.link_requests(connection, parent, child, "child")
    assert (waits_for(waiting, "SR-9"), waits_for(waiting)) == ("served", "client")
    with waiting.world.db.read() as connection:
        [shown] = requests_by_id(connection, [parent])
        [found] = find_cases(connection, "CM-1", Sight(waiting.caseworker.person_id, (), every=True))[0]
        older = [one.number for one in team.requests_of(connection, ["review_caseworker"])]
    assert shown.other_open == 0
    assert found.request_number == "SR-000001"
    assert older == ["SR-000001"]
    with waiting.world.db.write() as connection:
        connection.execute(
            update(ServiceRequest).where(ServiceRequest.request_id == parent).values(closed_at=now(waiting))
        )
    assert waits_for(waiting, "SR-9") == ""


def test_who_has_requests_of_a_team_is_offered_as_well_as_who_belongs_to_it(waiting: Stage) -> None:
    change(waiting, owner_id=waiting.outsider.person_id, owner_group="review_caseworker")
    with waiting.world.db.read() as connection:
        names = owners_in(connection, ["review_caseworker"])
    wanted = (waiting.caseworker, waiting.colleague, waiting.outsider)
    assert set(names) == {str(person.person_id) for person in wanted}


def test_requests_of_an_earlier_schema_are_listed_as_new_ones_are(waiting: Stage) -> None:
    """The rows that the migration writes are those that triggers would have written."""
    before = [tuple(row) for row in waiting.rows(ListedRequest)]
    drop = "DROP TABLE listed_request" + ("" if waiting.world.db.is_sqlite else " CASCADE")
    with waiting.world.db.write() as connection:
        for name, table in triggers_of(waiting.world):
            if waiting.world.db.is_sqlite:
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
            else:
                connection.exec_driver_sql(f"DROP TRIGGER {name} ON {table}")
                connection.exec_driver_sql(f"DROP FUNCTION {name}()")
        connection.exec_driver_sql(drop)
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0008'")
    assert migrate(waiting.world.db, to="0009")
    assert [tuple(row) for row in waiting.rows(ListedRequest)] == before != []


def test_what_keeps_the_list_finds_its_rows_by_index(waiting: Stage) -> None:
    """Among a million open requests each change would else read them all."""
    for name, _, _, _, statements in MIGRATION._triggers(not waiting.world.db.is_sqlite):
        for statement in statements:
            plan = explain(waiting.world, re.sub(r"NEW\.\w+", "'1'", statement))
            assert not re.search(r"SCAN listed_request\b(?! USING)|Seq Scan on listed_request", plan), (name, plan)


def triggers_of(world: World) -> list[tuple[str, str]]:
    """Return the triggers of the migration and their tables."""
    return [(name, table) for name, _, table, _, _ in MIGRATION._triggers(not world.db.is_sqlite)]
