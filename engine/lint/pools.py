"""Pools: a message flow joins two of them, at something that can send or receive. Only drawn, but it must be true."""

from __future__ import annotations

from engine.diagram import ACTIVITIES, EVENTS, Diagram
from engine.lint.finding import Findings, error
from engine.lint.project import Project
from engine.markup import BPMN, Node, label, local

_SPEAKERS = ACTIVITIES | EVENTS | {"participant"}
_ONLY_HEAR = frozenset({"startEvent", "intermediateCatchEvent", "boundaryEvent"})
_ONLY_SAY = frozenset({"endEvent", "intermediateThrowEvent"})


def message_flows(diagram: Diagram, project: Project) -> Findings:
    """Find message flows that stay inside one process, or end where no message can be sent or received."""
    nodes = {str(node.get("id")): node for node in diagram.root.iter(f"{{{BPMN}}}*") if node.get("id")}
    for flow in diagram.root.iter(f"{{{BPMN}}}messageFlow"):
        ends = [nodes.get(str(flow.get(name, "")).rpartition(":")[2]) for name in ("sourceRef", "targetRef")]
        there = [node for node in ends if node is not None]
        if len(there) < 2:
            message = "The message flow does not join two elements. Connect it again in the modeler, or delete it."
            yield error(diagram.file, label(flow), "dangling-reference", message)
            continue
        for node in there:
            if local(node) not in _SPEAKERS:
                message = (
                    f"A message flow ends at “{node.get('id')}”, which neither sends nor receives. Lead it elsewhere."
                )
                yield error(diagram.file, label(flow), "message-flow-wrong", message)
        for node, wrong, what in ((there[0], _ONLY_HEAR, "sends"), (there[1], _ONLY_SAY, "receives")):
            if local(node) in wrong:
                message = (
                    f"A message flow ends at “{node.get('id')}”, which never {what} one. Turn it, or lead it elsewhere."
                )
                yield error(diagram.file, label(flow), "message-flow-wrong", message)
        homes = {_home(node) for node in there}
        if len(homes) == 1 and "" not in homes:
            message = "The message flow stays inside one process. Draw a sequence flow instead, or delete it."
            yield error(diagram.file, label(flow), "message-flow-wrong", message)


def _home(node: Node) -> str:
    """Return the process that a pool shows or that an element is in; empty for a pool that shows none."""
    if local(node) == "participant":
        return str(node.get("processRef", "")).rpartition(":")[2]
    return next((str(around.get("id", "")) for around in node.iterancestors(f"{{{BPMN}}}process")), "")
