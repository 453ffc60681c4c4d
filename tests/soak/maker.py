"""Makes processes by chance. Every seed has a wish: one kind of element in one position that it surely holds."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

from tests.soak.blocks import Block, Catch, Mappings, Value, apart
from tests.soak.markers import marker
from tests.soak.wishes import ACTIVITIES, CODES, INSIDE, LEAVES, LOOPS, OUTSIDE, SIGNALS, TALK, THROWS, Wish


class Maker:
    """Makes blocks by chance."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self._numbers = itertools.count(1)
        self._may_stop = True
        """Not inside an inclusive gateway: its join rightly does not wait for what cannot reach it."""

    def processes(self, wish: Wish) -> tuple[Block, ...]:
        """Return the main process, which holds what is wished for, and sometimes another that events start."""
        depth = self.chance.choice([1, 1, 2, 2, 3])
        first = self._wished(wish, depth)
        main = self._scope("subprocess", depth, first=first)
        starts = [self._start("none")]
        if wish[0] == "start":
            starts = [self._start(wish[1])]
        elif wish[0] == "starts" or self.chance.random() < 0.1:
            starts.append(self._start(self.chance.choice(["message", "signal", "timer date"])))
        made = [replace(main, kind="process", starts=tuple(starts))]
        if wish[0] == "start" or self.chance.random() < 0.3:
            kind = self.chance.choice(["message", "signal"]) if wish[0] != "start" or wish[1] == "none" else wish[1]
            other = self._scope("subprocess", self.chance.randint(0, 1), first=None)
            made.append(replace(other, kind="process", starts=(self._start(kind),)))
        return tuple(made)

    def _wished(self, wish: Wish, depth: int) -> Block | None:
        place, *rest = wish
        match place:
            case "start" | "starts":
                return None
            case "end":
                return self._ends_in(self._last(rest[0]))
            case "throw":
                return self._throw(rest[0])
            case "catch":
                return self._catching(rest[0])
            case "events":
                return self._events(1, first=rest[0])
            case "attached":
                return self._attached(1, self._catch(rest[0], interrupting=rest[1] == "interrupting"))
            case "handled":
                return self._scope("subprocess", 1, catch=self._catch(rest[0], interrupting=rest[1] == "interrupting"))
            case "many":
                return self._many(1, rest[0], rest[1])
            case "leaf":
                return self._activity(rest[0], 1)
            case "every" | "choice" | "each":
                return getattr(self, f"_{place}")(1, rest[0])  # type: ignore[no-any-return]
        return getattr(self, f"_{place}")(depth - 1)  # type: ignore[no-any-return]

    # Small things

    def _id(self, letter: str) -> str:
        return f"{letter}{next(self._numbers)}"

    def _limit(self) -> int:
        return self.chance.randint(2, 7)

    def _value(self) -> Value:
        return Value(self.chance.choice("nm"), self.chance.choice([None, 0, 1, 2]))

    def _mappings(self, targets: str) -> Mappings:
        if self.chance.random() < 0.7:
            return ()
        return tuple((name, self._value()) for name in self.chance.sample(targets, self.chance.randint(1, 2)))

    def _start(self, kind: str) -> Catch:
        kind, _, how = kind.partition(" ")
        name = self.chance.choice(SIGNALS if kind == "signal" else TALK) if kind in ("signal", "message") else ""
        return Catch(self._id("c"), kind, name, how, self.chance.randint(1, 4) * 1440 + next(self._numbers))

    def _catch(self, kind: str, *, interrupting: bool = True) -> Catch:
        kind, _, how = kind.partition(" ")
        made = Catch(self._id("c"), kind, interrupting=interrupting, by_n=self.chance.random() < 0.25)
        match kind:
            case "timer":
                # A date may be long past when a token comes.
                days = self.chance.choice([0, 2, 20, 60]) if how == "date" else self.chance.randint(1, 5)
                by_n = made.by_n and how == "duration"
                return replace(made, how=how, minutes=days * 1440 + next(self._numbers), by_n=by_n)
            case "message":
                return replace(made, name=self.chance.choice([*TALK, f"N{made.id}", f"N{made.id}"]))
            case "signal":
                return replace(made, name=self.chance.choice(SIGNALS))
        return replace(made, name=self.chance.choice(["", *CODES[kind]]))

    def _catches(self, kinds: list[str]) -> tuple[Catch, ...]:
        """Return catches that cannot be mistaken for each other: no two of one name or code."""
        made: list[Catch] = []
        for kind in kinds:
            interrupting = kind == "error" or self.chance.random() < 0.5
            catch = self._catch(kind, interrupting=interrupting)
            made += [catch, *self._for_other_codes(catch)]
        return apart(made)

    def _for_other_codes(self, catch: Catch) -> list[Catch]:
        """Return, sometimes, what catches all codes beside one for a single code, or the other way round."""
        if catch.kind not in INSIDE or self.chance.random() < 0.5:
            return []
        name = "" if catch.name else self.chance.choice(CODES[catch.kind])
        interrupting = catch.kind == "error" or self.chance.random() < 0.5
        return [replace(self._catch(catch.kind, interrupting=interrupting), name=name)]

    def _seq(self, *blocks: Block) -> Block:
        return Block("seq", ways=blocks)

    # Bodies

    def _body(self, depth: int) -> Block:
        return self._seq(*(self._any(depth) for _ in range(self.chance.randint(1, 3))))

    def _any(self, depth: int) -> Block:
        if depth <= 0:
            return self._small(0)
        kinds = "small small attached attached xor par inc loop events nested many many call every choice each links"
        return getattr(self, f"_{self.chance.choice(kinds.split())}")(depth - 1)  # type: ignore[no-any-return]

    def _small(self, depth: int) -> Block:
        kind = self.chance.choice(["leaf", "leaf", "leaf", "throw", "catching", "stop", "link", "error"])
        match kind:
            case "throw":
                return self._throw(self.chance.choice(THROWS))
            case "catching":
                return self._catching(self.chance.choice(OUTSIDE))
            case "link":
                return self._link(0)
            case "stop" | "error" if self._may_stop:
                return self._ends_in(self._last("terminate" if kind == "stop" else "error"))
        return self._leaf(self.chance.choice(["user", "user", *LEAVES]))

    def _leaf(self, kind: str) -> Block:
        made = Block(kind, self._id(kind[0]), outputs=self._mappings("nmr"))
        if kind == "receive":
            return replace(made, catches=(replace(self._catch("message"), id=made.id),))
        if kind == "risky":
            made = replace(made, limit=self._limit())
        if kind in ("script", "rule"):
            made = replace(made, name=self.chance.choice("nmr"))
        return replace(made, inputs=self._mappings("nmp"), name=made.name or self.chance.choice(TALK))

    def _user(self) -> Block:
        return Block("user", self._id("u"))

    def _activity(self, kind: str, depth: int) -> Block:
        if kind not in ("subprocess", "call"):
            return self._leaf(kind)
        return self._scope(kind, depth)

    def _throw(self, kind: str) -> Block:
        thrown = Block("throw", self._id("w"), name=kind, inputs=self._mappings("nm"), limits=(self._whom(),))
        if kind == "none":
            return replace(thrown, inputs=())
        # Behind a task, so that little else moves when it is thrown.
        return self._seq(self._user(), replace(thrown, ways=(Block(self._thrown(kind)),)), self._user())

    def _thrown(self, kind: str) -> str:
        if kind in CODES:
            return self.chance.choice(CODES[kind])
        return self.chance.choice(SIGNALS if kind == "signal" else TALK)

    def _whom(self) -> int:
        return self.chance.randint(0, 2)

    def _last(self, kind: str) -> Block:
        thrown = () if kind in ("none", "terminate") else (Block(self._thrown(kind)),)
        return Block("last", self._id("k"), name=kind, ways=thrown, limits=(self._whom(),))

    def _ends_in(self, last: Block) -> Block:
        way = self._seq(self._user(), last)
        return Block("xor", self._id("x"), (way, self._user()), limit=self.chance.randint(2, 5))

    def _catching(self, kind: str) -> Block:
        catch = replace(self._catch(kind), outputs=self._mappings("nmr"))
        return Block("catch", catch.id, catches=(catch,), outputs=catch.outputs)

    # Gateways

    def _xor(self, depth: int) -> Block:
        return Block("xor", self._id("x"), (self._body(depth), self._body(depth)), limit=self._limit())

    def _par(self, depth: int) -> Block:
        return Block("par", self._id("p"), tuple(self._body(depth) for _ in range(self.chance.randint(2, 3))))

    def _inc(self, depth: int) -> Block:
        limits = (self.chance.randint(1, 5), self.chance.randint(3, 8))
        return Block("inc", self._id("i"), self._unstopped(depth, 3), limits=limits)

    def _unstopped(self, depth: int, count: int) -> tuple[Block, ...]:
        outer, self._may_stop = self._may_stop, False
        ways = tuple(self._body(depth) for _ in range(count))
        self._may_stop = outer
        return ways

    def _loop(self, depth: int) -> Block:
        body = self._seq(self._user(), self._body(depth))
        return Block("loop", self._id("o"), (body,), limit=self.chance.randint(3, 6))

    def _events(self, depth: int, first: str = "") -> Block:
        kinds = [first] if first else []
        # Messages are waited for by events or by receive tasks, never by both.
        asks = "receive" if first == "receive" or (first != "message" and self.chance.random() < 0.3) else "message"
        others = [kind for kind in (*OUTSIDE[1:], asks) if kind != first]
        kinds += self.chance.sample(others, 2)
        catches = [self._catch("message" if kind == "receive" else kind) for kind in kinds]
        messages = itertools.cycle(self.chance.sample(TALK, 2))  # no two events may wait for the same one
        named = [replace(c, name=next(messages)) if c.kind == "message" else c for c in catches]
        made = [replace(c, is_task=kind == "receive") for c, kind in zip(named, kinds, strict=True)]
        return Block("events", self._id("g"), tuple(self._body(depth) for _ in made), catches=tuple(made))

    def _link(self, depth: int) -> Block:
        return Block("link", self._id("k"))

    def _links(self, depth: int) -> Block:
        return Block("links", self._id("x"), (self._body(depth), self._body(depth)), limit=self._limit())

    # Splits and merges without a gateway

    def _host(self, kind: str, depth: int) -> Block:
        if kind == "catch":
            return self._catching(self.chance.choice(OUTSIDE))
        if kind == "throw":
            return Block("throw", self._id("w"), name="none")
        if kind == "start":
            return Block("start")
        return self._activity(kind, depth)

    def _every(self, depth: int, kind: str = "") -> Block:
        host = self._host(kind or self.chance.choice([*ACTIVITIES, "catch", "throw"]), depth)
        ways = tuple(self._body(depth) for _ in range(self.chance.randint(2, 3)))
        made = Block("every", self._id("y"), (host, *ways))
        if host.kind == "start":
            return Block("subprocess", self._id("s"), (self._seq(made), Block("last", self._id("k"), name="none")))
        return made

    def _choice(self, depth: int, kind: str = "") -> Block:
        host = self._activity(kind or self.chance.choice(ACTIVITIES), depth)
        limits = (self.chance.randint(1, 5), self.chance.randint(3, 8))
        ways = self._unstopped(depth, 3)
        name = self.chance.choice(["", "", "always", "no default"])
        return Block("choice", self._id("y"), (host, *ways), limits=limits[: 1 if name == "always" else 2], name=name)

    def _each(self, depth: int, kind: str = "") -> Block:
        # In a scope of its own: outside, its tokens would meet at joins that expect one.
        host, tail = self._leaf(self.chance.choice(LEAVES)), self._activity(kind or self.chance.choice(ACTIVITIES), 0)
        outer, self._may_stop = self._may_stop, True
        made = Block("each", self._id("y"), (host, self._body(depth), self._body(depth), tail))
        self._may_stop = outer
        return Block("subprocess", self._id("s"), (self._seq(made), Block("last", self._id("k"), name="none")))

    # Activities with something around or inside them

    def _attached(self, depth: int, catch: Catch | None = None) -> Block:
        kind = self.chance.choice(["user", "later", "receive", "subprocess", "subprocess", "call"])
        if catch is not None and catch.kind in INSIDE:
            kind = self.chance.choice(["subprocess", "call", "later"]) if catch.kind == "error" else "subprocess"
        kinds = self.chance.sample([*OUTSIDE, "error", "escalation"], self.chance.randint(0, 2))
        catches = self._catches([*kinds, *([] if catch or kinds else ["signal"])])
        if catch is not None:
            catches = apart([catch, *self._for_other_codes(catch), *catches])
        inner = self._raising(kind, depth, catch) if catch else self._activity(kind, depth)
        if kind != "receive" and self.chance.random() < 0.25:
            inner = self._marked(inner, self.chance.choice(("parallel", "sequential", "most", "before")))
        # What may run several times at once has a scope of its own: in one scope its tokens would meet at its joins.
        ways = [self._body(depth - 1) if c.interrupting else self._scope("subprocess", depth - 1) for c in catches]
        if not inner.inputs:
            catches = tuple(self._with_outputs(c) for c in catches)
        return Block("attached", inner.id, (inner, *ways), catches=catches)

    def _with_outputs(self, catch: Catch) -> Catch:
        return replace(catch, outputs=self._mappings("nmr")) if catch.kind in ("message", "signal") else catch

    def _raising(self, kind: str, depth: int, catch: Catch) -> Block:
        """Return an activity that can raise what is to be caught."""
        if kind not in ("subprocess", "call") or catch.kind not in INSIDE:
            return self._activity(kind, depth)
        code = catch.name or CODES[catch.kind][0]
        if catch.kind == "error":
            raised = self._ends_in(Block("last", self._id("k"), name="error", ways=(Block(code),), limits=(0,)))
        else:
            thrown = Block("throw", self._id("w"), name="escalation", ways=(Block(code),), limits=(0,))
            raised = self._seq(self._user(), thrown)
        return self._scope(kind, 0, first=raised, quiet=True)

    def _scope(
        self, kind: str = "subprocess", depth: int = 0, *, first: Block | None = None, catch: Catch | None = None,
        quiet: bool = False,
    ) -> Block:  # fmt: skip
        count = 0 if quiet else self.chance.choice([0, 0, 0, 1, 2])
        kinds = [*OUTSIDE, "error", "escalation"]
        catches = self._catches(self.chance.sample(kinds, count))
        if catch is not None:
            catches = apart([catch, *self._for_other_codes(catch), *catches])
        outer, self._may_stop = self._may_stop, True
        begun = [first] if first is not None else []
        if catch is not None and catch.kind in INSIDE:
            begun.append(self._raising("subprocess", 0, catch))
        begun += [self._user()] if catch is not None else []  # else the event sub-process could be over at once
        body = self._seq(*begun, *(self._any(depth) for _ in range(self.chance.randint(0 if begun else 1, 2))))
        ways = tuple(self._handler(depth - 1) for _ in catches)
        self._may_stop = outer
        made = Block(kind, self._id("s"), (body, self._scope_end(), *ways), catches=catches)
        if kind == "call":
            passes = (self.chance.random() < 0.7, self.chance.random() < 0.7)
            needed = tuple((name, Value(name)) for name in "knm")
            return replace(made, inputs=self._mappings("nm") if passes[0] else needed, passes=passes,
                           outputs=self._mappings("nmr"))  # fmt: skip
        return replace(made, inputs=self._mappings("nmp"), outputs=self._mappings("nmr"))

    def _scope_end(self) -> Block:
        return self._last(
            "none" if self.chance.random() < 0.8 else self.chance.choice(("signal", "escalation", "message"))
        )

    def _handler(self, depth: int) -> Block:
        return Block("handler", "", (self._body(depth), self._scope_end()))

    def _nested(self, depth: int) -> Block:
        return self._scope("subprocess", depth)

    def _call(self, depth: int) -> Block:
        return self._scope("call", depth)

    def _many(self, depth: int, kind: str = "", loop: str = "") -> Block:
        activity = self._activity(kind or self.chance.choice(ACTIVITIES), depth)
        return self._marked(activity, loop or self.chance.choice(LOOPS), at_least=1 if loop else 0)

    def _marked(self, block: Block, loop: str, *, at_least: int = 0) -> Block:
        return replace(block, many=marker(self.chance, block.kind, loop, at_least=at_least))
