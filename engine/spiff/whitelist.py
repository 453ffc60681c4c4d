"""The last line of defence: every element, attribute and event definition must be one that the engine runs.

`engine.lint` explains faults to analysts; here it is made sure that nothing is ever ignored or run wrongly in silence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from lxml import etree

from engine.spiff import vocabulary as known
from engine.spiff.check_events import check_message
from engine.spiff.check_scopes import Say, check_scope
from engine.spiff.extensions import BPMN, ZEEBE, Node, bpmn_name, local_name, xpath
from engine.spiff.host import Finding


def check_file(file: str, root: Node) -> list[Finding]:
    """Return everything in one file that the engine does not run."""
    findings: list[Finding] = []

    def say(node: Node, rule: str, message: str) -> None:
        findings.append(Finding(file, _owner_id(node), rule, message))

    for node in _executable(root):
        _check_name(node, say)
        _check_attributes(node, say)
        if bpmn_name(node) == "message":
            check_message(node, say)
        if bpmn_name(node) in ("process", "subProcess"):
            check_scope(node, root, say)
    return findings


def check_bundle(roots: Mapping[str, Node], process_id: str) -> list[Finding]:
    """Return what is wrong between the files: ids used twice, processes that are called and not there."""
    findings = list(_repeated_ids(roots))
    processes = {str(item.get("id")): file for file, root in roots.items() for item in _processes(root)}
    if process_id not in processes:
        there = ", ".join(processes) or "none"
        message = f"There is no executable process {process_id}; there are: {there}."
        findings.append(Finding("", process_id, "main-process", message))
    for file, root in roots.items():
        for call in (call for item in _processes(root) for call in xpath(item, ".//b:callActivity")):
            for target in xpath(call, "./b:extensionElements/z:calledElement"):
                if target.get("processId") not in processes:
                    message = f"Calls the process {target.get('processId')}, which is not in the bundle."
                    findings.append(Finding(file, str(call.get("id")), "called-process", message))
    return findings


def _processes(root: Node) -> list[Node]:
    return xpath(root, "./b:process[not(@isExecutable='false')]")


def _repeated_ids(roots: Mapping[str, Node]) -> Iterator[Finding]:
    places: Counter[str] = Counter()
    for file, root in roots.items():
        for node in _executable(root):
            if bpmn_name(node) in known.FLOW_NODES | {"process", "sequenceFlow"}:
                element_id = str(node.get("id"))
                places[element_id] += 1
                if places[element_id] == 2:
                    message = "This id is used twice in the bundle; every element and flow needs its own."
                    yield Finding(file, element_id, "id-unique", message)


def _executable(root: Node) -> Iterator[Node]:
    """Yield every element that says something about running; drawings and other people's processes do not."""
    todo = [root]
    while todo:
        node = todo.pop()
        if not isinstance(node.tag, str) or etree.QName(node).namespace == known.DIAGRAM_INTERCHANGE:
            continue
        if bpmn_name(node) == "process" and node.get("isExecutable") == "false":
            continue
        yield node
        if bpmn_name(node) not in known.DECORATION:
            todo.extend(reversed(node))


def _check_name(node: Node, say: Say) -> None:
    namespace, name = etree.QName(node).namespace, local_name(node)
    if namespace == BPMN:
        parent = node.getparent()
        if name not in known.FLOW_NODES | known.STRUCTURE | known.DECORATION:
            say(node, "element", f"{name} is not supported.")
        elif name in known.FLOW_NODES | {"sequenceFlow"} and (
            parent is None or bpmn_name(parent) not in ("process", "subProcess")
        ):
            say(node, "element", f"A {name} must stand directly in a process or sub-process.")
    elif namespace == ZEEBE:
        _check_place(node, name, say)
    elif namespace not in known.HARMLESS_NAMESPACES:
        say(node, "namespace", f"{name} of {namespace} is not part of the Camunda 8 dialect.")


def _check_place(node: Node, name: str, say: Say) -> None:
    parent = node.getparent()
    holder = parent.getparent() if parent is not None and bpmn_name(parent) == "extensionElements" else None
    places = known.ZEEBE_PLACES.get(name, frozenset())
    if places is not None and (holder is None or local_name(holder) not in places):
        where = local_name(holder) if holder is not None else "this place"
        say(node, "extension", f"zeebe:{name} is not supported on {where}.")


def _check_attributes(node: Node, say: Say) -> None:
    name = local_name(node)
    if bpmn_name(node) in known.DECORATION:
        return
    table = known.ATTRIBUTES if bpmn_name(node) else known.ZEEBE_ATTRIBUTES
    for key, value in node.attrib.items():
        attribute = etree.QName(str(key))
        if attribute.namespace is None:
            is_known = attribute.localname in table.get(name, frozenset()) | {"id", "name"}
            is_known = is_known or known.ONLY_DEFAULT.get(attribute.localname) == value
        elif attribute.namespace == ZEEBE:
            is_known = attribute.localname in known.TEMPLATE_ATTRIBUTES
        else:
            is_known = attribute.namespace in known.HARMLESS_NAMESPACES or attribute.localname in known.NOTES
        if not is_known:
            say(node, "attribute", f'The attribute {attribute.localname}="{value}" is not supported on {name}.')


def _owner_id(node: Node) -> str:
    """Return the id of the element in a process, or of the definition in the file, that a node belongs to."""
    current, parent = node, node.getparent()
    while parent is not None and bpmn_name(parent) not in ("process", "subProcess", "definitions"):
        current, parent = parent, parent.getparent()
    if current.get("id") is None and parent is not None and bpmn_name(parent) == "subProcess":
        current = parent  # what a sub-process says of itself
    return str(current.get("id", ""))
