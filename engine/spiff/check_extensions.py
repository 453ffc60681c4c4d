"""Checks that a node has the extensions that it needs, and that they hold what can be bound at deployment."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from engine.spiff.extensions import Node, bpmn_name, local_name, xpath

_Say: TypeAlias = Callable[[Node, str, str], None]

_NEEDS_ONE_OF: dict[str, tuple[str, ...]] = {
    "serviceTask": ("taskDefinition",),
    "sendTask": ("taskDefinition",),
    "userTask": ("userTask",),
    "businessRuleTask": ("calledDecision", "taskDefinition"),
    "scriptTask": ("script", "taskDefinition"),
    "callActivity": ("calledElement",),
}
_FIXED = (
    ("taskDefinition", "type", "job type"),
    ("calledElement", "processId", "called process"),
    ("calledDecision", "decisionId", "called decision"),
    ("calledDecision", "resultVariable", "result variable"),
    ("script", "resultVariable", "result variable"),
    ("formDefinition", "formId", "form id"),
    ("ioMapping/z:input", "target", "target of a mapping"),
    ("ioMapping/z:output", "target", "target of a mapping"),
)


def check_extensions(node: Node, say: _Say) -> None:
    """Check the extension elements of one node."""
    name = bpmn_name(node)
    has = [local_name(item) for item in xpath(node, "./b:extensionElements/z:*")]
    needs = _NEEDS_ONE_OF.get(name)
    if needs is not None and len([item for item in has if item in needs]) != 1:
        say(node, "needs", f"A {name} needs exactly one zeebe:{' or zeebe:'.join(needs)}.")
    if name in ("endEvent", "intermediateThrowEvent"):
        sends = bool(xpath(node, "./b:messageEventDefinition"))
        if sends != ("taskDefinition" in has):
            say(node, "needs", "A message that is thrown needs a zeebe:taskDefinition, and nothing else may have one.")
    if name in ("startEvent", "intermediateCatchEvent", "boundaryEvent", "receiveTask") and xpath(
        node, "./b:extensionElements/z:ioMapping/z:input"
    ):
        say(node, "input", "A catching event may have output mappings only.")
    _check_values(node, say)
    for loop in xpath(node, "./b:multiInstanceLoopCharacteristics"):
        _check_loop(node, loop, say)


def _check_values(node: Node, say: _Say) -> None:
    for path, attribute, what in _FIXED:
        for item in xpath(node, f"./b:extensionElements/z:{path}"):
            if str(item.get(attribute) or "=").startswith("="):
                say(node, "fixed", f"The {what} must be a fixed text.")
    for item in xpath(node, "./b:extensionElements/z:taskDefinition"):
        if not str(item.get("retries", "3")).isdecimal():
            say(node, "retries", "The number of retries must be a whole number.")
    for item in xpath(node, "./b:extensionElements/z:script"):
        if not str(item.get("expression", "")).startswith("="):
            say(node, "script", "A script must be a FEEL expression and start with =.")
    for item in xpath(node, "./b:extensionElements/z:*[@bindingType]"):
        if item.get("bindingType") not in ("deployment", "latest"):
            say(node, "binding", "Only what is deployed together can be bound (bindingType deployment).")


def _check_loop(node: Node, loop: Node, say: _Say) -> None:
    details = xpath(loop, "./b:extensionElements/z:loopCharacteristics")
    if not details or not str(details[0].get("inputCollection", "")).startswith("="):
        say(node, "multi-instance", "A multi-instance activity needs a zeebe list to go through that starts with =.")
    elif bool(details[0].get("outputCollection")) != bool(details[0].get("outputElement")):
        say(node, "multi-instance", "An output list and an output element go together.")
    elif not str(details[0].get("outputElement", "=")).startswith("="):
        say(node, "multi-instance", "The output element must be a FEEL expression and start with =.")
    if node.get("triggeredByEvent") == "true":
        say(node, "multi-instance", "An event sub-process cannot be multi-instance.")
    for condition in xpath(loop, "./b:completionCondition"):
        if not (condition.text or "").strip().startswith("="):
            say(node, "condition", "A completion condition must be a FEEL expression and start with =.")
