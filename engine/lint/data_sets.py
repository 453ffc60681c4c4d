"""What a file says of data, lanes and pools must agree with itself, although it is only drawn."""

from __future__ import annotations

from collections.abc import Iterator

from engine.diagram import FLOW_NODES, Diagram
from engine.lint.finding import Finding, Findings, error
from engine.lint.project import Project
from engine.markup import BPMN, Node, label, local

_SETS = {"dataInput": ("inputSet", "dataInputRefs"), "dataOutput": ("outputSet", "dataOutputRefs")}


def data_sets(diagram: Diagram, project: Project) -> Findings:
    """Find data outside every set, sets of the wrong data, and data that is a list in one place and none in another.

    Source: BPMN 2.0 10.3.1
    """
    items = {str(node.get("id")): node for node in diagram.root.iter(f"{{{BPMN}}}itemDefinition")}
    for node in diagram.root.iter(f"{{{BPMN}}}ioSpecification"):
        for kind in _SETS:
            yield from _sets(diagram, node, kind)
    for node in diagram.root.iter(*(f"{{{BPMN}}}{kind}" for kind in ("dataObject", "dataInput", "dataOutput"))):
        item = items.get(str(node.get("itemSubjectRef", "")).rpartition(":")[2])
        if item is not None and _is_list(item) != _is_list(node):
            message = f"“{label(node)}” and its item definition differ in whether it is a list. Correct isCollection."
            yield error(diagram.file, label(node), "data-contradicts-itself", message)


def _sets(diagram: Diagram, specification: Node, kind: str) -> Iterator[Finding]:
    set_kind, reference = _SETS[kind]
    there = {str(node.get("id")) for node in specification if local(node) == kind}
    named = {
        (child.text or "").strip().rpartition(":")[2]
        for node in specification
        if local(node) == set_kind
        for child in node
        if local(child) == reference
    }
    for name in sorted(there - named):
        message = f"The {kind} “{name}” is in no {set_kind}. Name it in one, or remove it."
        yield error(diagram.file, name, "data-contradicts-itself", message)
    for name in sorted(named - there):
        message = f"An {set_kind} names “{name}”, which is no {kind} of this element. Correct the reference."
        yield error(diagram.file, label(specification), "data-contradicts-itself", message)


def _is_list(node: Node) -> bool:
    return node.get("isCollection", "false").strip() in ("true", "1")


def lanes(diagram: Diagram, project: Project) -> Findings:
    """Find elements that two lanes side by side hold: a task's lane may say whose work it is. Source: BPMN 2.0 10.8"""
    for lane_set in diagram.root.iter(f"{{{BPMN}}}laneSet", f"{{{BPMN}}}childLaneSet"):
        holders: dict[str, str] = {}
        for lane in lane_set:
            if local(lane) != "lane":
                continue
            for name in _held(lane):
                first = holders.setdefault(name, label(lane))
                if first != label(lane):
                    message = f"“{name}” stands in two lanes. Draw the border of one of them again."
                    yield error(diagram.file, name, "two-lanes", message)


def _held(lane: Node) -> set[str]:
    return {(node.text or "").strip() for node in lane.iter(f"{{{BPMN}}}flowNodeRef")}


def participants(diagram: Diagram, project: Project) -> Findings:
    """Find numbers of participants that contradict each other, and messages that an operation does not take."""
    for node in diagram.root.iter(f"{{{BPMN}}}participantMultiplicity"):
        least, most = _number(node, "minimum", 0), _number(node, "maximum", 1)
        if least is None or most is None or most < 1 or least > most:
            message = "The numbers of participants contradict each other. Give a maximum from 1 on."
            yield error(diagram.file, label(node), "data-contradicts-itself", message)
    operations = {str(node.get("id")): node for node in diagram.root.iter(f"{{{BPMN}}}operation")}
    for node in diagram.root.iter(*(f"{{{BPMN}}}{kind}" for kind in FLOW_NODES)):
        for holder in (node, *node.iterchildren(f"{{{BPMN}}}messageEventDefinition")):
            names = [holder.get("operationRef"), *(child.text for child in holder if local(child) == "operationRef")]
            operation = operations.get(str(next(filter(None, names), "")).strip().rpartition(":")[2])
            message_id = str(holder.get("messageRef") or "").rpartition(":")[2]
            if operation is not None and message_id and message_id not in _messages(operation):
                message = f"The operation “{label(operation)}” does not exchange this message. Choose one that it does."
                yield error(diagram.file, label(node), "data-contradicts-itself", message)


def _messages(operation: Node) -> set[str]:
    names = [child for child in operation if local(child) in ("inMessageRef", "outMessageRef")]
    return {(child.text or "").strip().rpartition(":")[2] for child in names}


def _number(node: Node, name: str, default: int) -> int | None:
    text = node.get(name, str(default)).strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
