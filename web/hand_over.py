"""Handing work over: a leader, or a manager above them, gives what somebody holds to colleagues, with a reason."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from engine import absences, hand_over, roles
from engine.errors import ValuesRefused
from engine.queries import holding
from web.addresses import row_number
from web.current import person, world

pages = Blueprint("hand_over", __name__, url_prefix="/hand-over")
SPREAD = "team"
MAX_REASON = 500


@pages.get("/")
def people() -> str:
    """Ask whose work is to be handed over."""
    teams = _teams()
    with world().db.read() as connection:
        found = holding.holders(connection, teams)
        load = holding.load_of(connection, [person_id for person_id, _, _ in found])
        away = absences.away_on(connection, absences.today(world()))
    return render_template("hand_over/people.html", people=found, load=load, away=away)


@pages.get("/<int:person_id>")
def choose(person_id: int) -> str:
    """Show what somebody holds, to tick."""
    with world().db.read() as connection:
        return _choosing(connection, person_id, {}, {})


@pages.post("/<int:person_id>")
def move(person_id: int) -> ResponseReturnValue:
    """Hand over what was ticked, and say for each case what became of it."""
    typed: dict[str, Any] = {
        "ticked": request.form.getlist("ticked"),
        "to": request.form.get("to", ""),
        "reason": request.form.get("reason", "").replace("\0", "").strip(),
    }
    problems = {}
    if len(typed["reason"]) > MAX_REASON:
        problems["reason"] = f"The reason must be {MAX_REASON} characters or fewer"
    chosen = row_number(typed["to"])
    with world().db.read() as connection:
        name = holding.check_source(connection, person_id, _teams())
        known = hand_over.held_by(connection, person_id, _teams())
        could = _colleagues(connection, person_id, known)
        if typed["to"] != SPREAD and chosen not in could:
            problems["to"] = "Choose who gets it"
        if problems:
            return _choosing(connection, person_id, typed, problems), 422
    to = list(could) if typed["to"] == SPREAD else [chosen] if chosen is not None else []
    try:
        results = hand_over.hand_over(
            world(), person_id, typed["ticked"], to=to, reason=typed["reason"], actor=person()
        )
    except ValuesRefused as refused:
        with world().db.read() as connection:
            return _choosing(connection, person_id, typed, refused.problems), 422
    moved = [result for result in results if result.to]
    return render_template(
        "hand_over/done.html",
        name=name,
        person_id=person_id,
        moved=moved,
        counted={
            "cases": sum(result.held.case_id is not None for result in moved),
            "requests": sum(len(result.held.requests) for result in moved),
            "tasks": sum(len(result.held.tasks) for result in moved),
        },
        left=[result for result in results if not result.to],
    )


def _choosing(connection: Connection, person_id: int, typed: dict[str, Any], problems: dict[str, str]) -> str:
    name = holding.check_source(connection, person_id, _teams())
    held = hand_over.held_by(connection, person_id, _teams())
    could = _colleagues(connection, person_id, held)
    return render_template(
        "hand_over/choose.html",
        name=name,
        person_id=person_id,
        held=held,
        colleagues=could,
        load=holding.load_of(connection, could),
        away=absences.away_on(connection, absences.today(world())),
        typed=typed,
        problems=problems,
        spread=SPREAD,
    )


def _colleagues(connection: Connection, person_id: int, held: list[hand_over.Held]) -> dict[int, str]:
    """Return who could get any of it: who belongs to a team whose work it is."""
    groups = {group for one in held for group in one.groups}
    found = dict(holding.people_of(connection, groups)) if groups else {}
    found.pop(person_id, None)
    return found


def _teams() -> list[str]:
    return roles.teams_answered_for(world().groups, person().groups)
