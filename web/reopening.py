"""Closed requests: reopened and corrected by their leaders, and what a client writes after closure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from engine import definitions, messages, reopening
from engine.cases import procedure_of
from engine.clock import LONDON
from engine.definitions import LoadedDefinition
from engine.dictionary import Field
from engine.errors import Conflict, NotFound, SentBefore, ValuesRefused
from engine.forms import Component, read_form
from engine.queries import cases as case_rows
from engine.queries import running
from engine.queries.cases import RequestRow
from engine.reopening import Closed
from engine.sent_forms import was_sent
from web import asking
from web.asking import Asking
from web.case_summary import summary_of
from web.current import person, world
from web.forms import typed_from_names
from web.sent_once import sent_key

pages = Blueprint("reopening", __name__, url_prefix="/cases/<int:case_id>/requests/<int:request_id>")

MAX_SAID = 20_000
_REOPENED, _CORRECTED = "{} is open again.", "{} is corrected. It stays closed."
_INPUTS: Mapping[str, Mapping[str, Any]] = {
    "text": {"type": "textfield"},
    "long_text": {"type": "textarea"},
    "boolean": {"type": "radio", "values": [{"label": "Yes", "value": "true"}, {"label": "No", "value": "false"}]},
    "choice": {"type": "select"},
    "date": {"type": "datetime", "subtype": "date"},
    "number": {"type": "number"},
    "money": {"type": "number", "properties": {"money": "true"}},
}


@pages.get("/message")
def message_form(case_id: int, request_id: int) -> ResponseReturnValue:
    """Ask for what a client writes that nothing waits for: after closure, or while the case is worked on."""
    with world().db.read() as connection:
        heard = _heard(connection, case_id, request_id)
        if heard.wait_id is not None:
            return redirect(url_for("cases.message_form", case_id=case_id, wait_id=heard.wait_id))
        return _message_page(connection, case_id, heard, _message_asking(connection, heard, None))


@pages.post("/message")
def record_message(case_id: int, request_id: int) -> ResponseReturnValue:
    """Record what a client writes: on a closed request it starts new work, on an open one it is kept for its holder."""
    typed = asking.sent()
    with world().db.read() as connection:
        heard = _heard(connection, case_id, request_id)
        ask = _message_asking(connection, heard, typed)
        received_on: Any = ask.sheet.values.get("received_on")
        if received_on is not None and received_on > world().clock.now().astimezone(LONDON).date():
            ask.problems["received_on"] = "The date that this reached us must be today or in the past"
        if ask.sheet.problems or ask.problems:
            ask.shows_problems = True
            return _message_page(connection, case_id, heard, ask), 422
        payload = {"client_says": ask.sheet.values["client_says"]}
    sent = messages.correlate(
        world(), heard.name, heard.row.number, payload, received_on=received_on, actor=person(), once=True
    )
    if not sent.is_new:
        flash("This is recorded already.")
        return redirect(url_for("cases.page", case_id=case_id))
    if sent.status == "kept":
        flash("It is kept on the case, and whoever holds the case is told.")
    else:
        flash("It is recorded, and a task was made of it.")
    return redirect(url_for("cases.page", case_id=case_id))


@pages.get("/reopen")
def reopen_form(case_id: int, request_id: int) -> ResponseReturnValue:
    """Ask why a closed request is reopened."""
    with world().db.read() as connection:
        closed = _closed(connection, case_id, request_id)
        problem = reopening.why_not(connection, closed)
        if problem:
            raise Conflict(problem)
        return _page(connection, closed, _reopen_asking(connection, closed, None), "reopen")


@pages.post("/reopen")
def reopen(case_id: int, request_id: int) -> ResponseReturnValue:
    """Reopen a closed request."""
    typed = asking.sent()
    key = sent_key(dict(typed))
    with world().db.read() as connection:
        if was_sent(connection, key):
            return _done(connection, case_id, request_id, _REOPENED)
        closed = _closed(connection, case_id, request_id)
        ask = _reopen_asking(connection, closed, typed)
        if ask.sheet.problems:
            ask.shows_problems = True
            return _page(connection, closed, ask, "reopen"), 422
    reason = str(ask.sheet.values["reopening_reason"])
    with suppress(SentBefore):  # at the same moment: the first press did it
        reopening.reopen(world(), request_id, reason=reason, actor=person(), sent_key=key)
    with world().db.read() as connection:
        return _done(connection, case_id, request_id, _REOPENED)


@pages.get("/correct")
def correct_form(case_id: int, request_id: int) -> ResponseReturnValue:
    """Ask what is corrected, and why."""
    with world().db.read() as connection:
        closed = _closed(connection, case_id, request_id)
        return _page(connection, closed, _correct_asking(connection, closed, None), "correct")


@pages.post("/correct")
def correct(case_id: int, request_id: int) -> ResponseReturnValue:
    """Correct facts of a closed request."""
    typed = asking.sent()
    key = sent_key(dict(typed))
    with world().db.read() as connection:
        if was_sent(connection, key):
            return _done(connection, case_id, request_id, _CORRECTED)
        closed = _closed(connection, case_id, request_id)
        ask = _correct_asking(connection, closed, typed)
    values = dict(ask.sheet.values)
    reason = str(values.pop("correction_reason", None) or "")
    try:
        if ask.sheet.problems:
            raise ValuesRefused(ask.sheet.problems)
        reopening.correct(world(), request_id, changes=values, reason=reason, actor=person(), sent_key=key)
    except SentBefore:
        pass  # at the same moment: the first press did it
    except ValuesRefused as refused:
        ask.shows_problems = True
        ask.problems = {"correction_reason" if key == "reason" else key: text for key, text in refused.problems.items()}
        with world().db.read() as connection:
            return _page(connection, closed, ask, "correct"), 422
    with world().db.read() as connection:
        return _done(connection, case_id, request_id, _CORRECTED)


def _done(connection: Connection, case_id: int, request_id: int, said: str) -> ResponseReturnValue:
    """Go back to the case and say what was done, by this press or by the one before it."""
    [number] = [row.number for row in case_rows.requests_of(connection, case_id) if row.request_id == request_id]
    flash(said.format(number))
    return redirect(url_for("cases.page", case_id=case_id))


@dataclass(frozen=True, slots=True)
class _Heard:
    """A request that a client writes about: the message that this is, and the wait that takes it, if there is one."""

    row: RequestRow
    definition: LoadedDefinition
    name: str
    wait_id: int | None


def _heard(connection: Connection, case_id: int, request_id: int) -> _Heard:
    """Return how a request takes what its client writes. Raises: NotFound; Conflict where its procedure takes none."""
    row = next((r for r in case_rows.requests_of(connection, case_id) if r.request_id == request_id), None)
    if row is None:
        raise NotFound("There is no such service request on this case.")
    key = procedure_of(connection, request_id)
    try:
        definition = definitions.in_force(world(), connection, key or "")
        name = next(iter(definition.after_closure))
    except (NotFound, StopIteration):
        message = f"{row.number} takes no messages. Add a note, or record what the client says as a new contact."
        raise Conflict(message) from None
    waits = running.waits_of_case(connection, case_id)
    taking = [w.wait_id for w in waits if (w.kind, w.name, w.correlation_key) == ("message", name, row.number)]
    return _Heard(row, definition, name, taking[0] if taking else None)


def _message_asking(connection: Connection, heard: _Heard, typed: asking.Typed | None) -> Asking:
    says = {
        "type": "textarea",
        "key": "client_says",
        "label": "What does the client say?",
        "description": "Their own words, or what they said on the phone.",
        "validate": {"required": True, "maxLength": MAX_SAID},
        "properties": {"requiredMessage": "Enter what the client says"},
    }
    return _asking(connection, heard.definition, heard.row.fields, [says], typed, first=[asking.RECEIVED_ON])


def _message_page(connection: Connection, case_id: int, heard: _Heard, ask: Asking) -> str:
    drawn, errors = ask.draw()
    return render_template(
        "reopening/message.html",
        summary=summary_of(connection, case_id),
        row=heard.row,
        title=f"Record what the client writes about {heard.row.number}",
        blocks=drawn,
        errors=errors,
    )


def _closed(connection: Connection, case_id: int, request_id: int) -> Closed:
    """Return a closed request of this case that the person may work on. Raises: NotFound, NotAllowed, Conflict."""
    if request_id not in {row.request_id for row in case_rows.requests_of(connection, case_id)}:
        raise NotFound("There is no such service request on this case.")
    return reopening.read_closed(world(), connection, request_id, actor=person())


def _reopen_asking(connection: Connection, closed: Closed, typed: asking.Typed | None) -> Asking:
    ask_why = _reason("reopening_reason", "Why is it reopened?", "Enter why it is reopened")
    return _asking(connection, closed.definition, closed.fields, [ask_why], typed)


def _correct_asking(connection: Connection, closed: Closed, typed: asking.Typed | None) -> Asking:
    dictionary = closed.definition.dictionary
    fields = [dictionary.field_for(key) for key in closed.reopening.correctable]
    parts = [_input(field) for field in fields if field is not None]
    ask_why = _reason("correction_reason", "Why is it corrected?", "Enter why it is corrected")
    return _asking(connection, closed.definition, closed.fields, [*parts, ask_why], typed)


def _asking(
    connection: Connection,
    definition: LoadedDefinition,
    fields: Mapping[str, Any],
    parts: list[dict[str, Any]],
    typed: asking.Typed | None,
    *,
    first: Sequence[Component] = (),
) -> Asking:
    numbered = [{"id": f"part_{number}", **part} for number, part in enumerate(parts)]
    form = read_form(json.dumps({"id": "closed_request", "components": numbered}).encode(), file="closed_request.form")
    components = [*first, *form.components]
    around = asking.surroundings(connection, definition, {"request": fields}, components)
    return Asking(components, around, typed_from_names(components, around) if typed is None else typed)


def _reason(key: str, label: str, required: str) -> dict[str, Any]:
    return {
        "type": "textarea",
        "key": key,
        "label": label,
        "description": "This is kept in the Notes and in the history, with your name.",
        "validate": {"required": True, "maxLength": reopening.MAX_REASON},
        "properties": {"requiredMessage": required},
    }


def _input(field: Field) -> dict[str, Any]:
    picked = {"valuesKey": f"picklists.{field.picklist.key}"} if field.picklist is not None else {}
    return {**_INPUTS[field.type], **picked, "key": field.key, "label": field.label, "description": field.hint}


def _page(connection: Connection, closed: Closed, ask: Asking, what: str) -> str:
    drawn, errors = ask.draw()
    return render_template(
        f"reopening/{what}.html",
        summary=summary_of(connection, closed.row.case_id),
        closed=closed.row,
        definition=closed.definition,
        blocks=drawn,
        errors=errors,
    )
