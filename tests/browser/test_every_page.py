"""Every page in a real browser: wide, at 320 px with spaced text, and without scripts.

Axe finds nothing, no text is cut off, nothing scrolls sideways, no error is logged.
"""

from __future__ import annotations

import pytest

from tests.browser.every_page import Sight, endpoints, every_page, pages_of
from tests.browser.pictures import seen
from web.app import create_app

WIDE, NARROW = 1280, 320


def test_no_page_is_forgotten(settled):
    app = create_app(world=settled[0])
    assert endpoints(app, every_page(settled[0])) == pages_of(app)


@pytest.mark.timeout(900)  # some eighty pages: on a busy machine that takes minutes
def test_every_page_can_be_used_by_everybody(chromium, settled):
    world, address = settled
    faults: dict[str, list[str]] = {}
    gained: set[str] = set()
    differ: list[Sight] = []
    for sight, screen in seen(chromium, address, every_page(world)):
        if screen.gains() - gained:  # without scripts, this page is another one than those before
            gained |= screen.gains()
            differ.append(sight)
        faults[f"{sight.name} at {WIDE} px"] = screen.resize(WIDE).faults_of_page()
        faults[f"{sight.name} at {NARROW} px"] = screen.resize(NARROW).faults_when_narrow()
        faults[f"{sight.name} in the console"] = screen.take_faults()
    for sight, screen in seen(chromium, address, differ, script=False):
        faults[f"{sight.name} without scripts"] = screen.resize(NARROW).faults_of_page()
        assert not screen.page.locator(".js-enabled").count()
    wrong = [f"{where}: {fault}" for where, found in faults.items() for fault in found]
    assert not wrong, "\n" + "\n".join(wrong)
