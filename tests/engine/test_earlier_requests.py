"""What a case has already is found before anything new is logged on it."""

from __future__ import annotations

from sqlalchemy import select

from engine import cases
from engine.models import Note, ProcessInstance, ServiceRequest
from engine.values import loads
from engine.world import World
from tests import tiny
from tests.stage import Stage
from tests.world import somebody

FOUND = """
[fields.open_requests]
type = "list"
label = "Open"
[fields.closed_requests]
type = "list"
label = "Closed"
"""
START = {
    "request.source": "client",
    "request.contact_channel": "phone",
    "request.ice_gateway": False,
    "request.issue": "Nobody answers.",
    "request.issue_kind": "dissatisfied",
    "request.arrears_issue": False,
    "request.both_schemes": False,
    "further_issues": [],
}


def test_a_note_goes_to_the_open_request_of_the_same_case_and_to_no_other(deployed: World) -> None:
    from engine import tasks
    from engine.models import UserTask

    actor = somebody(deployed, "owning_team")
    with deployed.db.write() as connection:
        mine, other = (
            cases.open_case(connection, deployed, reference=ref, client_name="A", nation="scotland", facts={})
            for ref in ("CM-1", "CM-2")
        )
        fields = {"kind": "Review", "status": "In Progress"}
        cases.open_request(connection, deployed, case_id=mine, number="SR-000700", fields=fields)
        cases.open_request(connection, deployed, case_id=other, number="SR-000701", fields=fields)
    day = {"request.received_on": deployed.clock.now().date()}
    cases.start(deployed, "log", {**START, **day}, case_id=mine, actor=actor)

    def do(**values: object) -> None:
        with deployed.db.read() as connection:
            task_id = connection.execute(select(UserTask.task_id).where(UserTask.status == "open")).scalar_one()
        tasks.claim(deployed, task_id, actor=actor)
        tasks.complete(deployed, task_id, {key.replace("__", "."): value for key, value in values.items()}, actor=actor)

    do(request__identified=True, request__open_request="SR-000700")
    do(outstanding_result="none", outstanding_note=None, request__signposted_to=None)
    with deployed.db.read() as connection:
        noted = connection.execute(
            select(ServiceRequest.number).join(Note, Note.request_id == ServiceRequest.request_id)
        ).scalars()
        assert set(noted) == {"SR-000700"}
        assert len(connection.execute(select(ServiceRequest.request_id)).all()) == 2


def test_a_review_that_was_rejected_is_found_with_the_reason(stage: Stage) -> None:
    reason = "Dealt with at Resolution more than 6 months ago"
    with stage.world.db.write() as connection:
        fields = {"kind": "Review", "status": "Closed", "resolution_code": "Rejected", "rejection_reason": reason}
        cases.open_request(connection, stage.world, case_id=stage.case_id, number="SR-000700", fields=fields)
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.service_task("look", "find_requests", {}),
        tiny.user_task("rest", form="ask"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "look", "rest", "done"),
        dictionary=FOUND,
    )
    stage.start()
    found = loads(stage.rows(ProcessInstance)[0].variables)["process"]["open_requests"]
    assert [(entry["value"], entry["rejection_reason"]) for entry in found] == [("SR-000700", reason)]
