"""Fixtures that every test may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine.world import World
from tests import postgres
from tests.once import compile_once
from tests.world import deployed_world, empty_world

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def pytest_configure() -> None:
    """Compile once."""
    compile_once()


@pytest.fixture(autouse=True)
def _databases(request: pytest.FixtureRequest) -> Iterator[None]:
    """On PostgreSQL, drop the databases of the test's own folder when it ends."""
    yield
    folder = request.node.funcargs.get("tmp_path")
    if folder is not None and postgres.server_url():
        postgres.drop_databases(folder)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world on an empty database."""
    made = empty_world(tmp_path)
    yield made
    made.db.close()


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[World]:
    """A world with the product's processes in force."""
    made = deployed_world(tmp_path)
    yield made
    made.db.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start Chromium once in a process: Playwright runs once in each."""
    from playwright.sync_api import sync_playwright  # slow to import, and needed by few

    from tests.browser.screen import CHROMIUM, launch
    from web.assets import built_from

    if CHROMIUM is None:
        told = "The browser tests need Chromium: sudo apt-get install chromium"
        if os.environ.get("CI_BROWSER") == "needed":
            pytest.fail(told)
        pytest.skip(told)
    if not built_from():
        pytest.fail("The pages have no style yet: run `python -m web.assets`")
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()
