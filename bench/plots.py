"""Plots as SVG, drawn with nothing but text: bars of ratios, and lines of times. Every value is written beside."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol
from xml.sax.saxutils import escape

_COLOURS = (
    "#1d70b8",
    "#00703c",
    "#d4351c",
    "#4c2c92",
    "#b58840",
    "#28a197",
    "#912b88",
    "#505a5f",
    "#0b0c0c",
    "#f47738",
)


class Judged(Protocol):
    """A ratio with its verdict."""

    @property
    def ratio(self) -> float:
        """The ratio."""

    @property
    def verdict(self) -> str:
        """Whether the aim is met."""


def bars(ratios: Sequence[tuple[str, Judged]]) -> str:
    """Return named ratios as bars on a logarithmic scale from 1/100 to 100; the line is 1."""
    left, wide, tall = 520, 380, 22
    middle, high = left + wide / 2, 40 + len(ratios) * tall
    parts = [f'<line x1="{middle}" y1="20" x2="{middle}" y2="{high - 8}" stroke="#0b0c0c"/>']
    for number, (name, one) in enumerate(ratios):
        top = 30 + number * tall
        length = max(-1.0, min(1.0, math.log10(one.ratio) / 2)) * wide / 2
        colour = {"met": "#00703c", "MISSED": "#d4351c"}.get(one.verdict, "#1d70b8")
        size = f'width="{abs(length):.1f}" height="{tall - 6}"'
        parts += [
            f'<text x="{left - 8}" y="{top + 13}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{middle + min(0, length):.1f}" y="{top}" {size} fill="{colour}"/>',
            f'<text x="{left + wide + 8}" y="{top + 13}">{one.ratio:.2f} {one.verdict}</text>',
        ]
    return _picture("Our time in units of what it is beside; the line is 1", left + wide + 110, high, parts)


def lines(title: str, curves: Mapping[str, Sequence[tuple[str, float]]]) -> str:
    """Return curves of milliseconds over named points as lines; the scale of times is logarithmic."""
    left, wide, top, tall = 70, 460, 40, 320
    values = [value for points in curves.values() for _, value in points]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)) + 1e-9)
    heads = [at for at, _ in next(iter(curves.values()))]

    def across(number: int) -> float:
        return left + wide * number / max(1, len(heads) - 1)

    def down(value: float) -> float:
        return top + tall * (high - math.log10(value)) / max(1, high - low)

    parts = [f'<text x="{left}" y="22" font-size="14">{escape(title)}, milliseconds</text>']
    for power in range(low, high + 1):
        at = down(10.0**power)
        parts.append(f'<line x1="{left}" y1="{at:.1f}" x2="{left + wide}" y2="{at:.1f}" stroke="#b1b4b6"/>')
        parts.append(f'<text x="{left - 8}" y="{at + 4:.1f}" text-anchor="end">{10.0**power:g}</text>')
    for number, head in enumerate(heads):
        parts.append(f'<text x="{across(number):.1f}" y="{top + tall + 20}" text-anchor="middle">{escape(head)}</text>')
    for number, (name, points) in enumerate(curves.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        places = " ".join(f"{across(place):.1f},{down(value):.1f}" for place, (_, value) in enumerate(points))
        said = escape(f"{name}: {', '.join(f'{value:.1f}' for _, value in points)}")
        beside = top + 8 + number * 18
        parts += [
            f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="2"/>',
            f'<rect x="{left + wide + 20}" y="{beside}" width="12" height="12" fill="{colour}"/>',
            f'<text x="{left + wide + 38}" y="{beside + 10}">{said}</text>',
        ]
    return _picture(title, left + wide + 520, max(top + tall + 40, top + 20 + len(curves) * 18), parts)


def _picture(title: str, wide: float, high: float, parts: Sequence[str]) -> str:
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:g}" height="{high:g}"',
            ' font-family="sans-serif" font-size="11">',
            f"<title>{escape(title)}</title>",
            '<rect width="100%" height="100%" fill="#fff"/>',
            *parts,
            "</svg>",
            "",
        ]
    )
