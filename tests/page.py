"""A browser without a screen: fetches pages, fills in their forms as they stand, and checks every page that it meets.

What is checked holds for all pages: one h1 and a title that begins with it, a label for every input, a token in every
form that changes something, ids used once, links in error summaries that lead somewhere, no inline script or style,
and on every answer the headers and cookies that `tests.security.headers` names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from io import BytesIO
from itertools import pairwise

from flask import Flask
from lxml import html
from lxml.html import FormElement, HtmlElement

from tests.security.headers import faults_of

Answer = str | Sequence[str] | None


class Browser:
    """One visitor with cookies of their own. `page` is what is on the screen, `status` how it was answered."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client = app.test_client()
        self.status = 0
        self.path = ""
        self.body = b""
        self.headers: Mapping[str, str] = {}

    @property
    def page(self) -> HtmlElement:
        """The page on the screen."""
        return html.document_fromstring(self.body.decode())

    @property
    def text(self) -> str:
        """The words of the page's main part, with single spaces."""
        found = self.page.get_element_by_id("main-content")
        return " ".join(str(found.text_content()).split())

    @property
    def heading(self) -> str:
        """The page's h1."""
        return " ".join(self.page.findtext(".//h1", default="").split())

    def visit(self, path: str) -> Browser:
        """Open an address, as if typed, and follow where it leads."""
        return self._took(self.client.get(path, follow_redirects=True))

    def sign_in(self, username: str, password: str | None = None) -> Browser:
        """Sign in; the password of everybody in the tests is their user name."""
        self.visit("/sign-in")
        form = next(f for f in self.page.forms if f.get("novalidate") is not None)
        return self.send(form, {"username": username, "password": password or username})

    def follow(self, words: str) -> Browser:
        """Follow the first link whose text holds these words."""
        for link in self.page.iter("a"):
            if words in " ".join(str(link.text_content()).split()):
                return self.visit(str(link.get("href")))
        raise AssertionError(f"There is no link “{words}” on {self.path}: {self.text[:2000]}")

    def press(
        self,
        button: str,
        answers: Mapping[str, Answer] | None = None,
        files: Mapping[str, tuple[bytes, str]] | None = None,
    ) -> Browser:
        """Answer the form that has a button of this name, and press it. What is not answered stays as it stands.

        `files` are (content, name) by the name of the input that they are chosen in.
        """
        for form in self.page.forms:
            for found in form.iter("button"):
                said = " ".join(str(found.text_content()).split())
                if said.startswith(button) and found.get("aria-hidden") is None:
                    return self.send(form, answers or {}, found, files or {})
        raise AssertionError(f"There is no button “{button}” on {self.path}: {self.text[:2000]}")

    def send(
        self,
        form: FormElement,
        answers: Mapping[str, Answer],
        button: HtmlElement | None = None,
        files: Mapping[str, tuple[bytes, str]] | None = None,
    ) -> Browser:
        """Send a form as a browser would: its own values, then the answers, the files and the button."""
        fields: dict[str, list[str]] = {}
        for name, value in form.form_values():
            fields.setdefault(name, []).append(value)
        names = {element.get("name") for element in form.inputs if element.get("name")}
        for name, answer in answers.items():
            assert name in names, f"{self.path} asks nothing called {name}, but {sorted(map(str, names))}"
            fields[name] = [] if answer is None else [answer] if isinstance(answer, str) else list(answer)
        if button is not None and button.get("name"):
            fields[str(button.get("name"))] = [str(button.get("value", ""))]
        if (form.get("method") or "get").lower() == "post":
            chosen = {name: (BytesIO(content), said) for name, (content, said) in (files or {}).items()}
            for name in chosen:
                assert form.get("enctype") == "multipart/form-data", f"{self.path} sends no files"
                assert [i.get("type") for i in form.iter("input") if i.get("name") == name] == ["file"], name
            data = {**fields, **chosen}
            return self._took(self.client.post(form.get("action") or self.path, data=data, follow_redirects=True))
        return self._took(self.client.get(form.get("action") or self.path, query_string=fields, follow_redirects=True))

    def _took(self, response: object) -> Browser:
        self._let_go(response)
        self.status = response.status_code  # type: ignore[attr-defined]
        self.path = response.request.full_path.rstrip("?")  # type: ignore[attr-defined]
        self.body = response.data  # type: ignore[attr-defined]
        self.headers = dict(response.headers)  # type: ignore[attr-defined]
        wrong = faults_of(response.headers, self.path)  # type: ignore[attr-defined]
        assert not wrong, f"{self.path}: {wrong}"
        if response.mimetype == "text/html":  # type: ignore[attr-defined]
            check_page(self.page, self.path)
        return self

    def _let_go(self, response: object) -> None:
        for answered in (*response.history, response):  # type: ignore[attr-defined]
            answered.request.environ["wsgi.input"].close()  # what was sent may lie in a temporary file


def check_page(page: HtmlElement, path: str) -> None:
    """Check what holds for every page. Raises: AssertionError with all that is wrong."""
    faults = [*_headings(page), *_inputs(page), *_ids(page), *_forms(page), *_inline(page), *_images(page)]
    assert not faults, f"{path}: " + "; ".join(faults)


def _headings(page: HtmlElement) -> list[str]:
    headings = [" ".join(str(h.text_content()).split()) for h in page.iter("h1")]
    title = " ".join(page.findtext(".//title", default="").split()).removeprefix("Error: ")
    faults = [] if len(headings) == 1 else [f"{len(headings)} h1"]
    if headings and not title.startswith(headings[0]):
        faults.append(f"the title “{title}” does not begin with the h1 “{headings[0]}”")
    if page.get("lang") != "en":
        faults.append("no language")
    levels = [int(str(h.tag)[1]) for h in page.iter("h1", "h2", "h3", "h4")]
    levels = levels[levels.index(1) :] if 1 in levels else levels
    faults += ["a heading level is skipped" for one, two in pairwise(levels) if two > one + 1]
    return faults


def _inputs(page: HtmlElement) -> list[str]:
    labelled = {label.get("for") for label in page.iter("label")}
    faults = []
    for element in page.iter("input", "select", "textarea"):
        if element.get("type") in ("hidden", "submit"):
            continue
        if element.get("id") not in labelled:
            faults.append(f"no label for {element.get('name')}")
    for button in page.iter("button"):
        if not " ".join(str(button.text_content()).split()):
            faults.append("a button without a name")
    known = set(_ids_of(page))
    for element in page.iter("input", "select", "textarea", "fieldset"):
        for described in (element.get("aria-describedby") or "").split():
            if described not in known:
                faults.append(f"{element.get('name')} is described by {described}, which is not there")
    return faults


def _ids(page: HtmlElement) -> list[str]:
    ids = Counter(_ids_of(page))
    faults = [f"the id {one} is used more than once" for one, times in sorted(ids.items()) if times > 1]
    for link in page.iter("a"):
        href = link.get("href") or ""
        if href.startswith("#") and href[1:] not in ids:
            faults.append(f"the link {href} leads nowhere")
    return faults


def _ids_of(page: HtmlElement) -> list[str]:
    return [str(found) for found in page.xpath("//@id") if found]


def _forms(page: HtmlElement) -> list[str]:
    faults = []
    for form in page.forms:
        names = [element.get("name") for element in form.iter("input")]
        if (form.get("method") or "get").lower() == "post" and "csrf_token" not in names:
            faults.append(f"the form to {form.get('action')} has no token")
    return faults


def _inline(page: HtmlElement) -> list[str]:
    faults = []
    for element in page.iter("*"):
        if element.tag == "style" or (element.tag == "script" and not element.get("src")):
            faults.append(f"inline {element.tag}")
        faults += [f"{a} on {element.tag}" for a in element.attrib if a == "style" or str(a).startswith("on")]
    return faults


def _images(page: HtmlElement) -> list[str]:
    return [f"no alternative text for {image.get('src')}" for image in page.iter("img") if image.get("alt") is None]
