"""How the token game waits for events, and runs processes, sub-processes and called processes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from tests.soak.blocks import Block, Catch
from tests.soak.game import Env, Region, Scope, Then, Tokens, Values, Wait

ROUNDS = 3
"""How often a cycle comes round."""


class Scopes(Tokens):
    """Tokens that wait, and scopes that have event sub-processes."""

    def run(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        """Let a token come to a block; `then` is what it does behind it."""
        raise NotImplementedError

    # Waiting

    def _arm(self, catch: Catch, region: Region, env: Env, fire: Callable[[Values], None], *, stays: bool) -> None:
        """Wait for an event. What it depends on is fixed now; a timer that is due already fires with `_overdue`."""
        match catch.kind:
            case "timer":
                self._arm_timer(catch, region, env, fire, self._due(catch, env), ROUNDS)
            case "message":
                names = env.all()
                key = f"{names['k']}-{names['n']}" if catch.by_n else str(names["k"])
                self.waits.append(Wait(catch.id, "message", region, env, fire, catch.name, key, stays=stays))
            case "signal":
                self.waits.append(Wait(catch.id, "signal", region, env, fire, catch.name, stays=stays))

    def _arm_timer(
        self, catch: Catch, region: Region, env: Env, fire: Callable[[Values], None], due: datetime, rounds: int
    ) -> None:
        def fired(values: Values) -> None:
            if catch.how == "cycle" and not catch.interrupting and rounds > 1:
                self.soon(region, again)
            fire(values)

        def again() -> None:
            following = due + timedelta(minutes=catch.minutes)
            self._arm_timer(catch, region, env, fire, following, rounds - 1)
            self._overdue([catch.id], region)

        self.waits.append(Wait(catch.id, "timer", region, env, fired, due=due))

    def _due(self, catch: Catch, env: Env) -> datetime:
        if catch.how == "date":
            return self.begun_at + timedelta(minutes=catch.minutes)
        return self.now + timedelta(minutes=catch.minutes, days=env.n if catch.by_n else 0)

    def _overdue(self, ids: list[str], region: Region) -> None:
        """Fire what was due before it was armed, the earliest first."""
        waits = [wait for wait in self.live("timer") if wait.id in ids and wait.region is region]
        for wait in sorted(waits, key=lambda wait: wait.due or self.now):
            if wait.due is not None and wait.due <= self.now:
                self.fire(wait, {})

    def _brought(self, catch: Catch, values: Values, region: Region, env: Env, on: Then) -> None:
        """Let a token that an event has freed take in what the event brought, and then go on."""

        def takes() -> None:
            self.leave(catch.outputs, Env(env, {}), env, values)
            self.trace.append(catch.id)
            self.soon(region, on)

        self.soon(region, takes)

    # Scopes

    def _arm_all(
        self,
        catches: tuple[Catch, ...],
        ways: tuple[Block, ...],
        inside: Region,
        armed: Region,
        env: Env,
        happens: Callable[[Catch, Block, Values], None],
    ) -> None:
        for catch, way in zip(catches, ways, strict=True):
            fire = lambda values, catch=catch, way=way: happens(catch, way, values)  # noqa: E731
            if catch.kind in ("error", "escalation"):
                inside.catchers[(catch.kind, catch.name)] = fire
            else:
                self._arm(catch, armed, env, fire, stays=not catch.interrupting and catch.kind != "timer")
        self._overdue([catch.id for catch in catches], armed)

    def _embedded(self, block: Block, region: Region, env: Env, own: Env, then: Then) -> None:
        def over() -> None:
            self.leave(block.outputs, own, env, {})
            self.trace.append(block.id)
            then()

        self._scope(block, region, own, over)

    def _called(self, block: Block, region: Region, env: Env, own: Env, then: Then) -> None:
        called = Env(None, dict(own.all() if block.passes[0] else own.data))

        def over() -> None:
            self.leave(block.outputs, own, env, called.data, all_of_it=block.passes[1])
            self.trace.append(block.id)
            then()

        self._scope(block, region, called, over)

    def _scope(self, block: Block, region: Region, env: Env, then: Then) -> None:
        """Run a process or sub-process with its event sub-processes."""
        whole = Region(region)
        running, armed = Region(whole), Region(whole)
        inside = Region(running)
        beside: list[Region] = []

        def over() -> None:
            whole.is_live = False
            self.soon(region, then)

        outer = Scope(over)

        def body_over() -> None:
            armed.is_live = inside.is_live = False
            for handler in beside:
                handler.catchers.clear()
            outer.done()

        def happens(catch: Catch, way: Block, values: Values) -> None:
            if catch.interrupting:
                running.is_live = armed.is_live = False
                outer.tokens = 1
                self._brought(catch, values, whole, env, lambda: self._line(way.ways, whole, env, outer.done))
            else:
                outer.tokens += 1
                handler = Region(running)
                # What leaves it can be caught by the other event sub-processes of the scope, not by its own start.
                own = (catch.kind, catch.name)
                handler.catchers = {key: fire for key, fire in inside.catchers.items() if key != own}
                beside.append(handler)
                self._brought(catch, values, handler, env, lambda: self._line(way.ways, handler, env, outer.done))

        body, last, *handlers = block.ways
        self._arm_all(block.catches, tuple(handlers), inside, armed, env, happens)
        self.soon(inside, lambda: self._line((body, last), inside, env, body_over, over))

    def _line(
        self, ways: tuple[Block, ...], region: Region, env: Env, then: Then, terminate: Then | None = None
    ) -> None:
        """Run a body to its end event."""
        inside = Region(region)

        def over() -> None:
            inside.is_live = False
            (terminate or then)()

        scope = Scope(then, terminate=over)
        body, last = ways
        ends = lambda: self.run(last, scope, inside, env, scope.done)  # noqa: E731
        self.run(body, scope, inside, env, ends)
