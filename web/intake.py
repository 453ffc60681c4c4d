"""Intake: find the client first, then record the contact once; and the client's own details, changed in one place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from engine import form_rules, intake
from engine.errors import NotFound, ValuesRefused
from engine.forms import Component
from engine.intake import Recorded
from engine.intake_questions import Intake, in_force, names_for
from engine.queries import clients
from engine.queries.clients import Client
from engine.queries.sight import may_see_case
from engine.queries.worklist import TaskRow, tasks_of_instance
from web import asking
from web.asking import Asking, Typed
from web.case_summary import summary_of
from web.current import person, world
from web.forms import Block, Surroundings, typed_from_names
from web.forms.components import identity
from web.groups import titles
from web.whose import sight_of

pages = Blueprint("intake", __name__, url_prefix="/contacts")
MAX_SEARCH = 80


@dataclass(slots=True)
class ContactPage:
    """The page that asks for a contact; `client` is None for a new one."""

    intake: Intake
    names: dict[str, Any]
    ask: Asking
    client: Client | None
    sees_client: bool
    search: str
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def about_client(self) -> tuple[Component, ...]:
        """The questions about the client that this person is asked."""
        return self.intake.about_client(sees_client=self.sees_client)


@pages.get("/")
def find() -> str:
    """Search for the client; show each with what is open and what is over."""
    text = _search()
    with world().db.read() as connection:
        found, is_cut = clients.find_clients(connection, text, person_id=person().person_id, groups=sight_of(person()))
        groups = titles(connection)
    return render_template("intake/find.html", text=text, found=found, is_cut=is_cut, groups=groups)


@pages.get("/new")
def new_client_form() -> str:
    """Ask for a contact of a client who is not there yet."""
    with world().db.read() as connection:
        return _contact_page(connection, _open(connection, None, None))


@pages.post("/new")
def record_new_client() -> ResponseReturnValue:
    """Record a contact of a new client."""
    return _record(None)


@pages.get("/clients/<int:case_id>")
def contact_form(case_id: int) -> str:
    """Ask for a contact of a client who is known."""
    with world().db.read() as connection:
        return _contact_page(connection, _open(connection, case_id, None))


@pages.post("/clients/<int:case_id>")
def record(case_id: int) -> ResponseReturnValue:
    """Record a contact of a client who is known."""
    return _record(case_id)


@pages.get("/clients/<int:case_id>/details")
def client_details(case_id: int) -> str:
    """Ask for a client's own facts, as they are known."""
    with world().db.read() as connection:
        return _details_page(connection, case_id, _details_asking(connection, case_id, None))


@pages.post("/clients/<int:case_id>/details")
def change_details(case_id: int) -> ResponseReturnValue:
    """Change a client's own facts."""
    typed, action = asking.sent(), asking.pressed()
    with world().db.read() as connection:
        ask = _details_asking(connection, case_id, typed)
        if action == "questions":
            return asking.questions_that_count(ask)
        if ask.sheet.problems:
            ask.shows_problems = True
            return _details_page(connection, case_id, ask), 422
    try:
        changed = intake.change_client(world(), case_id, ask.sheet.values, actor=person())
    except ValuesRefused as refused:
        ask.shows_problems, ask.problems = True, asking.by_input_name(refused.problems)
        with world().db.read() as connection:
            return _details_page(connection, case_id, ask), 422
    flash(f"Changed: {', '.join(changed)}. A note says what it was before." if changed else "Nothing was changed.")
    return redirect(url_for("cases.page", case_id=case_id))


def _search() -> str:
    return request.args.get("q", "").replace("\0", "").strip()[:MAX_SEARCH]


def _open(connection: Connection, case_id: int | None, typed: Typed | None) -> ContactPage:
    """Return the page as it stands; `typed` is what was just sent, else what is known or was searched for."""
    taken = in_force(world(), connection)
    client = None
    if case_id is not None:
        client = clients.get_client(connection, case_id, person_id=person().person_id, groups=sight_of(person()))
        if client is None:
            raise NotFound("There is no such client. Search again.")
    sees = client is None or client.may_open
    names = names_for(connection, world(), case_id, sees_client=sees)
    components = taken.questions(sees_client=sees)
    around = asking.surroundings(connection, taken.definition, names, components)
    if typed is None:
        known = {**names, "case": {**names["case"], **clients.clues(_search())}} if case_id is None else names
        typed = typed_from_names(components, replace(around, names=known))
    elif client is not None:
        typed = _with_what_was_not_asked(taken, around, typed, sees_client=sees)
    return ContactPage(taken, names, Asking(components, around, typed), client, sees, _search())


def _with_what_was_not_asked(taken: Intake, around: Surroundings, typed: Typed, *, sees_client: bool) -> Typed:
    """Return what was typed; a page drawn before the case came to this team had asked nothing of the client."""
    about = [part for part in taken.about_client(sees_client=sees_client) if not _names([part]) & taken.known_to_all]
    known = typed_from_names(about, around)
    return typed if known.keys() & typed.keys() else {**known, **typed}


def _record(case_id: int | None) -> ResponseReturnValue:
    typed, action = asking.sent(), asking.pressed()
    with world().db.read() as connection:
        page = _open(connection, case_id, typed)
        if action == "questions":
            return asking.questions_that_count(page.ask)
        changed = asking.with_row_change(typed, action)
        if changed is not None:
            page.ask.typed = changed
            return _contact_page(connection, page)
        sheet = page.ask.sheet
        if sheet.problems:
            return _refused(connection, page, _others(connection, page))
    try:
        recorded = intake.record(world(), sheet.values, case_id=case_id, actor=person(), groups=sight_of(person()))
    except ValuesRefused as refused:
        with world().db.read() as connection:
            return _refused(connection, page, asking.by_input_name(refused.problems))
    flash(_told(recorded))
    return redirect(_next_place(recorded))


def _others(connection: Connection, page: ContactPage) -> dict[str, str]:
    """Return what the engine would refuse besides, so that everything is said at once."""
    sheet = page.ask.sheet
    form = replace(page.intake.contact, components=tuple(page.ask.components))
    found = form_rules.problems_in(
        connection, form, page.intake.definition.dictionary, sheet.values, page.names, now=world().clock.now()
    )
    return {name: text for name, text in asking.by_input_name(found).items() if name not in sheet.problems}


def _refused(connection: Connection, page: ContactPage, problems: dict[str, str]) -> tuple[str, int]:
    page.ask.shows_problems, page.ask.problems = True, problems
    page.problems = {**page.ask.sheet.problems, **problems}
    return _contact_page(connection, page), 422


def _told(recorded: Recorded) -> str:
    if not recorded.is_new:
        return f"This contact was recorded before, as {recorded.number}. It was not recorded a second time."
    noted = [key for key in recorded.noted_on if not key.startswith(clients.ISSUE)]
    said = f"Contact {recorded.number} is recorded."
    if recorded.noted_on:
        said += f" A note was added to {' and '.join(noted)}." if noted else " A note was added to the case."
    if len(recorded.instance_ids) > 1:
        said += f" Its {len(recorded.instance_ids)} issues each take their own way: their first tasks are below."
    return said


def _next_place(recorded: Recorded) -> str:
    """Return where to go on: the first task of the one issue, if they can do it; else the case, if it may be seen."""
    with world().db.read() as connection:
        if len(recorded.instance_ids) == 1:
            tasks = tasks_of_instance(connection, recorded.instance_ids[0])
            if len(tasks) == 1 and _can_do(tasks[0]):
                return url_for("tasks.page", task_id=tasks[0].task_id)
        if may_see_case(connection, recorded.case_id, person_id=person().person_id, groups=sight_of(person())):
            return url_for("cases.page", case_id=recorded.case_id)
    return url_for("intake.find")


def _can_do(task: TaskRow) -> bool:
    """Tell whether a task is this person's, or free for their team."""
    is_free = task.assignee_id is None and task.candidate_group in person().groups
    return is_free or task.assignee_id == person().person_id


def _contact_page(connection: Connection, page: ContactPage) -> str:
    blocks, errors = page.ask.draw()
    first, hidden = _parts(blocks, page)
    about = {identity(component.key or component.id) for component in page.about_client}
    of_contact = [block for block in blocks if block.question not in about]
    incomplete = page.ask.sheet.problems.keys() | page.problems.keys()
    return render_template(
        "intake/record.html",
        page=page,
        client=page.client,
        groups=titles(connection),
        shown=first,
        folded=hidden,
        is_unfolded=bool(incomplete & _names(page.about_client)),
        contact=of_contact,
        errors=errors,
    )


def _parts(blocks: list[Block], page: ContactPage) -> tuple[list[Block], list[Block]]:
    """Return what is asked about the client: in sight, and folded away because it is known and seldom changes."""
    in_sight: list[Block] = []
    folded: list[Block] = []
    for component in page.about_client:
        block = next((b for b in blocks if b.question == identity(component.key or component.id)), None)
        if block is None:
            continue
        changes = _names([component]) & page.intake.known_to_all
        (in_sight if page.client is None or changes else folded).append(block)
    return in_sight, folded


def _names(components: Iterable[Component]) -> set[str]:
    """Return the keys of questions, those in groups included."""
    found: set[str] = set()
    for component in components:
        found |= {component.key} if component.key else set()
        found |= _names(component.components)
    return found


def _details_asking(connection: Connection, case_id: int, typed: Typed | None) -> Asking:
    taken = in_force(world(), connection)
    names = names_for(connection, world(), case_id, sees_client=True)
    components = taken.details()
    around = asking.surroundings(connection, taken.definition, names, components)
    return Asking(components, around, typed_from_names(components, around) if typed is None else typed)


def _details_page(connection: Connection, case_id: int, ask: Asking) -> str:
    blocks, errors = ask.draw()
    return render_template("intake/details.html", summary=summary_of(connection, case_id), blocks=blocks, errors=errors)
