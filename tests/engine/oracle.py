"""A token game for block-structured processes, written from BPMN 2.0 (chapter 13) and not from our engine.

A process is a tree of blocks. The game plays the tree itself: no diagram, no flows, no engine. `tests.engine.blocks`
draws the same tree as BPMN. Variables are as `dialect.md` says: one set for a process, a private one for each
instance of a multi-instance activity, a copy for a called process.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

Then = Callable[[], None]


@dataclass(frozen=True)
class Catch:
    """Something waited for: kind timer, message, signal, error or escalation; `minutes` for a timer."""

    id: str
    kind: str
    minutes: int = 0
    interrupting: bool = True


@dataclass(frozen=True)
class Block:
    """One block. `limit` is what `n` is compared with; `ways` are branches, handlers or the body, by kind."""

    kind: str
    id: str = ""
    ways: tuple[Block, ...] = ()
    limit: int = 0
    limits: tuple[int, ...] = ()
    catches: tuple[Catch, ...] = ()
    sequential: bool = False


class Unhandled(Exception):
    """An error that nothing catches."""


class Region:
    """What is cancelled together. `catchers` fire for an error or escalation that comes from inside."""

    def __init__(self, outer: Region | None) -> None:
        self.outer = outer
        self.is_live = True
        self.catchers: dict[str, Callable[[], None]] = {}

    @property
    def alive(self) -> bool:
        return self.is_live and (self.outer is None or self.outer.alive)


class Env:
    """Variables: an instance's private ones with those around it, or a process's own."""

    def __init__(self, outer: Env | None, data: dict[str, object]) -> None:
        self.outer, self.data = outer, data

    def all(self) -> dict[str, object]:
        return {**(self.outer.all() if self.outer else {}), **self.data}

    @property
    def n(self) -> int:
        value = self.all()["n"]
        assert isinstance(value, int)
        return value


@dataclass
class Scope:
    """A process or sub-process that runs: how many tokens it has, and what follows when there are none."""

    region: Region
    then: Then
    tokens: int = 1
    terminate: Then = field(default=lambda: None)

    def done(self) -> None:
        self.tokens -= 1
        if self.tokens == 0:
            self.then()


@dataclass(eq=False)
class Wait:
    """A token, or an armed event, that waits for something from outside."""

    id: str
    kind: str
    region: Region
    env: Env
    fire: Callable[[Mapping[str, object]], None]
    due: datetime | None = None
    stays: bool = False

    @property
    def key(self) -> tuple[object, ...]:
        items = sorted((name, value) for name, value in self.env.all().items() if name.startswith("it"))
        return (self.id, self.kind, self.due, str(items))


class Game:
    """One instance."""

    def __init__(self, body: Block, variables: Mapping[str, object], now: datetime) -> None:
        self.now = now
        self.env = Env(None, dict(variables))
        self.waits: list[Wait] = []
        self.trace: list[str] = []
        self.ended = False
        self._ready: deque[tuple[Region, Then]] = deque()
        self._sub(body, Region(None), self.env, self._finish)
        self._drain()

    # What may happen

    def act(self, wait: Wait, values: Mapping[str, object]) -> None:
        """Let one wait have what it waits for."""
        self._fire(wait, values)
        self._drain()

    def tick(self, due: datetime) -> None:
        """Let the time come that some timers wait for."""
        self.now = due
        for wait in [wait for wait in self.live("timer") if wait.due == due]:
            self._fire(wait, {})
        self._drain()

    def signal(self, values: Mapping[str, object]) -> None:
        self._throw_signal(values)
        self._drain()

    def fail(self, wait: Wait) -> None:
        """Let a job end in an error."""
        self._raise("error", wait.region)
        self._drain()

    def live(self, *kinds: str) -> list[Wait]:
        self.waits = [wait for wait in self.waits if wait.region.alive]
        return [wait for wait in self.waits if wait.kind in kinds]

    # How it moves

    def _finish(self) -> None:
        self.ended = True

    def _drain(self) -> None:
        while self._ready:
            region, move = self._ready.popleft()
            if region.alive:
                move()

    def _fire(self, wait: Wait, values: Mapping[str, object]) -> None:
        if wait in self.waits and wait.region.alive:
            if not wait.stays:
                self.waits.remove(wait)
            wait.fire(values)

    def _throw_signal(self, values: Mapping[str, object]) -> None:
        for wait in self.live("signal"):
            self._fire(wait, values)

    def _raise(self, kind: str, region: Region) -> bool:
        current: Region | None = region
        while current is not None:
            if kind in current.catchers:
                current.catchers[kind]()
                return True
            current = current.outer
        if kind == "error":
            raise Unhandled
        return False

    def _soon(self, region: Region, move: Then) -> None:
        self._ready.append((region, move))

    def _wait(self, catch: Catch, region: Region, env: Env, fire: Callable[[], None], *, stays: bool = False) -> None:
        if catch.kind in ("error", "escalation"):
            return
        due = self.now + timedelta(minutes=catch.minutes) if catch.kind == "timer" else None

        def fired(values: Mapping[str, object]) -> None:
            env.data.update(values)
            fire()

        self.waits.append(Wait(catch.id, catch.kind, region, env, fired, due, stays and catch.kind != "timer"))

    # Blocks

    def run(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        getattr(self, "_" + block.kind)(block, scope, region, env, then)

    def _task(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        here = Region(region)

        def fired(values: Mapping[str, object]) -> None:
            env.data.update(values)
            self._soon(region, then)

        self.waits.append(Wait(block.id, "task" if block.kind == "task" else "job", here, env, fired))

    _job = _task

    def _log(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        self.trace.append(block.id)
        then()

    def _seq(self, block: Block, scope: Scope, region: Region, env: Env, then: Then, at: int = 0) -> None:
        if at == len(block.ways):
            then()
        else:
            self.run(block.ways[at], scope, region, env, lambda: self._seq(block, scope, region, env, then, at + 1))

    def _xor(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        self.run(block.ways[0 if env.n > block.limit else 1], scope, region, env, then)

    def _par(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        self._fork(block.ways, scope, region, env, then)

    def _inc(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        chosen = tuple(way for way, limit in zip(block.ways, block.limits, strict=False) if env.n > limit)
        self._fork(chosen or block.ways[-1:], scope, region, env, then)

    def _fork(self, ways: tuple[Block, ...], scope: Scope, region: Region, env: Env, then: Then) -> None:
        left = [len(ways)]

        def arrived() -> None:
            left[0] -= 1
            if not left[0]:
                then()

        for way in ways:
            self.run(way, scope, region, env, arrived)

    def _loop(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        def lap() -> None:
            if env.n > block.limit:
                then()
            else:
                self.run(block, scope, region, env, then)

        self.run(block.ways[0], scope, region, env, lap)

    def _events(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        race = Region(region)

        def wins(way: Block) -> None:
            race.is_live = False
            self._soon(region, lambda: self.run(way, scope, region, env, then))

        for catch, way in zip(block.catches, block.ways, strict=True):
            self._wait(catch, race, env, lambda way=way: wins(way))  # type: ignore[misc]

    def _attached(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        inside, armed = Region(region), Region(region)

        def happens(catch: Catch, way: Block) -> None:
            if catch.interrupting:
                inside.is_live = armed.is_live = False
                self._soon(region, lambda: self.run(way, scope, region, env, then))
            else:
                scope.tokens += 1
                self._soon(region, lambda: self.run(way, scope, region, env, scope.done))

        def over() -> None:
            armed.is_live = False
            then()

        for catch, way in zip(block.catches, block.ways[1:], strict=True):
            fire = lambda catch=catch, way=way: happens(catch, way)  # noqa: E731
            inside.catchers[catch.kind] = fire
            self._wait(catch, armed, env, fire, stays=not catch.interrupting)
        self.run(block.ways[0], scope, inside, env, over)

    def _subprocess(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        self._sub(block, region, env, then)

    def _sub(self, block: Block, region: Region, env: Env, then: Then) -> None:
        whole = Region(region)
        running, armed = Region(whole), Region(whole)
        inside = Region(running)

        def over() -> None:
            whole.is_live = False
            then()

        outer = Scope(whole, over)
        beside: list[Region] = []

        def body_over() -> None:
            armed.is_live = inside.is_live = False
            for other in beside:
                other.catchers.clear()
            outer.done()

        def happens(catch: Catch, way: Block) -> None:
            if catch.interrupting:
                running.is_live = armed.is_live = False
                outer.tokens = 1
                self._soon(whole, lambda: self._scope(way, whole, env, outer.done))
            else:
                outer.tokens += 1
                handler = Region(running)
                # What leaves it can be caught by the other event sub-processes of the scope, not by its own start.
                handler.catchers = {kind: fire for kind, fire in inside.catchers.items() if kind != catch.kind}
                beside.append(handler)
                self._soon(running, lambda: self._scope(way, handler, env, outer.done))

        for catch, way in zip(block.catches, block.ways[1:], strict=True):
            fire = lambda catch=catch, way=way: happens(catch, way)  # noqa: E731
            inside.catchers[catch.kind] = fire
            self._wait(catch, armed, env, fire, stays=not catch.interrupting)
        self._scope(block.ways[0], inside, env, body_over, terminate=over)

    def _scope(self, block: Block, region: Region, env: Env, then: Then, terminate: Then | None = None) -> None:
        inside = Region(region)

        def over() -> None:
            inside.is_live = False
            (terminate or then)()

        scope = Scope(inside, then, terminate=over)
        self.run(block, scope, inside, env, scope.done)

    def _many(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        results: list[object] = [None] * block.limit
        left = [block.limit]

        def begin(index: int) -> None:
            private = Env(env, {f"it{block.id}": index + 1})

            def over() -> None:
                results[index] = private.all()["n"]
                left[0] -= 1
                if not left[0]:
                    env.data[f"out{block.id}"] = results
                    then()
                elif block.sequential:
                    begin(index + 1)

            self.run(block.ways[0], scope, region, private, over)

        for index in range(1 if block.sequential else block.limit):
            begin(index)

    def _call(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        called = Env(None, env.all())

        def over() -> None:
            returned = {name: value for name, value in called.data.items() if not name.startswith("it")}
            env.data.update(returned)
            then()

        self._sub(block, region, called, over)

    def _error(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        self._raise("error", region)

    def _escalate(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        self._raise("escalation", region)
        self._soon(region, then)

    def _throw(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        self._throw_signal({})
        self._soon(region, then)

    def _terminate(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        scope.terminate()
