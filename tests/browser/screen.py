"""A person at a screen: real Chromium, driven by what is on the page, with axe looking on."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_AXE = Axe()


class Screen:
    """One person's browser. `faults` collects what the console and the content policy complained of."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
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
        self.page.fill("#username", username)
        self.page.fill("#password", "demo")
        return self._go(self.page.locator("form[novalidate]").get_by_role("button", name="Sign in"))

    def visit(self, path: str) -> Screen:
        """Open an address."""
        self.page.goto(self.address + path)
        return self

    def click(self, name: str) -> Screen:
        """Follow the first link, or press the first button, with this name."""
        either = self.page.get_by_role("link", name=name).or_(self.page.get_by_role("button", name=name))
        return self._go(either.first)

    def _go(self, control: Locator) -> Screen:
        """Press it and wait for the page that comes."""
        with self.page.expect_navigation():
            control.click()
        return self

    def claim(self, task: str, client: str) -> Screen:
        """Claim a client's task from the team's queue."""
        self.visit("/tasks/queue")
        return self._go(
            self.page.get_by_role("row").filter(has_text=client).filter(has_text=task).get_by_role("button")
        )

    def open(self, task: str, client: str) -> Screen:
        """Open a client's task from my tasks."""
        self.visit("/tasks/")
        row = self.page.get_by_role("row").filter(has_text=client).filter(has_text=task)
        assert row.count() == 1, f"no task “{task}” of {client}: {self.text}"
        return self._go(row.get_by_role("link"))

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
            self.page.locator(f'[name="{name}"][value="{text}"]').check()
        elif kind == "select":
            inputs.first.select_option(label=text)
        else:
            inputs.first.fill(text)
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
        found = _AXE.run(self.page, options={"runOnly": RULES})
        named = [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found.response["violations"]]
        assert named == [], f"{self.page.url}: {named}"
        return self
