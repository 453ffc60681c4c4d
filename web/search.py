"""Search: the cases that a person may see, and finding one among them."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from engine.queries import cases as case_rows
from web.access import sees_every_case, sight_of
from web.case_summary import NATIONS
from web.current import person, world

pages = Blueprint("search", __name__, url_prefix="/cases")


@pages.get("/")
def listed() -> str:
    """List the cases that a person may see, and search among them."""
    text = request.args.get("q", "").strip()[:80]
    with world().db.read() as connection:
        rows = case_rows.list_cases(
            connection,
            person_id=person().person_id,
            groups=sight_of(person()),
            text=text,
            every=sees_every_case(person()),
        )
    return render_template("cases/listed.html", rows=rows, text=text, nations=NATIONS)
