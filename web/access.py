"""Who may do what: one table with a rule for every route. A route without a rule cannot be opened.

A rule says how far each role reaches: everywhere, to what is theirs, or not at all. docs/access.md is made from this
table. Verbs of the engine check again whose task it is: this table decides what a person may see and try.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from flask import Flask, flash, g, redirect, request, session, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from engine.errors import DatabaseAway, DatabaseBusy, NotFound
from engine.people import Somebody, get_person
from web import session_life, unsent, whose
from web.current import visitor, world
from web.reach import ALL, NO, OWN, Rule, row
from web.words import NOT_DONE

OPERATIONS = "operations"
_NO_CASE = NotFound("There is no such case, or it is another team's.")
_READS_ONLY = "Auditors read cases and change nothing. Ask the team that holds the case."


# Columns: caseworker, team leader, manager, analyst, operations, auditor.
anyone = Rule("What needs no sign-in", row(ALL, ALL, ALL, ALL, ALL, ALL))
signed_in = Rule("Pages of one's own", row(ALL, ALL, ALL, ALL, ALL, ALL))
their_case = Rule(
    "A case and its history, to read",
    row(OWN, OWN, OWN, OWN, ALL, ALL),
    is_theirs=whose.is_their_case,
    theirs="cases that their team, or a team that they lead or oversee, worked, works or was told something on",
    is_of_a_case=True,
    other=_NO_CASE,
)
who_looked = Rule(
    "Who looked at a case",
    row(NO, OWN, OWN, NO, ALL, ALL),
    refused="Who looked at a case is for those who lead or manage a team, operations and auditors.",
    is_theirs=whose.is_their_case,
    theirs="cases that they may read",
    is_of_a_case=True,
    other=_NO_CASE,
)
work_on_case = Rule(
    "A case, to change",
    row(OWN, OWN, OWN, OWN, ALL, NO),
    refused=_READS_ONLY,
    is_theirs=whose.is_their_case,
    theirs="as for reading; each page says besides which group may do it",
    is_of_a_case=True,
    other=_NO_CASE,
)
their_task = Rule(
    "A task and the letter it shows, to read",
    row(OWN, OWN, OWN, OWN, ALL, ALL),
    find=whose.find_task,
    is_theirs=whose.is_their_task,
    theirs="tasks that they hold, of their teams, and of cases that they may read",
    is_of_a_case=True,
    other=_NO_CASE,
)
work_on_task = Rule(
    "A task, to do",
    row(OWN, OWN, OWN, OWN, ALL, NO),
    refused=_READS_ONLY,
    find=whose.find_task,
    is_theirs=whose.is_their_task,
    theirs="as for reading; its group claims it, its holder does it, a leader of its group assigns it",
    is_of_a_case=True,
    other=_NO_CASE,
)
their_document = Rule(
    "A document of a case",
    row(OWN, OWN, OWN, OWN, ALL, ALL),
    find=whose.find_document,
    is_theirs=whose.is_their_document,
    theirs="documents of cases that they may read",
    is_of_a_case=True,
    other=_NO_CASE,
)
their_notice = Rule(
    "A notice, to mark as seen",
    row(OWN, OWN, OWN, OWN, OWN, OWN),
    is_theirs=whose.is_told_to_them,
    theirs="notices to them or to a group of theirs",
    other=NotFound("There is no such notice, or it is not for you."),
)
# They find every client, another team's too, or the same issue would be logged twice. Of another team's case they see
# the name, the number and its requests' kind, status and holder, and nothing else (`engine.queries.clients`).
intake_team = Rule(
    "Contacts, to find clients and record",
    row(OWN, OWN, OWN, OWN, OWN, OWN),
    refused="Contacts are recorded by another team.",
    is_theirs=whose.takes_contacts,
    theirs="whoever sees the work of the team that the intake procedure begins with",
)
operations = Rule(
    "Accounts, instances, incidents, deliveries and interventions",
    row(NO, NO, NO, NO, ALL, NO),
    refused="This page is for operations.",
)
designers = Rule(
    "Procedures and their diagrams, no client\u2019s data",
    row(NO, NO, NO, ALL, ALL, ALL),
    refused="This page is for analysts, operations and auditors.",
)
team_work = Rule(
    "The teams that one leads or manages",
    row(NO, ALL, ALL, NO, NO, NO),
    refused="This page is for those who lead or manage a team.",
)
their_people = Rule(
    "Somebody\u2019s work, to hand over",
    row(NO, OWN, OWN, NO, NO, NO),
    refused="This page is for those who lead or manage a team.",
    is_theirs=whose.is_of_their_team,
    theirs="people of teams that they lead or oversee, fellow leaders, and whoever holds work of these teams",
    other=NotFound("There is no such person in a team of yours."),
)
their_absence = Rule(
    "An absence, to remove",
    row(OWN, OWN, OWN, OWN, OWN, OWN),
    is_theirs=whose.is_their_absence,
    theirs="their own, and of people whom they lead or manage",
    other=NotFound("There is no such absence, or it is another team's."),
)
demonstration = Rule(
    "The clock of a demonstration",
    row(OWN, OWN, OWN, OWN, OWN, OWN),
    is_theirs=whose.is_demonstration,
    theirs="everybody, in a demonstration only",
    other=NotFound("There is nothing here by that name, or it is not yours to see."),
)

RULES: Mapping[str, Rule] = {
    "static": anyone,
    "health.health": anyone,
    "health.live": anyone,
    "metrics.metrics": anyone,  # it asks for its token itself
    "session.sign_in": anyone,
    "session.sign_out": anyone,
    "people.choose": anyone,
    "oidc.begin": anyone,
    "oidc.come_back": anyone,
    "session.home": signed_in,
    "session.prove": signed_in,
    "worklists.mine": signed_in,
    "worklists.cases": signed_in,
    "worklists.team_cases": team_work,
    "worklists.queue": signed_in,
    "worklists.held": signed_in,
    "worklists.due": signed_in,
    "worklists.view": signed_in,
    "worklists.next_task": signed_in,
    "saved_views.listed": signed_in,
    "saved_views.save": signed_in,
    "saved_views.rename": signed_in,
    "saved_views.delete": signed_in,
    "tasks.page": their_task,
    "tasks.submit": work_on_task,
    "tasks.claim": work_on_task,
    "tasks.release": work_on_task,
    "tasks.assign": work_on_task,
    "tasks.draft": work_on_task,
    "task_letters.part": their_task,
    "task_letters.picture": their_task,
    "task_letters.pdf": their_task,
    "attempts.record": work_on_case,
    "attempts.correct_form": work_on_case,
    "attempts.correct": work_on_case,
    "search.listed": signed_in,
    "cases.page": their_case,
    "cases.history": their_case,
    "cases.records": their_case,
    "case_dates.page": their_case,
    "case_plan.page": their_case,
    "case_letters.page": their_case,
    "case_letters.resend_form": work_on_case,
    "case_letters.resend": work_on_case,
    "sights.of_case": who_looked,
    "case_diagrams.page": their_case,
    "case_diagrams.file": their_case,
    "cases.add_note": work_on_case,
    "cases.message_form": work_on_case,
    "cases.record_message": work_on_case,
    "cases.start_form": work_on_case,
    "cases.start": work_on_case,
    "cases.handle_message": work_on_case,
    "lock_flag.release": work_on_case,
    "reopening.message_form": work_on_case,
    "reopening.record_message": work_on_case,
    "reopening.reopen_form": work_on_case,
    "reopening.reopen": work_on_case,
    "reopening.correct_form": work_on_case,
    "reopening.correct": work_on_case,
    "intake.find": intake_team,
    "intake.new_client_form": intake_team,
    "intake.record_new_client": intake_team,
    "intake.contact_form": intake_team,
    "intake.record": intake_team,
    "intake.client_details": work_on_case,
    "intake.change_details": work_on_case,
    "documents.download": their_document,
    "documents.attach_form": work_on_case,
    "documents.attach": work_on_case,
    "notifications.listed": signed_in,
    "notifications.seen": their_notice,
    "notifications.all_seen": signed_in,
    "notifications.choose_email": signed_in,
    "operations.instances": operations,
    "operations.instance": operations,
    "operations.incidents": operations,
    "operations.retry": operations,
    "operations.handle_message": operations,
    "operations.deliveries": operations,
    "interventions.ask": operations,
    "interventions.act": operations,
    "definitions.listed": designers,
    "definitions.page": designers,
    "definitions.diagram": designers,
    "team.page": team_work,
    "hand_over.people": team_work,
    "hand_over.choose": their_people,
    "hand_over.move": their_people,
    "absences.listed": signed_in,
    "absences.record": signed_in,
    "absences.remove": their_absence,
    "absences.take": work_on_task,
    "people.listed": operations,
    "people.add_form": operations,
    "people.add": operations,
    "people.page": operations,
    "people.change": operations,
    "people.link": operations,
    "people.act": operations,
    "clock.move": demonstration,
}


def may_use(endpoint: str) -> bool:
    """Tell whether who is here reaches an action at all, for pages: none shows what its table refuses.

    Whose the object is does not count here: a page offers what belongs to the object that it shows.
    """
    here = visitor()
    return here is not None and RULES[endpoint].includes(here)


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
                left = unsent.sent_now()
                if left is not None:
                    return unsent.page(left, status=401)
                target = request.full_path.rstrip("?") if request.method == "GET" else None
                return redirect(url_for("session.sign_in", next=target))
            rule(connection, person, request.view_args or {})
        return None


def recognise() -> None:
    """Note who is here for the page of an error that came before the table was asked; nobody where none can be read."""
    if "person" in g:
        return
    g.person = None
    with suppress(DatabaseAway, DatabaseBusy), world().db.read() as connection:
        g.person = _who_is_here(connection)


def _who_is_here(connection: Connection) -> Somebody | None:
    person_id = session.get("person_id")
    if not isinstance(person_id, int):
        return None
    if session_life.is_over():
        session.clear()
        flash("You were signed out, because some time went by. Sign in to go on.", NOT_DONE)
        return None
    try:
        person = get_person(connection, person_id)
    except NotFound:
        person = None
    if person is None or person.session_mark != session.get("mark"):
        session.clear()
        return None
    g.uses_session = True
    return replace(person, proved_at=session_life.proved_at())
