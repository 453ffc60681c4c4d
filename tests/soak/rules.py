"""What each kind of block does in the token game. Source: BPMN 2.0, chapter 13."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from tests.soak.blocks import Again, Block, Catch, Many
from tests.soak.game import Env, Order, Region, Scope, Then, Values, Wait
from tests.soak.scopes import Scopes

OF_TASKS = {"user": "task", "later": "job"}


class Game(Scopes):
    """One instance of a process."""

    def __init__(self, process: Block, variables: Values, begun_at: datetime, now: datetime, order: Order) -> None:
        super().__init__(variables, begun_at, now, order)
        self._scope(process, Region(None), self.env, self._finish)
        self.drain()

    def _finish(self) -> None:
        self.ended = True

    def run(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        """Let a token come to a block; `then` is what it does behind it."""
        if block.many is not None:
            self._repeated(block, region, env, then)
        elif hasattr(self, f"_{block.kind}"):
            getattr(self, f"_{block.kind}")(block, scope, region, env, then)
        else:
            self._activity(block, region, env, self.own(block, env), then)

    # Activities and events in the flow

    def _activity(self, block: Block, region: Region, env: Env, own: Env, then: Then) -> None:
        if block.kind == "call":
            return self._called(block, region, env, own, then)
        if block.kind == "subprocess":
            return self._embedded(block, region, env, own, then)
        here = Region(region)

        def done(result: Values) -> None:
            here.is_live = False
            self.leave(block.outputs, own, env, result)
            self.trace.append(block.id)
            then()

        def comes(result: Values) -> None:
            self.soon(here, lambda: done(result))

        if block.kind == "receive":
            return self._arm(block.catches[0], here, own, comes, stays=False)
        if block.kind in OF_TASKS:
            self.waits.append(Wait(block.id, OF_TASKS[block.kind], here, own, comes))
            return None
        said = own.n  # what is sent is fixed on entry

        def works() -> None:
            if block.kind == "risky" and said > block.limit:
                self.rise("error", "E1", here, {"m": said})
            else:
                done(self._work(block, own, said))

        return self.soon(here, works)

    def _work(self, block: Block, own: Env, said: int) -> Values:
        """Do what needs no waiting, and return its result."""
        names = own.all()
        match block.kind:
            case "send":
                self.sent.append((block.name, names["k"], {"n": said}))
            case "script":
                return {block.name: names["n"] + 1}  # type: ignore[operator]
            case "rule":
                return {block.name: names["n"] + names["m"]}  # type: ignore[operator]
        return {}

    def _catch(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        here, own = Region(region), self.own(block, env)

        def fired(values: Values) -> None:
            here.is_live = False
            self.leave(block.outputs, own, env, values)
            self.trace.append(block.id)
            then()

        comes = lambda values: self.soon(here, lambda: fired(values))  # noqa: E731
        self._arm(block.catches[0], here, own, comes, stays=False)
        self._overdue([block.id], here)

    def _throw(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        own = self.own(block, env)
        said = own.n
        self.soon(region, lambda: self._thrown(block, region, own, said, then))

    def _last(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        after = scope.terminate if block.name == "terminate" else scope.done
        self._throw(block, scope, region, env, after)

    def _thrown(self, block: Block, region: Region, own: Env, said: int, then: Then) -> None:
        name = block.ways[0].kind if block.ways else ""
        self.trace.append(block.id)
        match block.name:
            case "signal":
                self.throw_signal(name, dict(own.data))
            case "escalation" | "error":
                self.rise(block.name, name, region, dict(own.data))
            case "message":
                self.sent.append((name, f"K{block.limits[0]}", {"n": said}))
        if block.name != "error":
            self.soon(region, then)

    def _link(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        self.soon(region, then)

    def _start(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        then()

    # Gateways

    def _seq(self, block: Block, scope: Scope, region: Region, env: Env, then: Then, at: int = 0) -> None:
        if at == len(block.ways):
            return then()
        following = lambda: self._seq(block, scope, region, env, then, at + 1)  # noqa: E731
        return self.soon(region, lambda: self.run(block.ways[at], scope, region, env, following))

    def _xor(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        way = block.ways[0 if env.n > block.limit else 1]
        self.soon(region, lambda: self.run(way, scope, region, env, then))

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
                self.soon(region, then)

        for way in self.any_order(list(ways)):
            self.soon(region, lambda way=way: self.run(way, scope, region, env, arrived))  # type: ignore[misc]

    def _loop(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        def lap() -> None:
            if env.n > block.limit:
                then()
            else:
                self.run(block, scope, region, env, then)

        self.soon(region, lambda: self.run(block.ways[0], scope, region, env, lap))

    def _events(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        race = Region(region)

        def wins(catch: Catch, way: Block, values: Values) -> None:
            race.is_live = False
            self._brought(catch, values, region, env, lambda: self.run(way, scope, region, env, then))

        for catch, way in zip(block.catches, block.ways, strict=True):
            fire = lambda values, catch=catch, way=way: wins(catch, way, values)  # noqa: E731
            self._arm(catch, race, env, fire, stays=False)
        self._overdue([catch.id for catch in block.catches], race)

    _links = _xor

    # Splits and merges without a gateway

    def _every(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        host, *ways = block.ways
        self.run(host, scope, region, env, lambda: self._fork(tuple(ways), scope, region, env, then))

    def _choice(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        host, *ways = block.ways
        always, rest = (ways[:1], ways[1:]) if block.name else ([], ways)

        def chooses() -> None:
            chosen = [way for way, limit in zip(rest, block.limits, strict=False) if env.n > limit]
            chosen = chosen or rest[len(block.limits) :]
            self._fork((*always, *chosen), scope, region, env, then)

        self.run(host, scope, region, env, lambda: self.soon(region, chooses))

    def _each(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        host, *ways, tail = block.ways

        def split() -> None:
            scope.tokens += len(ways) - 1
            for way in self.any_order(list(ways)):
                self.soon(region, lambda way=way: self.run(way, scope, region, env, on))  # type: ignore[misc]

        def on() -> None:
            self.run(tail, scope, region, env, then)

        self.run(host, scope, region, env, split)

    # Scopes

    def _attached(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        inside, armed = Region(region), Region(region)
        inner = block.ways[0]
        own = env if inner.many else self.own(inner, env)

        def happens(catch: Catch, way: Block, values: Values) -> None:
            after = then
            if catch.interrupting:
                inside.is_live = armed.is_live = False
            else:
                scope.tokens += 1
                after = scope.done
            on = lambda: self.run(way, scope, region, env, after)  # noqa: E731
            self._brought(catch, values, region, env, on)

        def over() -> None:
            armed.is_live = False
            then()

        self._arm_all(block.catches, block.ways[1:], inside, armed, own, happens)
        if inner.many:
            self.soon(inside, lambda: self._repeated(inner, inside, env, over))
        else:
            self.soon(inside, lambda: self._activity(inner, inside, env, own, over))

    def _repeated(self, block: Block, region: Region, env: Env, then: Then) -> None:
        once = replace(block, many=None)
        if isinstance(block.many, Again):
            self._again(once, block.many, region, env, then)
        elif block.many is not None:
            self._many(once, block.many, region, env, then)

    def _again(self, block: Block, marker: Again, region: Region, env: Env, then: Then) -> None:
        """Source: BPMN 2.0, 13.3.6: one lap after the other, the condition asked before or after each."""

        def goes_on(laps: int) -> bool:
            return laps < marker.most and (marker.below is None or env.n < marker.below)

        def lap(number: int) -> None:
            own = self.own(block, Env(env, {"loopCounter": number}))
            # The laps share the variables around; only the counter and the inputs are private to each.
            own.outer, own.data = env, {"loopCounter": number, **own.data}
            over = lambda: lap(number + 1) if goes_on(number) else self.soon(region, then)  # noqa: E731
            self.soon(region, lambda: self._activity(block, region, env, own, over))

        if marker.before and not goes_on(0):
            self.soon(region, then)
        else:
            lap(1)

    def _many(self, block: Block, marker: Many, region: Region, env: Env, then: Then) -> None:
        here, count = Region(region), env.n if marker.by == "variable" else marker.count
        results: list[object] = [None] * count
        completed = [0]

        def close() -> None:
            here.is_live = False
            env.write({f"out{block.id}": results})
            self.soon(region, then)

        def begin(index: int) -> None:
            private: dict[str, object] = {"loopCounter": index + 1}
            if marker.by == "list":
                private[f"it{block.id}"] = index + 1
            item = Env(env, private, is_item=True)

            def over() -> None:
                results[index] = item.n
                completed[0] += 1
                until = marker.until
                enough = until is not None and (completed[0] >= until[0] or item.n > until[1])
                if enough or completed[0] == count:
                    close()
                elif marker.sequential:
                    begin(completed[0])

            instance = Region(here)
            self.soon(instance, lambda: self._activity(block, instance, item, self.own(block, item), over))

        for index in range(min(1, count) if marker.sequential else count):
            begin(index)
        if not count:
            close()
