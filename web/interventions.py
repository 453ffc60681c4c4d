"""What operations do to an instance that stands wrong: a page for each verb, which asks why before it does anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from engine import interventions
from engine.errors import NotFound, SentBefore, ValuesRefused
from engine.interventions import STANDING, Value, as_literal
from engine.people import Somebody
from engine.queries import operations
from engine.queries.operations import InstanceSummary
from engine.world import World
from web.current import person, world
from web.sent_once import sent_key

pages = Blueprint("interventions", __name__, url_prefix="/operations/instances/<int:instance_id>")

Verb = Callable[[World, int, Mapping[str, str], Somebody], None]


@dataclass(frozen=True, slots=True)
class Page:
    """What a verb's page says, and what its button does."""

    title: str
    explained: str
    button: str
    done: str
    act: Verb
    asks: tuple[str, ...] = ()


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else 0


PAGES: Mapping[str, Page] = {
    "suspend": Page(
        "Suspend this instance",
        "Nothing of it goes on until it is resumed: no timer, no letter, no task can be completed. What arrives is "
        "kept. Its timers will have the time left that they have now; the due dates of tasks stay as they are.",
        "Suspend it",
        "The instance is suspended.",
        lambda lent, number, sent, actor: interventions.suspend(
            lent, number, reason=sent["reason"], actor=actor, sent_key=sent_key(*sent.values())
        ),
    ),
    "resume": Page(
        "Resume this instance",
        "It goes on from where it stands, with the time left that it had. What had stopped is tried again.",
        "Resume it",
        "The instance goes on.",
        lambda lent, number, sent, actor: interventions.resume(
            lent, number, reason=sent["reason"], actor=actor, sent_key=sent_key(*sent.values())
        ),
    ),
    "cancel": Page(
        "Cancel this instance",
        "It ends where it stands and cannot be taken up again. Its tasks are withdrawn, and what it still owes is "
        "not handed over. What was sent and recorded stays. The teams that had tasks are told that nobody works on it.",
        "Cancel it for good",
        "The instance is cancelled.",
        lambda lent, number, sent, actor: interventions.cancel(
            lent, number, reason=sent["reason"], actor=actor, sent_key=sent_key(*sent.values())
        ),
    ),
    "move": Page(
        "Move this instance to another version",
        "It goes on by the diagrams of that version from where it stands. Tasks keep their holder and their due date, "
        "timers their time. A version that lacks where it stands is refused, and nothing changes.",
        "Move it",
        "The instance is on the other version.",
        lambda lent, number, sent, actor: interventions.move_to_version(
            lent,
            number,
            _whole(sent["definition_id"]),
            reason=sent["reason"],
            actor=actor,
            sent_key=sent_key(*sent.values()),
        ),
        asks=("definition_id",),
    ),
    "correct": Page(
        "Correct a value",
        "The value is used when what stopped is tried again. Nothing is tried until you say so.",
        "Correct it",
        "The value is corrected. Try again when you are ready.",
        lambda lent, number, sent, actor: interventions.correct(
            lent,
            number,
            sent["scope"],
            sent["name"].strip(),
            sent["value"],
            reason=sent["reason"],
            actor=actor,
            sent_key=sent_key(*sent.values()),
        ),
        asks=("scope", "name", "value"),
    ),
}


@pages.get("/<any(suspend, resume, cancel, move, correct):verb>")
def ask(instance_id: int, verb: str) -> ResponseReturnValue:
    """Ask why, and whatever else the verb needs."""
    page = PAGES[verb]
    sent = {name: request.args.get(name, "") for name in page.asks}
    with world().db.read() as connection:
        if verb == "correct":
            sent["value"] = _now(connection, instance_id, sent["scope"], sent["name"])
        return _draw(connection, instance_id, verb, sent, {})


@pages.post("/<any(suspend, resume, cancel, move, correct):verb>")
def act(instance_id: int, verb: str) -> ResponseReturnValue:
    """Do it, or say what is wrong and keep what was typed."""
    page = PAGES[verb]
    sent = {name: request.form.get(name, "").replace("\0", "") for name in ("reason", *page.asks)}
    try:
        page.act(world(), instance_id, sent, person())
    except SentBefore:
        pass  # the first press did it
    except ValuesRefused as refused:
        with world().db.read() as connection:
            return _draw(connection, instance_id, verb, sent, refused.problems), 422
    flash(page.done)
    return redirect(url_for("operations.instance", instance_id=instance_id))


def may_do(row: InstanceSummary) -> list[str]:
    """Return the verbs that make sense for an instance as it stands."""
    if row.ended_at is not None:
        return []
    return ["resume" if row.status == "suspended" else "suspend", "move", "cancel"]


def may_correct(row: InstanceSummary) -> bool:
    """Tell whether values of an instance may be corrected now."""
    return row.ended_at is None and row.status in STANDING


def _now(connection: Connection, instance_id: int, scope: str, name: str) -> str:
    """Return the value that a variable has now, as it is written; nothing for one that is not there yet."""
    found = [value for value in _values(connection, instance_id) if (value.scope, value.name) == (scope, name)]
    return as_literal(found[0].value) if found else ""


def _values(connection: Connection, instance_id: int) -> list[Value]:
    return interventions.values_of(world(), connection, instance_id)


def _draw(
    connection: Connection, instance_id: int, verb: str, sent: Mapping[str, str], problems: Mapping[str, str]
) -> str:
    row = operations.get_instance(connection, instance_id)
    if verb == "correct" and not may_correct(row):
        raise NotFound("Values can be corrected while an instance has stopped or is suspended.")
    versions = interventions.versions_to_move_to(connection, row.definition_id) if verb == "move" else []
    return render_template(
        "operations/intervene.html",
        row=row,
        verb=verb,
        page=PAGES[verb],
        sent=sent,
        problems=problems,
        versions=versions,
    )
