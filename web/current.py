"""What the request at hand has: the world, the person who is signed in. Only `web` may ask."""

from __future__ import annotations

from typing import Any, cast

from flask import current_app, g

from engine.errors import NotAllowed
from engine.people import Somebody
from engine.world import World


def world() -> World:
    """Return the world that the application was wired with."""
    return cast(World, current_app.extensions["redress"])


def person() -> Somebody:
    """Return who is signed in. Raises: NotAllowed on a page that anyone may open."""
    found = visitor()
    if found is None:
        raise NotAllowed("Sign in first.")
    return found


def task() -> Any:
    """Return the row of the task that the address names, as the access rule has just read it."""
    return g.task


def visitor() -> Somebody | None:
    """Return who is signed in, or None."""
    return cast("Somebody | None", g.get("person"))
