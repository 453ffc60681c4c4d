"""Random block-structured processes, and how each is drawn as BPMN. `tests.engine.oracle` plays the same blocks."""

from __future__ import annotations

import itertools
import random

from tests.engine.oracle import Block, Catch
from tests.engine.spiff_world import (
    TERMINATE,
    diagram,
    end,
    extend,
    flow,
    log,
    many,
    message,
    node,
    on_error,
    on_escalation,
    on_message,
    on_signal,
    process,
    service,
    start,
    timer,
    user,
)

_OUTSIDE = ("timer", "message", "signal")


class Maker:
    """Makes blocks by chance."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self._numbers = itertools.count(1)
        self._may_stop = True
        """Not inside an inclusive gateway: its join rightly does not wait for what cannot reach it."""

    def process(self, depth: int) -> Block:
        """Return a process: a body with event sub-processes."""
        return self._with_handlers("subprocess", depth)

    def _id(self, letter: str) -> str:
        return f"{letter}{next(self._numbers)}"

    def _task(self) -> Block:
        return Block("task", self._id("u"))

    def _body(self, depth: int) -> Block:
        ways = [self._any(depth) for _ in range(self.chance.randint(1, 3))]
        return Block("seq", ways=tuple(ways))

    def _any(self, depth: int) -> Block:
        if depth <= 0:
            return self._small()
        kinds = ["small", "small", "attached", "attached", "xor", "par", "inc", "loop", "events", "subprocess"]
        kinds += ["many", "call"]
        return getattr(self, f"_{self.chance.choice(kinds)}")(depth - 1)  # type: ignore[no-any-return]

    def _small(self, depth: int = 0) -> Block:
        kind = self.chance.choice(["task", "task", "log", "job", "escalate", "throw", "stop"])
        if kind == "task":
            return self._task()
        if kind == "stop" and not self._may_stop:
            return self._task()
        if kind == "stop":
            last = Block(self.chance.choice(["error", "terminate"]), self._id("k"))
            way = Block("seq", ways=(self._task(), last))
            return Block("xor", self._id("x"), (way, self._task()), limit=self.chance.randint(4, 8))
        if kind in ("throw", "escalate"):  # between tasks, so that nothing else moves when it is thrown
            return Block("seq", ways=(self._task(), Block(kind, self._id("w")), self._task()))
        return Block(kind, self._id("j" if kind == "job" else "l"))

    def _xor(self, depth: int) -> Block:
        return Block("xor", self._id("x"), (self._body(depth), self._body(depth)), limit=self.chance.randint(2, 7))

    def _par(self, depth: int) -> Block:
        return Block("par", self._id("p"), tuple(self._body(depth) for _ in range(self.chance.randint(2, 3))))

    def _inc(self, depth: int) -> Block:
        outer, self._may_stop = self._may_stop, False
        ways = tuple(self._body(depth) for _ in range(3))
        self._may_stop = outer
        return Block("inc", self._id("i"), ways, limits=(self.chance.randint(1, 5), self.chance.randint(3, 8)))

    def _loop(self, depth: int) -> Block:
        body = Block("seq", ways=(self._task(), self._body(depth)))
        return Block("loop", self._id("o"), (body,), limit=self.chance.randint(3, 6))

    def _events(self, depth: int) -> Block:
        kinds = self.chance.sample(_OUTSIDE, self.chance.randint(2, 3))
        catches = tuple(self._catch(kind) for kind in kinds)
        return Block("events", self._id("g"), tuple(self._body(depth) for _ in kinds), catches=catches)

    def _catch(self, kind: str, *, interrupting: bool = True) -> Catch:
        minutes = self.chance.randint(1, 5) * 1440 + next(self._numbers)
        return Catch(self._id("c"), kind, minutes if kind == "timer" else 0, interrupting or kind == "error")

    def _attached(self, depth: int) -> Block:
        inner = self.chance.choice([self._job_or_task, self._subprocess, self._many, self._call])(depth)
        kinds = _OUTSIDE if inner.kind in ("task", "job", "many") else (*_OUTSIDE, "error", "escalation")
        chosen = self.chance.sample([*kinds, "error"] if "error" not in kinds else kinds, self.chance.randint(1, 3))
        catches = tuple(self._catch(kind, interrupting=self.chance.random() < 0.5) for kind in chosen)
        # What may run several times at once has a scope of its own: in one scope its tokens would meet at its joins.
        ways = [self._body(depth - 1) if c.interrupting else self._subprocess(depth - 1) for c in catches]
        return Block("attached", inner.id, (inner, *ways), catches=catches)

    def _job_or_task(self, depth: int) -> Block:
        return Block("job", self._id("j")) if self.chance.random() < 0.4 else self._task()

    def _subprocess(self, depth: int) -> Block:
        return self._with_handlers("subprocess", depth)

    def _call(self, depth: int) -> Block:
        return self._with_handlers("call", depth)

    def _with_handlers(self, kind: str, depth: int) -> Block:
        count = self.chance.choice([0, 0, 1, 2])
        kinds = self.chance.sample([*_OUTSIDE, "error", "escalation"], count)
        catches = tuple(self._catch(kind, interrupting=self.chance.random() < 0.5) for kind in kinds)
        outer, self._may_stop = self._may_stop, True
        ways = (self._body(depth), *(self._body(depth - 1) for _ in catches))
        self._may_stop = outer
        return Block(kind, self._id("s"), ways, catches=catches)

    def _many(self, depth: int) -> Block:
        inner = self.chance.choice([self._job_or_task, self._subprocess, self._call])(depth)
        sequential = self.chance.random() < 0.4
        return Block("many", inner.id, (inner,), limit=self.chance.randint(1, 3), sequential=sequential)


class Drawing:
    """Draws blocks as BPMN."""

    def __init__(self) -> None:
        self.called: list[str] = []
        self.messages: list[str] = []
        self._parts: list[str] = []
        self._flows = itertools.count(1)

    def file(self, block: Block) -> bytes:
        """Return a file whose process `p` is the block."""
        body = self._inside(block)
        return diagram(process("p", body), *self.called, *self.messages)

    def _flow(self, source: str, target: str, condition: str = "") -> None:
        self._parts.append(flow(source, target, condition, f"f{next(self._flows)}"))

    def _inside(self, block: Block) -> str:
        """Return what stands in a process or sub-process: start, body, end and event sub-processes."""
        outer, self._parts = self._parts, []
        self._line(block.ways[0], f"{block.id}S", start(f"{block.id}S"))
        for catch, way in zip(block.catches, block.ways[1:], strict=True):
            text, self._parts = self._parts, []
            interrupting = "true" if catch.interrupting else "false"
            begin = start(catch.id, self._trigger(catch), isInterrupting=interrupting)
            self._line(way, catch.id, begin)
            handler = node("subProcess", f"{catch.id}H", *self._parts, triggeredByEvent="true")
            self._parts = [*text, handler]
        inside, self._parts = "".join(self._parts), outer
        return inside

    def _line(self, block: Block, first: str, begin: str) -> None:
        self._parts.append(begin)
        last = self._draw(block, first)
        if last:
            self._parts.append(end(f"{first}E"))
            self._flow(last, f"{first}E")

    def _trigger(self, catch: Catch) -> str:
        if catch.kind == "timer":
            return timer(f"PT{catch.minutes}M")
        if catch.kind == "message":
            self.messages.append(message(f"M{catch.id}", f"N{catch.id}", "=k"))
            return on_message(f"M{catch.id}")
        return {"signal": on_signal(), "error": on_error(), "escalation": on_escalation()}[catch.kind]

    def _draw(self, block: Block, last: str) -> str:
        """Draw a block behind `last` and return its own last node; empty where nothing follows."""
        draw = getattr(self, f"_{block.kind}", None)
        if draw is not None:
            return str(draw(block, last))
        self._flow(last, block.id)
        self._parts.append(self._node(block))
        return "" if block.kind in ("error", "terminate") else block.id

    def _node(self, block: Block, loop: str = "") -> str:
        match block.kind:
            case "task":
                return user(block.id, inner=loop)
            case "job":
                return service(block.id, "later", inner=loop)
            case "log":
                return log(block.id)
            case "error":
                return end(block.id, on_error())
            case "terminate":
                return end(block.id, TERMINATE)
            case "escalate":
                return node("intermediateThrowEvent", block.id, on_escalation())
            case "throw":
                return node("intermediateThrowEvent", block.id, on_signal())
            case "subprocess":
                return node("subProcess", block.id, loop, self._inside(block))
            case "call":
                self.called.append(process(f"{block.id}P", self._inside(block)))
                called = extend(f'<zeebe:calledElement processId="{block.id}P"/>')
                return node("callActivity", block.id, called, loop)
            case _:
                items = f"={list(range(1, block.limit + 1))}"
                loop = many(items, f"it{block.id}", f"out{block.id}", "=n", sequential=block.sequential)
                return self._node(block.ways[0], loop)

    def _seq(self, block: Block, last: str) -> str:
        for way in block.ways:
            last = self._draw(way, last)
        return last

    def _merge(self, kind: str, name: str, lasts: list[str]) -> str:
        self._parts.append(node(kind, name))
        for last in lasts:
            if last:
                self._flow(last, name)
        return name

    def _fork(self, block: Block, last: str, kind: str, limits: tuple[int, ...], join: str) -> str:
        has_default = len(limits) < len(block.ways) and bool(limits)
        extra = {"default": f"{block.id}D"} if has_default else {}
        self._flow(last, block.id)
        self._parts.append(node(kind, block.id, **extra))
        lasts = []
        for index, way in enumerate(block.ways):
            first = f"{block.id}W{index}"  # a node of its own, so that the flow is known
            self._parts.append(node("manualTask", first))
            if index < len(limits):
                self._flow(block.id, first, f"=n > {limits[index]}")
            elif has_default:
                self._parts.append(flow(block.id, first, "", f"{block.id}D"))
            else:
                self._flow(block.id, first)
            lasts.append(self._draw(way, first))
        return self._merge(join, f"{block.id}J", lasts)

    def _xor(self, block: Block, last: str) -> str:
        return self._fork(block, last, "exclusiveGateway", (block.limit,), "exclusiveGateway")

    def _par(self, block: Block, last: str) -> str:
        return self._fork(block, last, "parallelGateway", (), "parallelGateway")

    def _inc(self, block: Block, last: str) -> str:
        return self._fork(block, last, "inclusiveGateway", block.limits, "inclusiveGateway")

    def _loop(self, block: Block, last: str) -> str:
        self._parts.append(node("exclusiveGateway", f"{block.id}M"))
        self._flow(last, f"{block.id}M")
        last = self._draw(block.ways[0], f"{block.id}M")
        self._flow(last, block.id)
        self._parts.append(node("exclusiveGateway", block.id, default=f"{block.id}D"))
        self._parts.append(flow(block.id, f"{block.id}M", "", f"{block.id}D"))
        self._parts.append(node("manualTask", f"{block.id}X"))
        self._flow(block.id, f"{block.id}X", f"=n > {block.limit}")
        return f"{block.id}X"

    def _events(self, block: Block, last: str) -> str:
        self._flow(last, block.id)
        self._parts.append(node("eventBasedGateway", block.id))
        lasts = []
        for catch, way in zip(block.catches, block.ways, strict=True):
            self._flow(block.id, catch.id)
            self._parts.append(node("intermediateCatchEvent", catch.id, self._trigger(catch)))
            lasts.append(self._draw(way, catch.id))
        return self._merge("exclusiveGateway", f"{block.id}J", lasts)

    def _attached(self, block: Block, last: str) -> str:
        lasts = [self._draw(block.ways[0], last)]
        for catch, way in zip(block.catches, block.ways[1:], strict=True):
            interrupting = "true" if catch.interrupting else "false"
            trigger = self._trigger(catch)
            self._parts.append(
                node("boundaryEvent", catch.id, trigger, attachedToRef=block.id, cancelActivity=interrupting)
            )
            end_of_way = self._draw(way, catch.id)
            if catch.interrupting:
                lasts.append(end_of_way)
            elif end_of_way:
                self._parts.append(end(f"{catch.id}E"))
                self._flow(end_of_way, f"{catch.id}E")
        return self._merge("exclusiveGateway", f"{block.id}J", lasts)
