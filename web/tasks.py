"""Tasks: the one page on which a task is done, claimed, given back and given on."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from engine import definitions, documents, tasks
from engine.announcements import announced_to
from engine.errors import (
    Conflict,
    NotFound,
    ProofNeeded,
    RedressError,
    TaskAlreadyClaimed,
    TaskAlreadyCompleted,
    TaskNotClaimed,
    TaskNotYours,
    TaskWithdrawn,
    ValuesRefused,
)
from engine.queries import told
from letters.letter import LetterError
from web import asking, attaching, letter_preview, task_page
from web.addresses import row_number
from web.before import before_of
from web.case_summary import summary_of
from web.current import person, world
from web.current import task as current_task
from web.due_tags import due_tag
from web.errors import page_for

pages = Blueprint("tasks", __name__, url_prefix="/tasks")


@pages.get("/<int:task_id>")
def page(task_id: int) -> ResponseReturnValue:
    """Show a task; one that is over says by whom and when it was completed."""
    task = current_task()
    with world().db.read() as connection:
        if task.status != "open":
            return _over(connection, task, {}), 200
        shown_page = task_page.open_page(connection, task)
        if shown_page.checks or "preview" in request.args:
            task_page.show_preview(connection, shown_page)
        return _render(connection, shown_page)


@pages.post("/<int:task_id>")
def submit(task_id: int) -> ResponseReturnValue:
    """Do what the pressed button says: complete, save, preview, add or remove a row."""
    typed, action, version = asking.sent(), asking.pressed(), _version()
    task = current_task()
    problems: dict[str, str] = {}
    try:
        if task.status == "open" and action != "questions":
            problems = attaching.take_files(task_id, action)
        with world().db.read() as connection:
            if any(request.files.values()):
                task = tasks.get_task(connection, task_id)
            if task.status != "open":
                return _over(connection, task, typed), 409
            current = task_page.open_page(connection, task, typed)
    except (TaskAlreadyCompleted, TaskWithdrawn):
        with world().db.read() as connection:
            return _over(connection, tasks.get_task(connection, task_id), typed), 409
    except (TaskNotYours, TaskNotClaimed) as refused:
        return _refused(task, typed, refused)
    if action == "questions":
        return asking.questions_that_count(current.asking)
    current.asking.typed = asking.with_row_change(typed, action) or typed
    if action == "complete":
        return _complete(current, typed, problems, version)
    if problems or action not in ("save", "preview"):
        current.asking.problems = problems
        with world().db.read() as connection:
            return _render(connection, current), 422 if problems else 200
    return _save(current, typed, action)


@pages.post("/<int:task_id>/claim")
def claim(task_id: int) -> ResponseReturnValue:
    """Claim a task and open it."""
    try:
        tasks.claim(world(), task_id, actor=person())
    except TaskAlreadyClaimed as refused:
        flash(str(refused))
        return redirect(url_for("worklists.queue"))
    return redirect(url_for("tasks.page", task_id=task_id))


@pages.post("/<int:task_id>/release")
def release(task_id: int) -> ResponseReturnValue:
    """Give a task back to its group."""
    tasks.release(world(), task_id, actor=person())
    flash("The task is back in the team\u2019s queue.")
    return redirect(url_for("worklists.queue"))


@pages.post("/<int:task_id>/assign")
def assign(task_id: int) -> ResponseReturnValue:
    """Give a task to a member of its group."""
    chosen = row_number(request.form.get("to", ""))
    if chosen is None:
        flash("Choose who is to do the task.")
        return redirect(url_for("tasks.page", task_id=task_id))
    tasks.assign(world(), task_id, to=chosen, actor=person())
    with world().db.read() as connection:
        name = told.names_of_people(connection).get(chosen, "")
    flash(f"{name} now holds the task.")
    return redirect(url_for("worklists.queue"))


@pages.get("/<int:task_id>/letter/<int:number>.svg")
def preview_page(task_id: int, number: int) -> Response:
    """Send one page of the letter as a picture."""
    with world().db.read() as connection:
        current, draft = _letter(connection, task_id)
        drawn = letter_preview.pictures(current.definition, draft)
    if not 1 <= number <= len(drawn):
        raise NotFound("The letter has no such page.")
    response = make_response(drawn[number - 1])
    response.headers["Content-Type"] = "image/svg+xml"
    return response


@pages.get("/<int:task_id>/letter.pdf")
def preview_pdf(task_id: int) -> Response:
    """Send the letter as the PDF that would be issued now."""
    with world().db.read() as connection:
        current, draft = _letter(connection, task_id)
        response = make_response(letter_preview.rendered(current.definition, draft).pdf)
    response.headers["Content-Type"] = "application/pdf"
    response.headers["Content-Disposition"] = f'inline; filename="{draft.letter_id}-preview.pdf"'
    return response


def _letter(connection: Connection, task_id: int) -> tuple[task_page.TaskPage, Any]:
    task = tasks.get_task(connection, task_id)
    if task.status != "open":
        raise NotFound("This task is over; the letter is on the case if it was issued.")
    current = task_page.open_page(connection, task)
    draft = task_page.draft_of(connection, current)
    if draft is None:
        raise NotFound("This task has no letter.")
    try:
        letter_preview.rendered(current.definition, draft)
    except LetterError as error:
        raise NotFound(str(error)) from error
    return current, draft


def _save(current: task_page.TaskPage, typed: asking.Typed, action: str) -> ResponseReturnValue:
    try:
        tasks.save_draft(world(), current.task.task_id, {"typed": typed}, actor=person())
    except RedressError as refused:
        return _refused(current.task, typed, refused)
    if action == "preview":
        anchor = url_for("tasks.page", task_id=current.task.task_id, preview="yes", _anchor="letter")
        return redirect(anchor)
    if action == "prove":
        return redirect(url_for("session.prove", next=url_for("tasks.page", task_id=current.task.task_id)))
    flash("Your draft is saved. Nothing has been sent, and the case has not moved.")
    return redirect(url_for("tasks.page", task_id=current.task.task_id))


def _complete(
    current: task_page.TaskPage, typed: asking.Typed, problems: dict[str, str], version: int | None
) -> ResponseReturnValue:
    sheet = current.asking.sheet
    if sheet.problems or problems:
        return _wrong(current, problems)
    with world().db.read() as connection:
        faults = task_page.letter_faults(connection, current)
        if faults:
            return _render(connection, current, refusal=" ".join(faults)), 422
    values = asking.nested_slots(sheet.values)
    values.pop(documents.ASIDE, None)  # attached already, and no answer of the form
    try:
        outcome = tasks.complete(
            world(),
            current.task.task_id,
            values,
            actor=person(),
            version=version,
        )
    except ValuesRefused as refused:
        return _wrong(current, asking.by_input_name(refused.problems))
    except (TaskAlreadyCompleted, TaskWithdrawn):
        with world().db.read() as connection:
            return _over(connection, tasks.get_task(connection, current.task.task_id), typed), 409
    except ProofNeeded:
        return _save(current, typed, "prove")
    except (Conflict, TaskNotYours, TaskNotClaimed) as refused:
        return _refused(current.task, typed, refused)
    flash(f"You completed “{current.task.name}”.")
    for said in announced_to(person().person_id, outcome):
        flash(said)
    if current.task.case_id is not None:
        return redirect(url_for("cases.page", case_id=current.task.case_id))
    return redirect(url_for("worklists.mine"))


def _version() -> int | None:
    """Return which version of the task the form was drawn from. Raises: BadRequest for what is no version."""
    said = request.form.get("version")
    number = None if said is None else row_number(said)
    if said is not None and number is None:
        abort(400)
    return number


def _wrong(current: task_page.TaskPage, problems: dict[str, str]) -> ResponseReturnValue:
    current.asking.shows_problems = True
    current.asking.problems = problems
    with world().db.read() as connection:
        return _render(connection, current), 422


def _refused(stale: Any, typed: asking.Typed, error: RedressError) -> ResponseReturnValue:
    """Show the page again with why nothing was done, and with everything that was typed."""
    with world().db.read() as connection:
        task = tasks.get_task(connection, stale.task_id)
        fresh = task_page.open_page(connection, task, typed)
        return _render(connection, fresh, refusal=str(error)), page_for(error)[0]


def _render(connection: Connection, current: task_page.TaskPage, refusal: str = "") -> str:
    drawn, errors = current.asking.draw()
    aside = [block for block in drawn if block.question == documents.ASIDE]
    task = current.task
    holding = task_page.holding(connection, current, person())
    return render_template(
        "tasks/page.html",
        page=current,
        task=task,
        holding=holding,
        due=due_tag(task.due_at),
        blocks=[block for block in drawn if block not in aside],
        aside=aside,
        errors=errors,
        refusal=refusal,
        shows_form=holding.is_mine or bool(refusal),
        summary=summary_of(connection, task.case_id) if task.case_id is not None else None,
        tables=task_page.tables(connection, current),
        before=before_of(connection, task.case_id, current.names, current.definition.dictionary)
        if task.case_id is not None
        else None,
    )


def _over(connection: Connection, task: Any, typed: asking.Typed) -> str:
    """Show that a task is over: by whom and when, with what this person had typed."""
    definition = definitions.load(world(), connection, task.definition_id)
    form = definition.forms.get(task.form_id) if task.form_id else None
    components = asking.components_of(form)
    around = asking.surroundings(connection, definition, {}, components)
    return render_template(
        "tasks/over.html",
        task=task,
        by=told.names_of_people(connection).get(task.ended_by_id) if task.ended_by_id else None,
        kept=asking.kept_answers(components, typed, around),
    )
