"""The last line of defence: every element, attribute and event definition in its place must be one that the engine runs.

`engine.lint` explains faults to analysts; this list only makes sure that nothing is ever ignored or run wrongly in silence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from lxml import etree

from engine.spiff.extensions import BPMN, ZEEBE, Node, bpmn_name, local_name, xpath
from engine.spiff.host import Finding
from engine.spiff.whitelist_rules import check_node, check_scope

FLOW_NODES = frozenset(
    "startEvent endEvent intermediateCatchEvent intermediateThrowEvent boundaryEvent task manualTask userTask receiveTask "
    "serviceTask sendTask businessRuleTask scriptTask subProcess callActivity exclusiveGateway inclusiveGateway "
    "parallelGateway eventBasedGateway".split()
)
_JOBS = frozenset("serviceTask sendTask businessRuleTask scriptTask endEvent intermediateThrowEvent".split())
_ACTIVITIES = frozenset(
    "task manualTask userTask receiveTask serviceTask sendTask businessRuleTask scriptTask subProcess callActivity".split()
)
_EVENTS = frozenset("startEvent endEvent intermediateCatchEvent intermediateThrowEvent boundaryEvent".split())

# Pictures and comments: they change nothing about how a process runs.
_DECORATION = frozenset(
    "documentation textAnnotation text association group category categoryValue dataObject dataObjectReference "
    "dataStoreReference dataStore dataInputAssociation dataOutputAssociation dataState property sourceRef targetRef".split()
)
_STRUCTURE = frozenset(
    "definitions process collaboration participant messageFlow laneSet lane childLaneSet flowNodeRef sequenceFlow "
    "conditionExpression extensionElements incoming outgoing message signal error escalation "
    "multiInstanceLoopCharacteristics completionCondition timeDate timeDuration timeCycle "
    "messageEventDefinition timerEventDefinition signalEventDefinition errorEventDefinition escalationEventDefinition "
    "terminateEventDefinition linkEventDefinition".split()
)
_ATTRIBUTES: dict[str, frozenset[str]] = {
    name: frozenset(attributes.split())
    for name, attributes in {
        "definitions": "targetNamespace expressionLanguage typeLanguage exporter exporterVersion",
        "process": "isExecutable isClosed processType",
        "startEvent": "isInterrupting",
        "boundaryEvent": "attachedToRef cancelActivity",
        "receiveTask": "messageRef",
        "subProcess": "triggeredByEvent",
        "exclusiveGateway": "default gatewayDirection",
        "inclusiveGateway": "default gatewayDirection",
        "parallelGateway": "gatewayDirection",
        "eventBasedGateway": "gatewayDirection",
        "sequenceFlow": "sourceRef targetRef",
        "message": "itemRef",
        "error": "errorCode",
        "escalation": "escalationCode",
        "multiInstanceLoopCharacteristics": "isSequential",
        "messageEventDefinition": "messageRef",
        "signalEventDefinition": "signalRef",
        "errorEventDefinition": "errorRef",
        "escalationEventDefinition": "escalationRef",
        "participant": "processRef",
        "messageFlow": "sourceRef targetRef",
        "lane": "partitionElementRef",
        "conditionExpression": "language",
    }.items()
}
# Attributes whose only harmless value is the default.
_ONLY_DEFAULT = {
    "isForCompensation": "false",
    "startQuantity": "1",
    "completionQuantity": "1",
    "parallelMultiple": "false",
    "instantiate": "false",
    "eventGatewayType": "Exclusive",
    "isImmediate": "true",
    "triggeredByEvent": "false",
}
_ZEEBE: dict[str, frozenset[str] | None] = {
    "taskDefinition": _JOBS,
    "taskHeaders": _JOBS | {"userTask"},
    "header": None,
    "ioMapping": _ACTIVITIES | _EVENTS,
    "input": None,
    "output": None,
    "userTask": frozenset({"userTask"}),
    "formDefinition": frozenset({"userTask", "startEvent"}),
    "assignmentDefinition": frozenset({"userTask"}),
    "taskSchedule": frozenset({"userTask"}),
    "priorityDefinition": frozenset({"userTask"}),
    "calledElement": frozenset({"callActivity"}),
    "calledDecision": frozenset({"businessRuleTask"}),
    "script": frozenset({"scriptTask"}),
    "subscription": frozenset({"message"}),
    "loopCharacteristics": frozenset({"multiInstanceLoopCharacteristics"}),
    "versionTag": frozenset({"process"}),
    "properties": None,
    "property": None,
}
_ZEEBE_ATTRIBUTES: dict[str, frozenset[str]] = {
    name: frozenset(attributes.split())
    for name, attributes in {
        "taskDefinition": "type retries",
        "header": "key value",
        "input": "source target",
        "output": "source target",
        "formDefinition": "formId bindingType",
        "assignmentDefinition": "assignee candidateGroups candidateUsers",
        "taskSchedule": "dueDate followUpDate",
        "priorityDefinition": "priority",
        "calledElement": "processId propagateAllChildVariables propagateAllParentVariables bindingType",
        "calledDecision": "decisionId resultVariable bindingType",
        "script": "expression resultVariable",
        "subscription": "correlationKey",
        "loopCharacteristics": "inputCollection inputElement outputCollection outputElement",
        "versionTag": "value",
        "property": "name value",
    }.items()
}
_OTHER_NAMESPACES = ("http://www.w3.org/2001/XMLSchema-instance", "http://camunda.org/schema/modeler/1.0")
_DIAGRAM_INTERCHANGE = "http://www.omg.org/spec/BPMN/20100524/DI"
_TEMPLATE_ATTRIBUTES = ("modelerTemplate", "modelerTemplateVersion", "modelerTemplateIcon")


def check_file(file: str, root: Node) -> list[Finding]:
    """Return everything in one file that the engine does not run."""
    findings: list[Finding] = []

    def say(node: Node, rule: str, message: str) -> None:
        findings.append(Finding(file, _nearest_id(node), rule, message))

    for node in _executable(root):
        _check_name(node, say)
        _check_attributes(node, say)
        if bpmn_name(node) in FLOW_NODES | {"message", "sequenceFlow"}:
            check_node(node, root, say)
        if bpmn_name(node) in ("process", "subProcess"):
            check_scope(node, say)
    return findings


def check_bundle(roots: Mapping[str, Node], process_id: str) -> list[Finding]:
    """Return what is wrong between the files: ids used twice, processes that are called and not there, calls in a circle."""
    findings: list[Finding] = []
    places: Counter[str] = Counter()
    calls: dict[str, list[tuple[str, str, str]]] = {}
    for file, root in roots.items():
        for node in _executable(root):
            if bpmn_name(node) in FLOW_NODES | {"process", "sequenceFlow"}:
                places[str(node.get("id"))] += 1
                if places[str(node.get("id"))] == 2:
                    message = "This id is used twice in the bundle; every element and flow needs its own."
                    findings.append(Finding(file, str(node.get("id")), "id-unique", message))
        for process in xpath(root, "./b:process[not(@isExecutable='false')]"):
            calls[str(process.get("id"))] = [
                (file, str(call.get("id")), str(target.get("processId")))
                for call in xpath(process, ".//b:callActivity")
                for target in xpath(call, "./b:extensionElements/z:calledElement")
            ]
    if process_id not in calls:
        known = ", ".join(calls) or "none"
        findings.append(
            Finding("", process_id, "main-process", f"There is no executable process {process_id}; there are: {known}.")
        )
    for called in calls.values():
        for file, element_id, target in called:
            if target not in calls:
                message = f"Calls the process {target}, which is not in the bundle."
                findings.append(Finding(file, element_id, "called-process", message))
    return findings


def _executable(root: Node) -> Iterator[Node]:
    """Yield every element that says something about running; drawings and other people's processes do not."""
    todo = [root]
    while todo:
        node = todo.pop()
        if not isinstance(node.tag, str) or etree.QName(node).namespace == _DIAGRAM_INTERCHANGE:
            continue
        if local_name(node) == "process" and node.get("isExecutable") == "false":
            continue
        yield node
        if local_name(node) not in _DECORATION:
            todo.extend(reversed(node))


def _check_name(node: Node, say: object) -> None:
    assert callable(say)
    namespace, name = etree.QName(node).namespace, local_name(node)
    parent = node.getparent()
    if namespace == BPMN:
        if name not in FLOW_NODES and name not in _STRUCTURE and name not in _DECORATION:
            say(node, "element", f"{name} is not supported.")
    elif namespace == ZEEBE:
        holder = parent.getparent() if parent is not None and local_name(parent) == "extensionElements" else None
        if name not in _ZEEBE:
            say(node, "extension", f"zeebe:{name} is not supported.")
        elif (places := _ZEEBE[name]) is not None and (holder is None or local_name(holder) not in places):
            where = local_name(holder) if holder is not None else "here"
            say(node, "extension", f"zeebe:{name} is not supported on {where}.")
    elif namespace not in _OTHER_NAMESPACES:
        say(node, "namespace", f"{name} of {namespace} is not part of the Camunda 8 dialect.")


def _check_attributes(node: Node, say: object) -> None:
    assert callable(say)
    namespace, name = etree.QName(node).namespace, local_name(node)
    if name in _DECORATION and namespace == BPMN:
        return
    known = _ATTRIBUTES.get(name, frozenset()) if namespace == BPMN else _ZEEBE_ATTRIBUTES.get(name, frozenset())
    for key, value in node.attrib.items():
        attribute = etree.QName(str(key))
        if (
            attribute.namespace in _OTHER_NAMESPACES
            or attribute.localname in ("id", "name")
            and attribute.namespace is None
        ):
            continue
        if attribute.namespace == ZEEBE and attribute.localname in _TEMPLATE_ATTRIBUTES:
            continue
        if attribute.namespace is None and attribute.localname in known:
            continue
        if attribute.namespace is None and _ONLY_DEFAULT.get(attribute.localname) == value:
            continue
        say(node, "attribute", f'The attribute {attribute.localname}="{value}" is not supported on {name}.')


def _nearest_id(node: Node) -> str:
    """Return the id of the element in a process, or of the definition in the file, that a node belongs to."""
    current, parent = node, node.getparent()
    while parent is not None and bpmn_name(parent) not in ("process", "subProcess", "definitions"):
        current, parent = parent, parent.getparent()
    return str(current.get("id", ""))
