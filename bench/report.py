"""Figures, and how they are written down: one table and one plot, each figure beside what it is compared with."""

from __future__ import annotations

import math
import os
import platform
import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape

RESULTS = Path(__file__).with_name("RESULTS.md")
PLOT = Path(__file__).with_name("ratios.svg")
_PART = re.compile(r"<!-- figures -->.*<!-- end of figures -->\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement in seconds, beside another of the same run. `aim` is the most that their ratio should be."""

    work: str
    ours: Sequence[float]
    beside: str
    theirs: Sequence[float]
    aim: float | None = None

    @property
    def ratio(self) -> float:
        """Our median in units of theirs."""
        return statistics.median(self.ours) / statistics.median(self.theirs)

    @property
    def verdict(self) -> str:
        """Whether the aim is met."""
        return "" if self.aim is None else "met" if self.ratio <= self.aim else "MISSED"


@dataclass(frozen=True, slots=True)
class Fact:
    """One number that is compared with an aim alone: statements, bytes, seconds of a start."""

    work: str
    value: float
    unit: str
    aim: float | None = None

    @property
    def verdict(self) -> str:
        """Whether the aim is met."""
        return "" if self.aim is None else "met" if self.value <= self.aim else "MISSED"


def write(figures: Sequence[Figure], facts: Sequence[Fact], *, on: date) -> None:
    """Write the table and the plot; what others wrote into the file stays."""
    text = "\n".join(
        [
            "<!-- figures -->",
            f"Measured on {on.day} {on:%B %Y} in one run: {platform.machine()}, {os.cpu_count()} cores, Python "
            f"{platform.python_version()}. Times are medians in milliseconds, with the middle half in brackets. "
            "A ratio under 1 means that we are faster than what we are beside.",
            "",
            "| work | ours | beside | theirs | ratio | aim | |",
            "|---|---|---|---|---|---|---|",
            *(_row(figure) for figure in figures),
            "",
            "| what | value | aim | |",
            "|---|---|---|---|",
            *(_line(fact) for fact in facts),
            "",
            "![The ratios as bars](ratios.svg)",
            "<!-- end of figures -->",
            "",
        ]
    )
    before = (
        RESULTS.read_text()
        if RESULTS.exists()
        else "# What was measured\n\n<!-- figures -->\n<!-- end of figures -->\n"
    )
    if not _PART.search(before):
        before = before.rstrip() + "\n\n<!-- figures -->\n<!-- end of figures -->\n"
    RESULTS.write_text(_PART.sub(lambda _: text, before))
    PLOT.write_text(_bars(figures))


def spread(seconds: Sequence[float]) -> str:
    """Return the median in milliseconds with the middle half."""
    low, middle, high = statistics.quantiles([second * 1000 for second in seconds], n=4)
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def told(figures: Iterable[Figure], facts: Iterable[Fact]) -> str:
    """Return the same for a terminal."""
    lines = [
        f"  {figure.work:<52} {spread(figure.ours):>26} ms = {figure.ratio:6.2f} x {figure.beside} {figure.verdict}"
        for figure in figures
    ]
    lines += [f"  {fact.work:<52} {fact.value:>14,.1f} {fact.unit} {fact.verdict}" for fact in facts]
    return "\n".join(lines)


def _row(figure: Figure) -> str:
    aim = "" if figure.aim is None else f"{figure.aim:g}"
    return (
        f"| {figure.work} | {spread(figure.ours)} | {figure.beside} | {spread(figure.theirs)} "
        f"| {figure.ratio:.2f} | {aim} | {figure.verdict} |"
    )


def _line(fact: Fact) -> str:
    aim = "" if fact.aim is None else f"{fact.aim:g} {fact.unit}"
    return f"| {fact.work} | {fact.value:,.1f} {fact.unit} | {aim} | {fact.verdict} |"


def _bars(figures: Sequence[Figure]) -> str:
    """Return the ratios as an SVG picture of bars on a logarithmic scale; the line is 1."""
    left, wide, tall = 460, 380, 22
    middle, high = left + wide / 2, 40 + len(figures) * tall
    parts = []
    for number, figure in enumerate(figures):
        top = 30 + number * tall
        length = max(-1.0, min(1.0, math.log10(figure.ratio) / 2)) * wide / 2
        colour = {"met": "#00703c", "MISSED": "#d4351c"}.get(figure.verdict, "#1d70b8")
        said = escape(f"{figure.work} / {figure.beside}")
        size = f'width="{abs(length):.1f}" height="{tall - 6}"'
        parts += [
            f'<text x="{left - 8}" y="{top + 13}" text-anchor="end">{said}</text>',
            f'<rect x="{middle + min(0, length):.1f}" y="{top}" {size} fill="{colour}"/>',
            f'<text x="{left + wide + 8}" y="{top + 13}">{figure.ratio:.2f}</text>',
        ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + wide + 70}" height="{high}"',
            ' font-family="sans-serif" font-size="11">',
            "<title>Our time in units of what it is beside; the line is 1</title>",
            '<rect width="100%" height="100%" fill="#fff"/>',
            f'<line x1="{middle}" y1="20" x2="{middle}" y2="{high - 8}" stroke="#0b0c0c"/>',
            *parts,
            "</svg>",
            "",
        ]
    )
