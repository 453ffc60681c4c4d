"""Which rows of `docs/bpmn.md` a diagram holds: told from the diagram alone, not from the blocks behind it."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.spiff.extensions import Node, bpmn_name, xpath
from engine.spiff.vocabulary import ACTIVITIES

EXCEPTIONS: dict[str, str] = {}
"""A row that runs and is never made -> the reason why."""

_EVENTS = {
    "endEvent": "end",
    "intermediateThrowEvent": "intermediate throw",
    "intermediateCatchEvent": "intermediate catch",
}
_TASKS = {
    "task": "task", "manualTask": "manual task", "userTask": "user task", "serviceTask": "service task",
    "sendTask": "send task", "scriptTask": "script task", "businessRuleTask": "business rule task",
    "receiveTask": "receive task", "subProcess": "sub-process", "callActivity": "call activity",
}  # fmt: skip


def rows_of(diagram: bytes) -> dict[str, set[str]]:
    """Return row of the page -> the elements of the diagram that are such."""
    found: dict[str, set[str]] = {}
    root = etree.fromstring(diagram)
    for node in root.iter():
        for element, position in _rows(node):
            name = f"{element} {position}".replace(",", "").replace(" ", "-")
            found.setdefault(name, set()).add(str(node.get("id")))
    return found


def _rows(node: Node) -> Iterator[tuple[str, str]]:
    kind = bpmn_name(node)
    if kind == "startEvent":
        yield f"{_trigger(node)} event", _start(node)
        yield from _several_starts(node)
    elif kind == "boundaryEvent":
        stays = node.get("cancelActivity") == "false"
        yield f"{_trigger(node)} event", "non-interrupting boundary" if stays else "interrupting boundary"
        if _names_no_code(node):
            yield f"{_trigger(node)} event without a code", "boundary"
    elif kind in _EVENTS:
        behind = any(bpmn_name(source) == "eventBasedGateway" for source in _sources(node))
        yield f"{_trigger(node)} event", "behind an event-based gateway" if behind else _EVENTS[kind]
    elif kind in ACTIVITIES and node.get("triggeredByEvent") != "true":
        yield _TASKS[kind], _loop(node)
        if len(_sources(node)) > 1:
            yield "several flows", "into an activity"
    elif kind.endswith("Gateway"):
        yield _gateway(kind)
    yield from _ways_out(node, kind)


def _trigger(event: Node) -> str:
    definitions = xpath(event, "./*[contains(local-name(), 'EventDefinition')]")
    if not definitions:
        return "none"
    name = bpmn_name(definitions[0]).removesuffix("EventDefinition")
    if name == "timer":
        return f"timer {bpmn_name(definitions[0][0]).removeprefix('time').lower()}"
    return name


def _names_no_code(event: Node) -> bool:
    """Say whether an event refers to an error or escalation that has no code."""
    kind = _trigger(event)
    if kind not in ("error", "escalation"):
        return False
    references = {definition.get(f"{kind}Ref") for definition in event}
    named = xpath(event.getroottree().getroot(), f"./b:{kind}[not(@{kind}Code)]")
    return any(item.get("id") in references for item in named)


def _start(event: Node) -> str:
    scope = event.getparent()
    if scope is None or bpmn_name(scope) == "process":
        return "start of a process"
    if scope.get("triggeredByEvent") != "true":
        return "start of a sub-process"
    stays = event.get("isInterrupting") == "false"
    return f"start of {'a non-interrupting' if stays else 'an interrupting'} event sub-process"


def _several_starts(event: Node) -> Iterator[tuple[str, str]]:
    scope = event.getparent()
    starts = [] if scope is None else xpath(scope, "./b:startEvent")
    if len(starts) > 1:
        yield "several start events", "of a process, one of them plain"


def _loop(activity: Node) -> str:
    markers = xpath(activity, "./b:multiInstanceLoopCharacteristics")
    laps = xpath(activity, "./b:standardLoopCharacteristics")
    if laps:
        return f"standard loop {_laps(laps[0])}"
    if not markers:
        return "once"
    one_by_one = markers[0].get("isSequential") == "true"
    if xpath(markers[0], "./b:completionCondition"):
        return "multi-instance with a completion condition"
    if xpath(markers[0], "./b:loopCardinality"):
        return "multi-instance by cardinality" + (", sequential" if one_by_one else "")
    return "multi-instance, sequential" if one_by_one else "multi-instance, parallel"


def _laps(marker: Node) -> str:
    if marker.get("testBefore") == "true":
        return "tested before"
    return "with a condition" if xpath(marker, "./b:loopCondition") else "with a maximum"


def _gateway(kind: str) -> tuple[str, str]:
    match kind:
        case "exclusiveGateway":
            return "exclusive gateway", "split and merge"
        case "eventBasedGateway":
            return "event-based gateway", "before events and receive tasks"
    return f"{kind.removesuffix('Gateway')} gateway", "split and join"


def _ways_out(node: Node, kind: str) -> Iterator[tuple[str, str]]:
    flows = _flows(node, "sourceRef")
    names = {**_TASKS, "startEvent": "start event", "intermediateThrowEvent": "throw event",
             "intermediateCatchEvent": "catch event"}  # fmt: skip
    if len(flows) < 2 or kind not in names:
        return
    conditions = any(xpath(flow, "./b:conditionExpression") for flow in flows)
    yield "flows with conditions" if conditions else "several flows", f"out of a {names[kind]}"


def _flows(node: Node, end: str) -> list[Node]:
    scope = node.getparent()
    return [] if scope is None else xpath(scope, f"./b:sequenceFlow[@{end}='{node.get('id')}']")


def _sources(node: Node) -> list[Node]:
    scope = node.getparent()
    ids = {flow.get("sourceRef") for flow in _flows(node, "targetRef")}
    return [] if scope is None else [child for child in scope if child.get("id") in ids]
