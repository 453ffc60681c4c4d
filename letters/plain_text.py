"""Plain text in and out: what a person typed becomes paragraphs and lists, and a letter set as HTML becomes plain text.

A blank line starts a paragraph; lines that start with "- " are a list. There is no other markup, and nothing is ever
parsed as Typst or HTML.
"""

from __future__ import annotations

import unicodedata
from html.parser import HTMLParser
from typing import TypeAlias

Block: TypeAlias = dict[str, list[str] | list[list[str]]]  # {"paragraph": [line, ...]} or {"list": [[line, ...], ...]}

_BULLETS = ("- ", "• ", "* ")


def tidy(text: str) -> str:
    """Return text in composed Unicode, with plain line ends and without what a browser or an editor leaves behind."""
    text = unicodedata.normalize("NFC", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n\n")
    return text.replace("\t", " ").replace("\ufeff", "").strip()


def blocks_of(text: str) -> list[Block]:
    """Return the paragraphs and lists of plain text, in order."""
    blocks: list[Block] = []
    paragraph: list[str] = []
    items: list[list[str]] = []

    def close() -> None:
        if paragraph:
            blocks.append({"paragraph": list(paragraph)})
        if items:
            blocks.append({"list": list(items)})
        paragraph.clear()
        items.clear()

    for line in (line.strip() for line in tidy(text).split("\n")):
        if not line:
            close()
        elif line.startswith(_BULLETS):
            if paragraph:
                close()
            items.append([line[2:].strip()])
        elif items:
            items[-1].append(line)  # an item that goes on in the next line
        else:
            paragraph.append(line)
    close()
    return blocks


def text_of_html(html: str) -> str:
    """Return the words of a letter's HTML: a blank line between paragraphs, "- " before the items of a list."""
    reader = _Words()
    reader.feed(html)
    reader.close()
    return reader.text()


class _Words(HTMLParser):
    """Collects paragraphs; an item of a list is a paragraph that begins with "- " or its number."""

    _BREAKS = frozenset(("p", "h1", "h2", "h3", "h4", "ul", "ol", "div", "table", "tr", "body"))

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._paragraphs: list[str] = [""]
        self._is_item: list[bool] = [False]
        self._counts: list[int | None] = []
        self._skipping = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("head", "style", "script"):
            self._skipping = True
        elif tag == "br":
            self._paragraphs[-1] += "\n"
        elif tag == "li":
            self._break(is_item=True)
            self._paragraphs[-1] = self._mark()
        elif tag in self._BREAKS and not self._at_start_of_item():
            self._break(is_item=False)
        if tag in ("ul", "ol"):
            self._counts.append(0 if tag == "ol" else None)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("head", "style", "script"):
            self._skipping = False
        if tag in ("ul", "ol") and self._counts:
            self._counts.pop()
        if tag in self._BREAKS or tag == "li":
            self._break(is_item=False)

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self._paragraphs[-1] += " ".join(data.split("\n"))

    def text(self) -> str:
        """Return what was collected."""
        whole = ""
        previous_was_item = False
        for paragraph, is_item in zip(self._paragraphs, self._is_item, strict=True):
            words = "\n".join(" ".join(line.split()) for line in paragraph.split("\n")).strip()
            if not words:
                continue
            gap = "" if not whole else "\n" if is_item and previous_was_item else "\n\n"
            whole += gap + words
            previous_was_item = is_item
        return whole + "\n"

    def _mark(self) -> str:
        if self._counts and self._counts[-1] is not None:
            self._counts[-1] += 1
            return f"{self._counts[-1]}. "
        return "- "

    def _at_start_of_item(self) -> bool:
        return self._is_item[-1] and self._paragraphs[-1].strip(" .0123456789-") == ""

    def _break(self, *, is_item: bool) -> None:
        self._paragraphs.append("")
        self._is_item.append(is_item)
