"""A letter that was issued, with everything behind it; and a second copy of one that was lost."""

from __future__ import annotations

import secrets

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import resending
from engine.errors import ValuesRefused
from web.current import person, world
from web.letter_record import letter_on_case, read_letter
from web.sent_once import sent_key

pages = Blueprint("case_letters", __name__, url_prefix="/cases/<int:case_id>/letters/<int:document_id>")


@pages.get("/")
def page(case_id: int, document_id: int) -> str:
    """Show a letter: its facts, who wrote, checked and confirmed it, when it left."""
    with world().db.read() as connection:
        letter = read_letter(connection, case_id, document_id, person())
    return render_template("cases/letter.html", letter=letter)


@pages.get("/again")
def resend_form(case_id: int, document_id: int) -> str:
    """Ask why a letter is to be sent again, and say what that does and what it does not do."""
    return _form(case_id, document_id, "", "")


@pages.post("/again")
def resend(case_id: int, document_id: int) -> ResponseReturnValue:
    """Owe a second copy of the very same letter, once for each press."""
    with world().db.read() as connection:
        letter_on_case(connection, case_id, document_id)
    reason = request.form.get("reason", "").replace("\0", "")
    press = sent_key(reason) or secrets.token_urlsafe(16)
    try:
        resending.resend(world(), document_id, reason, press=press, actor=person())
    except ValuesRefused as refused:
        return _form(case_id, document_id, reason, refused.problems["reason"]), 422
    flash("A second copy of the letter is on its way. Its first date of dispatch and the client’s days to reply stay.")
    return redirect(url_for("case_letters.page", case_id=case_id, document_id=document_id))


def _form(case_id: int, document_id: int, reason: str, problem: str) -> str:
    with world().db.read() as connection:
        letter = read_letter(connection, case_id, document_id, person())
    return render_template("cases/resend.html", letter=letter, reason=reason, problem=problem)
