"""Who may do what: one table with a rule for every route. A route without a rule cannot be opened.

A rule looks at the person and at what the address names; it refuses by raising. Verbs of the engine check again whose
task it is: this table decides what a person may see and try.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, flash, g, redirect, request, session, url_for
from sqlalchemy import Connection, select
from werkzeug.wrappers import Response

from engine.errors import NotAllowed, NotFound
from engine.intake_questions import in_force, may_record
from engine.models import Document
from engine.people import Somebody, get_person
from engine.queries.sight import may_see_case
from engine.tasks import get_task
from web import session_life
from web.current import visitor, world

Rule = Callable[[Connection, Somebody, Mapping[str, Any]], None]

OPERATIONS = "operations"
ANALYST = "analyst"


def sight_of(person: Somebody) -> frozenset[str]:
    """Return the groups whose cases a person sees: their own and those that they lead."""
    groups = world().groups
    return person.groups | {groups[key].leads for key in person.groups if key in groups and groups[key].leads}


def anyone(_connection: Connection, _person: Somebody, _args: Mapping[str, Any]) -> None:
    """Allow everybody; the only rule that needs no sign-in."""


def signed_in(_connection: Connection, _person: Somebody, _args: Mapping[str, Any]) -> None:
    """Allow everybody who is signed in."""


def their_case(connection: Connection, person: Somebody, args: Mapping[str, Any]) -> None:
    """Allow who may see the case that the address names."""
    _check_case(connection, person, args["case_id"])


def their_task(connection: Connection, person: Somebody, args: Mapping[str, Any]) -> None:
    """Allow who may see the task: its group, its holder, and who may see its case."""
    task = g.task = get_task(connection, args["task_id"])
    if task.assignee_id == person.person_id or task.candidate_group in sight_of(person):
        return
    if task.case_id is None:
        raise NotAllowed("This task is for another team.")
    _check_case(connection, person, task.case_id)


def their_document(connection: Connection, person: Somebody, args: Mapping[str, Any]) -> None:
    """Allow who may see the case that the document is attached to."""
    case_id = connection.execute(
        select(Document.case_id).where(Document.document_id == args["document_id"])
    ).scalar_one_or_none()
    if case_id is None:
        raise NotFound("There is no such document.")
    _check_case(connection, person, case_id)


def operations(_connection: Connection, person: Somebody, _args: Mapping[str, Any]) -> None:
    """Allow operations alone."""
    if OPERATIONS not in person.groups:
        raise NotAllowed("This page is for operations.")


def designers(_connection: Connection, person: Somebody, _args: Mapping[str, Any]) -> None:
    """Allow analysts and operations: diagrams and figures, no client's data."""
    if not person.groups & {OPERATIONS, ANALYST}:
        raise NotAllowed("This page is for analysts and operations.")


def intake_team(connection: Connection, person: Somebody, _args: Mapping[str, Any]) -> None:
    """Allow who records contacts: the team that its procedure begins with, and that team's leaders.

    They find every client, another team's too, or the same issue would be logged twice. Of another team's case they see
    the name, the number and its requests' kind, status and holder, and nothing else (`engine.queries.clients`).
    """
    if not records_contacts(connection, person):
        raise NotAllowed("Contacts are recorded by another team.")


def records_contacts(connection: Connection, person: Somebody) -> bool:
    """Tell whether a person records contacts."""
    try:
        return may_record(in_force(world(), connection), sight_of(person))
    except NotFound:
        return False  # no procedure takes contacts in


def demonstration(_connection: Connection, _person: Somebody, _args: Mapping[str, Any]) -> None:
    """Allow everybody who is signed in, in a demonstration only."""
    if not world().settings.demo:
        raise NotFound


def _check_case(connection: Connection, person: Somebody, case_id: int) -> None:
    if OPERATIONS in person.groups:
        return
    if not may_see_case(connection, case_id, person_id=person.person_id, groups=sight_of(person)):
        # The same words as for a case that does not exist: what others work on is not to be guessed.
        raise NotFound("There is no such case, or it is another team's.")


RULES: Mapping[str, Rule] = {
    "static": anyone,
    "health.health": anyone,
    "health.live": anyone,
    "metrics.metrics": anyone,  # it asks for its token itself
    "session.sign_in": anyone,
    "session.sign_out": anyone,
    "session.home": signed_in,
    "worklists.mine": signed_in,
    "worklists.queue": signed_in,
    "tasks.page": their_task,
    "tasks.submit": their_task,
    "tasks.claim": their_task,
    "tasks.release": their_task,
    "tasks.assign": their_task,
    "tasks.preview_page": their_task,
    "tasks.preview_pdf": their_task,
    "search.listed": signed_in,
    "cases.page": their_case,
    "cases.history": their_case,
    "case_diagrams.page": their_case,
    "case_diagrams.file": their_case,
    "cases.add_note": their_case,
    "cases.message_form": their_case,
    "cases.record_message": their_case,
    "cases.start_form": their_case,
    "cases.start": their_case,
    "cases.handle_message": their_case,
    "lock_flag.release": their_case,
    "reopening.message_form": their_case,
    "reopening.record_message": their_case,
    "reopening.reopen_form": their_case,
    "reopening.reopen": their_case,
    "reopening.correct_form": their_case,
    "reopening.correct": their_case,
    "intake.find": intake_team,
    "intake.new_client_form": intake_team,
    "intake.record_new_client": intake_team,
    "intake.contact_form": intake_team,
    "intake.record": intake_team,
    "intake.client_details": their_case,
    "intake.change_details": their_case,
    "documents.download": their_document,
    "documents.attach_form": their_case,
    "documents.attach": their_case,
    "notifications.listed": signed_in,
    "notifications.seen": signed_in,
    "operations.instances": operations,
    "operations.instance": operations,
    "operations.incidents": operations,
    "operations.retry": operations,
    "operations.deliveries": operations,
    "interventions.ask": operations,
    "interventions.act": operations,
    "definitions.listed": designers,
    "definitions.page": designers,
    "definitions.diagram": designers,
    "clock.move": demonstration,
}


def guard(app: Flask) -> None:
    """Check every request against the table before its view runs."""

    @app.before_request
    def check() -> Response | None:
        if request.endpoint is None:
            return None  # no such address; the 404 page tells nothing
        rule = RULES[request.endpoint]
        if rule is anyone and request.endpoint in ("static", "health.health", "health.live"):
            return None
        with world().db.read() as connection:
            g.person = _who_is_here(connection)
            person = visitor()
            if rule is anyone:
                return None
            if person is None:
                target = request.full_path.rstrip("?") if request.method == "GET" else None
                return redirect(url_for("session.sign_in", next=target))
            rule(connection, person, request.view_args or {})
        return None


def _who_is_here(connection: Connection) -> Somebody | None:
    person_id = session.get("person_id")
    if not isinstance(person_id, int):
        return None
    if session_life.is_over():
        session.clear()
        flash("You were signed out, because some time went by. Sign in to go on.")
        return None
    try:
        person = get_person(connection, person_id)
    except NotFound:
        person = None
    if person is None or person.session_mark != session.get("mark"):
        session.clear()
        return None
    g.uses_session = True
    return person
