"""The white list: every BPMN and zeebe name, attribute and place that the engine knows. What is not here is refused."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


EVENTS = _words("startEvent endEvent intermediateCatchEvent intermediateThrowEvent boundaryEvent")
ACTIVITIES = _words(
    "task manualTask userTask receiveTask serviceTask sendTask businessRuleTask scriptTask subProcess callActivity"
)
GATEWAYS = _words("exclusiveGateway inclusiveGateway parallelGateway eventBasedGateway")
FLOW_NODES = EVENTS | ACTIVITIES | GATEWAYS
_JOBS = _words("serviceTask sendTask businessRuleTask scriptTask endEvent intermediateThrowEvent")

DECORATION = _words(
    "documentation textAnnotation text association group category categoryValue dataObject dataObjectReference "
    "dataStoreReference dataStore dataInputAssociation dataOutputAssociation dataState property sourceRef targetRef"
)
"""Pictures and comments: they change nothing about how a process runs."""

STRUCTURE = _words(
    "definitions process collaboration participant messageFlow laneSet lane childLaneSet flowNodeRef sequenceFlow "
    "conditionExpression extensionElements incoming outgoing message signal error escalation "
    "multiInstanceLoopCharacteristics completionCondition loopCardinality standardLoopCharacteristics loopCondition "
    "timeDate timeDuration timeCycle messageEventDefinition "
    "timerEventDefinition signalEventDefinition errorEventDefinition escalationEventDefinition "
    "terminateEventDefinition linkEventDefinition"
)

ATTRIBUTES: dict[str, frozenset[str]] = {
    "definitions": _words("targetNamespace expressionLanguage typeLanguage exporter exporterVersion"),
    "process": _words("isExecutable isClosed processType"),
    "startEvent": _words("isInterrupting"),
    "boundaryEvent": _words("attachedToRef cancelActivity"),
    "receiveTask": _words("messageRef"),
    "subProcess": _words("triggeredByEvent"),
    "exclusiveGateway": _words("default gatewayDirection"),
    "inclusiveGateway": _words("default gatewayDirection"),
    "parallelGateway": _words("gatewayDirection"),
    "eventBasedGateway": _words("gatewayDirection"),
    "sequenceFlow": _words("sourceRef targetRef"),
    "message": _words("itemRef"),
    "error": _words("errorCode"),
    "escalation": _words("escalationCode"),
    "multiInstanceLoopCharacteristics": _words("isSequential"),
    "standardLoopCharacteristics": _words("loopMaximum testBefore"),
    "messageEventDefinition": _words("messageRef"),
    "signalEventDefinition": _words("signalRef"),
    "errorEventDefinition": _words("errorRef"),
    "escalationEventDefinition": _words("escalationRef"),
    "participant": _words("processRef"),
    "messageFlow": _words("sourceRef targetRef"),
    "lane": _words("partitionElementRef"),
    "conditionExpression": _words("language"),
    "completionCondition": _words("language"),
    "loopCardinality": _words("language"),
    "loopCondition": _words("language"),
    "timeDate": _words("language"),
    "timeDuration": _words("language"),
    "timeCycle": _words("language"),
}
"""What each BPMN element may say of itself besides id and name."""
ATTRIBUTES |= {name: ATTRIBUTES.get(name, frozenset()) | {"default"} for name in ACTIVITIES}

ONLY_DEFAULT = {
    "isForCompensation": "false",
    "startQuantity": "1",
    "completionQuantity": "1",
    "parallelMultiple": "false",
    "instantiate": "false",
    "eventGatewayType": "Exclusive",
    "isImmediate": "true",
}
"""Attributes whose only harmless value is the one that they have anyway."""

ZEEBE_PLACES: dict[str, frozenset[str] | None] = {
    "taskDefinition": _JOBS,
    "taskHeaders": _JOBS | {"userTask"},
    "header": None,
    "ioMapping": ACTIVITIES | EVENTS,
    "input": None,
    "output": None,
    "userTask": _words("userTask"),
    "formDefinition": _words("userTask startEvent"),
    "assignmentDefinition": _words("userTask"),
    "taskSchedule": _words("userTask"),
    "priorityDefinition": _words("userTask"),
    "calledElement": _words("callActivity"),
    "calledDecision": _words("businessRuleTask"),
    "script": _words("scriptTask"),
    "subscription": _words("message"),
    "loopCharacteristics": _words("multiInstanceLoopCharacteristics"),
    "versionTag": _words("process"),
    "properties": None,
    "property": None,
}
"""Which element each extension may be on; None = anywhere, or inside another extension."""

ZEEBE_ATTRIBUTES: dict[str, frozenset[str]] = {
    "taskDefinition": _words("type retries"),
    "header": _words("key value"),
    "input": _words("source target"),
    "output": _words("source target"),
    "formDefinition": _words("formId bindingType"),
    "assignmentDefinition": _words("assignee candidateGroups candidateUsers"),
    "taskSchedule": _words("dueDate followUpDate"),
    "priorityDefinition": _words("priority"),
    "calledElement": _words("processId propagateAllChildVariables propagateAllParentVariables bindingType"),
    "calledDecision": _words("decisionId resultVariable bindingType"),
    "script": _words("expression resultVariable"),
    "subscription": _words("correlationKey"),
    "loopCharacteristics": _words("inputCollection inputElement outputCollection outputElement"),
    "versionTag": _words("value"),
    "property": _words("name value"),
}
TEMPLATE_ATTRIBUTES = _words("modelerTemplate modelerTemplateVersion modelerTemplateIcon")
HARMLESS_NAMESPACES = ("http://www.w3.org/2001/XMLSchema-instance", "http://camunda.org/schema/modeler/1.0")
NOTES = _words("versionTag historyTimeToLive diagramRelationId modelerTemplate modelerTemplateVersion")
"""What modelers note for themselves under any namespace."""
DIAGRAM_INTERCHANGE = "http://www.omg.org/spec/BPMN/20100524/DI"

EVENT_DEFINITIONS: dict[str, frozenset[str]] = {
    "startEvent": _words("message timer signal"),
    "eventSubProcessStart": _words("message timer error escalation signal"),
    "endEvent": _words("message error escalation signal terminate"),
    "intermediateCatchEvent": _words("message timer signal link"),
    "intermediateThrowEvent": _words("message escalation signal link"),
    "boundaryEvent": _words("message timer error escalation signal"),
}
"""What each event may wait for or throw, by its place."""
