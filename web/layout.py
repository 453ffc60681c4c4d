"""What every page has around it: navigation by role, the demonstration's banner, words for values, asset addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, request, url_for
from flask_wtf.csrf import generate_csrf  # type: ignore[import-untyped]
from markupsafe import Markup

from engine import timers
from engine.dictionary import Role
from engine.errors import DatabaseAway
from engine.field_values import pounds
from engine.people import Somebody
from engine.queries.told import MOST_COUNTED, count_unseen
from engine.settings import VERSION
from web import words
from web.access import may_use
from web.assets import built_from
from web.current import visitor, world
from web.due_tags import due_tag
from web.whose import has_role, records_contacts

SERVICE = "Redress"
_WHO_SEE_LOOKS = (Role.LEADER, Role.MANAGER, Role.OPERATIONS, Role.AUDITOR)


def register(app: Flask) -> None:
    """Give templates their filters and what is common to all pages."""
    app.jinja_env.filters.update(
        day=words.day,
        day_of=words.day_of,
        moment=words.moment,
        due=words.due,
        steps=words.steps,
        in_words=words.in_words,
        pounds=pounds,
    )
    app.jinja_env.globals.update(
        csrf_field=csrf_field,
        due_tag=due_tag,
        error_message=error_message,
        may_use=may_use,
        problem_list=problem_list,
        service=SERVICE,
        version=VERSION,
    )
    asset_version = built_from()[:12] or "none"

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values.setdefault("v", asset_version)

    @app.context_processor
    def around() -> dict[str, Any]:
        person = visitor()
        sees_looks = person is not None and has_role(person, *_WHO_SEE_LOOKS)
        shown = {"navigation": _navigation(person), "demo": _demo(person), "sees_looks": sees_looks}
        return {"person": person, **shown}


def csrf_field() -> Markup:
    """Return the hidden field that every form carries."""
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())


def error_message(text: str | None) -> dict[str, str] | None:
    """Return the parameter of a component that has an error, or None."""
    return {"text": text} if text else None


def problem_list(problems: Mapping[str, str]) -> list[dict[str, str]]:
    """Return problems by the id of their input as an error summary's links."""
    return [{"text": text, "href": f"#{name}"} for name, text in problems.items()]


def _navigation(person: Somebody | None) -> list[dict[str, object]]:
    if person is None:
        return []
    with world().db.read() as connection:
        unseen = count_unseen(connection, person_id=person.person_id, groups=person.groups)
        takes_contacts = records_contacts(connection, person)
    holds_cases = has_role(person, Role.CASEWORKER, Role.LEADER, Role.MANAGER)
    alerts = f"Alerts ({words.up_to(unseen, MOST_COUNTED)})" if unseen else "Alerts"
    items: list[tuple[str, str, tuple[str, ...]]] = []
    if takes_contacts:
        items.append(("Record a contact", "intake.find", ("intake.",)))
    items += [
        ("My tasks", "worklists.mine", ("worklists.mine", "tasks.page", "tasks.submit")),
        *([("My cases", "worklists.cases", ("worklists.cases",))] if holds_cases else []),
        (
            "Team queue",
            "worklists.queue",
            ("worklists.queue", "worklists.held", "worklists.due", "worklists.team_cases"),
        ),
        ("Find a case", "search.listed", ("search.", "cases.")),
        (alerts, "notifications.listed", ("notifications.",)),
    ]
    if has_role(person, Role.LEADER, Role.MANAGER):
        items += [("Team", "team.page", ("team.",)), ("Hand over", "hand_over.people", ("hand_over.",))]
    if holds_cases:
        items.append(("Absences", "absences.listed", ("absences.",)))
    if may_use("operations.instances"):
        items += [
            ("Instances", "operations.instances", ("operations.instance", "interventions.")),
            ("Incidents", "operations.incidents", ("operations.incidents",)),
            ("Deliveries", "operations.deliveries", ("operations.deliveries",)),
            ("People", "people.listed", ("people.",)),
        ]
    if may_use("definitions.listed"):
        items.append(("Procedures", "definitions.listed", ("definitions.",)))
    here = request.endpoint or ""
    return [
        {"text": text, "href": url_for(endpoint), "current": endpoint == here, "active": _is_under(here, places)}
        for text, endpoint, places in items
    ]


def _is_under(here: str, places: tuple[str, ...]) -> bool:
    return any(here == place or (place.endswith((".", "instance")) and here.startswith(place)) for place in places)


def _demo(person: Somebody | None) -> dict[str, object] | None:
    """Return what the demonstration's banner says; None outside a demonstration."""
    if not world().settings.demo:
        return None
    try:
        now = world().clock.now()
    except DatabaseAway:
        return None  # the page that says so has no banner
    banner: dict[str, object] = {"now": now, "next_due": None}
    if person is not None:
        with world().db.read() as connection:
            banner["next_due"] = timers.next_due(connection)
    return banner
