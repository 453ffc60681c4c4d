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


def ids_across_files(project: Project) -> Findings:
    """Find two diagrams of one bundle that use an id for different things: history and tasks could mean either."""
    if not project.is_strict:
        return
    places: dict[str, list[str]] = {}
    for diagram in project.diagrams:
        for identity in _own_ids(diagram):
            places.setdefault(identity, []).append(diagram.file)
    for diagram in project.diagrams:
        if diagram.file not in project.checked:
            continue
        for identity in _own_ids(diagram):
            other = next((file for file in places[identity] if file != diagram.file), None)
            if other is None or (other in project.checked and diagram.file < other):
                continue  # told of once, at the later of two files that are both checked
            message = f"The id “{identity}” is also in {other}, which is deployed together. Rename one of the two."
            yield error(diagram.file, identity, "duplicate-id", message)


def _own_ids(diagram: Diagram) -> list[str]:
    """Return the ids that the engine knows things by; those made of a line number are findings already."""
    ids = [s.id for s in diagram.processes] + [e.id for e in diagram.elements] + [f.id for f in diagram.flows]
    return [identity for identity in dict.fromkeys(ids) if not identity.startswith("line ")]
