"""Closed requests: reopened and corrected by their leaders, and what a client writes after closure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from engine import definitions, reopening
from engine.dictionary import Field
from engine.errors import Conflict, NotFound, ValuesRefused
from engine.forms import Component, read_form
from engine.people import Somebody
from engine.queries import cases as case_rows
from engine.queries.cases import RequestRow
from engine.queries.running import InstanceRow
from engine.reopening import Closed
from web import asking
from web.asking import Asking
from web.case_summary import summary_of
from web.current import person, world
from web.forms import typed_from_names

pages = Blueprint("reopening", __name__, url_prefix="/cases/<int:case_id>/requests/<int:request_id>")

_INPUTS: Mapping[str, Mapping[str, Any]] = {
    "text": {"type": "textfield"},
    "long_text": {"type": "textarea"},
    "boolean": {"type": "radio", "values": [{"label": "Yes", "value": "true"}, {"label": "No", "value": "false"}]},
    "choice": {"type": "select"},
    "date": {"type": "datetime", "subtype": "date"},
    "number": {"type": "number"},
    "money": {"type": "number", "properties": {"money": "true"}},
}


@dataclass(frozen=True, slots=True)
class Offer:
    """What a person may do to a closed request, for the case page to link to."""

    request_id: int
    number: str
    may_reopen: bool
    may_correct: bool


def offers_of(
    connection: Connection, requests: Sequence[RequestRow], instances: Sequence[InstanceRow], somebody: Somebody
) -> list[Offer]:
    """Return what a person may do to each closed request of a case; those that offer nothing are left out.

    `instances` are the procedures of the case. Most people lead nothing here, and then little is asked of the database.
    """
    made_by = {row.business_key: row.key for row in sorted(instances, key=lambda row: -row.instance_id)}
    led = {key for key in set(made_by.values()) if _leads(connection, key, somebody)}
    offers = []
    for row in requests:
        if row.closed_at is not None and made_by.get(row.number) in led:
            closed = reopening.read_closed(world(), connection, row.request_id, actor=somebody)
            may_reopen = not reopening.why_not(connection, closed)
            offers.append(Offer(row.request_id, row.number, may_reopen, bool(closed.reopening.correctable)))
    return offers


def _leads(connection: Connection, key: str, somebody: Somebody) -> bool:
    try:
        allowed = definitions.in_force(world(), connection, key).reopening
    except NotFound:
        return False
    return allowed is not None and allowed.by in somebody.groups


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
    with world().db.read() as connection:
        closed = _closed(connection, case_id, request_id)
        ask = _reopen_asking(connection, closed, typed)
        if ask.sheet.problems:
            ask.shows_problems = True
            return _page(connection, closed, ask, "reopen"), 422
    reopening.reopen(world(), request_id, reason=str(ask.sheet.values["reopening_reason"]), actor=person())
    flash(f"{closed.row.number} is open again.")
    return redirect(url_for("cases.page", case_id=case_id))


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
    with world().db.read() as connection:
        closed = _closed(connection, case_id, request_id)
        ask = _correct_asking(connection, closed, typed)
    values = dict(ask.sheet.values)
    reason = str(values.pop("correction_reason", None) or "")
    try:
        if ask.sheet.problems:
            raise ValuesRefused(ask.sheet.problems)
        reopening.correct(world(), request_id, changes=values, reason=reason, actor=person())
    except ValuesRefused as refused:
        ask.shows_problems = True
        ask.problems = {"correction_reason" if key == "reason" else key: text for key, text in refused.problems.items()}
        with world().db.read() as connection:
            return _page(connection, closed, ask, "correct"), 422
    flash(f"{closed.row.number} is corrected. It stays closed.")
    return redirect(url_for("cases.page", case_id=case_id))


def _closed(connection: Connection, case_id: int, request_id: int) -> Closed:
    """Return a closed request of this case that the person may work on. Raises: NotFound, NotAllowed, Conflict."""
    if request_id not in {row.request_id for row in case_rows.requests_of(connection, case_id)}:
        raise NotFound("There is no such service request on this case.")
    return reopening.read_closed(world(), connection, request_id, actor=person())


def _reopen_asking(connection: Connection, closed: Closed, typed: asking.Typed | None) -> Asking:
    ask_why = _reason("reopening_reason", "Why is it reopened?", "Enter why it is reopened")
    return _asking(connection, closed, [ask_why], typed)


def _correct_asking(connection: Connection, closed: Closed, typed: asking.Typed | None) -> Asking:
    dictionary = closed.definition.dictionary
    fields = [dictionary.field_for(key) for key in closed.reopening.correctable]
    parts = [_input(field) for field in fields if field is not None]
    ask_why = _reason("correction_reason", "Why is it corrected?", "Enter why it is corrected")
    return _asking(connection, closed, [*parts, ask_why], typed)


def _asking(connection: Connection, closed: Closed, parts: list[dict[str, Any]], typed: asking.Typed | None) -> Asking:
    numbered = [{"id": f"part_{number}", **part} for number, part in enumerate(parts)]
    form = read_form(json.dumps({"id": "closed_request", "components": numbered}).encode(), file="closed_request.form")
    components: tuple[Component, ...] = form.components
    names: Mapping[str, object] = {"request": closed.fields}
    around = asking.surroundings(connection, closed.definition, names, components)
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
