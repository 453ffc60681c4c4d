"""Every page that somebody can open, with an address of the demonstration and who opens it.

The sweep (`test_every_page.py`) and `make screenshots` go through this one list. A route that stands neither here nor
in NO_PAGE fails the sweep, so that a new page cannot be forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask
from sqlalchemy import Connection, func, select

from engine.models import (
    Case,
    ContactAttempt,
    Definition,
    Document,
    Membership,
    Person,
    ProcessInstance,
    ServiceRequest,
    UserTask,
    Wait,
)
from engine.world import World

# What is fetched and is no page: files, pictures inside pages, answers for machines, and addresses that lead elsewhere.
NO_PAGE = frozenset(
    {
        "static",
        "health.health",
        "health.live",
        "metrics.metrics",
        "session.home",
        "documents.download",
        "oidc.begin",
        "people.choose",
        "oidc.come_back",
        "task_letters.part",
        "task_letters.pdf",
        "task_letters.picture",
        "worklists.view",
        "case_diagrams.file",
        "definitions.diagram",
    }
)
NOBODY = ""


@dataclass(frozen=True, slots=True)
class Sight:
    """One page as somebody sees it. `name` is also the name of its picture."""

    name: str
    who: str
    path: str


def every_page(world: World) -> list[Sight]:
    """Return the pages of the demonstration, those of one person together."""
    with world.db.read() as connection:
        people = _people(connection)
        seen = [*_fixed(), *people, *_tasks(connection), *_of_cases(connection), *_of_procedures(connection)]
    return sorted(seen, key=lambda sight: sight.who)


def endpoints(app: Flask, sights: list[Sight]) -> set[str]:
    """Return the endpoints that a list of pages opens."""
    known = app.url_map.bind("127.0.0.1")
    return {known.match(sight.path.partition("?")[0])[0] for sight in sights if "no-such" not in sight.path}


def pages_of(app: Flask) -> set[str]:
    """Return the endpoints that answer a GET with a page."""
    return {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())} - NO_PAGE


def _fixed() -> list[Sight]:
    return [
        Sight("sign-in", NOBODY, "/sign-in"),
        Sight("my-tasks", "cara", "/tasks/"),
        Sight("my-tasks-none", "ana", "/tasks/"),
        Sight("my-cases", "cara", "/tasks/cases"),
        Sight("my-cases-none", "rita", "/tasks/cases"),
        Sight("my-cases-waiting", "cara", "/tasks/cases?waiting=client"),
        Sight("team-cases", "rita", "/tasks/team-cases"),
        Sight("queue-caseworker", "cara", "/tasks/queue"),
        Sight("queue-leader", "rita", "/tasks/queue"),
        Sight("held", "rita", "/tasks/held"),
        Sight("due", "rita", "/tasks/due"),
        Sight("queue-filtered", "rita", "/tasks/queue?nation=scotland&sort=newest"),
        Sight("saved-views", "cara", "/views/"),
        Sight("cases", "cara", "/cases/"),
        Sight("cases-found", "cara", "/cases/?q=Wren"),
        Sight("cases-none-found", "cara", "/cases/?q=Nobody+at+all"),
        Sight("team", "rita", "/team/"),
        Sight("alerts", "rita", "/alerts"),
        Sight("no-such-page", "cara", "/no-such-page"),
        Sight("record-contact", "olive", "/contacts/"),
        Sight("record-contact-found", "olive", "/contacts/?q=Example"),
        Sight("record-contact-new-client", "olive", "/contacts/new"),
        Sight("instances", "otis", "/operations/instances"),
        Sight("incidents", "otis", "/operations/incidents"),
        Sight("deliveries", "otis", "/operations/deliveries"),
        Sight("hand-over", "rita", "/hand-over/"),
        Sight("absences", "rita", "/absences/"),
        Sight("absences-own", "cara", "/absences/"),
        Sight("people", "otis", "/people/"),
        Sight("people-add", "otis", "/people/add"),
        Sight("prove", "rita", "/sign-in/again?next=/tasks/"),
        Sight("procedures", "ana", "/procedures/"),
    ]


def _people(connection: Connection) -> list[Sight]:
    cara = connection.execute(select(Person.person_id).where(Person.username == "cara")).scalar_one()
    return [
        Sight("hand-over-choose", "rita", f"/hand-over/{cara}"),
        Sight("people-account", "otis", f"/people/{cara}"),
    ]


def _tasks(connection: Connection) -> list[Sight]:
    """Return one open task of every step, as its holder or as somebody who may claim it sees it."""
    member = (
        select(Person.username)
        .join(Membership, Membership.person_id == Person.person_id)
        .where(Membership.group_key == UserTask.candidate_group)
        .order_by(Person.person_id)
        .limit(1)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(UserTask.task_id, UserTask.element_id, Person.username, member.label("member"))
        .outerjoin(Person, Person.person_id == UserTask.assignee_id)
        .where(UserTask.status == "open")
        .order_by(UserTask.task_id)
    ).all()
    once = {row.element_id: row for row in rows}
    open_ones = [
        Sight(f"task-{row.element_id}".replace("_", "-"), row.username or row.member, f"/tasks/{row.task_id}")
        for row in once.values()
    ]
    done = connection.execute(
        select(UserTask.task_id)
        .join(Person, Person.person_id == UserTask.assignee_id)
        .where(UserTask.status == "completed", Person.username == "cara")
        .limit(1)
    ).scalar_one()
    return [*open_ones, Sight("task-over", "cara", f"/tasks/{done}")]


def _of_cases(connection: Connection) -> list[Sight]:
    def case(name: str) -> int:
        return int(connection.execute(select(Case.case_id).where(Case.client_name == name)).scalar_one())

    waits, closed, plain = case("Wren Waiting"), case("Noel Notlong"), case("Robin Example")
    over = connection.execute(
        select(func.max(ServiceRequest.request_id)).where(ServiceRequest.case_id == closed)
    ).scalar_one()
    planned = connection.execute(
        select(ServiceRequest.request_id).where(
            ServiceRequest.case_id == case("Paula Planned"), ServiceRequest.kind == "Review"
        )
    ).scalar_one()
    letter = connection.execute(select(Document.document_id).where(Document.case_id == waits)).scalars().first()
    attempt = connection.execute(
        select(func.max(ContactAttempt.attempt_id)).where(ContactAttempt.case_id == waits)
    ).scalar_one()
    instance, awaited = connection.execute(
        select(Wait.instance_id, Wait.wait_id)
        .join(ProcessInstance, ProcessInstance.instance_id == Wait.instance_id)
        .where(ProcessInstance.case_id == waits, Wait.name == "client_reply")
    ).one()
    return [
        Sight("case", "cara", f"/cases/{waits}"),
        Sight("case-closed", "cara", f"/cases/{closed}"),
        Sight("case-plan", "rita", f"/cases/{case('Paula Planned')}"),
        Sight("case-kept-message", "cara", f"/cases/{case('Dana Dummy')}"),
        Sight("case-untouched", "olive", f"/cases/{plain}"),
        Sight("case-history", "cara", f"/cases/{waits}/history"),
        *(Sight(f"case-all-{what}", "cara", f"/cases/{waits}/all/{what}") for what in ("letters", "attempts", "notes")),
        Sight("case-looks", "rita", f"/cases/{waits}/looks"),
        Sight("case-message", "cara", f"/cases/{waits}/messages/{awaited}"),
        Sight("case-documents", "cara", f"/cases/{waits}/documents"),
        Sight("case-diagram", "cara", f"/cases/{waits}/diagrams/{instance}/"),
        Sight("case-dates", "cara", f"/cases/{waits}/dates/"),
        Sight("case-plan-versions", "rita", f"/cases/{case('Paula Planned')}/plan/{planned}"),
        Sight("case-letter", "cara", f"/cases/{waits}/letters/{letter}/"),
        Sight("case-letter-again", "cara", f"/cases/{waits}/letters/{letter}/again"),
        Sight("attempt-correct", "cara", f"/cases/{waits}/attempts/{attempt}/correct"),
        Sight("case-start", "olive", f"/cases/{plain}/start/review"),
        Sight("request-reopen", "rita", f"/cases/{closed}/requests/{over}/reopen"),
        Sight("request-correct", "rita", f"/cases/{closed}/requests/{over}/correct"),
        Sight("request-message", "cara", f"/cases/{closed}/requests/{over}/message"),
        Sight("record-contact-known", "olive", f"/contacts/clients/{plain}"),
        Sight("client-details", "olive", f"/contacts/clients/{plain}/details"),
    ]


def _of_procedures(connection: Connection) -> list[Sight]:
    found = connection.execute(select(Definition.definition_id).where(Definition.key == "review").limit(1)).scalar_one()
    live = connection.execute(
        select(ProcessInstance.instance_id).where(ProcessInstance.status == "active").order_by("instance_id").limit(1)
    ).scalar_one()
    suspended = connection.execute(
        select(ProcessInstance.instance_id).where(ProcessInstance.status == "suspended")
    ).scalar_one()
    asked = ("suspend", "cancel", "move")
    return [
        Sight("procedure", "ana", f"/procedures/{found}"),
        Sight("instance", "otis", f"/operations/instances/{live}"),
        *(Sight(f"instance-{verb}", "otis", f"/operations/instances/{live}/{verb}") for verb in asked),
        Sight("instance-suspended", "otis", f"/operations/instances/{suspended}"),
        *(
            Sight(f"instance-{verb}", "otis", f"/operations/instances/{suspended}/{verb}")
            for verb in ("resume", "correct")
        ),
    ]
