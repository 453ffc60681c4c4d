"""Reads a BPMN file into `engine.diagram.Diagram`.

Everything is read as it stands: what is missing becomes None, an empty text or a name made of the line.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from engine.diagram import (
    FLOW_NODES,
    SUB_PROCESSES,
    Definition,
    Diagram,
    Edge,
    Element,
    EventDefinition,
    Extension,
    Flow,
    Loop,
    Scope,
    Shape,
    Timer,
)
from engine.markup import BPMN, BPMNDI, DC, DI, MODELER, ZEEBE, MarkupRefused, Node, local, namespace, parse_xml

Item = TypeVar("Item")

_DATA = ("dataObject", "dataObjectReference", "dataStoreReference", "dataInput", "dataOutput", "property")
_REFERENCES = {
    "message": "messageRef",
    "error": "errorRef",
    "signal": "signalRef",
    "escalation": "escalationRef",
}


def read_diagram(data: bytes, *, file: str) -> Diagram:
    """Read a BPMN file.

    Raises: MarkupRefused when the bytes may not be read at all, or are not BPMN.
    """
    root = parse_xml(data)
    if local(root) != "definitions" or namespace(root) != BPMN:
        raise MarkupRefused(
            "The file is XML but not a BPMN diagram. Save a BPMN 2.0 diagram in it, or give it another ending.",
            rule="not-bpmn",
            line=root.sourceline,
        )
    reader = _Reader()
    for process in _children(root, "process"):
        reader.read_scope(process, parent=None, process="")
    return _assemble(root, reader, file)


def _assemble(root: Node, reader: _Reader, file: str) -> Diagram:
    definitions = tuple(_definitions(root))
    return Diagram(
        file=file,
        root=root,
        platform=root.get(f"{{{MODELER}}}executionPlatform"),
        scopes=tuple(reader.scopes),
        elements=tuple(reader.elements),
        flows=tuple(reader.flows),
        definitions=definitions,
        shapes=tuple(_shapes(root)),
        edges=tuple(_edges(root)),
        # Two with one id is a finding; the first stands for both here.
        element_by_id={e.id: e for e in reversed(reader.elements)},
        scope_by_id={s.id: s for s in reversed(reader.scopes)},
        flow_by_id={f.id: f for f in reversed(reader.flows)},
        outgoing=_grouped(reader.flows, lambda flow: flow.source),
        incoming=_grouped(reader.flows, lambda flow: flow.target),
        by_scope=_grouped(reader.elements, lambda element: element.scope),
        boundaries=_grouped(
            [e for e in reader.elements if e.kind == "boundaryEvent"], lambda element: element.attached_to
        ),
        definition_by_id={(d.kind, d.id): d for d in reversed(definitions)},
    )


def _grouped(items: Iterable[Item], key: Callable[[Item], str | None]) -> dict[str, tuple[Item, ...]]:
    groups: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        name = key(item)
        if name:
            groups[name].append(item)
    return {name: tuple(found) for name, found in groups.items()}


class _Reader:
    """Collects scopes, elements and flows while walking down the processes."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []
        self.elements: list[Element] = []
        self.flows: list[Flow] = []

    def read_scope(self, node: Node, *, parent: str | None, process: str) -> None:
        scope_id = _identity(node)
        process = process or scope_id
        extensions = read_extensions(node)
        self.scopes.append(
            Scope(
                id=scope_id,
                kind=local(node),
                name=node.get("name", ""),
                parent=parent,
                process=process,
                is_executable=node.get("isExecutable") != "false",
                extensions=extensions,
                properties=read_properties(extensions),
            )
        )
        lanes = _lanes(node)
        for child in _bpmn_children(node):
            if local(child) == "sequenceFlow":
                self.flows.append(_flow(child, scope=scope_id, process=process))
            elif local(child) in FLOW_NODES:
                self.elements.append(_element(child, scope=scope_id, process=process, lanes=lanes))
                if local(child) in SUB_PROCESSES:
                    self.read_scope(child, parent=scope_id, process=process)


def read_extensions(node: Node) -> tuple[Extension, ...]:
    """Return the zeebe elements directly under an element's extension elements."""
    return tuple(
        _extension(child)
        for holder in _children(node, "extensionElements")
        for child in holder
        if isinstance(child.tag, str) and namespace(child) == ZEEBE
    )


def read_properties(extensions: Iterable[Extension]) -> dict[str, str]:
    """Return the zeebe properties by name; the last of one name wins."""
    return {
        row.attributes.get("name", ""): row.attributes.get("value", "")
        for extension in extensions
        if extension.name == "properties"
        for row in extension.children
    }


def _extension(node: Node) -> Extension:
    children = tuple(_extension(child) for child in node if isinstance(child.tag, str) and namespace(child) == ZEEBE)
    return Extension(name=local(node), attributes=_attributes(node), children=children)


def _attributes(node: Node) -> dict[str, str]:
    return {str(key): str(value) for key, value in node.attrib.items()}


def _identity(node: Node) -> str:
    return (node.get("id") or "").strip() or f"line {node.sourceline}"


def _bpmn_children(node: Node) -> Iterable[Node]:
    return (child for child in node if isinstance(child.tag, str) and namespace(child) == BPMN)


def _children(node: Node, name: str) -> Iterable[Node]:
    return (child for child in _bpmn_children(node) if local(child) == name)


def _text(node: Node, name: str) -> str | None:
    found = next(iter(_children(node, name)), None)
    return None if found is None else "".join(str(part) for part in found.itertext()).strip()


def _lanes(scope: Node) -> dict[str, str]:
    """Return the innermost lane's name for every element that a lane lists."""
    lanes: dict[str, str] = {}
    for lane_set in (*_children(scope, "laneSet"), *_children(scope, "childLaneSet")):
        for lane in _children(lane_set, "lane"):
            for reference in _children(lane, "flowNodeRef"):
                lanes[(reference.text or "").strip()] = lane.get("name") or lane.get("id") or ""
            lanes |= _lanes(lane)
    return lanes


def _flow(node: Node, *, scope: str, process: str) -> Flow:
    condition = next(iter(_children(node, "conditionExpression")), None)
    return Flow(
        id=_identity(node),
        name=node.get("name", ""),
        source=node.get("sourceRef"),
        target=node.get("targetRef"),
        scope=scope,
        process=process,
        line=node.sourceline or 0,
        condition=_text(node, "conditionExpression"),
        language=None if condition is None else condition.get("language"),
        properties=read_properties(read_extensions(node)),
    )


def _element(node: Node, *, scope: str, process: str, lanes: Mapping[str, str]) -> Element:
    identity = _identity(node)
    extensions = read_extensions(node)
    return Element(
        id=identity,
        kind=local(node),
        name=node.get("name", ""),
        scope=scope,
        process=process,
        line=node.sourceline or 0,
        attributes=_attributes(node),
        events=tuple(_events(node)),
        extensions=extensions,
        properties=read_properties(extensions),
        loop=_loop(node),
        script=_text(node, "script"),
        lane=lanes.get(identity),
    )


def _events(node: Node) -> Iterable[EventDefinition]:
    for child in _bpmn_children(node):
        if not local(child).endswith("EventDefinition"):
            continue
        kind = local(child).removesuffix("EventDefinition")
        timers = tuple(
            Timer(kind=local(part), text="".join(str(piece) for piece in part.itertext()).strip())
            for part in _bpmn_children(child)
            if local(part) in ("timeDate", "timeDuration", "timeCycle")
        )
        reference = _target(child.get(_REFERENCES[kind])) if kind in _REFERENCES else None
        yield EventDefinition(kind=kind, ref=reference, link=child.get("name"), timers=timers)
    if local(node) in ("receiveTask", "sendTask") and node.get("messageRef"):
        yield EventDefinition(kind="message", ref=_target(node.get("messageRef")), link=None, timers=())


def _target(reference: str | None) -> str | None:
    """Return the id in a qualified name: `tns:reply` is the `reply` of this file."""
    return None if reference is None else reference.rpartition(":")[2]


def _loop(node: Node) -> Loop | None:
    for child in _bpmn_children(node):
        if local(child) not in ("multiInstanceLoopCharacteristics", "standardLoopCharacteristics"):
            continue
        extensions = read_extensions(child)
        return Loop(
            kind=local(child),
            is_sequential=child.get("isSequential") == "true",
            characteristics=next((e for e in extensions if e.name == "loopCharacteristics"), None),
            completion_condition=_text(child, "completionCondition"),
            behavior=child.get("behavior", "All"),
            cardinality=_text(child, "loopCardinality"),
            condition=_text(child, "loopCondition"),
            maximum=child.get("loopMaximum"),
            data=loop_data(child),
        )
    return None


def loop_data(loop: Node) -> dict[str, str]:
    """Return what a multi-instance marker of plain BPMN says of lists and items, each by the name of its variable.

    A reference to what is not there is left out. A data input stands for what is associated with it.
    """
    found: dict[str, str] = {}
    for name in ("inputDataItem", "outputDataItem"):
        for item in _children(loop, name):
            found[name] = item.get("name") or item.get("id") or ""
    activity = loop.getparent()
    for name in ("loopDataInputRef", "loopDataOutputRef"):
        target = _target(_text(loop, name))
        if target and activity is not None:
            variable = _variable(activity, target, is_input=name == "loopDataInputRef")
            if variable:
                found[name] = variable
    return found


def _variable(activity: Node, target: str, *, is_input: bool) -> str:
    """Return the name of the variable that a data element stands for, or an empty text where there is none."""
    ends = ("targetRef", "sourceRef") if is_input else ("sourceRef", "targetRef")
    association = "dataInputAssociation" if is_input else "dataOutputAssociation"
    for item in _children(activity, association):
        if _target(_text(item, ends[0])) == target:
            target = _target(_text(item, ends[1])) or target
    for node in activity.getroottree().iter(*(f"{{{BPMN}}}{kind}" for kind in _DATA)):
        if node.get("id") == target:
            return node.get("name") or target
    return ""


def _definitions(root: Node) -> Iterable[Definition]:
    for child in _bpmn_children(root):
        if local(child) not in _REFERENCES:
            continue
        subscription = next((e for e in read_extensions(child) if e.name == "subscription"), None)
        yield Definition(
            id=_identity(child),
            kind=local(child),
            name=(child.get("name") or "").strip(),
            code=(child.get("errorCode") or child.get("escalationCode") or "").strip(),
            correlation_key=subscription.get("correlationKey") if subscription else None,
        )


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _shapes(root: Node) -> Iterable[Shape]:
    for node in root.iter(f"{{{BPMNDI}}}BPMNShape"):
        bounds = node.find(f"{{{DC}}}Bounds")
        numbers = None
        if bounds is not None:
            x, y, width, height = (_number(bounds.get(name)) for name in ("x", "y", "width", "height"))
            numbers = (x, y, width, height)
        yield Shape(element=node.get("bpmnElement", ""), bounds=numbers)


def _edges(root: Node) -> Iterable[Edge]:
    for node in root.iter(f"{{{BPMNDI}}}BPMNEdge"):
        points = tuple((_number(p.get("x")), _number(p.get("y"))) for p in node.iter(f"{{{DI}}}waypoint"))
        yield Edge(element=node.get("bpmnElement", ""), points=points)
