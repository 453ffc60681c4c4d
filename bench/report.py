"""Figures, and how they are written down: tables, and the plots of the same figures (`bench.plots`)."""

from __future__ import annotations

import os
import platform
import random
import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from bench.plots import bars, lines

RESULTS = Path(__file__).with_name("RESULTS.md")
_PART = re.compile(r"<!-- figures -->.*<!-- end of figures -->\n", re.DOTALL)
_EMPTY = "<!-- figures -->\n<!-- end of figures -->\n"
_RESAMPLED = 200


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
    def ratio_spread(self) -> tuple[float, float]:
        """Between which ratios nine of ten lie when the same measurements are drawn again and again."""
        chance = random.Random(0)

        def drawn(taken: Sequence[float]) -> float:
            return statistics.median(chance.choices(taken, k=len(taken)))

        ratios = sorted(drawn(self.ours) / drawn(self.theirs) for _ in range(_RESAMPLED))
        return ratios[_RESAMPLED // 20], ratios[-_RESAMPLED // 20]

    @property
    def verdict(self) -> str:
        """Whether the aim is met."""
        return "" if self.aim is None else "met" if self.ratio <= self.aim else "MISSED"


@dataclass(frozen=True, slots=True)
class Fact:
    """One number that is compared with an aim alone: statements, bytes, a rate. It should be at most `aim`."""

    work: str
    value: float
    unit: str
    aim: float | None = None
    at_least: float | None = None

    @property
    def wanted(self) -> str:
        """The aim in words."""
        if self.at_least is not None:
            return f"{self.at_least:g} {self.unit} or more"
        return "" if self.aim is None else f"{self.aim:g} {self.unit}"

    @property
    def verdict(self) -> str:
        """Whether the aim is met."""
        if self.aim is None and self.at_least is None:
            return ""
        is_met = (self.aim is None or self.value <= self.aim) and self.value >= (self.at_least or 0)
        return "met" if is_met else "MISSED"


@dataclass(frozen=True, slots=True)
class Curve:
    """How one kind of work takes longer or not as something grows: the measurements in seconds at each point."""

    plot: str
    work: str
    points: Sequence[tuple[str, Sequence[float]]]


@dataclass(frozen=True, slots=True)
class Measured:
    """What a part has found."""

    figures: Sequence[Figure] = ()
    facts: Sequence[Fact] = ()
    curves: Sequence[Curve] = ()


@dataclass(slots=True)
class Run:
    """What a whole run has found so far; `parts` are each part's name, seconds and how it ended."""

    figures: list[Figure] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    parts: list[tuple[str, float, str]] = field(default_factory=list)

    def add(self, name: str, seconds: float, found: Measured | str) -> None:
        """Take what a part has found, or why it failed."""
        self.parts.append((name, seconds, found if isinstance(found, str) else "done"))
        if isinstance(found, Measured):
            self.figures += found.figures
            self.facts += found.facts
            self.curves += found.curves


def write(run: Run, *, on: date, to: Path = RESULTS) -> None:
    """Write the tables and the plots; what others wrote into the file stays."""
    by_plot: dict[str, list[Curve]] = {}
    for curve in run.curves:
        by_plot.setdefault(curve.plot, []).append(curve)
    text = "\n".join(
        [
            "<!-- figures -->",
            f"Measured by `make bench` on {on.day} {on:%B %Y}: {platform.machine()}, {os.cpu_count()} cores, Python "
            f"{platform.python_version()}. Times are medians in milliseconds, with the middle half in brackets. "
            "A ratio compares two medians of one run of one part; nine of ten ratios drawn again from the same "
            "measurements lie between those in brackets. Under 1, we are faster than what we are beside.",
            "",
            "| work | ours | beside | theirs | ratio | aim | |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *map(_row, run.figures),
            "",
            "![The ratios as bars](ratios.svg)",
            "",
            "| what | value | aim | |",
            "| --- | --- | --- | --- |",
            *map(_line, run.facts),
            "",
            *(line for plot, curves in by_plot.items() for line in _section(plot, curves)),
            "| part | seconds | |",
            "| --- | --- | --- |",
            *(f"| {name} | {seconds:,.0f} | {ended} |" for name, seconds, ended in run.parts),
            "<!-- end of figures -->",
            "",
        ]
    )
    before = to.read_text() if to.exists() else "# Results\n"
    if not _PART.search(before):
        before = f"{before.rstrip()}\n\n{_EMPTY}"
    to.write_text(_PART.sub(lambda _: text, before))
    to.with_name("ratios.svg").write_text(bars([(f"{one.work} / {one.beside}", one) for one in run.figures]))
    for plot, curves in by_plot.items():
        medians = {curve.work: [(at, _median(taken)) for at, taken in curve.points] for curve in curves}
        to.with_name(f"{_file(plot)}.svg").write_text(lines(plot, medians))


def spread(seconds: Sequence[float]) -> str:
    """Return the median in milliseconds with the middle half."""
    low, middle, high = statistics.quantiles([second * 1000 for second in seconds], n=4)
    digits = 2 if middle >= 0.1 else 4
    return f"{middle:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"


def told(found: Measured) -> str:
    """Return the same for a terminal."""
    rows = [
        f"  {figure.work:<56} {spread(figure.ours):>26} ms = {figure.ratio:6.2f} x {figure.beside} {figure.verdict}"
        for figure in found.figures
    ]
    rows += [f"  {fact.work:<56} {fact.value:>14,.1f} {fact.unit} {fact.verdict}" for fact in found.facts]
    for curve in found.curves:
        rows.append(
            f"  {curve.plot}, {curve.work}: " + ", ".join(f"{at} {_median(taken):.2f} ms" for at, taken in curve.points)
        )
    return "\n".join(rows)


def _row(figure: Figure) -> str:
    aim = "" if figure.aim is None else f"{figure.aim:g}"
    low, high = figure.ratio_spread
    return (
        f"| {figure.work} | {spread(figure.ours)} | {figure.beside} | {spread(figure.theirs)} "
        f"| {figure.ratio:.2f} ({low:.2f} to {high:.2f}) | {aim} | {figure.verdict} |"
    )


def _line(fact: Fact) -> str:
    return f"| {fact.work} | {fact.value:,.1f} {fact.unit} | {fact.wanted} | {fact.verdict} |"


def _section(plot: str, curves: Iterable[Curve]) -> list[str]:
    rows = list(curves)
    heads = [at for at, _ in rows[0].points]
    return [
        f"![{plot}]({_file(plot)}.svg)",
        "",
        f"| {plot}, milliseconds | {' | '.join(heads)} |",
        f"| --- |{' --- |' * len(heads)}",
        *(f"| {curve.work} | {' | '.join(spread(taken) for _, taken in curve.points)} |" for curve in rows),
        "",
    ]


def _median(seconds: Sequence[float]) -> float:
    return statistics.median(seconds) * 1000


def _file(plot: str) -> str:
    return re.sub(r"\W+", "_", plot.lower())
