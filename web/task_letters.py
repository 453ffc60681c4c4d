"""The letter of a task as pictures, as PDF, and as the part of the page that is drawn again while somebody types."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request
from sqlalchemy import Connection

from engine import tasks
from engine.errors import NotFound
from letters.letter import LetterError
from web import letter_preview, task_page
from web.current import world

pages = Blueprint("task_letters", __name__, url_prefix="/tasks/<int:task_id>")


@pages.get("/letter")
def part(task_id: int) -> str:
    """Show the letter with what is saved of it so far: a part of the task's page, for its script."""
    with world().db.read() as connection:
        current = _open(connection, task_id)
        task_page.show_preview(connection, current, asked_version())
        if current.preview is None:
            raise NotFound("This task has no letter.")
        return render_template("tasks/letter.html", page=current, task=current.task)


@pages.get("/letter/<int:number>.svg")
def picture(task_id: int, number: int) -> Response:
    """Send one page of the letter as a picture."""
    with world().db.read() as connection:
        current, version = _letter(connection, task_id)
        drawn = letter_preview.pictures(current.definition, version)
    if not 1 <= number <= len(drawn):
        raise NotFound("The letter has no such page.")
    response = make_response(drawn[number - 1])
    response.headers["Content-Type"] = "image/svg+xml"
    return response


@pages.get("/letter.pdf")
def pdf(task_id: int) -> Response:
    """Send the letter as the PDF that would be issued now, or in another version, which says so on every page."""
    with world().db.read() as connection:
        current, version = _letter(connection, task_id)
        response = make_response(letter_preview.rendered(current.definition, version).pdf)
    name = f"{version.draft.letter_id}-{'preview' if version.is_sent else 'not-what-will-be-sent'}.pdf"
    response.headers["Content-Type"] = "application/pdf"
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response


def asked_version() -> letter_preview.Asked:
    """Return in which version the address asks for the letter."""
    text = request.args.get("size", "")
    size = int(text) if text.isdecimal() and int(text) in letter_preview.SIZES else None
    return letter_preview.Asked(size, request.args.get("brand") or None)


def _open(connection: Connection, task_id: int) -> task_page.TaskPage:
    task = tasks.get_task(connection, task_id)
    if task.status != "open":
        raise NotFound("This task is over; the letter is on the case if it was issued.")
    return task_page.open_page(connection, task)


def _letter(connection: Connection, task_id: int) -> tuple[task_page.TaskPage, letter_preview.Version]:
    current = _open(connection, task_id)
    version = task_page.letter_of(connection, current, asked_version())
    if version is None:
        raise NotFound("This task has no letter.")
    try:
        letter_preview.rendered(current.definition, version)
    except LetterError as error:
        raise NotFound(str(error)) from error
    return current, version
