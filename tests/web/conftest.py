"""Fixtures of the pages' tests: the application on a real world, and visitors who are signed in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask, session

from engine import cases
from engine.world import World
from tests.page import Browser
from tests.scratch import scratch
from tests.world import close_whole, copy_database, put_database_back, somebody
from web import session_life
from web.app import create_app

Visitors = Callable[[str], Browser]
Play = Callable[[], object]
_played: dict[str, Path] = {}


@pytest.fixture
def app(deployed: World) -> Flask:
    """The application with the product's processes in force, and people in every group."""
    made = create_app(world=deployed)
    made.testing = True
    return made


@pytest.fixture
def visitor(app: Flask) -> Visitors:
    """Begin the session of somebody who has just signed in, on their first page: `visitor("owning_team")`."""

    def begin(username: str) -> Browser:
        browser = Browser(app)
        with app.test_request_context(), browser.client.session_transaction() as kept:
            session_life.begin(somebody(app.extensions["redress"], username), proved=session_life.now())
            kept.update(session)
        return browser.visit("/")

    return begin


@pytest.fixture
def case_id(deployed: World) -> int:
    """A case of the owning team with a Resolution service request that was closed two months ago."""
    with deployed.db.write() as connection:
        made = cases.open_case(
            connection,
            deployed,
            reference="CM-2000001",
            client_name="Robin Example",
            nation="england_wales",
            facts={
                "client_address": "1 Sample Street\nExampletown\nEX1 1EX",
                "language": "en",
                "letter_format": "standard",
                "phone": "01632 960001",
            },
        )
        now = deployed.clock.now()
        cases.open_request(
            connection,
            deployed,
            case_id=made,
            number="SR-000900",
            fields={
                "kind": "Resolution",
                "status": "Closed",
                "sub_status": "Complete",
                "resolution_code": "No Action Taken",
                "owner_group": "owning_team",
                "closed_at": now.replace(month=8),
            },
        )
    return made


@pytest.fixture
def play_once(deployed: World) -> Callable[[Play], None]:
    """Bring the world to where a play takes it: played for the first test that asks for it, copied for the others.

    The play is a function of its own file and moves no clock; it is known by its name.
    """

    def bring(play: Play) -> None:
        name, folder = f"{play.__module__}.{play.__qualname__}", deployed.settings.data_dir
        if name not in _played:
            play()
            close_whole(deployed)
            _played[name] = scratch("played")
            copy_database(folder, _played[name])
        else:
            deployed.db.close()
            put_database_back(_played[name], folder)

    return bring


def person_id(world: World, username: str) -> str:
    """Return a person's id as forms send it."""
    return str(somebody(world, username).person_id)
