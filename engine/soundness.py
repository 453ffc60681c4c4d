"""Plays the token game on a diagram, bounded, and says where it can stop for ever or run one thing twice.

Finds joins that can never get all their tokens, and several tokens reaching one exclusive merge. Only the drawing is
played: any condition may come out either way, any boundary event may happen. What is too large to play through is "not
decided" and gives no findings. Source: van der Aalst, soundness of workflow nets.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from engine.diagram import Diagram, Element, Flow

MAX_STATES = 5_000
MAX_WORK = 5_000_000

# A state: for every flow or element that holds tokens, how many.
State = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Unsound:
    """One way in which a scope can go wrong: at `element`, after passing the elements of `path`.

    A dead lock is a join that no play ever completes; a possible one is completed in some plays and not in others.
    """

    kind: Literal["dead-lock", "possible-dead-lock", "lack-of-synchronisation"]
    element: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What playing a scope showed; `is_decided` is false when it was given up."""

    is_decided: bool
    faults: tuple[Unsound, ...]


def play(diagram: Diagram, scope: str) -> Verdict:
    """Play every way through a process or sub-process, up to a bound of states."""
    game = _Game(diagram, scope)
    start = game.first_state()
    if start is None:
        return Verdict(is_decided=False, faults=())
    came_from: dict[State, tuple[State, str] | None] = {start: None}
    pending = deque([start])
    starved: dict[str, tuple[str, ...]] = {}
    crowded: dict[str, tuple[str, ...]] = {}
    happened: set[str] = set()
    work = 0
    while pending:
        state = pending.popleft()
        work += len(state) ** 2  # every token may move, and every move writes the state anew
        if work > MAX_WORK:
            return Verdict(is_decided=False, faults=())
        moves = list(game.moves(state))
        if not moves:
            for element in game.starved_joins(state):
                starved.setdefault(element, _path(came_from, state))
        for element, following in moves:
            happened.add(element)
            if following in came_from:
                continue
            came_from[following] = (state, element)
            at = game.crowded(following)
            if at is None:
                pending.append(following)
            else:  # playing on from a crowded state would only repeat it, perhaps without end
                crowded.setdefault(at, _path(came_from, following))
        if len(came_from) > MAX_STATES:
            return Verdict(is_decided=False, faults=())
    locks = [Unsound("possible-dead-lock" if e in happened else "dead-lock", e, path) for e, path in starved.items()]
    crowds = [Unsound("lack-of-synchronisation", e, path) for e, path in crowded.items()]
    return Verdict(is_decided=True, faults=(*locks, *crowds))


def _path(came_from: Mapping[State, tuple[State, str] | None], state: State) -> tuple[str, ...]:
    path: list[str] = []
    step = came_from[state]
    while step is not None:
        path.append(step[1])
        step = came_from[step[0]]
    return tuple(reversed(path))


class _Game:
    """The tokens stand on flows, and on activities whose boundary events may still happen."""

    def __init__(self, diagram: Diagram, scope: str) -> None:
        self.diagram = diagram
        inside = [e for e in diagram.inside(scope) if not e.is_event_sub_process]
        self.elements: dict[str, Element] = {e.id: e for e in inside}
        self.flow: dict[str, Flow] = {f.id: f for f in diagram.flows if f.scope == scope}
        self.boundaries: dict[str, list[Element]] = {}
        for element in inside:
            if element.kind == "boundaryEvent" and element.attached_to in self.elements:
                self.boundaries.setdefault(element.attached_to or "", []).append(element)
        self.link_targets = {_link(e): e.id for e in inside if e.kind == "intermediateCatchEvent" and _link(e)}
        # Inclusive joins wait only for tokens that can still come: whether one can is not decided here.
        self.is_playable = not any(e.kind in ("inclusiveGateway", "complexGateway") for e in inside)

    def first_state(self) -> State | None:
        starts = [e for e in self.elements.values() if e.kind == "startEvent"]
        if len(starts) != 1 or not self.is_playable:
            return None
        return _state(dict.fromkeys(self._out(starts[0].id), 1))

    def moves(self, state: State) -> Iterator[tuple[str, State]]:
        """Yield each thing that may happen next: the element, and the state after it."""
        tokens = dict(state)
        joined: set[str] = set()
        for place in tokens:
            flow = self.flow.get(place)
            element = self.elements.get(flow.target or "") if flow is not None else self.elements.get(place)
            if element is None:
                continue
            if flow is None:
                yield from self._finish(element, tokens)
            elif element.kind == "parallelGateway":
                if element.id not in joined:
                    joined.add(element.id)
                    yield from self._join(element, tokens)
            else:
                yield from self._enter(element, place, tokens)

    def _enter(self, element: Element, place: str, tokens: dict[str, int]) -> Iterator[tuple[str, State]]:
        left = _less(tokens, place)
        if element.kind == "endEvent":
            yield element.id, () if "terminate" in element.event_kinds else _state(left)
        elif element.kind in ("exclusiveGateway", "eventBasedGateway"):
            for flow in self._out(element.id):
                yield element.id, _state(_more(left, flow))
        elif element.kind == "intermediateThrowEvent" and _link(element) in self.link_targets:
            for flow in self._out(self.link_targets[_link(element)]):
                left = _more(left, flow)
            yield element.id, _state(left)
        elif element.id in self.boundaries:
            yield element.id, _state(_more(left, element.id))
        else:
            yield element.id, _state(self._put_out(element.id, left))

    def _join(self, element: Element, tokens: dict[str, int]) -> Iterator[tuple[str, State]]:
        incoming = [f.id for f in self.diagram.incoming.get(element.id, ()) if f.id in self.flow]
        if all(tokens.get(flow, 0) for flow in incoming):
            left = tokens
            for flow in incoming:
                left = _less(left, flow)
            yield element.id, _state(self._put_out(element.id, left))

    def _finish(self, element: Element, tokens: dict[str, int]) -> Iterator[tuple[str, State]]:
        yield element.id, _state(self._put_out(element.id, _less(tokens, element.id)))
        for boundary in self.boundaries[element.id]:
            if boundary.attributes.get("cancelActivity") != "false":
                yield boundary.id, _state(self._put_out(boundary.id, _less(tokens, element.id)))
            elif _happened(boundary) not in tokens:
                # It may happen any number of times; once is enough to see what its token does.
                yield boundary.id, _state(_more(self._put_out(boundary.id, tokens), _happened(boundary)))

    def starved_joins(self, state: State) -> Iterator[str]:
        """Yield the parallel joins that hold tokens which nothing can ever complete."""
        for place, _ in state:
            flow = self.flow.get(place)
            target = self.elements.get(flow.target or "") if flow is not None else None
            if target is not None and target.kind == "parallelGateway":
                yield target.id

    def crowded(self, state: State) -> str | None:
        """Return the element that more than one token has come to, if any."""
        for place, count in state:
            if count > 1:
                flow = self.flow.get(place)
                return flow.source if flow is not None else place
        return None

    def _out(self, element: str) -> list[str]:
        return [f.id for f in self.diagram.outgoing.get(element, ()) if f.id in self.flow]

    def _put_out(self, element: str, tokens: dict[str, int]) -> dict[str, int]:
        for flow in self._out(element):
            tokens = _more(tokens, flow)
        return tokens


def _state(tokens: Mapping[str, int]) -> State:
    return tuple(sorted((place, count) for place, count in tokens.items() if count))


def _less(tokens: Mapping[str, int], place: str) -> dict[str, int]:
    return {**tokens, place: tokens[place] - 1}


def _more(tokens: Mapping[str, int], place: str) -> dict[str, int]:
    return {**tokens, place: tokens.get(place, 0) + 1}


def _happened(boundary: Element) -> str:
    """Return the mark, kept in the state, that a non-interrupting event has happened."""
    return f"{boundary.id} happened"


def _link(element: Element) -> str:
    return next((e.link or "" for e in element.events if e.kind == "link"), "").strip()
