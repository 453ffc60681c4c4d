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
    loops = xpath(node, "./b:multiInstanceLoopCharacteristics | ./b:standardLoopCharacteristics")
    if len(loops) > 1:
        say(node, "loop", "An activity may have one loop marker only.")
    for loop in loops:
        if node.get("triggeredByEvent") == "true":
            say(node, "loop", "An event sub-process cannot be multi-instance or loop.")
        if bpmn_name(loop) == "standardLoopCharacteristics":
            _check_repeat(node, loop, say)
        else:
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
    counts = xpath(loop, "./b:loopCardinality")
    goes_through = bool(details) and details[0].get("inputCollection") is not None
    if len(counts) + goes_through != 1:
        say(node, "multi-instance", "A multi-instance activity needs either a zeebe list to go through or a number.")
    for text in xpath(loop, "./b:loopCardinality | ./b:completionCondition"):
        if not (text.text or "").strip().startswith("="):
            say(node, "condition", f"The {bpmn_name(text)} must be a FEEL expression and start with =.")
    if not details:
        return
    if goes_through and not str(details[0].get("inputCollection", "")).startswith("="):
        say(node, "multi-instance", "The list to go through must be a FEEL expression and start with =.")
    elif counts and details[0].get("inputElement"):
        say(node, "multi-instance", "There is no list, so there is no item of it.")
    elif bool(details[0].get("outputCollection")) != bool(details[0].get("outputElement")):
        say(node, "multi-instance", "An output list and an output element go together.")
    elif not str(details[0].get("outputElement", "=")).startswith("="):
        say(node, "multi-instance", "The output element must be a FEEL expression and start with =.")


def _check_repeat(node: Node, loop: Node, say: _Say) -> None:
    conditions = xpath(loop, "./b:loopCondition")
    maximum = str(loop.get("loopMaximum", ""))
    if maximum and not (maximum.isdecimal() and int(maximum)):
        say(node, "loop", "The loop's maximum must be a whole number above zero.")
    if not maximum and not conditions:
        say(node, "loop", "A loop needs a condition or a maximum, or it would never end.")
    if loop.get("testBefore", "false") not in ("true", "false"):
        say(node, "loop", "testBefore must be true or false.")
    for condition in conditions:
        if not (condition.text or "").strip().startswith("="):
            say(node, "condition", "A loop condition must be a FEEL expression and start with =.")
