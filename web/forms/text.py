"""The text components of a form: a little Markdown and FEEL in double braces, as HTML with everything escaped.

Headings, paragraphs, lists and bold are what a form's author gets; no links, images or HTML of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from markupsafe import Markup, escape

from web.words import in_words

_BRACES = re.compile(r"\{\{(.+?)\}\}", re.DOTALL)
_HEADING = re.compile(r"(#{1,6})\s+(.+)")
_ITEM = re.compile(r"[-*]\s+(.+)")


def to_html(text: str, evaluate: Callable[[str], object]) -> Markup:
    """Return a text component as HTML. A text that begins with "=" is one expression."""
    if text.startswith("="):
        text = in_words(evaluate(text[1:].strip()))
    else:
        text = _BRACES.sub(lambda found: in_words(evaluate(found[1].strip().removeprefix("="))), text)
    paragraphs = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    return Markup("\n").join(_paragraph(paragraph.strip().split("\n")) for paragraph in paragraphs if paragraph.strip())


def _paragraph(lines: list[str]) -> Markup:
    heading = _HEADING.fullmatch(lines[0])
    if heading is not None:
        first = Markup('<h2 class="govuk-heading-{}">{}</h2>').format(
            "m" if len(heading[1]) < 3 else "s", _bold(heading[2])
        )
        return first + (Markup("\n") + _paragraph(lines[1:]) if lines[1:] else Markup(""))
    items = [_ITEM.fullmatch(line.strip()) for line in lines]
    if all(items):
        entries = Markup("").join(Markup("<li>{}</li>").format(_bold(item[1])) for item in items if item)
        return Markup('<ul class="govuk-list govuk-list--bullet">{}</ul>').format(entries)
    return Markup('<p class="govuk-body">{}</p>').format(Markup("<br>").join(_bold(line) for line in lines))


def _bold(text: str) -> Markup:
    parts = re.split(r"\*\*(.+?)\*\*", text)
    return Markup("").join(
        Markup("<strong>{}</strong>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )
