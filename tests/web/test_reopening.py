"""Closed requests by the pages: reopening and correcting them, and who may not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.models import Message, Note, Notification, ProcessInstance, ServiceRequest
from engine.people import add_person
from tests import tiny
from tests.page import Browser
from tests.reopenable import SHEET, closed, play, request
from tests.stage import Stage
from web.app import create_app

Visitors = Callable[[str], Browser]
REOPEN, CORRECT = "/cases/1/requests/1/reopen", "/cases/1/requests/1/correct"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A case whose request a small procedure has just closed, and a leader of another team."""
    made = Stage(tmp_path)
    closed(made)
    with made.world.db.write() as connection:
        add_person(
            connection, username="elsewhere", name="Other Leader", job_title="", password="elsewhere",
            groups=["complaint_resolution_team_leader"],
        )  # fmt: skip
    yield made
    made.world.db.close()


@pytest.fixture
def visitor(stage: Stage) -> Visitors:
    app = create_app(world=stage.world)
    app.testing = True
    return lambda username: Browser(app).sign_in(username)


def test_a_leader_reopens_a_closed_request_from_its_case(stage: Stage, visitor: Visitors) -> None:
    leader = visitor("review_team_leader").visit("/cases/1").follow("Reopen SR-000001")
    assert leader.heading == "Reopen SR-000001"
    assert "What was paid stays paid" in leader.text
    leader.press("Reopen SR-000001", {"reopening_reason": "The date was read wrong."})
    assert (leader.status, leader.path) == (200, "/cases/1")
    assert "SR-000001 is open again." in leader.page.text_content()
    assert "The date was read wrong." in leader.text
    assert request(stage).status == "In Progress"
    assert "Reopen SR-000001" not in leader.text
    leader.visit("/cases/1/history")
    assert "Scenario review team leader reopened SR-000001" in leader.text


def test_a_reason_is_asked_for_where_it_is_missing(stage: Stage, visitor: Visitors) -> None:
    leader = visitor("review_team_leader").visit(REOPEN).press("Reopen SR-000001", {"reopening_reason": "  "})
    assert leader.status == 422
    assert "Enter why it is reopened" in leader.text
    assert request(stage).status == "Closed"


def test_of_a_reopening_that_is_sent_twice_the_first_counts(stage: Stage, visitor: Visitors) -> None:
    leader = visitor("review_team_leader").visit(REOPEN)
    form = next(form for form in leader.page.forms if "reopening_reason" in form.fields)
    leader.send(form, {"reopening_reason": "Wrong."})
    leader.send(form, {"reopening_reason": "Wrong."})
    assert (leader.status, leader.path) == (200, "/cases/1")
    assert "SR-000001 is open again." in leader.page.text_content()
    leader.send(form, {"reopening_reason": "Wrong, I say."})
    assert leader.status == 409
    assert "perhaps because a colleague has just reopened it" in leader.text
    assert len(stage.rows(ProcessInstance)) == 2


@pytest.mark.parametrize(("who", "status"), [("review_caseworker", 403), ("elsewhere", 404), ("owning_team", 404)])
@pytest.mark.parametrize("path", [REOPEN, CORRECT])
def test_nobody_else_opens_or_sends_these_pages(
    stage: Stage, visitor: Visitors, who: str, status: int, path: str
) -> None:
    person = visitor(who)
    assert person.visit(path).status == status
    token = person.visit("/cases/").page.xpath("//input[@name='csrf_token']/@value")[0]
    answers = {"csrf_token": token, "reopening_reason": "x", "correction_reason": "x", "request.root_cause": "x"}
    assert person.client.post(path, data=answers).status_code == status
    assert (request(stage).status, len(stage.rows(ProcessInstance))) == ("Closed", 1)


def test_who_may_not_reopen_is_offered_no_link(stage: Stage, visitor: Visitors) -> None:
    caseworker = visitor("review_caseworker").visit("/cases/1")
    assert caseworker.status == 200
    assert "Reopen" not in caseworker.text


def test_a_request_of_another_case_is_not_found_by_this_one(stage: Stage, visitor: Visitors) -> None:
    stage.start(case_id=stage.open_case("CM-2"))
    assert [row.case_id for row in stage.rows(ServiceRequest) if row.kind == "Review"] == [1, 2]
    other = max(row.request_id for row in stage.rows(ServiceRequest) if row.kind == "Review")
    assert visitor("review_team_leader").visit(f"/cases/1/requests/{other}/reopen").status == 404
    assert visitor("review_team_leader").visit("/cases/1/requests/999/correct").status == 404


def test_a_correction_offers_the_declared_facts_as_they_are_and_keeps_what_they_were(
    stage: Stage, visitor: Visitors
) -> None:
    leader = visitor("review_team_leader").visit("/cases/1").follow("Correct SR-000001")
    form = next(form for form in leader.page.forms if "correction_reason" in form.fields)
    assert form.fields["request.resolution_code"] == "No Action Taken"
    assert {name for name in form.fields if name.startswith("request.")} == {
        "request.resolution_code",
        "request.root_cause",
    }
    leader.press(
        "Correct SR-000001",
        {"request.resolution_code": "Actions Complete", "correction_reason": "The wrong code was chosen."},
    )
    assert leader.path == "/cases/1"
    assert "It stays closed." in leader.page.text_content()
    assert (request(stage).status, request(stage).resolution_code) == ("Closed", "Actions Complete")
    history = leader.visit("/cases/1/history").text
    assert "Scenario review team leader corrected SR-000001" in history
    assert "Before Resolution code: No Action Taken" in history


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"request.root_cause": "Human error"}, "Enter why it is corrected"),
        ({"correction_reason": "Because"}, "Change at least one answer"),
        ({"request.resolution_code": "", "correction_reason": "Because"}, "a correction cannot empty it"),
    ],
)
def test_a_correction_that_will_not_do_is_explained_and_nothing_is_lost(
    stage: Stage, visitor: Visitors, answers: dict[str, str], sentence: str
) -> None:
    leader = visitor("review_team_leader").visit(CORRECT).press("Correct SR-000001", answers)
    assert leader.status == 422
    assert sentence in leader.text
    form = next(form for form in leader.page.forms if "correction_reason" in form.fields)
    assert {name: form.fields[name] or "" for name in answers} == answers
    assert request(stage).resolution_code == "No Action Taken"


MESSAGE = "/cases/1/requests/1/message"
SAID = {
    "received_on-day": "30",
    "received_on-month": "9",
    "received_on-year": "2026",
    "client_says": "I only read your letter now.",
}
LATE = """
[fields.client_says]
type = "long_text"
label = "What the client says"
[fields.reopening_group]
type = "text"
label = "Who may reopen"
"""


@pytest.fixture
def hearing(stage: Stage) -> Stage:
    """The stage, with a procedure for what its client writes after closure."""
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.service_task("note", "add_note", {"text": "=client_says"}),
        tiny.user_task("contact", form="ask", group="review_caseworker"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "note", "contact", "done"),
        key="late",
        dictionary=LATE,
    )
    play(stage, sheet=f'{SHEET}[[messages]]\nname = "client_reply"\nafter_closure = "late"\n')
    return stage


def test_what_a_client_writes_after_closure_becomes_a_task(hearing: Stage, visitor: Visitors) -> None:
    caseworker = visitor("review_caseworker").visit(MESSAGE)
    assert caseworker.heading == "Record what the client writes about SR-000001"
    assert "stays closed" in caseworker.text
    caseworker.press("Record this", SAID)
    assert (caseworker.status, caseworker.path) == (200, "/cases/1")
    assert "a task was made of it" in caseworker.page.text_content()
    assert hearing.open_tasks() == ["contact"]
    assert [row.text for row in hearing.rows(Note)][-1] == SAID["client_says"]
    assert request(hearing).status == "Closed"


def test_what_a_client_writes_twice_by_a_double_click_is_recorded_once(hearing: Stage, visitor: Visitors) -> None:
    caseworker = visitor("review_caseworker").visit(MESSAGE)
    form = next(form for form in caseworker.page.forms if "client_says" in form.fields)
    caseworker.send(form, SAID)
    caseworker.send(form, SAID)
    assert "This is recorded already." in caseworker.page.text_content()
    assert (len(hearing.rows(Message)), hearing.open_tasks()) == (1, ["contact"])


def test_what_a_client_writes_is_recorded_once_when_it_is_sent_at_the_same_moment(
    hearing: Stage, visitor: Visitors
) -> None:
    windows = [visitor("review_caseworker").visit(MESSAGE) for _ in range(6)]
    with ThreadPoolExecutor(len(windows)) as threads:
        list(threads.map(lambda window: window.press("Record this", SAID), windows))
    assert [window.status for window in windows] == [200] * len(windows)
    assert (len(hearing.rows(Message)), hearing.open_tasks()) == (1, ["contact"])


def test_what_a_client_writes_about_an_open_request_is_kept_and_its_holder_told(
    hearing: Stage, visitor: Visitors
) -> None:
    visitor("review_team_leader").visit(REOPEN).press("Reopen SR-000001", {"reopening_reason": "Wrong."})
    caseworker = visitor("review_caseworker").visit(MESSAGE)
    assert "must be dealt with before SR-000001 is closed" in caseworker.text
    caseworker.press("Record this", SAID)
    assert "whoever holds the case is told" in caseworker.page.text_content()
    assert [row.status for row in hearing.rows(Message)] == ["kept"]
    assert "A message about SR-000001 needs you" in [row.subject for row in hearing.rows(Notification)]
    assert SAID["client_says"] in caseworker.text
    caseworker.visit(f"/tasks/{hearing.task_id('look')}")
    assert "Something arrived on 30 September 2026 about SR-000001" in caseworker.text
    assert SAID["client_says"] in caseworker.text
    caseworker.follow("Read it on the case").press("Mark as dealt with")
    assert "Something arrived" not in caseworker.visit(f"/tasks/{hearing.task_id('look')}").text


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"client_says": " "}, "Enter what the client says"),
        ({"received_on-year": "2027"}, "must be today or in the past"),
        ({"received_on-month": "13"}, "real date"),
    ],
)
def test_what_a_client_writes_needs_its_words_and_a_possible_day(
    hearing: Stage, visitor: Visitors, answers: dict[str, str], sentence: str
) -> None:
    caseworker = visitor("review_caseworker").visit(MESSAGE).press("Record this", {**SAID, **answers})
    assert caseworker.status == 422
    assert sentence in caseworker.text
    assert hearing.rows(Message) == []


def test_a_request_whose_procedure_takes_no_messages_says_what_to_do_instead(visitor: Visitors) -> None:
    caseworker = visitor("review_caseworker").visit(MESSAGE)
    assert caseworker.status == 409
    assert "record what the client says as a new contact" in caseworker.text


def test_another_team_cannot_record_anything_on_the_case(hearing: Stage, visitor: Visitors) -> None:
    stranger = visitor("elsewhere")
    assert stranger.visit(MESSAGE).status == 404
    token = stranger.visit("/cases/").page.xpath("//input[@name='csrf_token']/@value")[0]
    assert stranger.client.post(MESSAGE, data={**SAID, "csrf_token": token}).status_code == 404
    assert hearing.rows(Message) == []


def test_the_case_page_leads_to_what_a_client_writes_again(hearing: Stage, visitor: Visitors) -> None:
    caseworker = visitor("review_caseworker").visit("/cases/1").follow("The client writes again about SR-000001")
    assert caseworker.press("Record this", SAID).path == "/cases/1"
    assert hearing.open_tasks() == ["contact"]
