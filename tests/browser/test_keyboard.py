"""Tab goes to everything that can be used, shows where it is, is held nowhere, and leaves the page at its end."""

from __future__ import annotations

import pytest

from tests.browser.every_page import every_page
from tests.browser.hands import MOST_STOPS, SHOWS_FOCUS
from tests.browser.pictures import seen

# One of each kind: a form with groups that repeat, dates and a file; a diagram; charts; a letter; a case; lists.
PAGES = ("my-tasks", "case", "case-diagram", "task-create-plan", "task-check-letter", "team")
WIDTHS = {"case": 320, "team": 320}
# Every place that Tab should come to. Radio buttons of one question are one place.
PLACES = """() => {
  const usable = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  const places = new Map();
  for (const e of document.querySelectorAll(usable)) {
    if (e.disabled || e.tabIndex < 0 || !e.checkVisibility({ visibilityProperty: true })) continue;
    places.set(e.type === "radio" ? `radio ${e.name}` : e, e.outerHTML.slice(0, 140));
  }
  window.placesLeft = places;
}"""
STOP = (
    """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  window.placesLeft.delete(e.type === "radio" ? `radio ${e.name}` : e);
  const box = e.getBoundingClientRect();
  const inSight = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  const showsFocus = ("""
    + SHOWS_FOCUS
    + """)();
  return inSight && showsFocus ? "" : `${inSight ? "shows no focus" : "is out of sight"}: ${e.outerHTML.slice(0, 140)}`;
}"""
)


@pytest.fixture(scope="module")
def sights(settled):
    """The pages by their names."""
    return {sight.name: sight for sight in every_page(settled[0])}


def test_tab_comes_to_everything_shows_where_it_is_and_is_held_nowhere(chromium, settled, sights):
    faults = []
    for sight, screen in seen(chromium, settled[1], sorted((sights[name] for name in PAGES), key=lambda one: one.who)):
        screen.resize(WIDTHS.get(sight.name, 1280))
        if screen.page.locator("[data-diagram]").count():
            screen.page.wait_for_selector("[data-drawn]")
        screen.page.evaluate(PLACES)
        for _ in range(MOST_STOPS):
            screen.page.keyboard.press("Tab")
            fault = screen.page.evaluate(STOP)
            if fault is None:
                break
            faults += [f"{sight.name}: {fault}"] if fault else []
        else:
            faults.append(f"{sight.name}: Tab does not leave the page")
        missed = screen.page.evaluate("() => [...window.placesLeft.values()]")
        faults += [f"{sight.name}: Tab does not come to {one}" for one in missed]
    assert not faults, "\n" + "\n".join(faults)
