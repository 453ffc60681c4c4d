"""Checks what events wait for and throw: the definition in its place, what it refers to, and its correlation key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from engine.spiff.extensions import Node, bpmn_name, xpath
from engine.spiff.normalise import event_definitions
from engine.spiff.vocabulary import EVENT_DEFINITIONS

_Say: TypeAlias = Callable[[Node, str, str], None]

_REFERENCES = {"message": "messageRef", "signal": "signalRef", "error": "errorRef", "escalation": "escalationRef"}
_NAMED_BY = {"message": "name", "signal": "name", "error": "errorCode", "escalation": "escalationCode"}
_CATCHES = ("intermediateCatchEvent", "boundaryEvent", "startEvent")


def is_event_subprocess(node: Node) -> bool:
    """Say whether a node is an event sub-process."""
    return bpmn_name(node) == "subProcess" and node.get("triggeredByEvent") == "true"


def check_message(node: Node, say: _Say) -> None:
    """Check a message of the file."""
    if str(node.get("name") or "=").startswith("="):
        say(node, "message-name", "The name of a message must be a fixed text.")


def check_start(scope: Node, start: Node, say: _Say) -> None:
    """Check that a scope starts in a way that it can."""
    definitions = event_definitions(start)
    if is_event_subprocess(scope):
        if len(definitions) != 1:
            say(start, "event-start", "An event sub-process must start with an event.")
        elif bpmn_name(definitions[0]) == "errorEventDefinition" and start.get("isInterrupting") == "false":
            say(start, "error-interrupts", "An error always interrupts.")
    elif bpmn_name(scope) == "subProcess" and definitions:
        say(start, "plain-start", "A sub-process must start with a plain start event.")


def check_definitions(node: Node, root: Node, say: _Say) -> None:
    """Check the definitions of an event, or the message of a receive task."""
    name, definitions, parent = bpmn_name(node), event_definitions(node), node.getparent()
    in_handler = name == "startEvent" and parent is not None and is_event_subprocess(parent)
    allowed = EVENT_DEFINITIONS.get("eventSubProcessStart" if in_handler else name, frozenset())
    for definition in definitions:
        kind = bpmn_name(definition).removesuffix("EventDefinition")
        if kind not in allowed:
            say(node, "event", f"A {kind} definition is not supported on {name}.")
        elif kind == "timer":
            _check_timer(node, definition, say)
        elif kind in _REFERENCES:
            _check_reference(node, definition, kind, root, say)
    if len(definitions) > 1:
        say(node, "event", "An event may have one definition only.")
    if name in ("intermediateCatchEvent", "boundaryEvent") and not definitions:
        say(node, "event", "The event waits for nothing.")
    if name == "boundaryEvent" and node.get("cancelActivity") == "false" and xpath(node, "./b:errorEventDefinition"):
        say(node, "error-interrupts", "An error always interrupts.")
    if name == "receiveTask":
        _check_key(node, str(node.get("messageRef", "")), root, say)


def check_event_gateway(
    gateway: Node, targets: Sequence[Node], incoming: Mapping[str, Sequence[Node]], say: _Say
) -> None:
    """Check that plain catching events, each with no other way in, follow an event-based gateway."""
    messages: list[str] = []
    for target in targets:
        target_id = str(target.get("id"))
        scope = target.getparent()
        has_boundary = scope is not None and xpath(scope, f"./b:boundaryEvent[@attachedToRef='{target_id}']")
        if bpmn_name(target) not in ("intermediateCatchEvent", "receiveTask"):
            say(target, "event-gateway", "Only catching events may follow an event-based gateway.")
        elif has_boundary or xpath(target, "./b:linkEventDefinition | ./b:multiInstanceLoopCharacteristics"):
            say(target, "event-gateway", "What follows an event-based gateway must be a plain event.")
        if len(incoming.get(target_id, ())) > 1:
            say(target, "event-gateway", "An event after an event-based gateway may have no other way in.")
        references = [definition.get("messageRef") for definition in xpath(target, "./b:messageEventDefinition")]
        messages.extend(str(reference) for reference in [*references, target.get("messageRef")] if reference)
    if len({bpmn_name(target) for target in targets if _takes_a_message(target)}) > 1:
        say(gateway, "event-gateway", "Message events and receive tasks may not both follow an event-based gateway.")
    if len(messages) != len(set(messages)):
        say(gateway, "event-gateway", "Two events after this gateway wait for the same message.")


def _takes_a_message(node: Node) -> bool:
    return bpmn_name(node) == "receiveTask" or bool(xpath(node, "./b:messageEventDefinition"))


def _check_timer(node: Node, definition: Node, say: _Say) -> None:
    texts = xpath(definition, "./b:timeDate | ./b:timeDuration | ./b:timeCycle")
    if len(texts) != 1 or not (texts[0].text or "").strip():
        say(node, "timer", "A timer needs exactly one date, duration or cycle.")


def _check_reference(node: Node, definition: Node, kind: str, root: Node, say: _Say) -> None:
    reference = str(definition.get(_REFERENCES[kind], ""))
    catches = bpmn_name(node) in _CATCHES
    if not reference and kind in ("error", "escalation") and catches:
        return  # stands for every code
    found = [item for item in xpath(root, f"./b:{kind}") if item.get("id") == reference]
    if not found:
        say(node, "reference", f"The event's {kind} {reference or '(none)'} does not exist.")
        return
    name = str(found[0].get(_NAMED_BY[kind], ""))
    stands_for_all = kind in ("error", "escalation") and catches and not name
    if not stands_for_all and (name or "=").startswith("="):
        say(node, "reference", f"The {_NAMED_BY[kind]} of the {kind} must be a fixed text.")
    parent = node.getparent()
    starts_process = bpmn_name(node) == "startEvent" and parent is not None and bpmn_name(parent) == "process"
    if kind == "message" and catches and not starts_process:
        _check_key(node, reference, root, say)


def _check_key(node: Node, reference: str, root: Node, say: _Say) -> None:
    found = [item for item in xpath(root, "./b:message") if item.get("id") == reference]
    if not found:
        say(node, "reference", f"The message {reference or '(none)'} does not exist.")
        return
    keys = xpath(found[0], "./b:extensionElements/z:subscription")
    if not keys or not str(keys[0].get("correlationKey", "")).startswith("="):
        say(node, "correlation", "The message needs a subscription with a correlation key that starts with =.")
