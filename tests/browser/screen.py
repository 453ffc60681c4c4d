"""A person at a screen: real Chromium, driven by what is on the page, with axe looking on."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Browser, Locator, Page, Playwright

from tests.browser.hands import Hands, Mouse

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
# A quarter less processor time: Debian starts Chromium with rasterising on a graphics card, which is emulated here, and
# every window prepares two pages for an address bar that nobody sees. Chromium takes the last list of features alone,
# so what Playwright switches off for calm, quiet windows stands here again.
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu-rasterization",
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,AimEnabled,AvoidUnnecessaryBeforeUnloadCheckSync,"
    "DestroyProfileOnBrowserClose,HttpsFirstBalancedModeAutoEnable,HttpsUpgrades,LensOverlay,MediaRouter,"
    "NetworkTimeServiceQuerying,OptimizationHints,PaintHolding,PreconnectToSearch,ThirdPartyStoragePartitioning",
)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
_PASSING = re.compile(r'\d+|name="csrf_token" value="[^"]*"|<script[^>]*>.*?</script>', re.DOTALL)
_LOOKED_AT: set[str] = set()
# A narrow page is the same page laid out otherwise: what has been looked at wide is looked at again for what a layout
# can change, which is what is shown, how large it is, what it stands on, and what its parts are to a screen reader.
OF_LAYOUT = [
    *("color-contrast", "target-size", "scrollable-region-focusable", "link-in-text-block", "region", "heading-order"),
    *("button-name", "link-name", "label", "select-name", "aria-hidden-focus", "aria-valid-attr-value"),
    *("aria-required-children", "aria-required-parent", "list", "listitem", "definition-list", "dlitem"),
]
_RUN_AXE = "rules => axe.run({ runOnly: rules, resultTypes: ['violations'] })"
_PAGE_FAULTS = Path(__file__).with_name("page_faults.js").read_text()
_TEXT_SPACING = Path(__file__).with_name("text_spacing.js").read_text()
# What a page gains from scripts.
_GAINS = """() => [
  ...document.querySelectorAll("[data-module], [data-questions], [data-draft], [data-preview], [data-diagram]")
].flatMap((e) => e.dataset.module ?? Object.keys(e.dataset))"""


def launch(playwright: Playwright) -> Browser:
    """Start Chromium."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)


class Screen:
    """One person's browser. `faults` collects what the console and the content policy complained of.

    With `watched`, every page that is come to is looked at, and what is wrong with it is among the faults. Where no
    script runs, axe cannot look; the other checks do.
    """

    def __init__(
        self, page: Page, address: str, hands: Hands | None = None, *, watched: bool = False, script: bool = True
    ) -> None:
        self.page = page
        self.address = address
        self.hands = hands or Mouse()
        self.watched = watched
        self.script = script
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda message: self._heard(message.type, message.text))

    def _heard(self, kind: str, text: str) -> None:
        # Chromium reports every answer of 400 and more as an error; the tests look at those themselves.
        if kind == "error" and "the server responded with a status of" not in text:
            self.faults.append(text)

    def sign_in(self, username: str) -> Screen:
        """Sign in with a demonstration account."""
        self.visit("/sign-in")
        self.hands.write(self.page.locator("#username"), username)
        self.hands.write(self.page.locator("#password"), "demo")
        return self.go(self.page.locator("form[novalidate]").get_by_role("button", name="Sign in"))

    def visit(self, path: str) -> Screen:
        """Open an address."""
        self.page.goto(self.address + path)
        return self._came()

    def click(self, name: str) -> Screen:
        """Follow the first link, or press the first button, with this name; else with a name that has this in it."""
        return self.go(self._named(name, exact=True) if self._named(name, exact=True).count() else self._named(name))

    def _named(self, name: str, *, exact: bool = False) -> Locator:
        link = self.page.get_by_role("link", name=name, exact=exact)
        return link.or_(self.page.get_by_role("button", name=name, exact=exact)).first

    def go(self, control: Locator) -> Screen:
        """Press it and wait for the page that comes."""
        with self.page.expect_navigation():
            self.hands.press(control)
        return self._came()

    def _came(self) -> Screen:
        if self.watched:
            self.faults += [f"{self.page.url}: {fault}" for fault in self.faults_of_page()]
        return self

    def claim(self, task: str, client: str) -> Screen:
        """Claim a client's task from the team's queue."""
        self.visit("/tasks/queue")
        return self.go(self.page.get_by_role("row").filter(has_text=client).filter(has_text=task).get_by_role("button"))

    def open(self, task: str, client: str) -> Screen:
        """Open a client's task from my tasks."""
        self.visit("/tasks/")
        row = self.page.get_by_role("row").filter(has_text=client).filter(has_text=task)
        assert row.count() == 1, f"no task “{task}” of {client}: {self.text}"
        return self.go(row.get_by_role("link"))

    def answer(self, **answers: str) -> Screen:
        """Answer questions by the names of their inputs; two underscores stand for a dot."""
        for key, text in answers.items():
            self.put(key.replace("__", "."), text)
        return self

    def put(self, name: str, text: str) -> Screen:
        """Answer one question by the name of its input."""
        inputs = self.page.locator(f'[name="{name}"]')
        kind = inputs.first.get_attribute("type") or inputs.first.evaluate("e => e.tagName.toLowerCase()")
        if kind in ("radio", "checkbox"):
            self.hands.tick(self.page.locator(f'[name="{name}"][value="{text}"]'))
        elif kind == "select":
            self.hands.pick(inputs.first, text)
        else:
            self.hands.write(inputs.first, text)
        return self

    def unfold(self) -> Screen:
        """Open everything that is folded."""
        self.page.evaluate("document.querySelectorAll('main details').forEach(d => { d.open = true })")
        return self

    def complete(self) -> Screen:
        """Complete the task and see that it went through."""
        self.click("Complete this task")
        assert "You completed" in self.text, self.text
        return self

    @property
    def text(self) -> str:
        """The words of the page's main part."""
        return " ".join(self.page.locator("main").inner_text().split())

    def check_access(self) -> Screen:
        """Let axe look at the page. Raises: AssertionError with what it found."""
        found = self._axe() if self._is_new() else []
        assert found == [], f"{self.page.url}: {found}"
        return self

    def resize(self, width: int) -> Screen:
        """Make the window as wide as this, and let the page follow; 320 is also a window of 1280 px at 400 %."""
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return self

    def faults_of_page(self) -> list[str]:
        """Return what axe finds, and what else keeps somebody from using the page.

        Axe looks once at pages that differ in their numbers alone, such as the same task on the way of three people.
        """
        return [*(self._axe() if self.script and self._is_new() else []), *self.page_faults()]

    def page_faults(self) -> list[str]:
        """Return what keeps somebody from using the page, but for what axe looks for."""
        return list(self.page.evaluate(_PAGE_FAULTS))

    def faults_when_narrow(self) -> list[str]:
        """Return what is wrong with a page at 320 px that has been looked at wide: how it is laid out."""
        rules = {"type": "rule", "values": OF_LAYOUT}
        return [*self._axe(rules), *self.page_faults(), *self.page.evaluate(_TEXT_SPACING)]

    def gains(self) -> frozenset[str]:
        """Return what this page gains from scripts."""
        return frozenset(self.page.evaluate(_GAINS))

    def refuse_scripts(self) -> Screen:
        """Let every script come empty: the page is as without JavaScript, and axe can look at it all the same."""
        self.page.route("**/*.js*", lambda route: route.fulfill(content_type="text/javascript", body=""))
        return self

    @property
    def _width(self) -> int:
        size = self.page.viewport_size
        assert size is not None
        return size["width"]

    def _is_new(self) -> bool:
        sight = f"{self._width} {_PASSING.sub('', self.page.content())}"
        is_new = sight not in _LOOKED_AT
        _LOOKED_AT.add(sight)
        return is_new

    def take_faults(self) -> list[str]:
        """Return what the console complained of since the last look."""
        taken, self.faults[:] = list(self.faults), []
        return taken

    def _axe(self, rules: object = RULES) -> list[str]:
        if self.page.locator(".js-enabled [data-diagram]").count():
            self.page.wait_for_selector("[data-drawn]")
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(_AXE)
        found = self.page.evaluate(_RUN_AXE, rules)
        return [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found["violations"]]
