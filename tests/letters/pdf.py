"""Reads a PDF back: where its words stand, in millimetres from the left and top edge, and what is in it."""

from __future__ import annotations

import io
from dataclasses import dataclass

import pdfplumber

MM = 72 / 25.4


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its box; `page` counts from 1."""

    text: str
    page: int
    left: float
    top: float
    right: float
    bottom: float


def words_of(pdf: bytes) -> list[Word]:
    """Return every word of a PDF."""
    with pdfplumber.open(io.BytesIO(pdf)) as document:
        return [
            Word(word["text"], page.page_number, *(word[side] / MM for side in ("x0", "top", "x1", "bottom")))
            for page in document.pages
            for word in page.extract_words()
        ]


def fonts_of(pdf: bytes) -> set[str]:
    """Return the names of the fonts with which the text is set, without the tag of a subset."""
    with pdfplumber.open(io.BytesIO(pdf)) as document:
        return {char["fontname"].split("+")[-1] for page in document.pages for char in page.chars}


def metadata_of(pdf: bytes) -> dict[str, str]:
    """Return the document's own metadata."""
    with pdfplumber.open(io.BytesIO(pdf)) as document:
        return {key: str(value) for key, value in document.metadata.items()}
