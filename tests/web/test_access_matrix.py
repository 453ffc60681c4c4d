"""Every route for everybody: what each group, and a stranger, is answered about a case of the owning team."""

import pytest
from sqlalchemy import select

from engine.models import Notification, ProcessInstance, UserTask
from tests.web.journeys import REACHED, claim, refer
from web.access import RULES

OWNERS = ("owning_team", "owning_team_leader")
OTHERS = ("review_caseworker", "review_team_leader", "redress_authority", "analyst")
EVERYBODY = (*OWNERS, *OTHERS, "operations")
ALL = dict.fromkeys(EVERYBODY, 200)
THEIRS = dict.fromkeys((*OWNERS, "operations"), 200) | dict.fromkeys(OTHERS, 404)
CLOSED_BEFORE = dict.fromkeys((*OWNERS, "operations"), 409) | dict.fromkeys(OTHERS, 404)
OPERATORS = dict.fromkeys((*OWNERS, *OTHERS), 403) | {"operations": 200}
DESIGNERS = OPERATORS | {"analyst": 200}

TAKERS = dict.fromkeys(EVERYBODY, 403) | dict.fromkeys(OWNERS, 200)

PAGES = {
    "session.sign_in": ("/sign-in", dict.fromkeys(EVERYBODY, 302)),
    "session.home": ("/", dict.fromkeys(EVERYBODY, 302)),
    "worklists.mine": ("/tasks/", ALL),
    "worklists.queue": ("/tasks/queue", ALL),
    "tasks.page": ("/tasks/{task}", THEIRS),
    "tasks.preview_page": ("/tasks/{task}/letter/1.svg", dict.fromkeys(EVERYBODY, 404)),
    "tasks.preview_pdf": ("/tasks/{task}/letter.pdf", dict.fromkeys(EVERYBODY, 404)),
    "search.listed": ("/cases/", ALL),
    "cases.page": ("/cases/{case}", THEIRS),
    "cases.history": ("/cases/{case}/history", THEIRS),
    "case_diagrams.page": ("/cases/{case}/diagrams/{instance}/", THEIRS),
    "case_diagrams.file": ("/cases/{case}/diagrams/{instance}/processes/review/review.bpmn", THEIRS),
    "cases.message_form": ("/cases/{case}/messages/1", dict.fromkeys(EVERYBODY, 404)),
    "cases.start_form": (
        "/cases/{case}/start/review",
        {"owning_team": 200, "owning_team_leader": 403, "operations": 403} | dict.fromkeys(OTHERS, 404),
    ),
    # The closed request of the case is of before this program: nobody can reopen it.
    "reopening.message_form": ("/cases/{case}/requests/1/message", CLOSED_BEFORE),
    "reopening.reopen_form": ("/cases/{case}/requests/1/reopen", CLOSED_BEFORE),
    "reopening.correct_form": ("/cases/{case}/requests/1/correct", CLOSED_BEFORE),
    "intake.find": ("/contacts/", TAKERS),
    "intake.new_client_form": ("/contacts/new", TAKERS),
    "intake.contact_form": ("/contacts/clients/{case}", TAKERS),
    "intake.client_details": ("/contacts/clients/{case}/details", THEIRS),
    "documents.download": ("/documents/1", dict.fromkeys(EVERYBODY, 404)),
    "documents.attach_form": ("/cases/{case}/documents", THEIRS),
    "notifications.listed": ("/alerts", ALL),
    "operations.instances": ("/operations/instances", OPERATORS),
    "operations.instance": ("/operations/instances/{instance}", OPERATORS),
    "operations.incidents": ("/operations/incidents", OPERATORS),
    "operations.deliveries": ("/operations/deliveries", OPERATORS),
    "interventions.ask": ("/operations/instances/{instance}/suspend", OPERATORS),
    "definitions.listed": ("/procedures/", DESIGNERS),
    "definitions.page": ("/procedures/1", DESIGNERS),
    "definitions.diagram": ("/procedures/1/diagram/processes/shared/issue_letter.bpmn", DESIGNERS),
}
ACTIONS = {
    "tasks.submit": "/tasks/{task}",
    "tasks.claim": "/tasks/{task}/claim",
    "tasks.release": "/tasks/{task}/release",
    "tasks.assign": "/tasks/{task}/assign",
    "cases.add_note": "/cases/{case}/notes",
    "cases.record_message": "/cases/{case}/messages/1",
    "cases.handle_message": "/cases/{case}/messages/1/handled",
    "cases.start": "/cases/{case}/start/review",
    "documents.attach": "/cases/{case}/documents",
    "lock_flag.release": "/cases/{case}/lock-flag/release",
    "reopening.record_message": "/cases/{case}/requests/1/message",
    "reopening.reopen": "/cases/{case}/requests/1/reopen",
    "reopening.correct": "/cases/{case}/requests/1/correct",
    "intake.record_new_client": "/contacts/new",
    "intake.record": "/contacts/clients/{case}",
    "intake.change_details": "/contacts/clients/{case}/details",
    "operations.retry": "/operations/incidents/1/retry",
    "interventions.act": "/operations/instances/1/suspend",
    "notifications.seen": "/alerts/1/seen",
    "clock.move": "/clock",
}


@pytest.fixture
def places(visitor, case_id, deployed):
    """A review just referred, whose call waits in the owning team's queue."""
    refer(visitor("owning_team"), case_id)
    with deployed.db.read() as connection:
        task_id = connection.execute(select(UserTask.task_id).where(UserTask.status == "open")).scalar_one()
        instance_id = connection.execute(select(ProcessInstance.instance_id)).scalar_one()
    return {"case": case_id, "task": task_id, "instance": instance_id}


def token(person):
    return person.visit("/cases/").page.xpath("//input[@name='csrf_token']/@value")[0]


FOR_MACHINES = {"static", "health.health", "health.live", "metrics.metrics", "session.sign_out"}


def test_no_route_is_left_out():
    assert set(PAGES) | set(ACTIONS) | FOR_MACHINES == set(RULES)


def test_every_page_answers_everybody_as_it_should(visitor, places):
    for username in EVERYBODY:
        client = visitor(username).client
        answers = {name: client.get(path.format(**places)).status_code for name, (path, _) in PAGES.items()}
        assert answers == {name: expected[username] for name, (_, expected) in PAGES.items()}, username


def test_a_stranger_is_led_to_the_sign_in_from_every_page_and_may_do_nothing(app, places):
    client = app.test_client()
    for path, _ in PAGES.values():
        answer = client.get(path.format(**places))
        assert path == "/sign-in" or (answer.status_code, answer.headers["Location"][:8]) == (302, "/sign-in")
    for path in ACTIONS.values():
        assert client.post(path.format(**places)).status_code == 400


def test_no_action_is_taken_without_the_token_of_the_page(visitor, places):
    for username in EVERYBODY:
        client = visitor(username).client
        for path in (*ACTIONS.values(), "/sign-in", "/sign-out"):
            assert client.post(path.format(**places), data={"text": "x", "to": "1"}).status_code == 400


def test_other_teams_can_do_nothing_to_a_case_or_its_task(visitor, places, deployed):
    for username in OTHERS:
        person = visitor(username)
        sent = {"csrf_token": token(person), "text": "forged", "to": "1"} | REACHED
        for name, path in ACTIONS.items():
            answer = person.client.post(path.format(**places), data=sent)
            assert answer.status_code in (403, 404), (username, name)
    with deployed.db.read() as connection:
        task = connection.execute(select(UserTask.status, UserTask.assignee_id, UserTask.draft)).one()
    assert tuple(task) == ("open", None, None)


def test_only_the_holder_saves_or_completes_a_task(visitor, places, deployed):
    claim(visitor("owning_team"), "Call the client")
    for username in ("owning_team.2", "owning_team_leader", "operations"):
        person = visitor(username)
        sent = {"csrf_token": token(person)} | REACHED
        for button in ("complete", "save", "preview"):
            answer = person.client.post(f"/tasks/{places['task']}", data=sent | {"do": button})
            assert answer.status_code == 403, (username, button)
        assert person.client.post(f"/tasks/{places['task']}/claim", data=sent).status_code in (302, 403)
    with deployed.db.read() as connection:
        task = connection.execute(select(UserTask.status, UserTask.draft)).one()
    assert tuple(task) == ("open", None)


def test_a_task_is_given_to_members_of_its_team_and_by_their_leader_only(visitor, places, deployed):
    leader = visitor("owning_team_leader")
    sent = {"csrf_token": token(leader)}
    for chosen in ("999", "0", "-1", "x", "9" * 30, "9" * 5000, ""):
        leader.client.post(f"/tasks/{places['task']}/assign", data=sent | {"to": chosen})
    with deployed.db.read() as connection:
        assert connection.execute(select(UserTask.assignee_id)).scalar_one() is None


def test_what_others_were_told_is_not_marked_as_seen(visitor, places, deployed):
    with deployed.db.write() as connection:
        connection.execute(
            Notification.__table__.insert().values(
                case_id=places["case"], group_key="owning_team_leader", subject="x", sent_at=deployed.clock.now()
            )
        )
    person = visitor("owning_team")
    assert person.client.post("/alerts/1/seen", data={"csrf_token": token(person)}).status_code == 404
    with deployed.db.read() as connection:
        assert connection.execute(select(Notification.seen_at)).scalars().first() is None
