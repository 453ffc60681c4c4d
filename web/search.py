"""Search: the cases that a person may see, found by name, number, telephone, postcode or words in notes."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from engine.queries import search
from engine.queries.search import Sight
from web.case_summary import NATIONS
from web.current import person, world
from web.note_marks import excerpt
from web.whose import sees_every_case, sight_of

pages = Blueprint("search", __name__, url_prefix="/cases")
_LONGEST = 80


@pages.get("/")
def listed() -> str:
    """Search among the cases that a person may see; without words, list the newest that their teams work on."""
    text = " ".join(request.args.get("q", "").replace("\0", "").split())[:_LONGEST]
    sight = Sight(person().person_id, sorted(sight_of(person())), every=sees_every_case(person()))
    with world().db.read() as connection:
        if text:
            rows, is_partial = search.find_cases(connection, text, sight)
            notes = search.find_notes(connection, text, sight)
        else:
            rows, is_partial, notes = search.newest_cases(connection, sight), False, []
    words = search.words_of(text)
    return render_template(
        "search/listed.html",
        rows=rows,
        text=text,
        nations=NATIONS,
        is_partial=is_partial,
        looked_at=search.LOOKED_AT,
        most=search.MOST,
        notes=[(note, excerpt(note.text, words)) for note in notes],
        most_notes=search.MOST_NOTES,
    )
