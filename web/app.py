"""The composition root: the one place that knows every part and puts them together.

`create_app` makes the Flask application; `make_world` what the engine is lent. Nothing else wires anything.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask
from flask_wtf import CSRFProtect  # type: ignore[import-untyped]
from jinja2 import ChainableUndefined, ChoiceLoader, FileSystemLoader, PackageLoader, PrefixLoader

from engine.clock import MovableClock
from engine.database_clock import DatabaseClock
from engine.db import Database
from engine.dictionary import read_groups
from engine.settings import ROOT, Settings, read_settings
from engine.world import World
from handlers import DELIVERIES, HANDLERS
from handlers.known import known_to_diagrams
from handlers.letters import letter_form
from letters.catalogue import letter_files
from letters.specimen import check_templates
from web import (
    absences,
    access,
    attempts,
    case_dates,
    case_diagrams,
    case_letters,
    case_plan,
    cases,
    cli,
    definitions,
    demo_clock,
    documents,
    errors,
    hand_over,
    health,
    intake,
    interventions,
    layout,
    lock_flag,
    metrics,
    notifications,
    oidc,
    operations,
    people,
    reopening,
    saved_views,
    search,
    session,
    sights,
    task_letters,
    tasks,
    team,
    worklists,
)
from web.security import keep_private, secret_key, secure

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PAGES = (
    session,
    oidc,
    worklists,
    saved_views,
    search,
    tasks,
    task_letters,
    attempts,
    cases,
    case_dates,
    sights,
    case_diagrams,
    case_letters,
    case_plan,
    intake,
    reopening,
    lock_flag,
    documents,
    notifications,
    team,
    hand_over,
    absences,
    people,
    operations,
    interventions,
    definitions,
    demo_clock,
    health,
    metrics,
)


def make_world(settings: Settings, *, clock: MovableClock | None = None) -> World:
    """Return the world of this process: real database, clock, handlers, deliveries and letters."""
    keep_private(settings.data_dir)
    db = Database(settings.database_url)
    return World(
        settings=settings,
        db=db,
        clock=clock or (MovableClock() if db.is_sqlite else DatabaseClock(db)),
        handlers=HANDLERS,
        deliveries=DELIVERIES,
        known=known_to_diagrams(settings.processes_dir),
        letter_form=letter_form,
        letter_faults=check_templates,
        groups=read_groups((settings.processes_dir / "groups.toml").read_bytes())[0],
        letter_files=letter_files(),
    )


def create_app(
    settings: Settings | None = None, clock: MovableClock | None = None, *, world: World | None = None
) -> Flask:
    """Make the application. A test lends its own world; otherwise one is made from the settings."""
    world = world or make_world(settings or read_settings(), clock=clock)
    collect_seldom()
    app = Flask("web", template_folder="templates", static_folder="static")
    app.url_map.strict_slashes = False  # a redirect to the slash would repeat whatever Host the visitor sent
    app.secret_key = secret_key(world.settings.data_dir)
    app.extensions["redress"] = world
    _set_up_templates(app)
    secure(app, world.settings)
    CSRFProtect(app)
    access.guard(app)
    errors.register(app)
    layout.register(app)
    for module in PAGES:
        app.register_blueprint(module.pages)
    cli.register(app)
    oidc.register(app)
    sights.register(app)
    _look_once(app, world.db)
    return app


def collect_seldom() -> None:
    """Look for objects that hold each other less often than Python does by itself, which takes 4 % of a submit."""
    gc.set_threshold(10_000)


def _look_once(app: Flask, db: Database) -> None:
    """Let each request read one moment: what its rule has seen is what its page shows."""
    answer = app.wsgi_app

    def looking(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with db.one_look():
            return answer(environ, start_response)

    app.wsgi_app = looking  # type: ignore[method-assign]


def _set_up_templates(app: Flask) -> None:
    app.jinja_options = {"undefined": ChainableUndefined, "trim_blocks": True, "lstrip_blocks": True}
    app.jinja_loader = ChoiceLoader(
        [
            FileSystemLoader(ROOT / "web" / "templates"),
            PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
        ]
    )
