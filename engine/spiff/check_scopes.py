"""Checks a process or sub-process: its start, its flows, and that every node has what it needs to run as it looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from engine.spiff.check_events import (
    check_definitions,
    check_event_gateway,
    check_start,
    is_event_subprocess,
)
from engine.spiff.check_extensions import check_extensions
from engine.spiff.extensions import Node, bpmn_name, xpath
from engine.spiff.normalise import event_definitions
from engine.spiff.vocabulary import ACTIVITIES, DECORATION, FLOW_NODES, STRUCTURE

Say: TypeAlias = Callable[[Node, str, str], None]

_NAMED = ("messageRef", "signalRef")
_NOT_NODES = DECORATION | STRUCTURE


@dataclass(frozen=True)
class _Scope:
    node: Node
    nodes: dict[str, Node]
    flows: list[Node]
    outgoing: dict[str, list[Node]]
    incoming: dict[str, list[Node]]

    @classmethod
    def read(cls, node: Node) -> _Scope:
        nodes = {str(child.get("id")): child for child in node if bpmn_name(child) in FLOW_NODES}
        flows = xpath(node, "./b:sequenceFlow")
        outgoing: dict[str, list[Node]] = {}
        incoming: dict[str, list[Node]] = {}
        for flow in flows:
            outgoing.setdefault(str(flow.get("sourceRef")), []).append(flow)
            incoming.setdefault(str(flow.get("targetRef")), []).append(flow)
        return cls(node, nodes, flows, outgoing, incoming)


def check_scope(node: Node, root: Node, say: Say) -> None:
    """Check one process or sub-process and the nodes and flows directly in it."""
    scope = _Scope.read(node)
    if bpmn_name(node) == "process":
        _check_id(node, say)
    starts = xpath(node, "./b:startEvent")
    plain = [start for start in starts if not event_definitions(start)]
    if not starts or len(plain) > 1 or (len(starts) > 1 and bpmn_name(node) != "process"):
        message = "Exactly one start event is needed, and of a process one at most that no event starts"
        say(node, "one-start", f"{message}; there are {len(starts)}.")
    named = [definition.get(key) for start in starts for definition in event_definitions(start) for key in _NAMED]
    if len([name for name in named if name]) != len({name for name in named if name}):
        say(node, "one-start", "Two start events wait for the same message or signal.")
    for start in starts:
        check_start(node, start, say)
    ends = {str(child.get("id")) for child in node if bpmn_name(child) and bpmn_name(child) not in _NOT_NODES}
    for flow in scope.flows:
        _check_flow(flow, ends, say)
    _check_links(node, say)
    for element_id, child in scope.nodes.items():
        _check_id(child, say)
        check_definitions(child, root, say)
        check_extensions(child, say)
        _check_ways(scope, element_id, child, say)
        if bpmn_name(child) == "boundaryEvent":
            _check_attached(scope, child, say)
        if bpmn_name(child) == "eventBasedGateway":
            targets = [scope.nodes.get(str(flow.get("targetRef"))) for flow in scope.outgoing.get(element_id, ())]
            check_event_gateway(child, [target for target in targets if target is not None], scope.incoming, say)
    reached = _reachable(scope)
    for element_id, child in scope.nodes.items():
        if element_id not in reached:
            say(child, "reachable", "Nothing leads here from the start.")


def _check_id(node: Node, say: Say) -> None:
    element_id = str(node.get("id", ""))
    if not element_id or "#" in element_id:
        say(node, "id", f"A {bpmn_name(node)} needs an id without #.")


def _check_flow(flow: Node, ends: set[str], say: Say) -> None:
    _check_id(flow, say)
    for end in ("sourceRef", "targetRef"):
        if str(flow.get(end)) not in ends:  # an unknown kind of node is told of by itself
            say(flow, "flow-ends", f"The flow's {end} {flow.get(end)} is not an element of the same scope.")
    for condition in xpath(flow, "./b:conditionExpression"):
        if not (condition.text or "").strip().startswith("="):
            say(flow, "condition", "A condition must be a FEEL expression and start with =.")


def _check_attached(scope: _Scope, event: Node, say: Say) -> None:
    activity = scope.nodes.get(str(event.get("attachedToRef")))
    if activity is None or bpmn_name(activity) not in ACTIVITIES or is_event_subprocess(activity):
        say(event, "attached", f"The event is attached to {event.get('attachedToRef')}, which is no activity here.")


def _check_links(scope: Node, say: Say) -> None:
    def link(event: Node) -> str:
        return str(event_definitions(event)[0].get("name", ""))

    catches = [link(event) for event in xpath(scope, "./b:intermediateCatchEvent[b:linkEventDefinition]")]
    for event in xpath(scope, "./b:intermediateThrowEvent[b:linkEventDefinition]"):
        if catches.count(link(event)) != 1:
            say(event, "link", f'The link "{link(event)}" needs exactly one catching link event in the same scope.')


def _check_ways(scope: _Scope, element_id: str, node: Node, say: Say) -> None:
    name = bpmn_name(node)
    outgoing, incoming = scope.outgoing.get(element_id, []), scope.incoming.get(element_id, [])
    is_link = bool(xpath(node, "./b:linkEventDefinition"))
    is_last = name == "endEvent" or (name == "intermediateThrowEvent" and is_link) or is_event_subprocess(node)
    is_first = name in ("startEvent", "boundaryEvent") or (name == "intermediateCatchEvent" and is_link)
    if outgoing and is_last:
        say(node, "way-out", "No flow may leave this element.")
    if not outgoing and not is_last:
        say(node, "dead-end", "No flow leaves this element, and it is no end event.")
    if incoming and (is_first or is_event_subprocess(node)):
        say(node, "way-in", "No flow may lead to this element.")
    _check_choice(node, outgoing, say)


def _check_choice(node: Node, outgoing: list[Node], say: Say) -> None:
    conditional = [flow for flow in outgoing if xpath(flow, "./b:conditionExpression")]
    chooses = bpmn_name(node) in ("exclusiveGateway", "inclusiveGateway")
    is_activity = bpmn_name(node) in ACTIVITIES
    default = node.get("default")
    if conditional and not chooses and not is_activity:
        say(node, "conditional-flow", "A flow with a condition may only leave an activity or a choosing gateway.")
    if conditional and is_activity and len(outgoing) < 2:
        say(node, "conditional-flow", "A flow with a condition may not be the only one out of an activity.")
    if default is not None and default not in [flow.get("id") for flow in outgoing]:
        say(node, "default", f"The default flow {default} does not leave this element.")
    for flow in outgoing if chooses and len(outgoing) > 1 else ():
        if flow not in conditional and flow.get("id") != default:
            say(flow, "condition", "This flow has no condition and is not the default, so it is not said when it runs.")
    if is_activity and default is not None and not conditional:
        say(node, "default", "A default flow needs other flows with conditions beside it.")


def _reachable(scope: _Scope) -> set[str]:
    boundaries: dict[str, list[str]] = {}
    for event in xpath(scope.node, "./b:boundaryEvent"):
        boundaries.setdefault(str(event.get("attachedToRef")), []).append(str(event.get("id")))
    links = xpath(scope.node, "./b:intermediateCatchEvent[b:linkEventDefinition]")
    handlers = [node for node in scope.nodes.values() if is_event_subprocess(node)]
    todo = [str(node.get("id")) for node in [*xpath(scope.node, "./b:startEvent"), *links, *handlers]]
    found: set[str] = set()
    while todo:
        element_id = todo.pop()
        if element_id not in found:
            found.add(element_id)
            todo.extend(str(flow.get("targetRef")) for flow in scope.outgoing.get(element_id, ()))
            todo.extend(boundaries.get(element_id, ()))
    return found
