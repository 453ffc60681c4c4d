"""Plays the token game on a diagram, bounded, and says where it can stop for ever or run one thing twice.

Finds joins that can never get all their tokens, and several tokens reaching one exclusive merge. Only the drawing is
played: any condition may come out either way, any boundary event may happen. What is too large to play through is "not
decided" and gives no findings. Source: van der Aalst, soundness of workflow nets.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from engine.diagram import ACTIVITIES, Diagram, Element, Flow

MAX_STATES = 5_000
MAX_WORK = 5_000_000
MAX_ASKED = 6
JOINS = frozenset({"parallelGateway", "inclusiveGateway"})

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
    came_from: dict[State, tuple[State, str] | None] = dict.fromkeys(game.first_states())
    pending = deque(came_from)
    if not pending:
        return Verdict(is_decided=False, faults=())
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
    # What comes behind a crowded place was not played, so it may still complete a join.
    is_certain = not crowded
    locks = [
        Unsound("dead-lock" if is_certain and e not in happened else "possible-dead-lock", e, path)
        for e, path in starved.items()
    ]
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
        self.ways_out = {e.id: _ways_out(e, [self.flow[f] for f in self._out(e.id)]) for e in inside}
        self.leading_to: dict[tuple[str, str], frozenset[str]] = {}
        is_known = all(e.kind != "complexGateway" for e in inside)
        self.is_playable = is_known and all(self.ways_out[e.id] or not self._out(e.id) for e in inside)

    def first_states(self) -> list[State]:
        """Return one state for each start event: each begins an instance of its own."""
        starts = [e for e in self.elements.values() if e.kind == "startEvent"]
        return [_state(dict.fromkeys(self._out(e.id), 1)) for e in starts] if self.is_playable else []

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
            elif element.kind in JOINS:
                if element.id not in joined:
                    joined.add(element.id)
                    yield from self._join(element, tokens)
            else:
                yield from self._enter(element, place, tokens)

    def _enter(self, element: Element, place: str, tokens: dict[str, int]) -> Iterator[tuple[str, State]]:
        left = _less(tokens, place)
        if element.kind == "endEvent":
            ends_all = bool({"terminate", "error"} & set(element.event_kinds))
            yield element.id, () if ends_all else _state(left)
        elif element.kind == "intermediateThrowEvent" and _link(element) in self.link_targets:
            for flow in self._out(self.link_targets[_link(element)]):
                left = _more(left, flow)
            yield element.id, _state(left)
        elif element.id in self.boundaries:
            yield element.id, _state(_more(left, element.id))
        else:
            yield from self._leave(element, left)

    def _leave(self, element: Element, tokens: dict[str, int]) -> Iterator[tuple[str, State]]:
        for way in self.ways_out[element.id]:
            left = tokens
            for flow in way:
                left = _more(left, flow)
            yield element.id, _state(left)

    def _join(self, element: Element, tokens: dict[str, int]) -> Iterator[tuple[str, State]]:
        incoming = [f.id for f in self.diagram.incoming.get(element.id, ()) if f.id in self.flow]
        filled = [flow for flow in incoming if tokens.get(flow, 0)]
        is_complete = len(filled) == len(incoming)
        if is_complete or (
            element.kind == "inclusiveGateway" and not self._may_come(element, incoming, filled, tokens)
        ):
            left = tokens
            for flow in filled:
                left = _less(left, flow)
            yield from self._leave(element, left)

    def _may_come(self, join: Element, incoming: list[str], filled: list[str], tokens: dict[str, int]) -> bool:
        """Tell whether a token can still come by an empty flow, and could not come by a filled one as well.

        Source: BPMN 2.0, table 13.3.
        """
        by_empty = [self._places_before(join.id, flow) for flow in incoming if flow not in filled]
        by_filled = [self._places_before(join.id, flow) for flow in filled]
        others = [place for place, count in tokens.items() if count and place not in filled]
        return any(
            any(place in before for before in by_empty) and not any(place in before for before in by_filled)
            for place in others
        )

    def _places_before(self, join: str, flow: str) -> frozenset[str]:
        """Return the places from which a token can reach a flow without passing the join that it leads to."""
        if (join, flow) not in self.leading_to:
            found, todo = {flow}, [flow]
            while todo:
                place = todo.pop()
                source = self.flow[place].source if place in self.flow else place
                for earlier in self._places_into(source or ""):
                    if earlier not in found and source != join:
                        found.add(earlier)
                        todo.append(earlier)
            self.leading_to[join, flow] = frozenset(found)
        return self.leading_to[join, flow]

    def _places_into(self, element_id: str) -> Iterator[str]:
        element = self.elements.get(element_id)
        if element is None:
            return
        if element.kind == "boundaryEvent":
            yield element.attached_to or ""
            yield from self._places_into(element.attached_to or "")
        yield from (f.id for f in self.diagram.incoming.get(element_id, ()) if f.id in self.flow)
        if element_id in self.boundaries:
            yield element_id
        if element_id in self.link_targets.values():
            throws = [e for e in self.elements.values() if self.link_targets.get(_link(e)) == element_id != e.id]
            yield from (place for throw in throws for place in self._places_into(throw.id))

    def _finish(self, element: Element, tokens: dict[str, int]) -> Iterator[tuple[str, State]]:
        yield from self._leave(element, _less(tokens, element.id))
        for boundary in self.boundaries[element.id]:
            if boundary.attributes.get("cancelActivity") != "false":
                yield boundary.id, _state(self._put_out(boundary.id, _less(tokens, element.id)))
            elif _happened(boundary) not in tokens:
                # It may happen any number of times; once is enough to see what its token does.
                yield boundary.id, _state(_more(self._put_out(boundary.id, tokens), _happened(boundary)))

    def starved_joins(self, state: State) -> Iterator[str]:
        """Yield the joins that hold tokens which nothing can ever complete."""
        for place, _ in state:
            flow = self.flow.get(place)
            target = self.elements.get(flow.target or "") if flow is not None else None
            if target is not None and target.kind in JOINS:
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


def _ways_out(element: Element, flows: list[Flow]) -> list[tuple[str, ...]]:
    """Return each set of flows that a token may take out of an element, whatever its conditions say.

    None at all where there are too many to play.
    """
    if element.kind in ("exclusiveGateway", "eventBasedGateway"):
        return [(flow.id,) for flow in flows]
    default = next((flow.id for flow in flows if flow.id == element.attributes.get("default")), None)
    asked = [flow.id for flow in flows if flow.condition is not None and flow.id != default]
    decides = element.kind == "inclusiveGateway" or element.kind in ACTIVITIES
    if not asked or not decides:
        return [tuple(flow.id for flow in flows)]
    always = tuple(flow.id for flow in flows if flow.condition is None and flow.id != default)
    if len(asked) > MAX_ASKED:
        return []
    some = [chosen for number in range(1, len(asked) + 1) for chosen in combinations(asked, number)]
    otherwise = always if default is None else (*always, default)
    return [(*always, *chosen) for chosen in some] + ([otherwise] if otherwise else [])


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
