"""Reads the `zeebe:` extension elements of one diagram node into plain values. Judges nothing: `whitelist` does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from lxml import etree

Node: TypeAlias = etree._Element

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
ZEEBE = "http://camunda.org/schema/zeebe/1.0"
NAMESPACES = {"b": BPMN, "z": ZEEBE}


@dataclass(frozen=True, slots=True)
class Loop:
    """A multi-instance marker: one instance per item of a list, or as many as `cardinality` says."""

    collection: str
    element: str
    output_collection: str
    output_element: str
    condition: str
    sequential: bool
    cardinality: str = ""


@dataclass(frozen=True, slots=True)
class Repeat:
    """A standard loop marker: again while the condition holds, at most `maximum` times (0 = no bound)."""

    condition: str
    maximum: int
    tests_before: bool


@dataclass(frozen=True, slots=True)
class Extensions:
    """Everything that the extension elements of a node say. Texts are as drawn: with ``=`` they are FEEL."""

    inputs: tuple[tuple[str, str], ...] = ()
    outputs: tuple[tuple[str, str], ...] = ()
    job_type: str = ""
    retries: int = 3
    headers: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    form_id: str = ""
    work: dict[str, str] = field(default_factory=dict)
    called: str = ""
    all_from_parent: bool = True
    all_from_child: bool = True
    decision_id: str = ""
    script: str = ""
    result_variable: str = ""
    loop: Loop | None = None
    repeat: Repeat | None = None


PLAIN = Extensions()


def xpath(node: Node, path: str) -> list[Node]:
    """Return the elements that a path with the prefixes ``b:`` (BPMN) and ``z:`` (zeebe) finds."""
    found = node.xpath(path, namespaces=NAMESPACES)
    return [item for item in found if isinstance(item, etree._Element)] if isinstance(found, list) else []


def local_name(node: Node) -> str:
    """Return an element's name without its namespace."""
    return etree.QName(node).localname


def bpmn_name(node: Node) -> str:
    """Return the name of a BPMN element; empty for one of another namespace (`zeebe:userTask` is no user task)."""
    return local_name(node) if isinstance(node.tag, str) and etree.QName(node).namespace == BPMN else ""


def properties(node: Node) -> dict[str, str]:
    """Return the `zeebe:properties` of any element."""
    found = xpath(node, "./b:extensionElements/z:properties/z:property")
    return {item.get("name", ""): item.get("value", "") for item in found}


def read_extensions(node: Node) -> Extensions:
    """Read one node's extension elements."""
    job, called = _one(node, "taskDefinition"), _one(node, "calledElement")
    decision, script = _one(node, "calledDecision"), _one(node, "script")
    result = decision if decision is not None else script
    return Extensions(
        inputs=_mappings(node, "input"),
        outputs=_mappings(node, "output"),
        job_type=_get(job, "type"),
        retries=int(_get(job, "retries", "3")),
        headers={h.get("key", ""): h.get("value", "") for h in _all(node, "taskHeaders/z:header")},
        properties=properties(node),
        form_id=_get(_one(node, "formDefinition"), "formId"),
        work=_work(node),
        called=_get(called, "processId"),
        all_from_parent=_get(called, "propagateAllParentVariables", "true") == "true",
        all_from_child=_get(called, "propagateAllChildVariables", "true") == "true",
        decision_id=_get(decision, "decisionId"),
        script=_get(script, "expression"),
        result_variable=_get(result, "resultVariable"),
        loop=_loop(node),
        repeat=_repeat(node),
    )


def _all(node: Node, path: str) -> list[Node]:
    return xpath(node, "./b:extensionElements/z:" + path)


def _one(node: Node, name: str) -> Node | None:
    found = _all(node, name)
    return found[0] if found else None


def _get(node: Node | None, name: str, default: str = "") -> str:
    return default if node is None else str(node.get(name, default))


def _mappings(node: Node, kind: str) -> tuple[tuple[str, str], ...]:
    return tuple((m.get("source", ""), m.get("target", "")) for m in _all(node, f"ioMapping/z:{kind}"))


def _work(node: Node) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in ("assignmentDefinition", "taskSchedule", "priorityDefinition"):
        item = _one(node, name)
        if item is not None:
            found.update({str(key): str(value) for key, value in item.attrib.items()})
    return found


def _loop(node: Node) -> Loop | None:
    marks = xpath(node, "./b:multiInstanceLoopCharacteristics")
    if not marks:
        return None
    details = _one(marks[0], "loopCharacteristics")
    return Loop(
        collection=_get(details, "inputCollection"),
        element=_get(details, "inputElement"),
        output_collection=_get(details, "outputCollection"),
        output_element=_get(details, "outputElement"),
        condition=_text(marks[0], "completionCondition"),
        sequential=marks[0].get("isSequential") == "true",
        cardinality=_text(marks[0], "loopCardinality"),
    )


def _repeat(node: Node) -> Repeat | None:
    marks = xpath(node, "./b:standardLoopCharacteristics")
    if not marks:
        return None
    return Repeat(
        condition=_text(marks[0], "loopCondition"),
        maximum=int(marks[0].get("loopMaximum", "0")),
        tests_before=marks[0].get("testBefore") == "true",
    )


def _text(node: Node, name: str) -> str:
    found = xpath(node, f"./b:{name}")
    return (found[0].text or "").strip() if found else ""
