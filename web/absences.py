"""Absences: who is away and who stands in, one's own and those of the teams that one leads or manages."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from engine import absences, hand_over, roles
from engine.errors import NotFound, ValuesRefused
from engine.queries import holding
from web.addresses import row_number
from web.current import person, world
from web.forms.kinds import AnswerRefused, read_date
from web.words import day

pages = Blueprint("absences", __name__, url_prefix="/absences")


@pages.get("/")
def listed() -> str:
    """Show who is away, ask for another absence, and show the tasks of those for whom one stands in."""
    with world().db.read() as connection:
        return _page(connection, {"person_id": str(person().person_id)}, {})


@pages.post("/")
def record() -> ResponseReturnValue:
    """Record an absence."""
    typed = {name: request.form.get(name, "").strip()[:40] for name in request.form if name != "csrf_token"}
    problems: dict[str, str] = {}
    first_on, last_on = _date(typed, "first_on", "first", problems), _date(typed, "last_on", "last", problems)
    with world().db.read() as connection:
        known = _people(connection)
        who = row_number(typed.get("person_id", "")) or 0
        if who not in known:
            problems["person_id"] = "Choose who is away"
        if problems or first_on is None or last_on is None:
            return _page(connection, typed, problems), 422
    cover_id = row_number(typed.get("cover_id", ""))
    try:
        absences.record(world(), who, first_on=first_on, last_on=last_on, cover_id=cover_id, actor=person())
    except ValuesRefused as refused:
        with world().db.read() as connection:
            return _page(connection, typed, refused.problems), 422
    flash(f"The absence of {known[who]} is recorded: {day(first_on)} to {day(last_on)}.")
    return redirect(url_for("absences.listed"))


@pages.post("/<int:absence_id>/remove")
def remove(absence_id: int) -> ResponseReturnValue:
    """Remove an absence."""
    try:
        absences.remove(world(), absence_id, actor=person())
        flash("The absence is removed.")
    except NotFound:
        flash("The absence was removed already.")
    return redirect(url_for("absences.listed"))


@pages.post("/take/<int:task_id>")
def take(task_id: int) -> ResponseReturnValue:
    """Take a task of somebody for whom one stands in."""
    absences.take(world(), task_id, actor=person())
    flash("The task is yours now.")
    return redirect(url_for("tasks.page", task_id=task_id))


def _page(connection: Connection, typed: dict[str, str], problems: dict[str, str]) -> str:
    today = absences.today(world())
    known = _people(connection)
    covered = [
        (away, [one for one in hand_over.held_by(connection, away.person_id, person().groups) if one.tasks])
        for away in absences.covered_by(connection, person().person_id, today)
    ]
    return render_template(
        "absences/listed.html",
        absences=absences.absences_of(connection, list(known), since=today),
        people=known,
        colleagues=_colleagues(connection, known),
        covered=covered,
        today=today,
        typed=typed,
        problems=problems,
    )


def _people(connection: Connection) -> dict[int, str]:
    """Return whose absences this person records: their own first, then those of the teams that they answer for."""
    teams = roles.teams_answered_for(world().groups, person().groups)
    others = dict(holding.people_of(connection, teams)) if teams else {}
    return {person().person_id: person().name} | others


def _colleagues(connection: Connection, known: dict[int, str]) -> dict[int, str]:
    """Return who could stand in: who shares a group with any of these people."""
    groups = set(roles.teams_answered_for(world().groups, person().groups)) | person().groups
    return known | dict(holding.people_of(connection, groups))


def _date(typed: dict[str, str], name: str, what: str, problems: dict[str, str]) -> date | None:
    """Read a date from its three inputs; what is wrong with it goes to the problems, at the first input."""
    subject = f"The {what} day"
    try:
        found = read_date(subject, *(typed.get(f"{name}-{part}", "") for part in ("day", "month", "year")))
    except AnswerRefused as refused:
        problems[name] = str(refused)
        return None
    if found is None:
        problems[name] = f"Enter the {what} day"
    return found
