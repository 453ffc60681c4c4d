"""Views of a case are written down: opening it, its history, a document, a letter or a task of it.

Whatever the table of access lets people read of a case counts, so that a new page needs nothing more. One row for each
person, case, kind of page and hour is enough to tell who looked, and cheap; a process remembers what it wrote lately.
A view that could not be written down is told to the log, with whose and which it was; the page is shown all the same.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from threading import Lock

from flask import Blueprint, Flask, Response, g, render_template, request

from engine import case_sight
from engine.errors import DatabaseAway
from web import access
from web.addresses import row_number
from web.case_summary import summary_of
from web.current import visitor, world

pages = Blueprint("sights", __name__, url_prefix="/cases")
log = logging.getLogger(__name__)

_WORDS = {
    "case": "the case",
    "history": "its history",
    "looks": "who looked at it",
    "task": "a task",
    "letter": "a letter",
    "document": "a document",
    "diagram": "its diagram",
}
_BY_BLUEPRINT = {
    "tasks": "task",
    "task_letters": "letter",
    "case_letters": "letter",
    "documents": "document",
    "case_diagrams": "diagram",
}
_MOST_REMEMBERED = 10_000
Seen = tuple[int, int, str, str]


def register(app: Flask) -> None:
    """Write down each view of a case when its answer is made."""
    lately: OrderedDict[Seen, None] = OrderedDict()
    lock = Lock()

    @app.after_request
    def note(response: Response) -> Response:
        case_id, person = _case_seen(response), visitor()
        if case_id is None or person is None:
            return response
        what = _what()
        seen: Seen = (person.person_id, case_id, what, f"{world().clock.now():%Y-%m-%dT%H}")
        with lock:
            if seen in lately:
                return response
        try:
            case_sight.note(world(), case_id, person_id=person.person_id, what=what)
        except DatabaseAway:
            about = {"case_id": case_id, "person_id": person.person_id, "what": what}
            log.error("A view of a case could not be written down", extra=about)
            return response
        with lock:
            lately[seen] = None
            while len(lately) > _MOST_REMEMBERED:
                lately.popitem(last=False)
        return response


@pages.get("/<int:case_id>/looks")
def of_case(case_id: int) -> str:
    """Show who looked at a case, a page at a time."""
    before = row_number(request.args.get("before", ""))
    with world().db.read() as connection:
        looks = case_sight.looks_at(connection, case_id, before=before)
        summary = summary_of(connection, case_id)
    return render_template(
        "cases/looks.html",
        summary=summary,
        looks=looks,
        words=_WORDS,
        full=len(looks) == case_sight.PAGE,
        before=before,
    )


def _case_seen(response: Response) -> int | None:
    """Return the case that this answer shows something of; None where it shows none."""
    if request.method != "GET" or response.status_code != 200 or request.endpoint is None:
        return None
    rule = access.RULES.get(request.endpoint)
    if rule is None or not rule.is_of_a_case:
        return None
    found = (request.view_args or {}).get("case_id")
    if found is None and "task" in g:
        found = g.task.case_id
    if found is None:
        found = g.get("document_case_id")
    return found if isinstance(found, int) else None


def _what() -> str:
    blueprint, _, view = (request.endpoint or "").partition(".")
    if blueprint == "sights":
        return "looks"
    return _BY_BLUEPRINT.get(blueprint, "history" if view == "history" else "case")
