"""Reads a plain BPMN file as a diagram of our dialect, for a run outside the case world. Such a file is never deployed.

What the standard leaves to tools is read so: conditions and scripts are FEEL with or without the leading ``=``; a task
that works on its own is a job of the type of its `implementation`, or else of its own id; messages are matched by name
alone. What a thrown message is called follows ``message:`` in its job's type; what a script is, ``script:``.
"""

from __future__ import annotations

from lxml import etree

from engine.feel import compile_expression
from engine.markup import BPMN, MODELER, ZEEBE, Node, local, namespace

ANY_KEY = "*"
"""The correlation key of every message of a plain file."""

SCRIPT_NAMES = "script_names"
"""The input that hands a script what it reads."""

_PLATFORM = f"{{{MODELER}}}executionPlatform"
_JOBS = ("serviceTask", "sendTask", "businessRuleTask")
_DROPPED_ATTRIBUTES = (
    "implementation", "scriptFormat", "calledElement", "definitionalCollaborationRef", "structureRef",
    "evaluatesToTypeRef", "behavior", "itemSubjectRef",
)  # fmt: skip
_DROPPED = ("itemDefinition", "import", "ioSpecification", "script")


def is_plain(root: Node) -> bool:
    """Tell whether a file is plain BPMN and not of the Camunda 8 dialect."""
    return root.get(_PLATFORM) != "Camunda Cloud"


def to_dialect(root: Node) -> None:
    """Rewrite a plain file, in place, as a diagram of our dialect. The check has accepted it before."""
    messages = {str(item.get("id")): str(item.get("name", "")) for item in root if local(item) == "message"}
    for node in list(root.iter(f"{{{BPMN}}}*")):
        name = local(node)
        if name in _JOBS:
            _as_job(node, messages)
        elif name == "scriptTask":
            _as_script(node)
        elif name == "userTask":
            _extend(node, "userTask")
        elif name == "callActivity":
            _extend(node, "calledElement", processId=str(node.get("calledElement", "")).rpartition(":")[2])
        elif name == "message":
            _extend(node, "subscription", correlationKey=f'="{ANY_KEY}"')
        elif name in ("endEvent", "intermediateThrowEvent"):
            _as_throw(node, messages)
        elif name in ("conditionExpression", "completionCondition"):
            text = (node.text or "").strip()
            node.text = text if text.startswith("=") else f"={text}"
    for node in list(root.iter()):
        _drop(node)
    root.set(_PLATFORM, "Camunda Cloud")


def scripts(root: Node) -> dict[str, str]:
    """Return script task id -> FEEL expression of a plain file."""
    found = {}
    for task in root.iter(f"{{{BPMN}}}scriptTask"):
        texts = [child.text or "" for child in task if local(child) == "script"]
        found[str(task.get("id"))] = (texts[0] if texts else "").strip().removeprefix("=")
    return found


def _as_script(node: Node) -> None:
    """Let a script be a job that is handed the names that it reads."""
    _extend(node, "taskDefinition", type=f"script:{node.get('id')}")
    text = next((child.text or "" for child in node if local(child) == "script"), "").strip().removeprefix("=")
    read = sorted({name.path[0] for name in compile_expression(text).names})
    holder = next(child for child in node if local(child) == "extensionElements")
    mapping = etree.SubElement(holder, f"{{{ZEEBE}}}ioMapping")
    handed = ", ".join(f'"{name}": {name}' for name in read)
    etree.SubElement(mapping, f"{{{ZEEBE}}}input", {"source": f"={{{handed}}}", "target": SCRIPT_NAMES})


def _as_job(node: Node, messages: dict[str, str]) -> None:
    if _has(node, "taskDefinition") or _has(node, "calledDecision"):
        return
    message = messages.get(str(node.attrib.pop("messageRef", "")))
    said = str(node.get("implementation", ""))
    named = said if said and not said.startswith("##") else str(node.get("id"))
    _extend(node, "taskDefinition", type=f"message:{message}" if message else named)


def _as_throw(node: Node, messages: dict[str, str]) -> None:
    for definition in node:
        if local(definition) == "messageEventDefinition":
            name = messages.get(str(definition.get("messageRef")), "")
            _extend(node, "taskDefinition", type=f"message:{name}")


def _extend(node: Node, name: str, **attributes: str) -> None:
    if _has(node, name):
        return
    holder = next((child for child in node if local(child) == "extensionElements"), None)
    if holder is None:
        holder = etree.Element(f"{{{BPMN}}}extensionElements")
        node.insert(0, holder)
    etree.SubElement(holder, f"{{{ZEEBE}}}{name}", attributes)


def _has(node: Node, name: str) -> bool:
    return any(
        local(item) == name and namespace(item) == ZEEBE
        for holder in node
        if local(holder) == "extensionElements"
        for item in holder
    )


def _drop(node: Node) -> None:
    """Take away what our dialect says otherwise, and what other tools noted for themselves."""
    if not isinstance(node.tag, str):
        return
    for name in _DROPPED_ATTRIBUTES:
        node.attrib.pop(name, None)
    for raw in list(node.attrib):
        key = str(raw)
        if key.startswith("{") and not key.startswith((f"{{{ZEEBE}}}", "{http://www.w3.org/")):
            del node.attrib[raw]
    parent = node.getparent()
    in_extensions = parent is not None and local(parent) == "extensionElements"
    is_foreign = in_extensions and namespace(node) != ZEEBE
    if parent is not None and (is_foreign or (namespace(node) == BPMN and local(node) in _DROPPED)):
        parent.remove(node)
