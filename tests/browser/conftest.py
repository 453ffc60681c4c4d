"""Fixtures of the browser tests: the demonstration served on a free port, and Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from engine.settings import Settings
from engine.world import World
from tests.browser.hands import Keyboard
from tests.browser.screen import Screen
from tests.browser.troubles import add_troubles
from tests.serving import serving
from web import serve
from web.app import create_app, make_world

Screens = Callable[..., Screen]


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of the demonstration as a first start makes it; made once, copied for each test."""
    folder = tmp_path_factory.mktemp("demonstration")
    world = make_world(Settings(data_dir=folder))
    serve.prepare(world)
    with world.db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    world.db.close()
    return folder


@pytest.fixture
def served(filled: Path, tmp_path: Path) -> Iterator[tuple[World, str]]:
    """The demonstration, served on a free port; background work is the test's to do."""
    shutil.copytree(filled, tmp_path / "data")
    app = create_app(Settings(data_dir=tmp_path / "data"))
    world: World = app.extensions["redress"]
    with serving(app) as address:
        yield world, address
    world.db.close()


@pytest.fixture(scope="session")
def settled(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, str]]:
    """The demonstration with its troubles, served for who only looks at it."""
    folder = tmp_path_factory.mktemp("settled") / "data"
    shutil.copytree(filled, folder)
    app = create_app(Settings(data_dir=folder))
    world: World = app.extensions["redress"]
    add_troubles(world)
    with serving(app) as address:
        yield world, address
    world.db.close()


@pytest.fixture
def screen(chromium: Browser, served: tuple[World, str]) -> Iterator[Screens]:
    """Sit somebody down at a screen: `screen("cara")`; with `script=False` in a browser without JavaScript.

    With `keyboard`, there is no mouse; with `watched`, axe looks at every page that they come to.
    """
    contexts = []
    screens = []

    def sit(
        username: str, *, script: bool = True, width: int = 1280, keyboard: bool = False, watched: bool = False
    ) -> Screen:
        context = chromium.new_context(java_script_enabled=script, viewport={"width": width, "height": 900})
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        made = Screen(page, served[1], Keyboard(page) if keyboard else None, watched=watched, script=script)
        screens.append(made)
        return made.sign_in(username)

    yield sit
    faults = [fault for made in screens for fault in made.faults]
    for context in contexts:
        context.close()
    assert faults == []
