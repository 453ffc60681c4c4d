"""Two ways to work a page: with the mouse, and with the keyboard alone. What is done with them is the same."""

from __future__ import annotations

from typing import Protocol

from playwright.sync_api import ElementHandle, Locator, Page

# No page has as many places to stop at; somebody would have given up long before.
MOST_STOPS = 250
# Whatever has the focus shows it: an outline or a shadow, its own or that of the circle or box that is drawn for it.
SHOWS_FOCUS = """() => {
  const e = document.activeElement;
  const drawn = [getComputedStyle(e)];
  const label = e.matches("[type=radio], [type=checkbox]") && e.nextElementSibling;
  if (label) drawn.push(getComputedStyle(label, "::before"));
  if (e.matches("summary")) drawn.push(getComputedStyle(e.firstElementChild ?? e));
  return drawn.some((s) => s.boxShadow !== "none" || (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2));
}"""
# Nothing has the focus yet: the first stop of the page leads past its menu to its questions.
HAS_NO_FOCUS = "() => !document.activeElement || document.activeElement === document.body"
# How many stops lie from where the focus is to something, as far as a page can tell; fewer than none is backwards.
# A group of radio buttons is one stop.
STOPS = """e => {
  const here = document.activeElement;
  const isNowhere = !here || here === document.body;
  if (here === e || (e.type === "radio" && here?.type === "radio" && here.name === e.name)) return 0;
  const lies = (one, other) => Boolean(one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING);
  const isAhead = isNowhere || lies(here, e);
  const [first, last] = isAhead ? [isNowhere ? null : here, e] : [e, here];
  const usable = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  const between = [...document.querySelectorAll(usable)].filter((one) =>
    (!first || (lies(first, one) && !first.contains(one))) && lies(one, last) && !one.disabled && one.tabIndex >= 0 &&
    one.checkVisibility({ visibilityProperty: true }));
  const stop = (one) => (one?.type === "radio" ? `radio ${one.name}` : one);
  const stops = new Set(between.map(stop).filter((one) => one !== stop(first) && one !== stop(last))).size + 1;
  return isAhead ? stops : -stops;
}"""


class Hands(Protocol):
    """What a person does on a page."""

    def press(self, control: Locator) -> None:
        """Press a button, follow a link, open what is folded."""

    def tick(self, control: Locator) -> None:
        """Choose a radio button or tick a box."""

    def write(self, control: Locator, text: str) -> None:
        """Write into a box, instead of what stands there."""

    def pick(self, control: Locator, label: str) -> None:
        """Pick from a list by what it says."""


class Mouse:
    """Points and clicks."""

    def press(self, control: Locator) -> None:
        control.click()

    def tick(self, control: Locator) -> None:
        control.check()

    def write(self, control: Locator, text: str) -> None:
        control.fill(text)

    def pick(self, control: Locator, label: str) -> None:
        control.select_option(label=label)


class Keyboard:
    """Tab, Shift+Tab, Enter, Space, arrows and letters; every stop on the way shows that it has the focus."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, control: Locator) -> None:
        self._reach(control)
        self.page.keyboard.press("Enter")

    def tick(self, control: Locator) -> None:
        name, kind = control.get_attribute("name"), control.get_attribute("type")
        if control.is_checked():
            return
        self._pass_the_menu()
        if kind == "checkbox":
            self._reach(control)
            self.page.keyboard.press("Space")
            return
        # A group of radio buttons is one stop: the chosen one, or else the end that one comes from; arrows do the rest.
        self._reach(control)
        self.page.keyboard.press("Space")
        for _ in range(self.page.locator(f'[type=radio][name="{name}"]').count()):
            if control.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        assert control.is_checked(), f"The arrows do not reach {name}"

    def write(self, control: Locator, text: str) -> None:
        self._pass_the_menu()
        self._reach(control)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.press("Delete")
        for number, line in enumerate(text.split("\n")):
            if number:
                self.page.keyboard.press("Enter")
            self.page.keyboard.type(line)

    def pick(self, control: Locator, label: str) -> None:
        self._pass_the_menu()
        self._reach(control)
        self.page.keyboard.type(label)
        chosen = control.evaluate("e => e.selectedOptions[0]?.textContent.trim()")
        assert chosen == label, f"Typing “{label}” chose “{chosen}”"

    def _pass_the_menu(self) -> None:
        if self.page.evaluate(HAS_NO_FOCUS):
            self.page.keyboard.press("Tab")
            self.page.keyboard.press("Enter")

    def _reach(self, control: Locator) -> None:
        target = control.element_handle()
        assert target is not None
        pressed = 0
        while stops := target.evaluate(STOPS):
            assert pressed < MOST_STOPS, f"The keyboard does not reach {self._told(target)}"
            for _ in range(abs(stops)):
                self.page.keyboard.press("Tab" if stops > 0 else "Shift+Tab")
            pressed += abs(stops)
        assert self.page.evaluate(SHOWS_FOCUS), f"Nobody sees the focus on {self._told(target)}"

    def _told(self, target: ElementHandle) -> str:
        return str(target.evaluate("e => e.outerHTML"))[:200]
