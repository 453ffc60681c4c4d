"""Reads a plain BPMN file as a diagram of our dialect, for a run outside the case world. Such a file is never deployed.

What the standard leaves to tools is read so: conditions and scripts are FEEL with or without the leading ``=``; a task
that works on its own is a job of the type of its `implementation`, or else of its own id; messages are matched by name
alone. What a thrown message is called follows ``message:`` in its job's type; what a script is, ``script:``.
"""

from __future__ import annotations

from lxml import etree

from engine.diagram_reader import loop_data
from engine.feel import compile_expression
from engine.lint.described import LOOP_DATA, ONLY_PLAIN
from engine.markup import BPMN, MODELER, ZEEBE, Node, local, namespace

ANY_KEY = "*"
"""The correlation key of every message of a plain file."""

THROWN, THROWN_KEY = "thrown_message", "thrown_key"
"""The header that tells a job that it throws a message, and the input that holds its correlation key."""

SCRIPT_NAMES = "script_names"
"""The input that hands a script what it reads."""

_PLATFORM = f"{{{MODELER}}}executionPlatform"
_JOBS = ("serviceTask", "sendTask", "businessRuleTask")
_DROPPED_ATTRIBUTES = (
    "implementation", "scriptFormat", "calledElement", "definitionalCollaborationRef", "structureRef",
    "evaluatesToTypeRef", "behavior", "itemSubjectRef", "operationRef",
)  # fmt: skip
_DROPPED = ONLY_PLAIN | LOOP_DATA | {"script", "source", "target"}


def is_plain(root: Node) -> bool:
    """Tell whether a file is plain BPMN and not of the Camunda 8 dialect."""
    return root.get(_PLATFORM) != "Camunda Cloud"


def to_dialect(root: Node, process_id: str | None = None) -> None:
    """Rewrite a plain file, in place, as a diagram of our dialect. The check has accepted it before.

    `process_id` is the process to run: it may be marked as not executable, and so may all, for few people set the mark.
    """
    _choose_executable([node for node in root if local(node) == "process"], process_id)
    messages = {str(item.get("id")): str(item.get("name", "")) for item in root if local(item) == "message"}
    for node in list(root.iter(f"{{{BPMN}}}*")):
        name = local(node)
        if name in _JOBS:
            _as_job(node, messages)
        elif name == "scriptTask":
            _as_script(node)
        elif name == "callActivity":
            _extend(node, "calledElement", processId=str(node.get("calledElement", "")).rpartition(":")[2])
        elif name == "message":
            _extend(node, "subscription", correlationKey=f'="{ANY_KEY}"')
        elif name in ("endEvent", "intermediateThrowEvent"):
            _as_throw(node, messages)
        elif name in ("conditionExpression", "completionCondition", "loopCardinality", "loopCondition"):
            text = (node.text or "").strip()
            node.text = text if text.startswith("=") else f"={text}"
        elif name == "multiInstanceLoopCharacteristics":
            _as_loop_over_lists(node)
    for node in list(root.iter()):
        _drop(node)
    root.set(_PLATFORM, "Camunda Cloud")


def _as_loop_over_lists(loop: Node) -> None:
    said = loop_data(loop)
    names = {
        "inputCollection": f"={said['loopDataInputRef']}" if "loopDataInputRef" in said else "",
        "inputElement": said.get("inputDataItem", ""),
        "outputCollection": said.get("loopDataOutputRef", ""),
        "outputElement": f"={said['outputDataItem']}" if "outputDataItem" in said else "",
    }
    if said:
        _extend(loop, "loopCharacteristics", **{key: value for key, value in names.items() if value})


def _choose_executable(processes: list[Node], process_id: str | None) -> None:
    """Mark what is run: never an empty pool, and one process at least."""
    drawn = [process for process in processes if any(local(child) == "startEvent" for child in process)]
    for process in processes:
        if process not in drawn:
            process.set("isExecutable", "false")
        elif process.get("id") == process_id:
            process.set("isExecutable", "true")
    if drawn and all(process.get("isExecutable") == "false" for process in drawn):
        drawn[0].set("isExecutable", "true")


def ask_people(root: Node) -> None:
    """Let every user task wait for a person, also where the file leaves it to a job worker to ask one."""
    for node in root.iter(f"{{{BPMN}}}userTask"):
        _extend(node, "userTask")


def name_thrown_messages(root: Node) -> None:
    """Let the job of a send task or a message throw event know the message that it stands for, and its key."""
    messages = {str(item.get("id")): item for item in root if local(item) == "message"}
    for node in root.iter(*(f"{{{BPMN}}}{kind}" for kind in ("sendTask", "intermediateThrowEvent", "endEvent"))):
        definitions = [child for child in node if local(child) == "messageEventDefinition"]
        message = messages.get(str((definitions[0] if definitions else node).get("messageRef")))
        if message is None or not _has(node, "taskDefinition"):
            continue
        holder = next(child for child in node if local(child) == "extensionElements")
        headers = _inside(holder, "taskHeaders")
        etree.SubElement(headers, f"{{{ZEEBE}}}header", {"key": THROWN, "value": str(message.get("name", ""))})
        keys = [item.get("correlationKey") for item in message.iter(f"{{{ZEEBE}}}subscription")]
        if keys and keys[0]:
            mapping = _inside(holder, "ioMapping")
            etree.SubElement(mapping, f"{{{ZEEBE}}}input", {"source": keys[0], "target": THROWN_KEY})
        node.attrib.pop("messageRef", None)


def _inside(holder: Node, name: str) -> Node:
    found = next((item for item in holder if local(item) == name and namespace(item) == ZEEBE), None)
    return etree.SubElement(holder, f"{{{ZEEBE}}}{name}") if found is None else found


def scripts(root: Node) -> dict[str, str]:
    """Return script task id -> FEEL expression of a plain file."""
    found = {}
    for task in root.iter(f"{{{BPMN}}}scriptTask"):
        if _has(task, "script") or _has(task, "taskDefinition"):
            continue
        texts = [child.text or "" for child in task if local(child) == "script"]
        found[str(task.get("id"))] = (texts[0] if texts else "").strip().removeprefix("=")
    return found


def _as_script(node: Node) -> None:
    """Let a script be a job that is handed the names that it reads."""
    if _has(node, "script") or _has(node, "taskDefinition"):
        return
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
    message = messages.get(str(node.get("messageRef", "")))
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
        if key.startswith("{") and not key.startswith((f"{{{ZEEBE}}}", "{http://www.w3.org/2001/")):
            del node.attrib[raw]
    parent = node.getparent()
    is_foreign = namespace(node) not in (BPMN, ZEEBE)
    if parent is not None and (is_foreign or (namespace(node) == BPMN and local(node) in _DROPPED)):
        parent.remove(node)
