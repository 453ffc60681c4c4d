"""Compiles the diagrams of a bundle into a `Program`.

The specifications are connected here and not by SpiffWorkflow's parser: that one is recursive (330 nodes in a row is
its limit), skips what it cannot reach, ignores what it does not know, and orders conditions by where a shape happens to
be drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from engine.spiff.connect import Definitions, connect_scope
from engine.spiff.extensions import NAMESPACES, Node, bpmn_name, local_name, properties, read_extensions, xpath
from engine.spiff.host import DiagramError, Finding
from engine.spiff.kernel import ProcessSpec
from engine.spiff.normalise import event_definitions, normalise
from engine.spiff.program import Element, Flow, Process, Program, Start
from engine.spiff.tidy import tidy
from engine.spiff.vocabulary import FLOW_NODES
from engine.spiff.whitelist import check_bundle, check_file


@dataclass
class _Parts:
    processes: dict[str, Process]
    elements: dict[str, Element]
    flows: dict[str, Flow]
    starts: dict[str, tuple[Start, ...]]
    specs: dict[str, ProcessSpec]


def compile_program(files: Mapping[str, bytes], process_id: str) -> Program:
    """Check and compile all ``*.bpmn`` of a bundle (path -> bytes) with one of its processes as the main one.

    Raises: DiagramError with a finding for everything that we do not run; nothing is ever ignored.
    """
    findings: list[Finding] = []
    roots = _read_all(files, findings)
    for file, root in roots.items():
        findings.extend(check_file(file, root))
    findings.extend(check_bundle(roots, process_id))
    if findings:
        raise DiagramError(findings)
    return _compile(roots, process_id)


def compile_deployed(files: Mapping[str, bytes], process_id: str) -> Program:
    """Compile what passed the check when it was deployed.

    A rule that is newer refuses new deployments; a case that runs on an older version is never stopped by it.
    """
    findings: list[Finding] = []
    roots = _read_all(files, findings)
    if findings:
        raise DiagramError(findings)
    return _compile(roots, process_id)


def _read_all(files: Mapping[str, bytes], findings: list[Finding]) -> dict[str, Node]:
    read = {file: _read(file, data, findings) for file, data in sorted(files.items()) if file.endswith(".bpmn")}
    return {file: root for file, root in read.items() if root is not None}


def _compile(roots: Mapping[str, Node], process_id: str) -> Program:
    parts = _Parts({}, {}, {}, {}, {})
    for file, root in roots.items():
        _compile_file(file, root, parts)
    return Program(process_id, parts.processes, parts.elements, parts.flows, parts.starts, parts.specs)


def _read(file: str, data: bytes, findings: list[Finding]) -> Node | None:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,  # one inside an expression would part it
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        findings.append(Finding(file, "", "xml", f"The file is not well-formed XML: {error}."))
        return None
    if root.getroottree().docinfo.doctype:
        findings.append(Finding(file, "", "doctype", "A document type is not allowed."))
        return None
    if local_name(root) != "definitions":
        findings.append(Finding(file, "", "root", f"The file holds {local_name(root)}, not BPMN definitions."))
        return None
    tidy(root)
    return root


def _compile_file(file: str, root: Node, parts: _Parts) -> None:
    normalised = normalise(root)
    definitions = Definitions.read(normalised.root, normalised.shown_as)
    for process in xpath(root, "./b:process"):
        if process.get("isExecutable") != "false":
            _describe(file, process, parts)
    for process in xpath(normalised.root, "./b:process"):
        process_id = str(process.get("id"))
        parts.starts[process_id] = tuple(normalised.starts.get(process_id, ()))
        for scope in [process, *xpath(process, ".//b:subProcess")]:
            scope_id = str(scope.get("id"))
            parts.specs[scope_id] = connect_scope(scope, definitions)
            _describe_synthetic(file, process_id, scope, parts)


def _describe(file: str, process: Node, parts: _Parts) -> None:
    process_id = str(process.get("id"))
    starts = xpath(process, "./b:startEvent")
    start = next((item for item in starts if not event_definitions(item)), starts[0])
    parts.processes[process_id] = Process(
        id=process_id,
        name=str(process.get("name", process_id)),
        file=file,
        properties=properties(process),
        start_element=str(start.get("id")),
        form_id=read_extensions(start).form_id,
    )
    lanes = _lanes(process)
    for node in process.iter():
        kind, element_id = bpmn_name(node), str(node.get("id"))
        name = " ".join(str(node.get("name", "")).split())
        if kind == "sequenceFlow":
            ends = str(node.get("sourceRef")), str(node.get("targetRef"))
            condition = "".join(text.text or "" for text in xpath(node, "./b:conditionExpression")).strip()
            parts.flows[element_id] = Flow(element_id, *ends, name, properties(node), process_id, condition)
        elif kind in FLOW_NODES:
            lane = _lane_of(node, lanes)
            parts.elements[element_id] = Element(
                element_id, process_id, kind, name, lane, properties(node), synthetic=False, file=file
            )


def _describe_synthetic(file: str, process_id: str, scope: Node, parts: _Parts) -> None:
    for node in scope:
        element_id = str(node.get("id"))
        if bpmn_name(node) in FLOW_NODES and "#" in element_id:
            parts.elements[element_id] = Element(
                element_id, process_id, bpmn_name(node), "", "", {}, synthetic=True, file=file
            )


def _lanes(process: Node) -> dict[str, str]:
    """Return node id -> name of the innermost lane; document order puts inner lanes after the ones around them."""
    found: dict[str, str] = {}
    for reference in process.xpath(".//b:lane/b:flowNodeRef", namespaces=NAMESPACES):
        lane = reference.getparent()
        found[(reference.text or "").strip()] = str(lane.get("name", ""))
    return found


def _lane_of(node: Node, lanes: dict[str, str]) -> str:
    current: Node | None = node
    while current is not None:
        lane = lanes.get(str(current.get("id")))
        if lane is not None:
            return lane
        current = current.getparent()
    return ""
