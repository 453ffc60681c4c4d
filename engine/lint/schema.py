"""The standard's schema: the last net, for what no rule of ours has a sentence of its own for.

Only what means something is held against a file. The order of children does not: the engine reads them by name.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from functools import partial
from threading import Lock

from lxml import etree

from engine.diagram import Diagram
from engine.lint.finding import Findings, error
from engine.lint.project import Project
from engine.markup import BPMN, Node, label, local, namespace
from engine.spiff.schema import standard_schema

_REST = "*"
# The schema's order of children, for all parents at once; whatever is not named stands at the star.
_ORDER = """
documentation extensionElements import extension categoryValueRef auditing monitoring incoming outgoing
supportedInterfaceRef interfaceRef participantRef participant messageFlow ioSpecification property dataInput dataOutput
dataInputAssociation dataOutputAssociation inputSet outputSet performer humanPerformer potentialOwner resourceRole
multiInstanceLoopCharacteristics standardLoopCharacteristics rendering script laneSet loopCardinality
sourceRef source inMessageRef outMessageRef dataInputRefs dataOutputRefs optionalInputRefs optionalOutputRefs *
targetRef target completionCondition childLaneSet textAnnotation association group relationship
correlationSubscription supports
"""
_RANKS: Mapping[str, int] = {name: rank for rank, name in enumerate(_ORDER.split())}
_ROLES = frozenset({"performer", "humanPerformer", "potentialOwner", "resourceRole"})
# An expression that does not say that it is a formal one, with an attribute that only those have; and what other rules
# decide on: attributes of other namespaces, and references.
_HARMLESS = re.compile(r"The attribute '(language|evaluatesToTypeRef|\{.*)' is not allowed|QName|xs:IDREF")
_PREFIX = re.compile(r"\{[^}]*\}")
_ONE_AT_A_TIME = Lock()  # a compiled schema keeps the faults of the last file


def schema(diagram: Diagram, project: Project) -> Findings:
    """Find what the standard's schema does not allow."""
    root, originals = _in_order(diagram.root)
    with _ONE_AT_A_TIME:
        compiled = standard_schema()
        if compiled.validate(root):
            return
        faults = [(fault.path, fault.message) for fault in compiled.error_log]
    prefixes = {name: space for node in originals for name, space in node.nsmap.items() if name}
    for path, text in faults:
        if _HARMLESS.search(text):
            continue
        found = root.getroottree().xpath(path, namespaces=prefixes) if path else []
        place = originals.get(found[0]) if isinstance(found, list) and found else None
        said = _PREFIX.sub("", text).rstrip(". ")
        message = f"BPMN 2.0 does not allow this: {said}. Correct it, or draw the element again in the modeler."
        yield error(diagram.file, "" if place is None else label(place), "schema-not-valid", message)


def _in_order(root: Node) -> tuple[Node, dict[Node, Node]]:
    """Return a copy with children in the schema's order and without the drawing, and its elements' originals."""
    made = copy.deepcopy(root)
    originals = dict(zip(made.iter(etree.Element), root.iter(etree.Element), strict=True))
    for node in [node for node in originals if namespace(node) == BPMN and len(node)]:
        children = [child for child in node if isinstance(child.tag, str)]
        kept = [child for child in children if local(node) != "definitions" or namespace(child) == BPMN]
        if local(node) != "extensionElements":
            kept.sort(key=partial(_rank, local(node)))
        for child in list(node):
            node.remove(child)
        node.extend(kept)
    return made, originals


def _rank(parent: str, child: Node) -> int:
    name = local(child)
    if parent == "process" and name in _ROLES:
        return _RANKS["correlationSubscription"]
    return _RANKS.get(name, _RANKS[_REST])
