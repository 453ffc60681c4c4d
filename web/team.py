"""The team leader's page: who has how much to do, what is late, how old the work is, and who is away."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import Blueprint, render_template, request

from engine import absences, roles
from engine.absences import Away
from engine.bank_holidays import calendar
from engine.calendar import CalendarError
from engine.queries import holding, team
from engine.queries.team import OpenRequest
from engine.queries.worklists import days_of
from web.current import person, world

pages = Blueprint("team", __name__, url_prefix="/team")

AGES = ((5, "0 to 5"), (10, "6 to 10"), (15, "11 to 15"), (30, "16 to 30"), (60, "31 to 60"))
"""Working days: the last of each band, and its name. Source: domain 5"""
OLDER = "More than 60"
MANY_PLANS = 3
"""The plan of this number and later ones count as going round in circles. Source: Review 15, 21"""
AHEAD = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Band:
    """How many open service requests are so old, in working days since they were opened."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Aged:
    """A service request and its age in working days; None where the bank holidays of its years are not known."""

    request: OpenRequest
    days: int | None


@pages.get("/")
def page() -> str:
    """Show one team, or all that this person leads or manages."""
    led = roles.teams_answered_for(world().groups, person().groups)
    chosen = request.args.get("team", "")
    groups = [chosen] if chosen in led else led
    now = world().clock.now()
    today = absences.today(world())
    (_, tomorrow), (_, next_week) = days_of("today", now), days_of("week", now)
    assert tomorrow is not None
    assert next_week is not None
    with world().db.read() as connection:
        loads = team.loads_of(connection, groups, now=now, tomorrow=tomorrow, next_week=next_week)
        requests = team.requests_of(connection, groups)
        decisions = team.decisions_of(connection, groups, _deciders(groups))
        people = dict(holding.people_of(connection, groups)) if groups else {}
        away = absences.absences_of(connection, list(people), since=today)
    aged = _aged(requests, now)
    return render_template(
        "team/page.html",
        teams=[(key, world().groups[key].title) for key in led],
        chosen=chosen if chosen in led else "",
        loads=loads,
        totals={name: sum(getattr(load, name) for load in loads) for name in ("open", "overdue", "due_today", "later")}
        | {"due_this_week": sum(load.due_today + load.due_this_week for load in loads)},
        bands=_bands(aged),
        oldest=aged[:5],
        is_cut=len(requests) == team.MOST,
        decisions=decisions,
        circling=[one for one in aged if one.request.plan_version >= MANY_PLANS],
        away=_soon(away, today),
        today=today,
    )


def _deciders(groups: Iterable[str]) -> set[str]:
    """Return the groups that decide on the work of these: those that lead one of them, and leaders among them."""
    wanted = set(groups)
    return {key for key, group in world().groups.items() if group.leads and (group.leads in wanted or key in wanted)}


def _aged(requests: Iterable[OpenRequest], now: datetime) -> list[Aged]:
    """Return service requests with their ages, the oldest first."""
    days = calendar(world())
    found = []
    for one in requests:
        try:
            found.append(Aged(one, days.working_days_between(one.opened_at, now, one.nation)))
        except CalendarError:
            found.append(Aged(one, None))
    return sorted(found, key=lambda aged: -(aged.days if aged.days is not None else -1))


def _bands(aged: Collection[Aged]) -> list[Band]:
    counts = dict.fromkeys([name for _, name in AGES] + [OLDER], 0)
    for one in aged:
        if one.days is not None:
            counts[next((name for last, name in AGES if one.days <= last), OLDER)] += 1
    return [Band(name, count) for name, count in counts.items()]


def _soon(away: Iterable[Away], today: date) -> list[Away]:
    return [one for one in away if one.first_on <= today + AHEAD]
