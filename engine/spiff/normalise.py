"""Rewrites a copy of a checked diagram into plainer BPMN, where the plainer form means exactly the same.

Link events become sequence flows. Conditional flows out of an activity leave an inclusive gateway behind it; several
flows without conditions need nothing, as every node but a gateway takes all its flows. A second flow between the same
two nodes gets a node of its own on the way. A scope with event sub-processes becomes the same scope with its own
elements in a body, and the event sub-processes behind boundary events of the body; this is exact because a sub-process
shares the variables around it. Made-up ids contain ``#``, which no drawn id can.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

from lxml import etree

from engine.spiff.extensions import BPMN, Node, bpmn_name, local_name, xpath
from engine.spiff.host import TimerKind
from engine.spiff.program import Start
from engine.spiff.vocabulary import ACTIVITIES

INNER = "#in"
"""Ends the id of the start made inside a body, behind the scope's own."""
CHOICE = "#choice"
"""Ends the id of the gateway made behind an activity that has conditional flows."""

_HOW: dict[str, TimerKind] = {"timeDate": "date", "timeDuration": "duration", "timeCycle": "cycle"}
_STAYS_IN_SCOPE = (
    "extensionElements",
    "documentation",
    "incoming",
    "outgoing",
    "multiInstanceLoopCharacteristics",
    "standardLoopCharacteristics",
    "laneSet",
)


@dataclass
class Normalised:
    """The rewritten tree and what was set aside."""

    root: Node
    starts: dict[str, list[Start]] = field(default_factory=dict)
    shown_as: dict[str, str] = field(default_factory=dict)
    """Made-up boundary event -> the start event of the event sub-process that it stands for."""


def normalise(root: Node) -> Normalised:
    """Return the rewritten copy; the original tree is left alone."""
    result = Normalised(copy.deepcopy(root))
    for process in xpath(result.root, "./b:process[@isExecutable='false']"):
        result.root.remove(process)  # a picture of someone else's process
    for process in xpath(result.root, "./b:process"):
        _set_starts_aside(process, result)
    for scope in xpath(result.root, "./b:process | ./b:process//b:subProcess"):
        _join_links(scope)
        _put_choices_behind_activities(scope)
        _part_parallel_flows(scope)
    # The innermost scope first: what surrounds it is then rewritten as a whole.
    for scope in reversed(xpath(result.root, "//*[b:subProcess[@triggeredByEvent='true']]")):
        _desugar_event_subprocesses(scope, result)
    return result


def event_definitions(node: Node) -> list[Node]:
    """Return the event definitions of an event."""
    return [child for child in node if isinstance(child.tag, str) and local_name(child).endswith("EventDefinition")]


def _make(parent: Node, name: str, **attributes: str) -> Node:
    return etree.SubElement(parent, f"{{{BPMN}}}{name}", attributes)


def _make_flow(parent: Node, source: str, target: str) -> Node:
    return _make(parent, "sequenceFlow", id=f"{source}#to#{target}", sourceRef=source, targetRef=target)


def _id(node: Node) -> str:
    return str(node.get("id"))


def _set_starts_aside(process: Node, result: Normalised) -> None:
    """Strip the definition from a process's start event: who creates instances is the caller's business."""
    starts = xpath(process, "./b:startEvent")
    for plain in [start for start in starts[1:] if not event_definitions(start)]:
        process.insert(process.index(starts[0]), plain)  # the first is where a person begins
    for start in starts:
        for definition in event_definitions(start):
            kind = local_name(definition).removesuffix("EventDefinition")
            reference = definition.get(f"{kind}Ref")
            text = _name_of(result.root, reference) if reference else "".join(map(str, definition.itertext())).strip()
            how = _HOW[next((bpmn_name(child) for child in definition if bpmn_name(child) in _HOW), "timeDate")]
            result.starts.setdefault(_id(process), []).append(Start(_id(start), kind, text, how))
            start.remove(definition)


def _name_of(root: Node, reference: str) -> str:
    return next((str(item.get("name", "")) for item in root if item.get("id") == reference), "")


def _join_links(scope: Node) -> None:
    catches: dict[str, str] = {}
    for event in xpath(scope, "./b:intermediateCatchEvent[b:linkEventDefinition]"):
        catches[_link(event)] = _id(event)
    for event in xpath(scope, "./b:intermediateThrowEvent[b:linkEventDefinition]"):
        _make_flow(scope, _id(event), catches[_link(event)])
    for event in xpath(scope, "./*[b:linkEventDefinition]"):
        event.tag = f"{{{BPMN}}}intermediateThrowEvent"
        for definition in event_definitions(event):
            event.remove(definition)


def _link(event: Node) -> str:
    return str(event_definitions(event)[0].get("name", ""))


def _put_choices_behind_activities(scope: Node) -> None:
    """Conditional flows of an activity are an inclusive split; beside a default, the others a parallel one before it.

    Source: BPMN 2.0, 13.3.1 and table 13.3
    """
    outgoing: dict[str, list[Node]] = {}
    for flow in xpath(scope, "./b:sequenceFlow"):
        outgoing.setdefault(str(flow.get("sourceRef")), []).append(flow)
    for activity in [child for child in scope if bpmn_name(child) in ACTIVITIES]:
        flows = outgoing.get(_id(activity), [])
        if not any(xpath(flow, "./b:conditionExpression") for flow in flows):
            continue
        choice = _make(scope, "inclusiveGateway", id=f"{_id(activity)}{CHOICE}")
        default = activity.attrib.pop("default", None)
        if default is not None:
            choice.set("default", str(default))
        for flow in flows:
            if default in (None, flow.get("id")) or xpath(flow, "./b:conditionExpression"):
                flow.set("sourceRef", _id(choice))
        _make_flow(scope, _id(activity), _id(choice))


def _part_parallel_flows(scope: Node) -> None:
    seen: set[tuple[str | None, str | None]] = set()
    for flow in xpath(scope, "./b:sequenceFlow"):
        ends = (flow.get("sourceRef"), flow.get("targetRef"))
        if ends in seen:
            target, via = str(ends[1]), f"{_id(flow)}#via"
            flow.set("targetRef", via)
            _make(scope, "intermediateThrowEvent", id=via)
            _make_flow(scope, via, target)
        seen.add(ends)


def _desugar_event_subprocesses(scope: Node, result: Normalised) -> None:
    scope_id = _id(scope)
    handlers = xpath(scope, "./b:subProcess[@triggeredByEvent='true']")
    starts = xpath(scope, "./b:startEvent")
    body = etree.Element(f"{{{BPMN}}}subProcess", {"id": f"{scope_id}#body"})
    inner = {_id(start): f"{_id(start)}{INNER}" for start in starts[1:]} | {_id(starts[0]): f"{scope_id}{INNER}"}
    for start in starts:
        _make(body, "startEvent", id=inner[_id(start)])
    for child in list(scope):
        if child not in starts and child not in handlers and local_name(child) not in _STAYS_IN_SCOPE:
            body.append(child)
    for flow in xpath(body, "./b:sequenceFlow"):
        flow.set("sourceRef", inner.get(str(flow.get("sourceRef")), str(flow.get("sourceRef"))))
    scope.append(body)
    _make(scope, "endEvent", id=f"{scope_id}#end")
    for start in starts:
        _make_flow(scope, _id(start), _id(body))
    _make_flow(scope, _id(body), f"{scope_id}#end")
    for handler in handlers:
        _put_behind_boundary(scope, body, handler, result)


def _put_behind_boundary(scope: Node, body: Node, handler: Node, result: Normalised) -> None:
    del handler.attrib["triggeredByEvent"]
    start = xpath(handler, "./b:startEvent")[0]
    handler_id = _id(handler)
    event = _make(
        scope,
        "boundaryEvent",
        id=f"{handler_id}#on",
        attachedToRef=_id(body),
        cancelActivity=str(start.get("isInterrupting", "true")),
    )
    for extension in xpath(start, "./b:extensionElements"):
        event.append(extension)
    for definition in event_definitions(start):
        event.append(definition)
    result.shown_as[_id(event)] = _id(start)
    _make(scope, "endEvent", id=f"{handler_id}#done")
    _make_flow(scope, _id(event), handler_id)
    _make_flow(scope, handler_id, f"{handler_id}#done")
