"""Attempts to reach the client: recorded in two clicks from a task or a case, taken back where that was a mistake."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, select

from engine import attempts
from engine.errors import NotFound
from engine.models import ContactAttempt
from engine.queries import cases as case_rows
from web.addresses import row_number
from web.case_summary import current_request
from web.current import person, world
from web.sent_once import sent_key

pages = Blueprint("attempts", __name__, url_prefix="/cases/<int:case_id>/attempts")
OUTCOMES = {"no_answer": "no answer", "message_left": "a message was left", "reached": "you spoke to the client"}
MAX_NOTE = 2_000


@pages.post("/")
def record(case_id: int) -> ResponseReturnValue:
    """Record an attempt from a page whose form is not in use."""
    with world().db.read() as connection:
        case_rows.case_facts(connection, case_id)  # operations may open any address: is there such a case?
        current = current_request(case_rows.requests_of(connection, case_id))
    record_sent(case_id, request_id=current.request_id if current else None)
    return _back(case_id)


@pages.get("/<int:attempt_id>/correct")
def correct_form(case_id: int, attempt_id: int) -> str:
    """Ask why an attempt is to be taken back."""
    return _page(case_id, attempt_id)


@pages.post("/<int:attempt_id>/correct")
def correct(case_id: int, attempt_id: int) -> ResponseReturnValue:
    """Take an attempt back, with a note that says so."""
    why = _text("why")
    if not why or len(why) > MAX_NOTE:
        problem = (
            "Enter why this record is wrong" if not why else f"The reason must be {MAX_NOTE:,} characters or fewer"
        )
        return _page(case_id, attempt_id, why=why, problem=problem), 422
    with world().db.read() as connection:
        what = _words(_attempt(connection, case_id, attempt_id).outcome)
    if attempts.take_back(world(), case_id, attempt_id, what=what, why=why, actor=person()):
        flash("The attempt is taken back and counts no more. A note says so. Record the attempt again if it was made.")
    return _back(case_id)


def record_sent(case_id: int, *, request_id: int | None) -> None:
    """Record the attempt that was sent, made by telephone just now, and say so."""
    outcome, note, now = request.form.get("call", ""), _text("call_note")[:MAX_NOTE], world().clock.now()
    if outcome not in OUTCOMES:
        flash("Nothing was recorded. Select what happened on the call, then press Record the call.", "important")
        return
    with world().db.write() as connection:
        attempts.add_attempt(
            connection,
            case_id=case_id,
            request_id=request_id,
            channel="phone",
            outcome=outcome,
            note=note,
            made_by_id=person().person_id,
            made_at=now,
            recorded_at=now,
            sent_key=sent_key("call", outcome, note),
        )
    flash(f"The call is recorded: {attempts.day_part(now)}, {OUTCOMES[outcome]}.")


def _page(case_id: int, attempt_id: int, *, why: str = "", problem: str = "") -> str:
    with world().db.read() as connection:
        attempt = _attempt(connection, case_id, attempt_id)
    return render_template(
        "attempts/correct.html",
        case_id=case_id,
        attempt=attempt,
        what=_words(attempt.outcome),
        task=_task(),
        why=why,
        problems={"why": problem} if problem else {},
    )


def _attempt(connection: Connection, case_id: int, attempt_id: int) -> ContactAttempt:
    found = connection.execute(
        select(ContactAttempt.__table__).where(
            ContactAttempt.attempt_id == attempt_id, ContactAttempt.case_id == case_id
        )
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such attempt on this case.")
    return found  # type: ignore[return-value]


def _words(outcome: str) -> str:
    return OUTCOMES.get(outcome, outcome.replace("_", " "))


def _back(case_id: int) -> ResponseReturnValue:
    task_id = _task()
    if task_id is not None:
        return redirect(url_for("tasks.page", task_id=task_id, _anchor="call"))
    return redirect(url_for("cases.page", case_id=case_id))


def _task() -> int | None:
    return row_number(request.values.get("task", ""))


def _text(name: str) -> str:
    return request.form.get(name, "").replace("\r\n", "\n").replace("\0", "").strip()
