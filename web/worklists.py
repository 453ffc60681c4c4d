"""Worklists: my tasks and my cases, my team's queue, what the team holds, all that is overdue or due today.

Whoever leads or manages teams has the cases of these too. A case is in a list by each of its open service requests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from engine import roles
from engine.absences import Away, covered_by, today
from engine.dictionary import Role
from engine.errors import SentBefore
from engine.next_task import claim_next
from engine.queries import listed_requests, listed_tasks, running, worklists
from engine.queries.listed_tasks import ListedTask
from engine.queries.worklists import Filters, Found, Scope, days_of
from engine.saved_views import View, view_at, views_of
from web import worklist_address
from web.away import away_today, task_noted
from web.case_lines import lines_of, marks_of
from web.current import person, world
from web.sent_once import sent_key
from web.whose import has_role, sees_every_case, sight_of
from web.words import NOT_DONE, up_to
from web.worklist_address import Asked

pages = Blueprint("worklists", __name__, url_prefix="/tasks")

TITLES = {
    "mine": "My tasks",
    "cases": "My cases",
    "queue": "Team queue",
    "held": "Held in my teams",
    "due": "Overdue or due today",
    "team_cases": "Cases of my teams",
}
_HOLDING = {"mine": "mine", "queue": "free", "held": "held", "due": "any"}
_OF_CASES = ("cases", "team_cases")


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a list."""

    row: ListedTask
    may_claim: bool

    @property
    def marks(self) -> list[str]:
        """Return who raised it, where that was not the client."""
        return marks_of(self.row)


@dataclass(frozen=True, slots=True)
class Cover:
    """Somebody who is away and for whom this person stands in; `number` says how many cases of theirs these are."""

    name: str
    until: date
    number: str
    href: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class WaitLink:
    """A list of cases narrowed to what they wait for; `number` says how many there are, where that was counted."""

    words: str
    href: str
    number: str
    is_here: bool


@pages.get("/")
def mine() -> str:
    """Show a person's own tasks."""
    return _list("mine")


@pages.get("/cases")
def cases() -> str:
    """Show the open service requests that a person has, those too that wait for somebody else."""
    return _list("cases")


@pages.get("/team-cases")
def team_cases() -> str:
    """Show the open service requests of the teams that a person leads or manages."""
    return _list("team_cases")


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
    try:
        found = claim_next(world(), actor=person(), sent_key=sent_key())
    except SentBefore:
        flash("You pressed twice, and were given one task. It is in your list.")
        return redirect(url_for("worklists.mine"))
    if found is None:
        flash("No task of your teams is free for you.", NOT_DONE)
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


def titles_seen() -> dict[str, str]:
    """Return the lists that this person has, with their titles."""
    roles_of_cases = {
        "cases": (Role.CASEWORKER, Role.LEADER, Role.MANAGER),
        "team_cases": (Role.LEADER, Role.MANAGER),
    }
    return {
        name: title
        for name, title in TITLES.items()
        if name not in roles_of_cases or has_role(person(), *roles_of_cases[name])
    }


def offered_in(connection: Connection, kind: str) -> dict[str, dict[str, str]]:
    """Return what the filters of a list offer this person."""
    groups = _led() if kind == "team_cases" else _groups()
    offered = worklist_address.choices(connection, dict.fromkeys(groups))
    if kind in ("mine", "cases"):
        del offered["team"]
    if kind == "due":
        del offered["due"]
    if kind == "cases" and (covered := _covered(connection)):
        offered["whose"] = {str(away.person_id): away.person_name for away in covered}
    if kind in _OF_CASES:
        whose = offered.get("whose", {}).get(request.args.get("whose", ""), "You")
        offered["waiting"] = worklist_address.waiting_of_cases(whose if kind == "cases" else "Whoever has the case")
    if kind == "team_cases":
        offered["whose"] = listed_requests.owners_in(connection, groups)
    return offered


def _list(kind: str) -> str:
    with world().db.read() as connection:
        groups = _groups()
        offered = offered_in(connection, kind)
        asked = worklist_address.read(request.args, offered)
        found = _found(connection, kind, asked, groups)
        lines: list[Any] = (
            lines_of(connection, found.ids, viewer_id=person().person_id)
            if kind in _OF_CASES
            else _lines(connection, found.ids)
        )
        own, opened = _views(connection)
        kept = (
            running.kept_for(connection, person_id=person().person_id, groups=person().groups) if kind == "mine" else []
        )
        counts = _counts(connection, groups)
        covers = _covers(connection, asked, counts) if kind == "cases" else []
        waits = _waits(connection, kind, asked, offered["waiting"], groups) if kind in _OF_CASES else []
    return render_template(
        "tasks/cases.html" if kind in _OF_CASES else "tasks/listed.html",
        kind=kind,
        title=TITLES[kind],
        lines=lines,
        asked=asked,
        offered=offered,
        told=_told(asked, offered),
        counts=counts,
        covers=covers,
        waits=waits,
        found=found,
        window=worklists.WINDOW,
        earlier=_address(kind, asked, before=worklist_address.written(found.before)) if found.before else None,
        later=_address(kind, asked, after=worklist_address.written(found.after)) if found.after else None,
        is_first=found.before is None,
        kept=kept,
        views=own,
        opened=opened,
        titles=titles_seen(),
    )


def _groups() -> tuple[str, ...]:
    """Return the teams whose work a person sees, in the order of groups.toml."""
    seen = frozenset(world().groups) if sees_every_case(person()) else sight_of(person())
    return tuple(key for key in world().groups if key in seen)


def _led() -> tuple[str, ...]:
    """Return the teams whose people and work this person answers for."""
    return tuple(roles.teams_answered_for(world().groups, person().groups))


def _found(connection: Connection, kind: str, asked: Asked, groups: tuple[str, ...]) -> Found:
    scope = _scope(kind, asked, groups)
    order = asked.order
    after = worklist_address.position(request.args.get("after"), order)
    before = worklist_address.position(request.args.get("before"), order)
    filters = asked.filters()
    if kind == "due":
        filters = replace(filters, due_before=days_of("by_today", world().clock.now())[1])
    found = worklists.find(connection, scope, filters, order, after=None if before else after, before=before)
    if before is not None and found.before is None and not found.is_partial and not found.ids:
        return worklists.find(connection, scope, filters, order)  # what was before has gone meanwhile
    return found


def _scope(kind: str, asked: Asked, groups: tuple[str, ...]) -> Scope:
    if kind == "cases":
        return _cases_of(int(asked.whose)) if asked.whose else Scope("owned", person().person_id)
    chosen = (asked.team,) if asked.team else _led() if kind == "team_cases" else groups
    if kind != "team_cases":
        return Scope(_HOLDING[kind], person().person_id, chosen)  # type: ignore[arg-type]
    return Scope("owned", int(asked.whose), chosen) if asked.whose and chosen else Scope("team", 0, chosen)


def _cases_of(person_id: int) -> Scope:
    """Return the cases of somebody for whom this person stands in: those of the teams that both belong to."""
    return Scope("owned", person_id, tuple(sorted(person().groups)))


def _covered(connection: Connection) -> list[Away]:
    return covered_by(connection, person().person_id, today(world()))


def _counts(connection: Connection, groups: tuple[str, ...]) -> dict[str, str]:
    """Return how much each list holds, and what of a person's own is overdue and due today, as far as it is counted."""
    own, now = Scope("mine", person().person_id), world().clock.now()
    _, tomorrow = days_of("by_today", now)
    wanted = {
        "mine": (own, Filters()),
        "queue": (Scope("free", person().person_id, groups), Filters()),
        "held": (Scope("held", person().person_id, groups), Filters()),
        "due": (Scope("any", person().person_id, groups), Filters(due_before=tomorrow)),
        "overdue": (own, Filters(due_before=now)),
        "today": (own, Filters(due_from=now, due_before=tomorrow)),
    }
    if "cases" in titles_seen():
        wanted["cases"] = (Scope("owned", person().person_id), Filters())
        wanted |= {_cover_key(away): (_cases_of(away.person_id), Filters()) for away in _covered(connection)}
    if "team_cases" in titles_seen():
        wanted["team_cases"] = (Scope("team", 0, _led()), Filters())
    found = worklists.count(connection, wanted)
    return {name: up_to(number, worklists.MOST_COUNTED) for name, number in found.items()}


def _cover_key(away: Away) -> str:
    return f"cases of {away.person_id}"


def _covers(connection: Connection, asked: Asked, counts: Mapping[str, str]) -> list[Cover]:
    """Return for whom this person stands in, each as a way to the cases that they then look after."""
    return [
        Cover(
            away.person_name,
            away.last_on,
            counts.get(_cover_key(away), "0"),
            _address("cases", Asked(whose=str(away.person_id))),
            asked.whose == str(away.person_id),
        )
        for away in _covered(connection)
    ]


def _waits(
    connection: Connection, kind: str, asked: Asked, offered: Mapping[str, str], groups: tuple[str, ...]
) -> list[WaitLink]:
    """Return what the cases of a list wait for, as ways to narrow it: what none waits for is left out."""
    counted = worklists.count_waits(connection, _scope(kind, asked, groups))
    links = [WaitLink("All", _address(kind, replace(asked, waiting="")), "", not asked.waiting)]
    for value, words in offered.items():
        if counted.get(value) or not counted or value == asked.waiting:
            href = _address(kind, replace(asked, waiting=value))
            links.append(WaitLink(words, href, str(counted.get(value, "")), value == asked.waiting))
    return links


def _views(connection: Connection) -> tuple[list[View], View | None]:
    """Return a person's own saved views, and the one that the address opened, which may be another's."""
    own = views_of(connection, person().person_id)
    address = request.args.get("view", "")[:40]
    if not address:
        return own, None
    return own, next((one for one in own if one.address == address), None) or view_at(connection, address)


def _lines(connection: Connection, task_ids: Sequence[int]) -> list[Line]:
    away = away_today(connection)
    return [_line(task_noted(row, away)) for row in listed_tasks.tasks_by_id(connection, task_ids)]


def _line(row: ListedTask) -> Line:
    may_claim = row.assignee_id is None and row.candidate_group in person().groups
    return Line(row, may_claim)


def _told(asked: Asked, offered: dict[str, dict[str, str]]) -> list[str]:
    """Return what narrows the list, in words."""
    said = {"waiting": "waits for {}", "whose": "{}’s", "due": "due: {}"}
    found = []
    for name, value in asked.query().items():
        words = offered[name][value]
        if name == "waiting" or (name == "due" and value != "none"):
            words = words[0].lower() + words[1:]
        if name != "sort":
            found.append(words if value == "none" else said.get(name, "{}").format(words))
    return found


def _address(kind: str, asked: Asked, **place: Any) -> str:
    shown: dict[str, Any] = {"view": request.args.get("view") or None}
    return url_for(f"worklists.{kind}", **asked.query(), **shown, **place)
