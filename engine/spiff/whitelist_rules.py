"""What a node or a scope must have besides names from the white list, so that it runs and means what it shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from engine.spiff.extensions import Node, local_name, xpath
from engine.spiff.normalise import event_definitions

Say: TypeAlias = Callable[[Node, str, str], None]

_DEFINITIONS = {
    "startEvent": "message timer signal",
    "eventSubProcessStart": "message timer error escalation signal",
    "endEvent": "message error escalation signal terminate",
    "intermediateCatchEvent": "message timer signal link",
    "intermediateThrowEvent": "message escalation signal link",
    "boundaryEvent": "message timer error escalation signal",
}
_REFERENCES = {"message": "messageRef", "signal": "signalRef", "error": "errorRef", "escalation": "escalationRef"}


def check_scope(scope: Node, say: Say) -> None:
    """Check a process or sub-process as a whole."""
    nodes = {str(child.get("id")): child for child in scope if isinstance(child.tag, str) and child.get("id")}
    starts = xpath(scope, "./b:startEvent")
    if len(starts) != 1:
        say(scope, "one-start", f"Exactly one start event is needed; there are {len(starts)}.")
    for start in starts:
        _check_start(scope, start, say)
    for flow in xpath(scope, "./b:sequenceFlow"):
        for end in ("sourceRef", "targetRef"):
            if str(flow.get(end)) not in nodes:
                say(flow, "flow-ends", f"The flow's {end} {flow.get(end)} is not an element of the same scope.")
    for event in xpath(scope, "./b:boundaryEvent"):
        activity = nodes.get(str(event.get("attachedToRef")))
        if activity is None or not (local_name(activity).lower().endswith("task") or _is_inner(activity)):
            say(event, "attached", f"The event is attached to {event.get('attachedToRef')}, which is no activity here.")
    _check_links(scope, say)
    reached = _reachable(scope, nodes)
    for element_id, node in nodes.items():
        if element_id not in reached and node in xpath(
            scope, "./*[b:incoming or b:outgoing] | ./b:userTask | ./b:serviceTask"
        ):
            say(node, "reachable", "Nothing leads here from the start.")


def check_node(node: Node, root: Node, say: Say) -> None:
    """Check one flow node, sequence flow or message."""
    name = local_name(node)
    element_id = str(node.get("id", ""))
    if not element_id:
        say(node, "id", f"A {name} has no id.")
    if "#" in element_id:
        say(node, "id", "An id must not contain #.")
    if name == "message":
        _check_message(node, say)
        return
    if name == "sequenceFlow":
        _check_condition(node, say)
        return
    _check_definitions(node, root, say)
    _check_outgoing(node, say)
    _check_extensions(node, root, say)


def _is_inner(node: Node) -> bool:
    return local_name(node) == "callActivity" or (
        local_name(node) == "subProcess" and node.get("triggeredByEvent") != "true"
    )


def _check_start(scope: Node, start: Node, say: Say) -> None:
    definitions = event_definitions(start)
    is_handler = scope.get("triggeredByEvent") == "true"
    if is_handler and len(definitions) != 1:
        say(start, "event-start", "An event sub-process must start with an event.")
    if not is_handler and local_name(scope) == "subProcess" and definitions:
        say(start, "plain-start", "A sub-process must start with a plain start event.")
    kind = local_name(definitions[0]) if definitions else ""
    if is_handler and kind == "errorEventDefinition" and start.get("isInterrupting") == "false":
        say(start, "error-interrupts", "An error always interrupts.")
    if is_handler and (
        xpath(scope, "./b:incoming")
        or xpath(
            scope.getparent(), f"./b:sequenceFlow[@targetRef='{scope.get('id')}' or @sourceRef='{scope.get('id')}']"
        )
    ):  # type: ignore[arg-type]
        say(scope, "event-subprocess", "No flow may lead to or from an event sub-process.")


def _check_links(scope: Node, say: Say) -> None:
    def names(kind: str) -> list[tuple[Node, str]]:
        events = xpath(scope, f"./b:{kind}[b:linkEventDefinition]")
        return [(event, str(event_definitions(event)[0].get("name", ""))) for event in events]

    catches = [name for _, name in names("intermediateCatchEvent")]
    for event, name in names("intermediateThrowEvent"):
        if catches.count(name) != 1:
            say(event, "link", f'The link "{name}" needs exactly one catching link event in the same scope.')
        if xpath(event, "./b:outgoing"):
            say(event, "link", "No flow may leave a throwing link event.")


def _reachable(scope: Node, nodes: dict[str, Node]) -> set[str]:
    after: dict[str, list[str]] = {}
    for flow in xpath(scope, "./b:sequenceFlow"):
        after.setdefault(str(flow.get("sourceRef")), []).append(str(flow.get("targetRef")))
    for event in xpath(scope, "./b:boundaryEvent"):
        after.setdefault(str(event.get("attachedToRef")), []).append(str(event.get("id")))
    links = xpath(scope, "./b:intermediateCatchEvent[b:linkEventDefinition]")
    handlers = xpath(scope, "./b:subProcess[@triggeredByEvent='true']")
    todo = [str(node.get("id")) for node in [*xpath(scope, "./b:startEvent"), *links, *handlers]]
    found: set[str] = set()
    while todo:
        element_id = todo.pop()
        if element_id not in found:
            found.add(element_id)
            todo.extend(after.get(element_id, ()))
    return found


def _check_message(node: Node, say: Say) -> None:
    if str(node.get("name", "=")).startswith("="):
        say(node, "message-name", "The name of a message must be a fixed text.")


def _check_condition(flow: Node, say: Say) -> None:
    for condition in xpath(flow, "./b:conditionExpression"):
        if not (condition.text or "").strip().startswith("="):
            say(flow, "condition", "A condition must be a FEEL expression and start with =.")


def _check_definitions(node: Node, root: Node, say: Say) -> None:
    name, definitions = local_name(node), event_definitions(node)
    parent = node.getparent()
    in_handler = name == "startEvent" and parent is not None and parent.get("triggeredByEvent") == "true"
    allowed = _DEFINITIONS.get("eventSubProcessStart" if in_handler else name, "").split()
    for definition in definitions:
        kind = local_name(definition).removesuffix("EventDefinition")
        if kind not in allowed:
            say(node, "event", f"A {kind} definition is not supported on {name}.")
            continue
        _check_reference(node, definition, kind, root, say)
    if len(definitions) > 1:
        say(node, "event", "An event may have one definition only.")
    if name in ("intermediateCatchEvent", "boundaryEvent") and not definitions:
        say(node, "event", "The event waits for nothing.")
    if name == "boundaryEvent" and xpath(node, "./b:errorEventDefinition") and node.get("cancelActivity") == "false":
        say(node, "error-interrupts", "An error always interrupts.")
    if name == "receiveTask":
        _check_message_key(node, str(node.get("messageRef", "")), root, say)


def _check_reference(node: Node, definition: Node, kind: str, root: Node, say: Say) -> None:
    if kind == "timer":
        texts = [c for c in definition if local_name(c) in ("timeDate", "timeDuration", "timeCycle")]
        if len(texts) != 1 or not (texts[0].text or "").strip():
            say(node, "timer", "A timer needs exactly one date, duration or cycle.")
        return
    if kind not in _REFERENCES:
        return
    reference = str(definition.get(_REFERENCES[kind], ""))
    catches = local_name(node) in ("intermediateCatchEvent", "boundaryEvent", "startEvent")
    if not reference and kind in ("error", "escalation") and catches:
        return  # stands for every code
    found = next(iter(xpath(root, f"./b:{kind}[@id='{reference}']")), None)
    if found is None:
        say(node, "reference", f"The event's {kind} {reference or '(none)'} does not exist.")
        return
    attribute = {"error": "errorCode", "escalation": "escalationCode"}.get(kind, "name")
    if str(found.get(attribute) or "=").startswith("="):
        say(node, "reference", f"The {attribute} of the {kind} must be a fixed text.")
    if kind == "message" and catches and not _starts_process(node):
        _check_message_key(node, reference, root, say)


def _starts_process(node: Node) -> bool:
    parent = node.getparent()
    return local_name(node) == "startEvent" and parent is not None and local_name(parent) == "process"


def _check_message_key(node: Node, reference: str, root: Node, say: Say) -> None:
    found = xpath(root, f"./b:message[@id='{reference}']")
    if not found:
        say(node, "reference", f"The message {reference or '(none)'} does not exist.")
        return
    keys = xpath(found[0], "./b:extensionElements/z:subscription")
    if not keys or not str(keys[0].get("correlationKey", "")).startswith("="):
        say(node, "correlation", "The message needs a subscription with a correlation key that starts with =.")


def _check_outgoing(node: Node, say: Say) -> None:
    parent, name = node.getparent(), local_name(node)
    if parent is None:
        return
    outgoing = [flow for flow in xpath(parent, "./b:sequenceFlow") if flow.get("sourceRef") == node.get("id")]
    incoming = [flow for flow in xpath(parent, "./b:sequenceFlow") if flow.get("targetRef") == node.get("id")]
    conditional = [flow for flow in outgoing if xpath(flow, "./b:conditionExpression")]
    chooses = name in ("exclusiveGateway", "inclusiveGateway")
    default = node.get("default")
    if len(outgoing) > 1 and not name.endswith("Gateway"):
        say(node, "implicit-split", "Several flows leave this element; draw a gateway.")
    if conditional and not chooses:
        say(node, "conditional-flow", "A flow with a condition may only leave an exclusive or inclusive gateway.")
    if default is not None and default not in [flow.get("id") for flow in outgoing]:
        say(node, "default", f"The default flow {default} does not leave this gateway.")
    if chooses and len(outgoing) > 1:
        for flow in outgoing:
            if flow not in conditional and flow.get("id") != default:
                say(flow, "condition", "This flow leaves a gateway and has neither a condition nor is it the default.")
    is_link_throw = name == "intermediateThrowEvent" and bool(xpath(node, "./b:linkEventDefinition"))
    if not outgoing and name != "endEvent" and not is_link_throw and not _is_handler(node):
        say(node, "dead-end", "No flow leaves this element, and it is no end event.")
    if name in ("endEvent",) and outgoing:
        say(node, "end", "No flow may leave an end event.")
    if name in ("startEvent", "boundaryEvent") and incoming:
        say(node, "incoming", "No flow may lead to this event.")
    if name == "eventBasedGateway":
        _check_event_gateway(parent, outgoing, say)


def _is_handler(node: Node) -> bool:
    return local_name(node) == "subProcess" and node.get("triggeredByEvent") == "true"


def _check_event_gateway(scope: Node, outgoing: list[Node], say: Say) -> None:
    messages: list[str] = []
    for flow in outgoing:
        target_id = str(flow.get("targetRef"))
        target = next(iter(xpath(scope, f"./*[@id='{target_id}']")), None)
        if target is None:
            continue
        if local_name(target) not in ("intermediateCatchEvent", "receiveTask") or xpath(
            target, "./b:linkEventDefinition"
        ):
            say(target, "event-gateway", "Only catching events may follow an event-based gateway.")
        if len(xpath(scope, f"./b:sequenceFlow[@targetRef='{target_id}']")) != 1:
            say(target, "event-gateway", "An event after an event-based gateway may have no other way in.")
        if xpath(scope, f"./b:boundaryEvent[@attachedToRef='{target_id}']") or xpath(
            target, "./b:multiInstanceLoopCharacteristics"
        ):
            say(target, "event-gateway", "A receive task after an event-based gateway must be plain.")
        references = [str(d.get("messageRef")) for d in xpath(target, "./b:messageEventDefinition")]
        messages.extend(references or ([str(target.get("messageRef"))] if target.get("messageRef") else []))
    if len(messages) != len(set(messages)) and outgoing:
        say(outgoing[0], "event-gateway", "Two events after the same gateway wait for the same message.")


def _check_extensions(node: Node, root: Node, say: Say) -> None:
    name = local_name(node)
    has = {local_name(item) for item in xpath(node, "./b:extensionElements/z:*")}
    if name in ("serviceTask", "sendTask") and "taskDefinition" not in has:
        say(node, "needs", f"A {name} needs a zeebe:taskDefinition.")
    if name == "userTask" and "userTask" not in has:
        say(node, "needs", "A user task needs the marker zeebe:userTask.")
    if name == "businessRuleTask" and not has & {"calledDecision", "taskDefinition"}:
        say(node, "needs", "A business rule task needs a zeebe:calledDecision.")
    if name == "scriptTask" and not has & {"script", "taskDefinition"}:
        say(node, "needs", "A script task needs a zeebe:script in FEEL.")
    if name == "callActivity" and "calledElement" not in has:
        say(node, "needs", "A call activity needs a zeebe:calledElement.")
    if name in ("endEvent", "intermediateThrowEvent"):
        sends = bool(xpath(node, "./b:messageEventDefinition"))
        if sends != ("taskDefinition" in has):
            say(node, "needs", "A message that is thrown needs a zeebe:taskDefinition, and nothing else may have one.")
    if name in ("startEvent", "intermediateCatchEvent", "boundaryEvent", "receiveTask") and xpath(
        node, ".//z:ioMapping/z:input"
    ):
        say(node, "input", "A catching event may have output mappings only.")
    _check_values(node, say)
    for loop in xpath(node, "./b:multiInstanceLoopCharacteristics"):
        details = xpath(loop, "./b:extensionElements/z:loopCharacteristics")
        if not details or not str(details[0].get("inputCollection", "")).startswith("="):
            say(
                node,
                "multi-instance",
                "A multi-instance activity needs zeebe:loopCharacteristics with a list that starts with =.",
            )
        if _is_handler(node):
            say(node, "multi-instance", "An event sub-process cannot be multi-instance.")
        for condition in xpath(loop, "./b:completionCondition"):
            if not (condition.text or "").strip().startswith("="):
                say(node, "condition", "A completion condition must be a FEEL expression and start with =.")


def _check_values(node: Node, say: Say) -> None:
    def fixed(path: str, attribute: str, what: str) -> None:
        for item in xpath(node, f"./b:extensionElements/z:{path}"):
            if str(item.get(attribute) or "=").startswith("="):
                say(node, "fixed", f"The {what} must be a fixed text.")

    fixed("taskDefinition", "type", "job type")
    fixed("calledElement", "processId", "called process")
    fixed("calledDecision", "decisionId", "called decision")
    fixed("calledDecision", "resultVariable", "result variable")
    fixed("script", "resultVariable", "result variable")
    fixed("formDefinition", "formId", "form id")
    fixed("ioMapping/z:input", "target", "target of a mapping")
    fixed("ioMapping/z:output", "target", "target of a mapping")
    for item in xpath(node, "./b:extensionElements/z:taskDefinition"):
        if not str(item.get("retries", "3")).isdigit():
            say(node, "retries", "The number of retries must be a whole number.")
    for item in xpath(node, "./b:extensionElements/z:script"):
        if not str(item.get("expression", "")).startswith("="):
            say(node, "script", "A script must be a FEEL expression and start with =.")
    for item in xpath(node, "./b:extensionElements/*[@bindingType]"):
        if item.get("bindingType") not in ("deployment", "latest"):
            say(node, "binding", "Only what is deployed together can be bound (bindingType deployment).")
