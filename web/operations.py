"""Operations: what runs, where it stands on its diagram, what stopped, and what is handed over."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import definitions, history, interventions, jobs, messages
from engine.errors import NotFound, SentBefore
from engine.queries import operations, running, told, worklist
from web import history_words
from web.current import person, world
from web.diagrams import files_of, titled
from web.interventions import may_correct, may_do
from web.live import marks_on, tokens_of
from web.sent_once import sent_key
from web.words import NOT_DONE

pages = Blueprint("operations", __name__, url_prefix="/operations")
_STATUSES = ("active", "retrying", "incident", "suspended", "completed", "cancelled")
_STATES = ("new", "busy", "sent", "failed", "withdrawn")


@pages.get("/instances")
def instances() -> str:
    """List process instances."""
    status = request.args.get("status", "")
    status = status if status in _STATUSES else ""
    with world().db.read() as connection:
        rows = operations.list_instances(connection, status=status)
        counts = operations.count_by_status(connection)
    return render_template("operations/instances.html", rows=rows, counts=counts, status=status, statuses=_STATUSES)


@pages.get("/instances/<int:instance_id>")
def instance(instance_id: int) -> str:
    """Show where an instance stands: on its diagrams, and the same as a table."""
    with world().db.read() as connection:
        row = operations.get_instance(connection, instance_id)
        definition = definitions.load(world(), connection, row.definition_id)
        incidents = operations.open_incidents(connection, instance_id=instance_id)
        tokens = tokens_of(
            definition,
            worklist.tasks_of_instance(connection, instance_id),
            running.waits_of_instance(connection, instance_id),
            incidents,
        )
        people = told.names_of_people(connection)
        lines = history_words.tell_everything(
            told.history_of_instance(connection, instance_id), people, {row.definition_id: definition}
        )
        fault = history.verify(connection, instance_id)
        retries = operations.jobs_of_instance(connection, instance_id)
        values = interventions.values_of(world(), connection, instance_id) if may_correct(row) else []
    chosen = request.args.get("diagram", "")
    if chosen not in files_of(definition):
        chosen = next((token.file for token in tokens if token.file), files_of(definition)[0])
    return render_template(
        "operations/instance.html",
        row=row,
        tokens=tokens,
        incidents=incidents,
        retries=retries,
        verbs=may_do(row),
        values=[(value.scope, value.name, interventions.as_literal(value.value)) for value in values],
        may_correct=may_correct(row),
        lines=lines,
        fault=fault,
        chosen=chosen,
        files=[(path, titled(path, sum(token.file == path for token in tokens))) for path in files_of(definition)],
        live=marks_on(definition, tokens, chosen),
    )


@pages.get("/incidents")
def incidents() -> str:
    """List what stopped, and messages that nobody waited for."""
    with world().db.read() as connection:
        rows = operations.open_incidents(connection)
        kept = running.kept_messages(connection)
        handled = running.handled_without_case(connection)
    says = {one.message_id: history_words.answers_in(one.payload, None, {}, leave_out={"received_on"}) for one in kept}
    return render_template("operations/incidents.html", rows=rows, kept=kept, handled=handled, says=says)


@pages.post("/messages/<int:message_id>/handled")
def handle_message(message_id: int) -> ResponseReturnValue:
    """Say that a kept message about no case has been dealt with; one about a case is dealt with on the case."""
    with world().db.read() as connection:
        if running.case_of_message(connection, message_id) is not None:
            raise NotFound("This message is about a case. Mark it as dealt with there.")
    messages.mark_handled(world(), message_id, actor=person())
    flash("The message is marked as dealt with.")
    return redirect(url_for("operations.incidents", _anchor="messages"))


@pages.post("/incidents/<int:incident_id>/retry")
def retry(incident_id: int) -> ResponseReturnValue:
    """Try again what an incident stopped."""
    try:
        outcome = jobs.retry_incident(world(), incident_id, actor=person(), sent_key=sent_key())
    except (NotFound, SentBefore):
        flash("It was tried again already. What is still stopped is listed below.", NOT_DONE)
        return redirect(url_for("operations.incidents"))
    if outcome is None:
        flash("The delivery will be tried again.")
        return redirect(url_for("operations.deliveries"))
    went_on = outcome.status not in ("incident", "retrying")
    if went_on:
        flash("It went through: the instance goes on.")
    else:
        flash("It stopped again; see the incident.", NOT_DONE)
    return redirect(url_for("operations.instance", instance_id=outcome.instance_id))


@pages.get("/deliveries")
def deliveries() -> str:
    """List what is owed to the world outside, and what was handed over."""
    state = request.args.get("state", "")
    state = state if state in _STATES else ""
    with world().db.read() as connection:
        rows = operations.list_deliveries(connection, state=state)
    return render_template("operations/deliveries.html", rows=rows, state=state, states=_STATES)
