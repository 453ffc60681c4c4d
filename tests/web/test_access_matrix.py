"""Every route for everybody: what each role, and a stranger, is answered about what is theirs and what is not.

The table in `web.access` says who reaches what; which of these objects are whose is said here, apart from it.
"""

import pytest
from sqlalchemy import insert, select

from engine import cases
from engine.dictionary import Role
from engine.models import Absence, Blob, Document, Message, Notification, ProcessInstance, UserTask, Wait
from engine.roles import roles_of
from engine.settings import ROOT
from tests.web.journeys import REACHED, claim, refer
from tests.world import somebody
from web import access
from web.access import RULES
from web.access_table import as_markdown
from web.reach import ALL, NO, OWN

OWNERS = ("owning_team", "owning_team_leader", "manager")  # who sees the case of the owning team
OTHERS = (
    "review_caseworker",
    "review_team_leader",
    "complaint_resolution_caseworker",
    "complaint_resolution_team_leader",
    "legacy_team",
    "redress_authority",
    "analyst",
)
EVERYBODY = (*OWNERS, *OTHERS, "operations", "auditor")

PAGES = {
    "session.home": "/",
    "session.prove": "/sign-in/again",
    "worklists.mine": "/tasks/",
    "worklists.cases": "/tasks/cases",
    "worklists.team_cases": "/tasks/team-cases",
    "worklists.queue": "/tasks/queue",
    "worklists.held": "/tasks/held",
    "worklists.due": "/tasks/due",
    "saved_views.listed": "/views/",
    "tasks.page": "/tasks/{task}",
    "task_letters.part": "/tasks/{task}/letter",
    "task_letters.picture": "/tasks/{task}/letter/1.svg",
    "task_letters.pdf": "/tasks/{task}/letter.pdf",
    "attempts.correct_form": "/cases/{case}/attempts/1/correct",
    "search.listed": "/cases/",
    "cases.page": "/cases/{case}",
    "cases.history": "/cases/{case}/history",
    "cases.records": "/cases/{case}/all/notes",
    "case_dates.page": "/cases/{case}/dates/",
    "case_plan.page": "/cases/{case}/plan/1",
    "case_letters.page": "/cases/{case}/letters/{document}/",
    "case_letters.resend_form": "/cases/{case}/letters/{document}/again",
    "sights.of_case": "/cases/{case}/looks",
    "case_diagrams.page": "/cases/{case}/diagrams/{instance}/",
    "case_diagrams.file": "/cases/{case}/diagrams/{instance}/processes/review/review.bpmn",
    "cases.message_form": "/cases/{case}/messages/{wait}",
    "cases.start_form": "/cases/{case}/start/review",
    "reopening.message_form": "/cases/{case}/requests/1/message",
    "reopening.reopen_form": "/cases/{case}/requests/1/reopen",
    "reopening.correct_form": "/cases/{case}/requests/1/correct",
    "intake.find": "/contacts/",
    "intake.new_client_form": "/contacts/new",
    "intake.contact_form": "/contacts/clients/{case}",
    "intake.client_details": "/contacts/clients/{case}/details",
    "documents.download": "/documents/{document}",
    "documents.attach_form": "/cases/{case}/documents",
    "notifications.listed": "/alerts",
    "team.page": "/team/",
    "hand_over.people": "/hand-over/",
    "hand_over.choose": "/hand-over/{person}",
    "absences.listed": "/absences/",
    "people.listed": "/people/",
    "people.add_form": "/people/add",
    "people.page": "/people/{person}",
    "operations.instances": "/operations/instances",
    "operations.instance": "/operations/instances/{instance}",
    "operations.incidents": "/operations/incidents",
    "operations.deliveries": "/operations/deliveries",
    "interventions.ask": "/operations/instances/{instance}/suspend",
    "definitions.listed": "/procedures/",
    "definitions.page": "/procedures/1",
    "definitions.diagram": "/procedures/1/diagram/processes/shared/issue_letter.bpmn",
}
# What those are answered who may open the page, where that is not 200.
ANSWERED = {
    "session.home": dict.fromkeys(EVERYBODY, 302),
    # The task that waits has no letter.
    "task_letters.part": dict.fromkeys(EVERYBODY, 404),
    "task_letters.picture": dict.fromkeys(EVERYBODY, 404),
    "task_letters.pdf": dict.fromkeys(EVERYBODY, 404),
    # Nobody has called anybody on the case.
    "attempts.correct_form": dict.fromkeys(EVERYBODY, 404),
    # The document is no letter, and the closed request has no plan.
    "case_letters.page": dict.fromkeys(EVERYBODY, 404),
    "case_letters.resend_form": dict.fromkeys(EVERYBODY, 404),
    # The team that a procedure begins with starts it.
    "cases.start_form": {"owning_team_leader": 403, "manager": 403, "operations": 403},
    # The closed request of the case is of before this program: nobody can reopen it.
    "reopening.message_form": dict.fromkeys(EVERYBODY, 409),
    "reopening.reopen_form": dict.fromkeys(EVERYBODY, 409),
    "reopening.correct_form": dict.fromkeys(EVERYBODY, 409),
}
ACTIONS = {
    "tasks.submit": "/tasks/{task}",
    "tasks.draft": "/tasks/{task}/draft",
    "tasks.claim": "/tasks/{task}/claim",
    "tasks.release": "/tasks/{task}/release",
    "tasks.assign": "/tasks/{task}/assign",
    "cases.add_note": "/cases/{case}/notes",
    "attempts.record": "/cases/{case}/attempts/",
    "attempts.correct": "/cases/{case}/attempts/1/correct",
    "cases.record_message": "/cases/{case}/messages/{wait}",
    "cases.handle_message": "/cases/{case}/messages/{message}/handled",
    "cases.start": "/cases/{case}/start/review",
    "documents.attach": "/cases/{case}/documents",
    "case_letters.resend": "/cases/{case}/letters/{document}/again",
    "lock_flag.release": "/cases/{case}/lock-flag/release",
    "reopening.record_message": "/cases/{case}/requests/1/message",
    "reopening.reopen": "/cases/{case}/requests/1/reopen",
    "reopening.correct": "/cases/{case}/requests/1/correct",
    "intake.record_new_client": "/contacts/new",
    "intake.record": "/contacts/clients/{case}",
    "intake.change_details": "/contacts/clients/{case}/details",
    "operations.retry": "/operations/incidents/1/retry",
    "operations.handle_message": "/operations/messages/{message}/handled",
    "interventions.act": "/operations/instances/{instance}/suspend",
    "notifications.seen": "/alerts/{notice}/seen",
    "people.add": "/people/add",
    "people.change": "/people/{person}",
    "people.link": "/people/{person}/link",
    "people.act": "/people/{person}/lock",
    "hand_over.move": "/hand-over/{person}",
    "absences.take": "/absences/take/{task}",
    "absences.remove": "/absences/{absence}/remove",
    "clock.move": "/clock",
}
FOR_EVERYBODY = {
    "notifications.all_seen": "/alerts/seen",
    "notifications.choose_email": "/alerts/email",
    "worklists.view": "/tasks/views/x",
    "worklists.next_task": "/tasks/next",
    "saved_views.save": "/views/",
    "saved_views.rename": "/views/1/name",
    "saved_views.delete": "/views/1/delete",
    "absences.record": "/absences/",
    "session.sign_in": "/sign-in",
    "people.choose": "/sign-in/choose/a-link",
    "oidc.begin": "/sign-in/provider/",
    "oidc.come_back": "/sign-in/provider/back",
}
FOR_MACHINES = {"static", "health.health", "health.live", "metrics.metrics", "session.sign_out"}


@pytest.fixture
def places(visitor, case_id, deployed):
    """A review just referred, whose call waits in the owning team's queue, and what else hangs on its case."""
    refer(visitor("owning_team"), case_id)
    now = deployed.clock.now()
    person_id = somebody(deployed, "owning_team").person_id
    with deployed.db.write() as connection:
        task_id = connection.execute(select(UserTask.task_id).where(UserTask.status == "open")).scalar_one()
        instance_id = connection.execute(select(ProcessInstance.instance_id)).scalar_one()
        wait = {
            "name": "client_withdraws",
            "element_id": "withdraws_at_details",
            "form_id": "withdraw",
            "kind": "message",
        }
        wait_id = connection.execute(
            insert(Wait).values(**wait, instance_id=instance_id, token="0" * 32, created_at=now).returning(Wait.wait_id)
        ).scalar_one()
        connection.execute(insert(Blob).values(sha256="0" * 64, content=b"text"))
        document = {"case_id": case_id, "kind": "evidence", "title": "Call", "media_type": "text/plain"}
        document_id = connection.execute(
            insert(Document).values(**document, sha256="0" * 64, created_at=now).returning(Document.document_id)
        ).scalar_one()
        message = {"name": "client_reply", "correlation_key": "SR-000900", "payload": "{}", "status": "kept"}
        message_id = connection.execute(
            insert(Message)
            .values(**message, case_id=case_id, received_on=now.date(), recorded_at=now)
            .returning(Message.message_id)
        ).scalar_one()
        away = {"person_id": person_id, "first_on": now.date(), "last_on": now.date(), "recorded_at": now}
        absence_id = connection.execute(insert(Absence).values(**away).returning(Absence.absence_id)).scalar_one()
        notice_id = connection.execute(
            insert(Notification)
            .values(case_id=case_id, group_key="owning_team_leader", subject="Overdue", sent_at=now)
            .returning(Notification.notification_id)
        ).scalar_one()
    return {
        "case": case_id,
        "task": task_id,
        "instance": instance_id,
        "wait": wait_id,
        "document": document_id,
        "message": message_id,
        "notice": notice_id,
        "person": person_id,
        "absence": absence_id,
    }


@pytest.fixture
def of_another_team(deployed, places):
    """A case of the Resolution team, which the owning team does not see."""
    with deployed.db.write() as connection:
        made = cases.open_case(
            connection, deployed, reference="CM-2000009", client_name="Sam Sample", nation="scotland", facts={}
        )
        fields = {"kind": "Resolution", "status": "In Progress", "owner_group": "complaint_resolution_caseworker"}
        cases.open_request(connection, deployed, case_id=made, number="SR-000909", fields=fields)
    return made


def theirs(username, endpoint):
    """Tell whether what an address names is this person's, by what the places are."""
    if RULES[endpoint] is access.demonstration:
        return False
    if RULES[endpoint] is access.their_people:
        return username in ("owning_team_leader", "manager")
    if RULES[endpoint] is access.their_notice:
        return username == "owning_team_leader"
    return username in OWNERS


def expected(deployed, username, endpoint):
    """Return what the table says that a person is answered: a status, or None for a page as it is."""
    rule = RULES[endpoint]
    reaches = {rule.reach[role] for role in roles_of(deployed.groups, somebody(deployed, username).groups)}
    if ALL in reaches or (OWN in reaches and theirs(username, endpoint)):
        return ANSWERED.get(endpoint, {}).get(username, 200)
    return 404 if OWN in reaches and rule.other else 403


def token(person):
    return person.visit("/cases/").page.xpath("//input[@name='csrf_token']/@value")[0]


def test_no_route_is_left_out():
    assert set(PAGES) | set(ACTIONS) | set(FOR_EVERYBODY) | FOR_MACHINES == set(RULES)


def test_the_table_says_something_about_every_role():
    for rule in RULES.values():
        assert list(rule.reach) == list(Role), rule.what
        assert bool(rule.theirs) == (OWN in rule.reach.values()), rule.what


def test_the_page_for_readers_says_what_the_table_says(app):
    assert (ROOT / "docs" / "access.md").read_text() == as_markdown(app), "make it again: flask --app web print-access"


@pytest.mark.parametrize(
    ("rule", "changes"),
    [("work_on_case", "their_case"), ("work_on_task", "their_task")],
)
def test_an_auditor_reads_everything_and_changes_nothing(rule, changes):
    assert getattr(access, rule).reach[Role.AUDITOR] is NO
    assert getattr(access, changes).reach[Role.AUDITOR] is ALL


def test_every_page_answers_everybody_as_the_table_says(visitor, places, deployed):
    for username in EVERYBODY:
        client = visitor(username).client
        answers = {name: client.get(path.format(**places)).status_code for name, path in PAGES.items()}
        assert answers == {name: expected(deployed, username, name) for name in PAGES}, username


def test_a_stranger_is_led_to_the_sign_in_from_every_page_and_may_do_nothing(app, places):
    client = app.test_client()
    for path in PAGES.values():
        answer = client.get(path.format(**places))
        assert (answer.status_code, answer.headers["Location"][:8]) == (302, "/sign-in")
    for path in ACTIONS.values():
        assert client.post(path.format(**places)).status_code == 400


def test_no_action_is_taken_without_the_token_of_the_page(visitor, places):
    for username in EVERYBODY:
        client = visitor(username).client
        for path in (*ACTIONS.values(), "/sign-in", "/sign-out"):
            assert client.post(path.format(**places), data={"text": "x", "to": "1"}).status_code == 400


def test_every_action_is_refused_as_the_table_says(visitor, places, deployed):
    for username in (*OTHERS, "auditor"):
        person = visitor(username)
        sent = {"csrf_token": token(person), "text": "forged", "to": "1"} | REACHED
        for name, path in ACTIONS.items():
            wanted = expected(deployed, username, name)
            assert wanted in (403, 404), (username, name)
            assert person.client.post(path.format(**places), data=sent).status_code == wanted, (username, name)
    with deployed.db.read() as connection:
        task = connection.execute(select(UserTask.status, UserTask.assignee_id, UserTask.draft)).one()
        assert connection.execute(select(Notification.seen_at)).scalars().first() is None
    assert tuple(task) == ("open", None, None)


def test_what_hangs_on_one_case_is_not_reached_through_another(visitor, places, of_another_team):
    """The address names a case that the person sees, and something of one that they do not; and the other way."""
    mixed = places | {"case": of_another_team}
    resolver, owner = visitor("complaint_resolution_caseworker"), visitor("owning_team")
    assert resolver.visit(f"/cases/{of_another_team}").status == 200
    assert owner.visit(f"/cases/{of_another_team}").status == 404
    for name, path in PAGES.items():
        if "{case}" in path and any(part in path for part in ("{instance}", "{wait}", "requests/1")):
            assert resolver.client.get(path.format(**mixed)).status_code == 404, name
    sent = {"csrf_token": token(resolver)}
    for name, path in ACTIONS.items():
        if "{case}" in path and any(part in path for part in ("{message}", "{wait}", "requests/1")):
            answer = resolver.client.post(path.format(**mixed), data=sent)
            assert answer.status_code in (404, 409), name
            assert "Robin Example" not in answer.text


def test_only_the_holder_saves_or_completes_a_task(visitor, places, deployed):
    claim(visitor("owning_team"), "Call the client")
    for username in ("owning_team.2", "owning_team_leader", "manager", "operations"):
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
