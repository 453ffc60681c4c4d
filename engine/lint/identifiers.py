"""Ids: every element has one of its own, and no one takes those that the engine makes for itself."""

from __future__ import annotations

import re
from collections import Counter

from engine.diagram import Diagram
from engine.lint.finding import Findings, error
from engine.lint.project import Project
from engine.markup import BPMN, BPMNDI, label, local, namespace

# What SpiffWorkflow calls its own tasks: an element of that name would take their place.
RESERVED = frozenset({"Start", "End", "Root"})
_ID = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)
_MAX_LENGTH = 200
_NEED_ID = re.compile(
    r"process|sequenceFlow|message|signal|error|escalation|subProcess|\w*(Event|Gateway|[tT]ask|Activity)"
)


def identifiers(diagram: Diagram, project: Project) -> Findings:
    """Find ids that are missing, used twice, reserved or impossible."""
    counted: Counter[str] = Counter()
    for node in diagram.root.iter():
        if not isinstance(node.tag, str) or namespace(node) not in (BPMN, BPMNDI):
            continue
        identity = node.get("id")
        if identity is None:
            if namespace(node) == BPMN and _NEED_ID.fullmatch(local(node)):
                message = f"This {local(node)} has no id. Draw it again in the modeler, or give it one."
                yield error(diagram.file, f"line {node.sourceline}", "missing-id", message)
            continue
        counted[identity] += 1
        if counted[identity] == 2:
            message = f"The id “{identity}” is used more than once. Give each element an id of its own."
            yield error(diagram.file, identity, "duplicate-id", message)
        if namespace(node) != BPMN:
            continue
        if identity in RESERVED or "__" in identity:
            message = f"The id “{identity}” is reserved for the engine. Choose another, without a double underscore."
            yield error(diagram.file, identity, "reserved-id", message)
        elif not _ID.fullmatch(identity) or len(identity) > _MAX_LENGTH:
            message = "This id cannot be used. Begin with a letter, then letters, digits, “_”, “-” or “.” only."
            yield error(diagram.file, label(node), "invalid-id", message)


def process_ids(project: Project) -> Findings:
    """Find two diagrams of one folder that hold a process of the same id: a call could mean either."""
    seen: dict[str, str] = {}
    for diagram in project.diagrams:
        for process in diagram.processes:
            first = seen.setdefault(process.id, diagram.file)
            if first != diagram.file and diagram.file in project.checked and project.is_strict:
                message = f"A process “{process.id}” is also in {first}. Rename one of the two."
                yield error(diagram.file, process.id, "duplicate-process", message)
