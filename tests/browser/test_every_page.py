"""Every page in a real browser, wide and at 320 px: axe finds nothing, nothing scrolls sideways, no error is logged."""

from __future__ import annotations

from tests.browser.every_page import endpoints, every_page, pages_of
from tests.browser.pictures import WIDTHS, seen
from web.app import create_app


def test_no_page_is_forgotten(settled):
    app = create_app(world=settled[0])
    assert endpoints(app, every_page(settled[0])) == pages_of(app)


def test_every_page_can_be_used_by_everybody(chromium, settled):
    world, address = settled
    faults: dict[str, list[str]] = {}
    for sight, screen in seen(chromium, address, every_page(world)):
        for width in WIDTHS:
            screen.resize(width)
            faults[f"{sight.name} at {width} px"] = screen.faults_of_page()
        faults[f"{sight.name} in the console"] = screen.take_faults()
    wrong = [f"{where}: {fault}" for where, found in faults.items() for fault in found]
    assert not wrong, "\n" + "\n".join(wrong)
