"""Worklists: my tasks, my team's queue, what the team holds, and all that is overdue or due today."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from engine.next_task import claim_next
from engine.queries import listed_tasks, running, worklists
from engine.queries.listed_tasks import ListedTask
from engine.queries.worklists import Filters, Found, Scope, days_of
from engine.saved_views import View, view_at, views_of
from web import worklist_address
from web.access import sees_every_case, sight_of
from web.current import person, world
from web.due_tags import due_tag
from web.words import up_to
from web.worklist_address import Asked

pages = Blueprint("worklists", __name__, url_prefix="/tasks")

TITLES = {
    "mine": "My tasks",
    "queue": "Team queue",
    "held": "Held in my teams",
    "due": "Overdue or due today",
}
_HOLDING = {"mine": "mine", "queue": "free", "held": "held", "due": "any"}
_MARKS = {"mp": "MP", "ice": "ICE", "phso": "PHSO"}


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a list; `tag` says how urgent it is, never by colour alone."""

    row: ListedTask
    tag: str
    colour: str
    may_claim: bool

    @property
    def marks(self) -> list[str]:
        """Return who raised it, where that was not the client."""
        marks = [_MARKS[self.row.source]] if self.row.source in _MARKS else []
        return [*marks, "ICE gateway"] if self.row.is_ice_gateway else marks


@pages.get("/")
def mine() -> str:
    """Show a person's own tasks."""
    return _list("mine")


@pages.get("/queue")
def queue() -> str:
    """Show the tasks that nobody holds, of the teams whose work a person sees."""
    return _list("queue")


@pages.get("/held")
def held() -> str:
    """Show the tasks that somebody holds, of the teams whose work a person sees."""
    return _list("held")


@pages.get("/due")
def due() -> str:
    """Show all that is overdue or due today and that a person may see."""
    return _list("due")


@pages.post("/next")
def next_task() -> ResponseReturnValue:
    """Claim the task that the rules put first, open it, and say why it came first."""
    found = claim_next(world(), actor=person())
    if found is None:
        flash("No task of your teams is free for you.")
        return redirect(url_for("worklists.queue"))
    task_id, why = found
    flash(f"You have this task next because {why}.")
    return redirect(url_for("tasks.page", task_id=task_id))


@pages.get("/views/<address>")
def view(address: str) -> ResponseReturnValue:
    """Open a saved view with the eyes of whoever opens it."""
    with world().db.read() as connection:
        found = view_at(connection, address)
    kind, _, query = found.query.partition("?")
    asked: dict[str, Any] = dict(parse_qsl(query))
    return redirect(url_for(f"worklists.{kind if kind in TITLES else 'mine'}", view=address, **asked))


def _list(kind: str) -> str:
    with world().db.read() as connection:
        groups = _groups()
        offered = worklist_address.choices(connection, dict.fromkeys(groups))
        if kind == "mine":
            del offered["team"]
        if kind == "due":
            del offered["due"]
        asked = worklist_address.read(request.args, offered)
        found = _found(connection, kind, asked, groups)
        rows = listed_tasks.tasks_by_id(connection, found.task_ids)
        own, opened = _views(connection)
        kept = (
            running.kept_for(connection, person_id=person().person_id, groups=person().groups) if kind == "mine" else []
        )
        counts = _counts(connection, groups)
    return render_template(
        "tasks/listed.html",
        kind=kind,
        title=TITLES[kind],
        lines=[_line(row) for row in rows],
        asked=asked,
        offered=offered,
        told=_told(asked, offered),
        counts=counts,
        found=found,
        window=worklists.WINDOW,
        earlier=_address(kind, asked, before=worklist_address.written(found.before)) if found.before else None,
        later=_address(kind, asked, after=worklist_address.written(found.after)) if found.after else None,
        is_first=found.before is None,
        kept=kept,
        views=own,
        opened=opened,
        titles=TITLES,
    )


def _groups() -> tuple[str, ...]:
    """Return the teams whose work a person sees, in the order of groups.toml."""
    seen = frozenset(world().groups) if sees_every_case(person()) else sight_of(person())
    return tuple(key for key in world().groups if key in seen)


def _found(connection: Connection, kind: str, asked: Asked, groups: tuple[str, ...]) -> Found:
    chosen = (asked.team,) if asked.team else groups
    scope = Scope(_HOLDING[kind], person().person_id, chosen)  # type: ignore[arg-type]
    order = asked.order
    after = worklist_address.position(request.args.get("after"), order)
    before = worklist_address.position(request.args.get("before"), order)
    filters = asked.filters()
    if kind == "due":
        filters = replace(filters, due_before=days_of("by_today", world().clock.now())[1])
    found = worklists.find(connection, scope, filters, order, after=None if before else after, before=before)
    if before is not None and found.before is None and not found.is_partial and not found.task_ids:
        return worklists.find(connection, scope, filters, order)  # what was before has gone meanwhile
    return found


def _counts(connection: Connection, groups: tuple[str, ...]) -> dict[str, str]:
    """Return how much each list holds, and what of a person's own is overdue and due today, as far as it is counted."""
    own, now = Scope("mine", person().person_id), world().clock.now()
    _, tomorrow = days_of("by_today", now)
    found = worklists.count(
        connection,
        {
            "mine": (own, Filters()),
            "queue": (Scope("free", person().person_id, groups), Filters()),
            "held": (Scope("held", person().person_id, groups), Filters()),
            "due": (Scope("any", person().person_id, groups), Filters(due_before=tomorrow)),
            "overdue": (own, Filters(due_before=now)),
            "today": (own, Filters(due_from=now, due_before=tomorrow)),
        },
    )
    return {name: up_to(number, worklists.MOST_COUNTED) for name, number in found.items()}


def _views(connection: Connection) -> tuple[list[View], View | None]:
    """Return a person's own saved views, and the one that the address opened, which may be another's."""
    own = views_of(connection, person().person_id)
    address = request.args.get("view", "")[:40]
    if not address:
        return own, None
    return own, next((one for one in own if one.address == address), None) or view_at(connection, address)


def _line(row: ListedTask) -> Line:
    may_claim = row.assignee_id is None and row.candidate_group in person().groups
    return Line(row, *due_tag(row.due_at), may_claim)


def _told(asked: Asked, offered: dict[str, dict[str, str]]) -> list[str]:
    """Return what narrows the list, in words."""
    return [offered[name][value] for name, value in asked.query().items() if name != "sort"]


def _address(kind: str, asked: Asked, **place: Any) -> str:
    shown: dict[str, Any] = {"view": request.args.get("view") or None}
    return url_for(f"worklists.{kind}", **asked.query(), **shown, **place)
