"""Makes a failing process smaller while it goes on failing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from time import monotonic

from engine.spiff import DiagramError
from tests.soak.blocks import Block, size
from tests.soak.instance import Disagreement
from tests.soak.play import play

WALKS = 12
"""How many walks a smaller process has to fail in: its walks are others than those of the whole."""


def fails(seed: int, processes: tuple[Block, ...]) -> str:
    """Return how the processes fail; empty when they do not."""
    try:
        play(seed, processes, walks=WALKS)
    except Disagreement as error:
        return str(error)
    except (DiagramError, AssertionError, LookupError, TypeError, ValueError):
        return ""  # what is left is no process
    return ""


def shrink(seed: int, processes: tuple[Block, ...], *, seconds: float) -> tuple[Block, ...]:
    """Return the smallest processes found that fail; takes about so many seconds."""
    until = monotonic() + seconds
    smaller = True
    while smaller and monotonic() < until:
        smaller = False
        for other in sorted(_less(processes), key=size):
            if monotonic() > until:
                break
            if size(other) < size(processes) and fails(seed, other):
                processes, smaller = other, True
                break
    return processes


def _less(processes: tuple[Block, ...]) -> Iterator[tuple[Block, ...]]:
    if len(processes) > 1:
        yield processes[:1]
    for number, block in enumerate(processes):
        for other in filter(lambda other: other.kind == "process", _smaller(block)):
            yield (*processes[:number], other, *processes[number + 1 :])


def _smaller(block: Block) -> Iterator[Block]:
    """Yield the block with one thing less."""
    if block.kind == "seq":
        for number in range(len(block.ways)):
            yield replace(block, ways=block.ways[:number] + block.ways[number + 1 :])
    else:
        yield from (way for way in block.ways if way.kind in ("seq", "user", "subprocess"))
        first = len(block.ways) - len(block.catches)
        for number in range(len(block.catches) if block.kind != "catch" else 0):
            ways = block.ways[: first + number] + block.ways[first + number + 1 :]
            yield replace(block, ways=ways, catches=block.catches[:number] + block.catches[number + 1 :])
    if block.inputs or block.outputs:
        yield replace(block, inputs=())
        yield replace(block, outputs=())
    if block.many is not None:
        yield replace(block, many=None)
    for number, way in enumerate(block.ways):
        for other in _smaller(way):
            yield replace(block, ways=(*block.ways[:number], other, *block.ways[number + 1 :]))
