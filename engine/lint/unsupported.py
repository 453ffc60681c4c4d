"""Refuses by name every element and attribute that would be ignored or run wrongly: the white list at work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from engine.diagram import SUB_PROCESSES, Diagram
from engine.lint.finding import Finding, Findings, error, warning
from engine.lint.project import Project
from engine.lint.vocabulary import (
    ANYWHERE,
    ATTRIBUTES,
    BOOLEANS,
    CHILDREN,
    EVENT_POSITIONS,
    FOREIGN_ENGINES,
    HARMLESS_FOREIGN,
    HARMLESS_NAMESPACES,
    INSTEAD,
    KNOWN_ELEMENTS,
    ONLY_DEFAULT,
    ONLY_ONCE,
    PLAIN_ATTRIBUTES,
    PLAIN_ELEMENTS,
    ZEEBE_ATTRIBUTES,
    ZEEBE_BOOLEANS,
    ZEEBE_ELEMENTS,
    ZEEBE_ROWS,
    words,
)
from engine.markup import BPMN, BPMNDI, ZEEBE, Node, label, local, namespace


def platform(diagram: Diagram, project: Project) -> Findings:
    """Say that a plain BPMN file is checked but cannot be deployed."""
    if diagram.platform is None:
        yield warning(
            diagram.file,
            "",
            "not-deployable",
            "The file is plain BPMN and can be run for a test but not deployed. "
            "Save it as a Camunda 8 diagram (modeler:executionPlatform “Camunda Cloud”) to deploy it.",
        )
    elif diagram.is_plain:
        yield warning(
            diagram.file,
            "",
            "not-deployable",
            f"The file is drawn for “{diagram.platform}” and is read as plain BPMN: it cannot be deployed. "
            "Draw it as a Camunda 8 diagram to deploy it.",
        )


def elements(diagram: Diagram, project: Project) -> Findings:
    """Refuse BPMN elements, event definitions and attributes that are not run where they stand."""
    for node in _bpmn_nodes(diagram.root):
        yield from _unknown_children(diagram, node)
        yield from _attributes(diagram, node)


def _bpmn_nodes(root: Node) -> Iterator[Node]:
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        if local(node) != "extensionElements":  # what is in there is not BPMN's
            pending.extend(child for child in node if isinstance(child.tag, str) and namespace(child) == BPMN)


def _unknown_children(diagram: Diagram, node: Node) -> Iterator[Finding]:
    kind = local(node)
    allowed = CHILDREN.get(kind, frozenset()) | ANYWHERE
    if kind not in KNOWN_ELEMENTS or kind == "extensionElements":
        return  # refused already, by name, where its parent was looked at
    holders = [child for child in node if isinstance(child.tag, str) and local(child) == "extensionElements"]
    for holder in holders[1:]:
        message = "The element has its extensions in two places. Keep them in one."
        yield error(diagram.file, label(holder), "unsupported-element", message)
    seen: set[str] = set()
    for child in node:
        if not isinstance(child.tag, str):
            continue
        name = local(child)
        if name in ONLY_ONCE and name in seen:
            message = f"“{name}” stands here twice, so one of the two would be ignored. Keep one."
            yield error(diagram.file, label(node), "unsupported-element", message)
        seen.add(name)
        if name in allowed and namespace(child) == BPMN and (diagram.is_plain or name not in PLAIN_ELEMENTS):
            continue
        if namespace(child) != BPMN:
            is_drawing = kind == "definitions" and namespace(child) == BPMNDI
            if namespace(child) in ("", ZEEBE) or not (diagram.is_plain or is_drawing):
                message = f"“{name}” may not stand here. Remove it, or draw the element again in the modeler."
                yield error(diagram.file, label(child), "unsupported-element", message)
        elif name.endswith("EventDefinition"):
            yield from _event(diagram, node, child)
        else:
            instead = INSTEAD.get(name, "Remove it, or draw it with the elements that the palette offers.")
            what = words(name) if words(name) != name else f"“{name}”"
            message = f"An element of the kind {what} is not run here. {instead}"
            yield error(diagram.file, label(child), "unsupported-element", message)


def _event(diagram: Diagram, node: Node, child: Node) -> Iterator[Finding]:
    kind = local(child).removesuffix("EventDefinition")
    position = local(node)
    parent = node.getparent()
    if position == "startEvent" and parent is not None and parent.get("triggeredByEvent") == "true":
        position = "eventSubProcessStart"
    if kind in EVENT_POSITIONS.get(position, frozenset()):
        return
    # A start event inside a plain sub-process has its own rule, which says more.
    if position == "startEvent" and parent is not None and local(parent) in SUB_PROCESSES:
        return
    instead = INSTEAD.get(kind, "Choose another kind of event for it.")
    if position == "definitions":
        message = "An event definition at the root of the file is not run. Put it into the event that refers to it."
        yield error(diagram.file, label(child), "unsupported-element", message)
        return
    message = f"A {words(local(node))} of the kind “{kind}” is not run here. {instead}"
    yield error(diagram.file, label(node), "unsupported-event", message)


def _attributes(diagram: Diagram, node: Node) -> Iterator[Finding]:
    kind = local(node)
    if kind not in KNOWN_ELEMENTS:
        return
    known = ATTRIBUTES.get(kind, frozenset())
    for raw, value in node.attrib.items():
        name = str(raw)
        if name.startswith("{"):
            yield from _qualified_attribute(diagram, node, name)
        elif name in ("id", "name"):
            continue
        elif name in ONLY_DEFAULT:
            if value != ONLY_DEFAULT[name]:
                message = f'The attribute {name}="{value}" is not honoured here. Remove it.'
                yield error(diagram.file, label(node), "unsupported-attribute", message)
        elif name in BOOLEANS and name in known:
            if value not in ("true", "false"):
                message = f'The attribute {name}="{value}" is neither true nor false. Correct it.'
                yield error(diagram.file, label(node), "unsupported-attribute", message)
        elif _is_unknown(diagram, kind, name):
            message = f"The attribute “{name}” is not known on a {words(kind)}. Remove it or correct the spelling."
            yield error(diagram.file, label(node), "unsupported-attribute", message)


def _is_unknown(diagram: Diagram, kind: str, name: str) -> bool:
    if name not in ATTRIBUTES.get(kind, frozenset()):
        return True
    if diagram.is_plain:
        return False
    return (kind == "sendTask" and name == "messageRef") or name in PLAIN_ATTRIBUTES


def _qualified_attribute(diagram: Diagram, node: Node, name: str) -> Iterator[Finding]:
    space, _, attribute = name[1:].partition("}")
    if space == ZEEBE and attribute not in ZEEBE_ATTRIBUTES:
        message = f"The attribute zeebe:{attribute} is not honoured here. Remove it."
        yield error(diagram.file, label(node), "unsupported-attribute", message)
    elif _is_foreign(diagram, space) and attribute not in HARMLESS_FOREIGN:
        message = f"The attribute “{attribute}” belongs to another engine ({space}). Use the Camunda 8 extensions."
        yield error(diagram.file, label(node), "foreign-extension", message)


def extensions(diagram: Diagram, project: Project) -> Findings:
    """Refuse zeebe elements in the wrong place, unknown ones, and other engines' extensions."""
    for holder in diagram.root.iter(f"{{{BPMN}}}extensionElements"):
        owner = holder.getparent()
        if owner is None:
            continue
        counted: Counter[str] = Counter()
        for child in holder:
            if not isinstance(child.tag, str):
                continue
            if namespace(child) == ZEEBE:
                counted[local(child)] += 1
                yield from _zeebe_element(diagram, owner, child)
            elif namespace(child) == BPMN:
                message = f"“{local(child)}” may not stand among the extensions. Draw the element again in the modeler."
                yield error(diagram.file, label(owner), "unsupported-element", message)
            elif _is_foreign(diagram, namespace(child)):
                message = (
                    f"“{local(child)}” belongs to another engine ({namespace(child)}). Use the Camunda 8 extensions."
                )
                yield error(diagram.file, label(owner), "foreign-extension", message)
        for name, times in counted.items():
            if times > 1:
                message = f"zeebe:{name} stands here {times} times. Keep one."
                yield error(diagram.file, label(owner), "unsupported-extension", message)


def _zeebe_element(diagram: Diagram, owner: Node, node: Node) -> Iterator[Finding]:
    name, kind = local(node), local(owner)
    if name not in ZEEBE_ELEMENTS:
        message = f"zeebe:{name} is not supported. Remove it: it would be ignored."
        yield error(diagram.file, label(owner), "unsupported-extension", message)
        return
    places, attributes = ZEEBE_ELEMENTS[name]
    if "*" not in places and kind not in places:
        message = f"zeebe:{name} has no meaning on a {words(kind)}. Remove it."
        yield error(diagram.file, label(owner), "unsupported-extension", message)
        return
    idle = _idle(owner, name)
    if idle:
        yield error(diagram.file, label(owner), "unsupported-extension", f"zeebe:{name} has no effect here: {idle}")
    yield from _zeebe_attributes(diagram, owner, node, attributes)
    for row in node:
        if not isinstance(row.tag, str):
            continue
        parent, row_attributes = ZEEBE_ROWS.get(local(row), ("", frozenset()))
        if namespace(row) != ZEEBE or parent != name:
            message = f"“{local(row)}” has no meaning in zeebe:{name}. Remove it."
            yield error(diagram.file, label(owner), "unsupported-extension", message)
        else:
            yield from _zeebe_attributes(diagram, owner, row, row_attributes)


def _idle(owner: Node, name: str) -> str:
    """Return why an extension would do nothing on this very element; empty where it does something."""
    beside = {local(child) for child in owner.iterfind(f"./{{{BPMN}}}extensionElements/{{{ZEEBE}}}*")}
    if name == "taskHeaders" and local(owner) != "userTask" and "taskDefinition" not in beside:
        return "there is no job that they could go to. Remove them, or give the element a job type."
    parent = owner.getparent()
    if name == "formDefinition" and local(owner) == "startEvent" and parent is not None and local(parent) != "process":
        return "nobody starts a sub-process by a form. Remove the form, or ask in a user task behind it."
    return ""


def _zeebe_attributes(diagram: Diagram, owner: Node, node: Node, known: frozenset[str]) -> Iterator[Finding]:
    for raw, value in node.attrib.items():
        attribute = str(raw)
        if attribute.startswith("{"):
            yield from _qualified_attribute(diagram, node, attribute)
            continue
        if attribute in ZEEBE_BOOLEANS and str(value).strip() not in ("true", "false"):
            message = f"“{attribute}” is “{str(value)[:40]}”, which is neither true nor false. Correct it."
        elif attribute in known:
            continue
        elif attribute in ("formKey", "externalReference"):
            message = "A form is named by its id here. Choose a form of this folder (formId)."
        else:
            message = f"zeebe:{local(node)} has “{attribute}”, which is not honoured here. Remove it."
        yield error(diagram.file, label(owner), "unsupported-extension", message)


def _is_foreign(diagram: Diagram, space: str) -> bool:
    """Tell whether a namespace makes another engine act; in our own dialect no other namespace has a place at all."""
    if diagram.is_plain:
        return any(part in space.lower() for part in FOREIGN_ENGINES)
    return space not in HARMLESS_NAMESPACES
