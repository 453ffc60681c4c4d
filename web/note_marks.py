"""What is found in a note, with the words around it: found words are marked, and everything is escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markupsafe import Markup, escape

from engine.client_terms import folded

_AROUND = 90
_ENDINGS = ("ments", "ment", "ings", "ing", "ies", "ied", "ely", "ed", "es", "ly", "s", "y", "e")
_SHORTEST = 3


def excerpt(text: str, words: Sequence[str]) -> Markup:
    """Return the part of a text around the first word that is found, with all that are found marked."""
    stems = {_stem(word) for word in words}
    found = [match for match in re.finditer(r"[^\W_]+", text) if _stem(folded(match[0])) in stems]
    first = found[0].start() if found else 0
    begin, end = _edges(text, first)
    said, at = Markup("\u2026 ") if begin else Markup(), begin
    for match in found:
        if begin <= match.start() and match.end() <= end:
            said += escape(text[at : match.start()]) + Markup("<mark>{}</mark>").format(match[0])
            at = match.end()
    return said + escape(text[at:end]) + (" \u2026" if end < len(text) else "")


def _edges(text: str, first: int) -> tuple[int, int]:
    """Return where the part begins and ends, between words."""
    begin = max(0, first - _AROUND)
    if begin:
        begin = text.find(" ", begin, first) + 1 or begin
    end = min(len(text), first + 2 * _AROUND)
    if end < len(text):
        end = max(text.rfind(" ", first, end), first + 1) if " " in text[first:end] else end
    return begin, end


def _stem(word: str) -> str:
    """Return a word without its ending, about as databases do: it only says what is marked, not what is found."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST:
            return word.removesuffix(ending)
    return word
