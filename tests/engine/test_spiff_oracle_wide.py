"""More blocks for the token game: completion conditions, links, cycles, and splits and merges without a gateway.

They are kept beside the first ones, so that the seeds of those go on meaning the same diagrams.
"""

from __future__ import annotations

import os
import random
from datetime import timedelta

import pytest

from tests.engine.blocks import Drawing, Maker
from tests.engine.oracle import Block, Catch, Env, Game, Region, Scope, Then, Wait
from tests.engine.spiff_world import many, node, timer
from tests.engine.test_spiff_oracle import GROUPS, play

SEEDS = int(os.environ.get("REDRESS_SOAK_SEEDS", "96"))
ROUNDS = 3


@pytest.mark.parametrize("group", range(GROUPS))
def test_the_engine_plays_as_the_token_game_does(group: int) -> None:
    turns = sum(play(seed, WideMaker, WideDrawing, WideGame) for seed in range(group, SEEDS, GROUPS))
    assert turns > SEEDS // GROUPS


def test_every_kind_of_block_is_drawn() -> None:
    seen: set[str] = set()
    for seed in range(60):
        chance = random.Random(seed)
        todo = [WideMaker(chance).process(depth=chance.randint(1, 3))]
        while todo:
            block = todo.pop()
            todo += block.ways
            seen |= {block.kind, *(catch.kind for catch in block.catches)}
    assert seen >= {"until", "link", "links", "cycle", "every", "choice", "each"}


class WideMaker(Maker):
    """Makes blocks of all kinds by chance."""

    def _any(self, depth: int) -> Block:
        if depth > 0 and self.chance.random() < 0.5:
            kind = self.chance.choice(["link", "links", "every", "choice", "each", "until"])
            return getattr(self, f"_{kind}")(depth - 1)  # type: ignore[no-any-return]
        return super()._any(depth)

    def _catch(self, kind: str, *, interrupting: bool = True) -> Catch:
        catch = super()._catch(kind, interrupting=interrupting)
        if kind == "timer" and not catch.interrupting and self.chance.random() < 0.6:
            return Catch(catch.id, "cycle", catch.minutes, interrupting=False)
        return catch

    def _many(self, depth: int) -> Block:
        return self._until(depth) if self.chance.random() < 0.5 else super()._many(depth)

    def _until(self, depth: int) -> Block:
        # Instances that can end by themselves at the same time would leave it to chance which of them counts.
        inner, limit = self._job_or_task(depth), self.chance.randint(2, 4)
        limits = (self.chance.randint(1, limit), self.chance.randint(4, 9))
        return Block("until", inner.id, (inner,), limit, limits, sequential=self.chance.random() < 0.4)

    def _link(self, depth: int) -> Block:
        return Block("link", self._id("k"))

    def _links(self, depth: int) -> Block:
        return Block("links", self._id("x"), (self._body(depth), self._body(depth)), limit=self.chance.randint(2, 7))

    def _every(self, depth: int) -> Block:
        return Block("every", self._id("p"), tuple(self._body(depth) for _ in range(self.chance.randint(2, 3))))

    def _choice(self, depth: int) -> Block:
        inclusive = self._inc(depth)
        return Block("choice", inclusive.id, inclusive.ways, limits=inclusive.limits)

    def _each(self, depth: int) -> Block:
        # In a scope of its own: outside, its tokens would meet at joins that expect one.
        outer, self._may_stop = self._may_stop, True
        ways = (self._body(depth), self._body(depth), Block("log", self._id("l")))
        self._may_stop = outer
        return Block("subprocess", self._id("s"), (Block("each", self._id("y"), ways),))


class WideDrawing(Drawing):
    """Draws blocks of all kinds."""

    def _trigger(self, catch: Catch) -> str:
        if catch.kind == "cycle":
            return timer(f"R{ROUNDS}/PT{catch.minutes}M", "timeCycle")
        return super()._trigger(catch)

    def _node(self, block: Block, loop: str = "") -> str:
        if block.kind != "until":
            return super()._node(block, loop)
        completed, most = block.limits
        until = f"=numberOfCompletedInstances >= {completed} or n > {most}"
        items = f"={list(range(1, block.limit + 1))}"
        marks = many(items, f"it{block.id}", f"out{block.id}", "=n", sequential=block.sequential, until=until)
        return super()._node(block.ways[0], marks)

    def _throw_link(self, last: str, event: str, name: str) -> None:
        self._flow(last, event)
        self._parts.append(node("intermediateThrowEvent", event, f'<bpmn:linkEventDefinition name="{name}"/>'))

    def _catch_link(self, name: str) -> str:
        self._parts.append(node("intermediateCatchEvent", name, f'<bpmn:linkEventDefinition name="{name}"/>'))
        return name

    def _link(self, block: Block, last: str) -> str:
        self._throw_link(last, block.id, f"{block.id}C")
        return self._catch_link(f"{block.id}C")

    def _links(self, block: Block, last: str) -> str:
        self._flow(last, block.id)
        self._parts.append(node("exclusiveGateway", block.id, default=f"{block.id}D"))
        name = f"{block.id}C"
        for index, way in enumerate(block.ways):
            first = f"{block.id}W{index}"
            self._parts.append(node("manualTask", first))
            self._flow_to(block, first, index)
            self._throw_link(self._draw(way, first), f"{block.id}T{index}", name)
        return self._catch_link(name)

    def _flow_to(self, block: Block, first: str, index: int) -> None:
        condition = f"<bpmn:conditionExpression>=n &gt; {block.limit}</bpmn:conditionExpression>" if index == 0 else ""
        flow_id = f"{block.id}D" if index else f"{block.id}F"
        self._parts.append(node("sequenceFlow", flow_id, condition, sourceRef=block.id, targetRef=first))

    def _every(self, block: Block, last: str) -> str:
        return self._fork(block, last, "manualTask", (), "parallelGateway")

    def _choice(self, block: Block, last: str) -> str:
        return self._fork(block, last, "manualTask", block.limits, "inclusiveGateway")

    def _each(self, block: Block, last: str) -> str:
        self._flow(last, block.id)
        self._parts.append(node("manualTask", block.id))
        *ways, tail = block.ways
        for way in ways:
            self._flow(self._draw(way, block.id), tail.id)
        self._parts.append(self._node(tail))
        return tail.id


class WideGame(Game):
    """Plays blocks of all kinds."""

    def _wait(self, catch: Catch, region: Region, env: Env, fire: Then, *, stays: bool = False) -> None:
        if catch.kind == "cycle":
            self._cycle(catch, region, env, fire, ROUNDS)
        else:
            super()._wait(catch, region, env, fire, stays=stays)

    def _cycle(self, catch: Catch, region: Region, env: Env, fire: Then, rounds: int) -> None:
        def fired(_: object) -> None:
            if rounds > 1:
                self._cycle(catch, region, env, fire, rounds - 1)
            fire()

        due = self.now + timedelta(minutes=catch.minutes)
        self.waits.append(Wait(catch.id, "timer", region, env, fired, due))

    def _until(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        here = Region(region)
        results: list[object] = [None] * block.limit
        completed = [0]

        def begin(index: int) -> None:
            private = Env(env, {f"it{block.id}": index + 1})

            def over() -> None:
                results[index] = private.n
                completed[0] += 1
                enough = completed[0] >= block.limits[0] or private.n > block.limits[1]
                if enough or completed[0] == block.limit:
                    here.is_live = False
                    env.data[f"out{block.id}"] = results
                    then()
                elif block.sequential:
                    begin(index + 1)

            self.run(block.ways[0], scope, here, private, over)

        for index in range(1 if block.sequential else block.limit):
            begin(index)

    def _link(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        then()

    _links = Game._xor
    _every = Game._par
    _choice = Game._inc

    def _each(self, block: Block, scope: Scope, region: Region, env: Env, then: Then) -> None:
        *ways, tail = block.ways
        scope.tokens += len(ways) - 1
        for way in ways:
            self.run(way, scope, region, env, lambda: self.run(tail, scope, region, env, then))
