"""Cases: the page of one, notes, messages that the case waits for, and starting a procedure."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from engine import cases as case_verbs
from engine import definitions, messages
from engine.clock import LONDON
from engine.definitions import LoadedDefinition
from engine.errors import NotAllowed, NotFound, ValuesRefused
from engine.queries import cases as case_rows
from engine.queries import running
from engine.queries.running import WaitRow
from engine.values import dumps
from web import asking, case_page, case_timeline
from web.access import OPERATIONS
from web.addresses import row_number
from web.asking import Asking
from web.case_summary import current_request, summary_of
from web.current import person, world
from web.forms import typed_from_names
from web.procedure_text import documentation, message_title
from web.sent_once import once_field, sent_key

pages = Blueprint("cases", __name__, url_prefix="/cases")
pages.add_app_template_global(once_field)
MAX_NOTE = 5_000
_ROWS = 50
# What has a page of its own on which there is all of it: the list of the case page, and its title.
_RECORDS = {
    "letters": ("documents", "Letters and documents"),
    "contacts": ("contacts", "Contacts"),
    "attempts": ("attempts", "Calls"),
    "messages": ("messages", "Messages"),
    "notes": ("notes", "Notes"),
}


@pages.get("/<int:case_id>")
def page(case_id: int) -> str:
    """Show a case."""
    return _page(case_id)


@pages.get("/<int:case_id>/history")
def history(case_id: int) -> str:
    """Tell the whole history of a case, a page at a time."""
    return case_timeline.page(case_id)


@pages.get("/<int:case_id>/all/<what>")
def records(case_id: int, what: str) -> str:
    """Show all that there is of one kind on a case, a page at a time: the case page has the newest of each."""
    if what not in _RECORDS:
        raise NotFound("There is no such list on a case.")
    with world().db.read() as connection:
        shown = case_page.open_case(connection, case_id, person())
    name, title = _RECORDS[what]
    rows = getattr(shown, name)
    last = max(1, -(-len(rows) // _ROWS))
    number = min(row_number(request.args.get("page", "")) or 1, last)
    setattr(shown, name, rows[(number - 1) * _ROWS : number * _ROWS])
    return render_template(
        "cases/records.html",
        page=shown,
        case_id=case_id,
        what=what,
        title=title,
        most=_ROWS,
        number=number,
        last=last,
    )


@pages.post("/<int:case_id>/notes")
def add_note(case_id: int) -> ResponseReturnValue:
    """Add a note; notes are only ever added."""
    text = request.form.get("text", "").replace("\r\n", "\n").replace("\0", "").strip()
    problem = "" if text else "Enter the note"
    if len(text) > MAX_NOTE:
        problem = f"The note must be {MAX_NOTE:,} characters or fewer"
    if problem:
        return _page(case_id, note=text, note_problem=problem), 422
    with world().db.read() as connection:
        case_rows.case_facts(connection, case_id)  # operations may open any address: is there such a case?
        current = current_request(case_rows.requests_of(connection, case_id))
    with world().db.write() as connection:
        case_verbs.add_note(
            connection,
            world(),
            case_id=case_id,
            request_id=current.request_id if current else None,
            text=text,
            author_id=person().person_id,
            sent_key=sent_key(text),
        )
    flash("Your note has been added.")
    return redirect(url_for("cases.page", case_id=case_id, _anchor="notes"))


@pages.get("/<int:case_id>/messages/<int:wait_id>")
def message_form(case_id: int, wait_id: int) -> ResponseReturnValue:
    """Ask for what a message says and when it reached us."""
    with world().db.read() as connection:
        wait = _wait(connection, case_id, wait_id)
        if wait is None:
            return _no_longer_awaited(connection, case_id, {}), 404
        definition = definitions.load(world(), connection, wait.definition_id)
        ask = _message_asking(connection, definition, wait, None)
        return _message_page(connection, case_id, definition, wait, ask)


@pages.post("/<int:case_id>/messages/<int:wait_id>")
def record_message(case_id: int, wait_id: int) -> ResponseReturnValue:
    """Record a message: it reaches the place that waits for it, or is kept."""
    typed, action = asking.sent(), asking.pressed()
    with world().db.read() as connection:
        wait = _wait(connection, case_id, wait_id)
        if wait is None:
            return _no_longer_awaited(connection, case_id, typed), 409
        definition = definitions.load(world(), connection, wait.definition_id)
        ask = _message_asking(connection, definition, wait, typed)
        answered = _answered(ask, typed, action)
        if answered is not None:
            return answered
        ask.typed = asking.with_row_change(typed, action) or typed
        sheet = ask.sheet
        received_on: Any = sheet.values.get("received_on")
        if received_on is not None and received_on > world().clock.now().astimezone(LONDON).date():
            ask.problems["received_on"] = "The date that this reached us must be today or in the past"
        if ask.typed is not typed or sheet.problems or ask.problems:
            ask.shows_problems = ask.typed is typed
            return _message_page(connection, case_id, definition, wait, ask), 422 if ask.shows_problems else 200
    payload = {key: value for key, value in sheet.values.items() if key != "received_on"}
    title = message_title(definition, wait.name, wait.element_name)
    # The same answers to the same question are one message: a double click, a page sent again.
    said = sha256(dumps({**payload, "received_on": received_on}).encode()).hexdigest()
    result = messages.correlate(
        world(),
        wait.name,
        wait.correlation_key or "",
        payload,
        received_on=received_on,
        actor=person(),
        sender_id=f"wait {wait.wait_id} {said}",
    )
    if not result.is_new:
        flash(f"“{title}” was recorded before with the same answers. It was not recorded a second time.")
    elif result.status == "delivered":
        flash(f"“{title}” is recorded, and the case has moved on.")
    else:
        flash(f"“{title}” is recorded and kept on the case. {result.why}")
    return redirect(url_for("cases.page", case_id=case_id))


@pages.post("/<int:case_id>/messages/<int:message_id>/handled")
def handle_message(case_id: int, message_id: int) -> ResponseReturnValue:
    """Say that a kept message has been dealt with."""
    with world().db.read() as connection:
        if message_id not in {row.message_id for row in running.messages_of(connection, case_id)}:
            raise NotFound("There is no such message on this case.")
    messages.mark_handled(world(), message_id, actor=person())
    flash("The message is marked as dealt with.")
    return redirect(url_for("cases.page", case_id=case_id, _anchor="messages"))


@pages.get("/<int:case_id>/start/<key>")
def start_form(case_id: int, key: str) -> ResponseReturnValue:
    """Ask the start form of a procedure."""
    with world().db.read() as connection:
        definition = _startable(connection, key)
        ask = _start_asking(connection, definition, case_id, None)
        return _start_page(connection, case_id, definition, ask)


@pages.post("/<int:case_id>/start/<key>")
def start(case_id: int, key: str) -> ResponseReturnValue:
    """Start a procedure on a case."""
    typed, action = asking.sent(), asking.pressed()
    with world().db.read() as connection:
        definition = _startable(connection, key)
        ask = _start_asking(connection, definition, case_id, typed)
        answered = _answered(ask, typed, action)
        if answered is not None:
            return answered
        ask.typed = asking.with_row_change(typed, action) or typed
        if ask.typed is not typed or ask.sheet.problems:
            ask.shows_problems = ask.typed is typed
            return _start_page(connection, case_id, definition, ask), 422 if ask.shows_problems else 200
    try:
        case_verbs.start_once(world(), key, ask.sheet.values, case_id=case_id, actor=person())
    except ValuesRefused as refused:
        ask.shows_problems, ask.problems = True, asking.by_input_name(refused.problems)
        with world().db.read() as connection:
            return _start_page(connection, case_id, definition, ask), 422
    flash(f"{definition.title} has started.")
    return redirect(url_for("cases.page", case_id=case_id))


def _page(case_id: int, *, note: str = "", note_problem: str = "") -> str:
    with world().db.read() as connection:
        shown = case_page.open_case(connection, case_id, person())
    return render_template(
        "cases/page.html",
        page=shown,
        case_id=case_id,
        note=note,
        note_problem=note_problem,
        operations=OPERATIONS in person().groups,
    )


def _answered(ask: Asking, typed: asking.Typed, action: str) -> ResponseReturnValue | None:
    """Answer the script that asks which questions count; None for a person's own submit."""
    if action != "questions":
        return None
    return asking.questions_that_count(ask)


def _wait(connection: Connection, case_id: int, wait_id: int) -> WaitRow | None:
    waits = running.waits_of_case(connection, case_id)
    return next((wait for wait in waits if wait.wait_id == wait_id and wait.kind == "message"), None)


def _message_asking(
    connection: Connection, definition: LoadedDefinition, wait: WaitRow, typed: asking.Typed | None
) -> Asking:
    names = asking.names_of_instance(connection, wait.instance_id)
    form = definition.forms.get(wait.form_id) if wait.form_id else None
    own = [c for c in asking.components_of(form) if c.key != "received_on"]
    components = [asking.RECEIVED_ON, *own]
    around = asking.surroundings(connection, definition, names, components)
    if typed is None:
        # What an earlier reply said is not what this one says: a message's form opens empty, but for its own defaults.
        typed = typed_from_names(components, asking.without_answers(around, components))
    return Asking(components, around, typed)


def _message_page(
    connection: Connection, case_id: int, definition: LoadedDefinition, wait: WaitRow, ask: Asking
) -> str:
    drawn, errors = ask.draw()
    return render_template(
        "cases/message.html",
        summary=summary_of(connection, case_id),
        title=message_title(definition, wait.name, wait.element_name),
        wait=wait,
        blocks=drawn,
        errors=errors,
        help_text=documentation(definition, wait.element_id),
    )


def _no_longer_awaited(connection: Connection, case_id: int, typed: asking.Typed) -> str:
    kept = [
        {"key": {"text": name}, "value": {"text": ", ".join(values)}} for name, values in typed.items() if any(values)
    ]
    return render_template("cases/not_awaited.html", summary=summary_of(connection, case_id), kept=kept)


def _startable(connection: Connection, key: str) -> LoadedDefinition:
    definition = definitions.in_force(world(), connection, key)
    if not case_page.may_start(definition, person()):
        raise NotAllowed("Another team starts this procedure.")
    return definition


def _start_asking(
    connection: Connection, definition: LoadedDefinition, case_id: int, typed: asking.Typed | None
) -> Asking:
    process = definition.program.processes[definition.process_id]
    names: dict[str, object] = {
        "case": case_verbs.start_names(connection, case_id),
        **asking.earlier_requests(connection, case_id),
    }
    components = asking.components_of(definition.forms.get(process.form_id))
    around = asking.surroundings(connection, definition, names, components)
    return Asking(components, around, typed_from_names(components, around) if typed is None else typed)


def _start_page(connection: Connection, case_id: int, definition: LoadedDefinition, ask: Asking) -> str:
    drawn, errors = ask.draw()
    process = definition.program.processes[definition.process_id]
    return render_template(
        "cases/start.html",
        summary=summary_of(connection, case_id),
        definition=definition,
        blocks=drawn,
        errors=errors,
        help_text=documentation(definition, process.start_element),
    )
