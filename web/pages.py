"""What gunicorn serves: the pages, without a scheduler. What they leave to do is a job for `web.worker`."""

from __future__ import annotations

from flask import Flask

from engine import worker
from engine.errors import RedressError
from engine.schema import is_ready
from engine.settings import Settings, read_settings
from engine.world import World
from web import logs
from web.app import create_app


class NotScaled(RedressError):
    """Several processes need one PostgreSQL database: set DATABASE_URL. On SQLite, run `python -m web.serve`."""


class NotPrepared(RedressError):
    """The database is not ready for this version. Run `python -m web.prepare` first; it may be in use meanwhile."""


def create() -> Flask:
    """Make the application of one of several processes. Raises: NotScaled; NotPrepared."""
    logs.set_up()
    app = create_app(read_settings())
    take_part(app.extensions["redress"])
    return app


def take_part(world: World) -> None:
    """Let a process share its database with others. Raises: NotScaled; NotPrepared."""
    check_scaled(world.settings)
    if not is_ready(world.db):
        raise NotPrepared
    worker.use_queue(world)


def check_scaled(settings: Settings) -> None:
    """Raises: NotScaled."""
    if not settings.server_url:
        raise NotScaled
