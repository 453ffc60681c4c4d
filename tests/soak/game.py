"""A token game for block-structured processes, written from BPMN 2.0 (chapter 13) and not from our engine.

The game plays the tree of blocks itself: no diagram, no flows, no engine. Here is what tokens do in common: regions
that are cancelled as one, variables, waits, and the order of moves. `tests.soak.rules` says what each kind of block
does.

The standard leaves open which of several tokens moves first. `order` decides it, so that a step whose outcome depends
on it can be told from one that does not. Variables are as Camunda 8 has them: one set for a process, private ones for
inputs and for each instance of a multi-instance activity, a copy for a called process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from tests.soak.blocks import Block, Mappings

Then = Callable[[], None]
Values = Mapping[str, object]
Order = Callable[[int], int]
"""Says which of so many comes first."""
T = TypeVar("T")
MOST_MOVES = 2000


class Unhandled(Exception):
    """An error that nothing catches."""


class Endless(Exception):
    """A loop without a wait."""


class Region:
    """What is cancelled together. `catchers` fire for an error or escalation that comes from inside, by its code."""

    def __init__(self, outer: Region | None) -> None:
        self.outer = outer
        self.is_live = True
        self.catchers: dict[tuple[str, str], Callable[[Values], None]] = {}

    @property
    def alive(self) -> bool:
        return self.is_live and (self.outer is None or self.outer.alive)


class Env:
    """Variables: a process's own, or private ones inside those around them.

    `is_item` marks those of one instance of a multi-instance activity: nothing is written past them.
    """

    def __init__(self, outer: Env | None, data: dict[str, object], *, is_item: bool = False) -> None:
        self.outer, self.data, self.is_item = outer, data, is_item
        self.is_entered = not is_item
        """Whether the activity that the instance is of has been entered: its inputs stand beside the item."""

    def all(self) -> dict[str, object]:
        return {**(self.outer.all() if self.outer else {}), **self.data}

    @property
    def n(self) -> int:
        value = self.all()["n"]
        assert value is not None
        return value  # type: ignore[return-value]

    def write(self, values: Values) -> None:
        """Assign each value in the nearest scope that has its name, else in the outermost that it may reach."""
        for name, value in values.items():
            env = self
            while name not in env.data and env.outer is not None and not env.is_item:
                env = env.outer
            env.data[name] = value


@dataclass
class Scope:
    """A process or sub-process that runs: how many tokens it has, and what follows when there are none."""

    then: Then
    tokens: int = 1
    terminate: Then = field(default=lambda: None)

    def done(self) -> None:
        self.tokens -= 1
        if self.tokens == 0:
            self.then()


@dataclass(eq=False)
class Wait:
    """A token, or an armed event, that waits for something from outside. `env` is what can be read there."""

    id: str
    kind: str
    region: Region
    env: Env
    fire: Callable[[Values], None]
    name: str = ""
    key: str = ""
    due: datetime | None = None
    stays: bool = False

    @property
    def seen(self) -> tuple[object, ...]:
        return (self.id, self.kind, self.name, self.key, self.due, frozen(self.env.all()))


def frozen(value: object) -> object:
    """Return a value that can be counted: a number is a number, whatever its type."""
    if isinstance(value, Mapping):
        return tuple(sorted((name, frozen(item)) for name, item in value.items()))
    if isinstance(value, list | tuple):
        return tuple(map(frozen, value))
    return int(value) if isinstance(value, Decimal) and value == value.to_integral_value() else value


class Tokens:
    """One instance: its waits, its trace, and the moves that are to be made."""

    def __init__(self, variables: Values, begun_at: datetime, now: datetime, order: Order) -> None:
        self.begun_at, self.now = begun_at, now
        self.env = Env(None, dict(variables))
        self.waits: list[Wait] = []
        self.trace: list[str] = []
        self.thrown: list[tuple[str, Values]] = []
        self.sent: list[tuple[str, object, Values]] = []
        self.ended = False
        self._order = order
        self._ready: list[tuple[Region, Then]] = []

    # What may happen

    def act(self, wait: Wait, values: Values) -> None:
        """Let one wait have what it waits for."""
        self.fire(wait, values)
        self.drain()

    def tick(self, now: datetime) -> None:
        """Let the time come that some timers wait for; the earliest fires first."""
        self.now = now
        due = self.any_order([wait for wait in self.live("timer") if wait.due and wait.due <= now])
        for wait in sorted(due, key=lambda wait: wait.due or now):
            self.fire(wait, {})
        self.drain()

    def signal(self, name: str, values: Values) -> None:
        """Let a signal come."""
        self.catch_signal(name, values)
        self.drain()

    def fail(self, wait: Wait, code: str, values: Values) -> None:
        """Let a job end in an error."""
        self.waits.remove(wait)
        self.rise("error", code, wait.region, values)
        self.drain()

    def live(self, *kinds: str) -> list[Wait]:
        """Return the waits of these kinds that nothing has ended."""
        self.waits = [wait for wait in self.waits if wait.region.alive]
        return [wait for wait in self.waits if wait.kind in kinds]

    # How it moves

    def soon(self, region: Region, move: Then) -> None:
        """Let a token move when its turn comes, unless it was cancelled before."""
        self._ready.append((region, move))

    def drain(self) -> None:
        """Let all tokens move until none can.

        Raises: Endless.
        """
        for _ in range(MOST_MOVES):
            if not self._ready:
                return
            region, move = self._ready.pop(self._order(len(self._ready)))
            if region.alive:
                move()
        raise Endless

    def any_order(self, items: list[T]) -> list[T]:
        left = list(items)
        return [left.pop(self._order(len(left))) for _ in items]

    def fire(self, wait: Wait, values: Values) -> None:
        if wait in self.waits and wait.region.alive:
            if not wait.stays:
                self.waits.remove(wait)
            wait.fire(values)

    def throw_signal(self, name: str, values: Values) -> None:
        self.thrown.append((name, values))
        self.catch_signal(name, values)

    def catch_signal(self, name: str, values: Values) -> None:
        for wait in self.any_order([wait for wait in self.live("signal") if wait.name == name]):
            self.fire(wait, values)

    def rise(self, kind: str, code: str, region: Region, values: Values) -> None:
        """Let an error or escalation rise to what catches it: one for this very code before one for all.

        Raises: Unhandled for an error. Source: BPMN 2.0, 10.5.7; an escalation that nobody catches is no fault.
        """
        current: Region | None = region
        while current is not None:
            catcher = current.catchers.get((kind, code)) or current.catchers.get((kind, ""))
            if catcher is not None:
                catcher(values)
                return
            current = current.outer
        if kind == "error":
            raise Unhandled(code)

    # Variables of an activity

    def own(self, block: Block, env: Env) -> Env:
        """Return the activity's private variables: its inputs."""
        own = Env(env, {}) if env.is_entered else env
        own.is_entered = True
        for target, value in block.inputs:
            own.data[target] = value.of(own.all())
        return own

    def leave(self, outputs: Mappings, own: Env, env: Env, result: Values, *, all_of_it: bool = True) -> None:
        """Let results out: only the outputs where there are any, else everything but the names of inputs."""
        new: dict[str, object] = {}
        if outputs:
            for target, value in outputs:
                new[target] = value.of({**own.all(), **result, **new})
        else:
            new = {name: value for name, value in result.items() if name not in own.data} if all_of_it else {}
            own.data.update({name: value for name, value in result.items() if name in own.data})
        if own is env:
            own.data.update(new)
        else:
            env.write(new)
