"""What random processes are made of: a tree of blocks, and the few expressions and variables that they use.

A process is a tree and not a graph, so that the token game can play it without any notion of flows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Value:
    """The value of a variable, or a number more than it."""

    name: str
    plus: int | None = None

    @property
    def feel(self) -> str:
        return f"={self.name}" if self.plus is None else f"={self.name} + {self.plus}"

    def of(self, names: Mapping[str, object]) -> object:
        value = names[self.name]
        if self.plus is None:
            return value
        assert isinstance(value, int | Decimal)
        return value + self.plus


COMPLETED = {
    "user", "later", "log", "risky", "plain", "manual", "send", "script", "rule", "receive", "subprocess", "call",
    "catch", "throw", "last",
}  # fmt: skip
Mappings = tuple[tuple[str, Value], ...]


@dataclass(frozen=True)
class Catch:
    """Something waited for: kind timer, message, signal, error or escalation.

    `name` is a message's or signal's name, or a code (empty stands for every code). `how` is for timers: duration,
    date or cycle; `minutes` their length, or the time from the beginning of the walk. `by_n` makes the length or the
    correlation key depend on `n`.
    """

    id: str
    kind: str
    name: str = ""
    how: str = ""
    minutes: int = 0
    by_n: bool = False
    interrupting: bool = True
    is_task: bool = False
    outputs: Mappings = ()


@dataclass(frozen=True)
class Many:
    """The marker of a multi-instance activity; `until` is (how many completed, or `n` above what).

    `by` says how many there are: list, number, or variable (as many as `n`).
    """

    count: int
    sequential: bool
    until: tuple[int, int] | None = None
    by: str = "list"


@dataclass(frozen=True)
class Again:
    """The marker of a standard loop: at most so many laps, and only while `n` is below something."""

    most: int
    below: int | None = None
    before: bool = False


@dataclass(frozen=True)
class Block:
    """One block. `limit` is what `n` is compared with; `ways` are branches, handlers or the body, by kind.

    `name` is what is thrown, called, sent or set. A choice named "always" has a flow without a condition beside the
    others, one named "no default" that and no default flow.
    """

    kind: str
    id: str = ""
    ways: tuple[Block, ...] = ()
    limit: int = 0
    limits: tuple[int, ...] = ()
    catches: tuple[Catch, ...] = ()
    inputs: Mappings = ()
    outputs: Mappings = ()
    many: Many | Again | None = None
    starts: tuple[Catch, ...] = ()
    """For a process: how it begins."""
    name: str = ""
    passes: tuple[bool, bool] = field(default=(True, True))
    """For a call: whether everything goes in, and whether everything comes back."""


def inside(block: Block) -> Iterator[Block]:
    """Yield a block and all below it."""
    yield block
    for way in block.ways:
        yield from inside(way)


def passed_ids(block: Block) -> set[str]:
    """Return the ids of everything that a token completes and that is in the tree: activities and events."""
    found: set[str] = set()
    for each in inside(block):
        found |= {catch.id for catch in each.catches}
        if each.kind in COMPLETED:
            found.add(each.id)
    return found


def size(part: object) -> int:
    """Return how large a tree is, every field counted."""
    if is_dataclass(part):
        return 1 + sum(size(getattr(part, item.name)) for item in fields(part))
    return sum(map(size, part)) if isinstance(part, tuple) else 0


def apart(catches: list[Catch]) -> tuple[Catch, ...]:
    """Return the catches without those that another before them could be mistaken for: of one name or code."""
    seen: set[tuple[str, str]] = set()
    found: list[Catch] = []
    for catch in catches:
        if catch.kind == "timer" or (catch.kind, catch.name) not in seen:
            found.append(catch)
        seen.add((catch.kind, catch.name))
    return tuple(found)
