"""References: whatever one element names by id is there, is of the right kind, and is in the same process."""

from __future__ import annotations

from collections.abc import Iterator

from engine.diagram import FLOW_NODES, Diagram, Flow
from engine.lint.finding import Finding, Findings, error
from engine.lint.project import Project
from engine.lint.vocabulary import words
from engine.markup import BPMN, BPMNDI, label, local, namespace

_ROOT_REFERENCES = {"messageRef": "message", "errorRef": "error", "signalRef": "signal", "escalationRef": "escalation"}
_OTHER_REFERENCES = (
    "processRef", "dataObjectRef", "dataStoreRef", "categoryValueRef", "itemRef", "itemSubjectRef", "operationRef",
    "parameterRef", "partitionElementRef",
)  # fmt: skip
_ENDS = ("sourceRef", "targetRef")
# What names another element by a child of its own, wherever it stands.
_CHILD_REFERENCES = (
    *_ENDS, "categoryValueRef", "dataInputRefs", "optionalInputRefs", "whileExecutingInputRefs", "outputSetRefs",
    "dataOutputRefs", "optionalOutputRefs", "whileExecutingOutputRefs", "inputSetRefs", "inMessageRef", "outMessageRef",
    "errorRef", "interfaceRef", "endPointRef", "participantRef", "resourceRef", "supports", "loopDataInputRef",
    "loopDataOutputRef",
)  # fmt: skip


def flows(diagram: Diagram, project: Project) -> Findings:
    """Find flows that begin or end nowhere, cross a border, or join what may not be joined."""
    pairs: dict[tuple[str, str, str], Flow] = {}
    for flow in diagram.flows:
        found = list(_flow_ends(diagram, flow))
        yield from found
        if found or flow.source is None or flow.target is None:
            continue
        yield from _flow_roles(diagram, flow)
        first = pairs.setdefault((flow.scope, flow.source, flow.target), flow)
        if first is not flow:
            message = (
                f"This flow joins the same two elements as “{first.id}”, so one would be lost. "
                "Keep one and combine their conditions with “or”."
            )
            yield error(diagram.file, flow.id, "two-flows-between-same-elements", message)


def _flow_ends(diagram: Diagram, flow: Flow) -> Iterator[Finding]:
    for role, end in (("begin", flow.source), ("end", flow.target)):
        element = diagram.element_by_id.get(end or "")
        if element is None:
            named = f"at “{end}”, which is not an element of a process" if end else "anywhere"
            message = f"The flow does not {role} {named}. Connect it again in the modeler, or delete it."
            if end:
                message = f"The flow {role}s {named}. Connect it again in the modeler, or delete it."
            yield error(diagram.file, flow.id, "dangling-reference", message)
        elif element.scope != flow.scope:
            border = "process" if element.process != flow.process else "sub-process"
            message = (
                f"The flow crosses the border of a {border}: “{end}” is on the other side. "
                f"End the flow inside, and carry on from the {border}'s own border or by a message."
            )
            yield error(diagram.file, flow.id, "flow-crosses-border", message)


def _flow_roles(diagram: Diagram, flow: Flow) -> Iterator[Finding]:
    source, target = diagram.element_by_id[flow.source or ""], diagram.element_by_id[flow.target or ""]
    if source.kind == "endEvent":
        message = "A flow leaves an end event. Make it a throw event or a task, or delete the flow."
        yield error(diagram.file, source.id, "flow-from-end", message)
    if target.kind == "startEvent":
        message = "A flow leads into a start event. Lead it to the first element behind the start."
        yield error(diagram.file, target.id, "flow-into-start", message)
    if target.kind == "boundaryEvent":
        message = "A flow leads into a boundary event, which only its own event may start. Lead it elsewhere."
        yield error(diagram.file, target.id, "flow-into-boundary", message)
    for element in {source.id: source, target.id: target}.values():
        if element.is_event_sub_process:
            message = "An event sub-process is started by its event, so no flow may enter or leave it. Delete the flow."
            yield error(diagram.file, element.id, "flow-at-event-sub-process", message)


def references(diagram: Diagram, project: Project) -> Findings:
    """Find references to messages, errors, lanes' elements, drawings ... that name nothing."""
    known: dict[str, set[str]] = {}
    for node in diagram.root.iter():
        if isinstance(node.tag, str) and namespace(node) == BPMN and node.get("id"):
            known.setdefault(node.get("id", ""), set()).add(local(node))
    for node in diagram.root.iter():
        if not isinstance(node.tag, str):
            continue
        if namespace(node) == BPMNDI and local(node) in ("BPMNShape", "BPMNEdge", "BPMNPlane"):
            drawn = node.get("bpmnElement")
            if drawn not in known:
                shown = f"“{drawn}”, which is not in the model" if drawn else "nothing here"
                message = f"The drawing shows {shown}. Delete that shape."
                yield error(diagram.file, drawn or label(node), "drawing-of-nothing", message)
        elif namespace(node) == BPMN:
            for name, value in node.attrib.items():
                is_end = name in _ENDS and local(node) == "association"
                yield from _attribute_reference(diagram, known, label(node), str(name), str(value), is_end=is_end)
            if local(node) in _CHILD_REFERENCES and (node.text or "").strip().rpartition(":")[2] not in known:
                message = (
                    f"“{(node.text or '').strip()}”, named as {local(node)}, is not in this file. "
                    "Choose one that is, or delete the reference."
                )
                yield error(diagram.file, label(node), "dangling-reference", message)
    yield from _child_references(diagram, known)


def _attribute_reference(
    diagram: Diagram, known: dict[str, set[str]], place: str, name: str, value: str, *, is_end: bool
) -> Iterator[Finding]:
    target = value.rpartition(":")[2]
    if name in _ROOT_REFERENCES:
        kind = _ROOT_REFERENCES[name]
        if kind not in known.get(target, set()):
            message = f"There is no {kind} “{value}” in this file. Choose one in the properties of the event."
            yield error(diagram.file, place, "dangling-reference", message)
    elif (is_end or name in _OTHER_REFERENCES) and target not in known:
        message = f"“{value}”, named as {name}, is not in this file. Choose one that is, or delete the element."
        yield error(diagram.file, place, "dangling-reference", message)


def _child_references(diagram: Diagram, known: dict[str, set[str]]) -> Iterator[Finding]:
    for node in diagram.root.iter(f"{{{BPMN}}}flowNodeRef", f"{{{BPMN}}}incoming", f"{{{BPMN}}}outgoing"):
        parent = node.getparent()
        target = (node.text or "").strip()
        if parent is None:
            continue
        if local(node) == "flowNodeRef":
            if not known.get(target, set()) & FLOW_NODES:
                message = f"The lane lists “{target}”, which is not in the process. Draw the lane's border again."
                yield error(diagram.file, label(parent), "dangling-reference", message)
            continue
        flow = diagram.flow_by_id.get(target.rpartition(":")[2])
        ends_here = flow is not None and parent.get("id") == (flow.target if local(node) == "incoming" else flow.source)
        if local(parent) in FLOW_NODES and not ends_here:
            direction = "ends" if local(node) == "incoming" else "begins"
            message = (
                f"The {words(local(parent))} lists “{target}” as {local(node)}, but no flow of that id {direction} "
                "here. Connect the flow again in the modeler."
            )
            yield error(diagram.file, label(parent), "dangling-reference", message)
