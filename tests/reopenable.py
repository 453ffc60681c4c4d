"""A small procedure whose closed request can be reopened and corrected."""

from __future__ import annotations

from engine import definitions
from engine.models import ServiceRequest
from engine.world import DEPLOYMENT
from tests import tiny
from tests.stage import Stage

SHEET = '\n[reopening]\nby = "review_team_leader"\ncorrectable = ["request.resolution_code", "request.root_cause"]\n'
FIELDS = """
[fields.reopened]
type = "boolean"
label = "Reopened"
[fields.reopening_reason]
type = "long_text"
label = "Why it was reopened"
[fields."request.resolution_code"]
type = "choice"
label = "Resolution Code"
picklist = "resolution_code"
[fields."request.root_cause"]
type = "text"
label = "Root cause"
[picklists.resolution_code]
title = "Resolution Code"
values = [{ value = "No Action Taken" }, { value = "Actions Complete" }]
"""


def play(stage: Stage, *, letter: str | None = None, sheet: str = SHEET, asks: bool = True) -> None:
    """Deploy a procedure that makes a request, asks a person and closes; reopened, it goes to the person."""
    close = {"resolution_code": "No Action Taken"} | ({"closure_letter": letter} if letter else {})
    folder = stage.write_folder(
        tiny.node("startEvent", "begin"),
        tiny.node("exclusiveGateway", "reopened_check", default="reopened_check_to_make"),
        tiny.service_task("make", "create_request", {"kind": "Review", "main": "=true"}),
        tiny.user_task("look", form="ask").replace(
            'candidateGroups="review_caseworker"', 'candidateGroups="review_caseworker" assignee="=request.caseworker"'
        ),
        tiny.service_task("note", "add_note", {"text": "Looked at"}),
        tiny.service_task("close", "close_request", close, 0),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "reopened_check", "make", "look", "note", "close", "done"),
        tiny.flow("reopened_check", "look", "=reopened = true" if asks else "=agreed = true"),
        dictionary=FIELDS,
    )
    path = folder / "process.toml"
    path.write_text(path.read_text() + sheet)
    definitions.deploy(stage.world, folder, actor=DEPLOYMENT)


def closed(stage: Stage) -> int:
    """Tell the procedure to its closure, and return the request."""
    play(stage)
    stage.start()
    stage.complete("look")
    assert request(stage).status == "Closed"
    return int(request(stage).request_id)


def request(stage: Stage) -> ServiceRequest:
    found: ServiceRequest = stage.rows(ServiceRequest)[0]
    return found
