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
WHERE = """e => {
  const here = document.activeElement;
  if (here === e || (e.type === "radio" && here?.type === "radio" && here.name === e.name)) return "here";
  if (!here || here === document.body) return "forward";
  return e.compareDocumentPosition(here) & Node.DOCUMENT_POSITION_FOLLOWING ? "back" : "forward";
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
        self._reach(control)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.press("Delete")
        for number, line in enumerate(text.split("\n")):
            if number:
                self.page.keyboard.press("Enter")
            self.page.keyboard.type(line)

    def pick(self, control: Locator, label: str) -> None:
        self._reach(control)
        self.page.keyboard.type(label)
        chosen = control.evaluate("e => e.selectedOptions[0]?.textContent.trim()")
        assert chosen == label, f"Typing “{label}” chose “{chosen}”"

    def _reach(self, control: Locator) -> None:
        target = control.element_handle()
        assert target is not None
        passed = []
        for _ in range(MOST_STOPS):
            where = target.evaluate(WHERE)
            if where == "here":
                assert self.page.evaluate(SHOWS_FOCUS), f"Nobody sees the focus on {self._told(target)}"
                return
            self.page.keyboard.press("Tab" if where == "forward" else "Shift+Tab")
            passed.append(where)
        raise AssertionError(f"The keyboard does not reach {self._told(target)} ({passed[-4:]})")

    def _told(self, target: ElementHandle) -> str:
        return str(target.evaluate("e => e.outerHTML"))[:200]
