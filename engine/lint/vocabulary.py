"""The white list: which BPMN and zeebe elements and attributes are run, and where. Whatever is not here is refused."""

from __future__ import annotations

from engine.diagram import ACTIVITIES, EVENTS, FLOW_NODES
from engine.lint.described import DESCRIBED, DESCRIBED_ATTRIBUTES, LOOP_DATA, ONLY_PLAIN
from engine.markup import BPMN, MODELER, ZEEBE

ANYWHERE = frozenset({"documentation", "extensionElements"})
_ARTIFACTS = {"textAnnotation", "association", "group"}
_RUN_NODES = set(FLOW_NODES) - {"complexGateway", "transaction", "adHocSubProcess"}
_SCOPE = _RUN_NODES | _ARTIFACTS | {
    "sequenceFlow", "laneSet", "dataObject", "dataObjectReference", "dataStoreReference",
}  # fmt: skip
_ACTIVITY = {
    "incoming", "outgoing", "multiInstanceLoopCharacteristics", "standardLoopCharacteristics", "property",
    "dataInputAssociation", "dataOutputAssociation",
}  # fmt: skip
_EVENT = {"incoming", "outgoing"}

# The BPMN elements that may stand directly inside each BPMN element.
CHILDREN: dict[str, frozenset[str]] = {
    "definitions": frozenset(
        {
            "process",
            "collaboration",
            "message",
            "signal",
            "error",
            "escalation",
            "category",
            "dataStore",
        }
    ),
    "collaboration": frozenset({"participant", "messageFlow"} | _ARTIFACTS),
    "process": frozenset(_SCOPE),
    "laneSet": frozenset({"lane"}),
    "childLaneSet": frozenset({"lane"}),
    "lane": frozenset({"flowNodeRef", "childLaneSet"}),
    "sequenceFlow": frozenset({"conditionExpression"}),
    "multiInstanceLoopCharacteristics": frozenset({"completionCondition", "loopCardinality"} | LOOP_DATA),
    "standardLoopCharacteristics": frozenset({"loopCondition"}),
    "timerEventDefinition": frozenset({"timeDate", "timeDuration", "timeCycle"}),
    "linkEventDefinition": frozenset({"source", "target"}),
    "textAnnotation": frozenset({"text"}),
    "category": frozenset({"categoryValue"}),
    "dataObject": frozenset({"dataState"}),
    "dataObjectReference": frozenset({"dataState"}),
    "dataStoreReference": frozenset({"dataState"}),
    "dataStore": frozenset({"dataState"}),
    "property": frozenset({"dataState"}),
    "dataInputAssociation": frozenset({"sourceRef", "targetRef"}),
    "dataOutputAssociation": frozenset({"sourceRef", "targetRef"}),
    **{kind: frozenset(_ACTIVITY) for kind in ACTIVITIES},
    **{kind: frozenset(_ACTIVITY | _SCOPE) for kind in ("subProcess", "transaction", "adHocSubProcess")},
    "scriptTask": frozenset(_ACTIVITY | {"script"}),
    **{kind: frozenset(_EVENT) for kind in EVENTS},
    **{
        kind: frozenset({"incoming", "outgoing"})
        for kind in (
            "exclusiveGateway",
            "parallelGateway",
            "inclusiveGateway",
            "eventBasedGateway",
            "complexGateway",
        )
    },
}
_OF_ALL_NODES = {
    **dict.fromkeys(ACTIVITIES, DESCRIBED["activity"]), **dict.fromkeys(EVENTS, DESCRIBED["event"]),
    **dict.fromkeys(FLOW_NODES - ACTIVITIES - EVENTS, DESCRIBED["other"]),
    **dict.fromkeys(("sequenceFlow", "dataObject", "dataObjectReference", "dataStoreReference"), DESCRIBED["other"]),
}  # fmt: skip
for _kind in {*_OF_ALL_NODES, *DESCRIBED} - {"activity", "event", "other"}:
    CHILDREN[_kind] = (
        CHILDREN.get(_kind, frozenset()) | DESCRIBED.get(_kind, frozenset()) | _OF_ALL_NODES.get(_kind, frozenset())
    )

# The event definitions that each event may carry. "eventSubProcessStart" is the start of an event sub-process.
EVENT_POSITIONS: dict[str, frozenset[str]] = {
    "startEvent": frozenset({"message", "timer", "signal"}),
    "eventSubProcessStart": frozenset({"message", "timer", "error", "escalation", "signal"}),
    "endEvent": frozenset({"message", "error", "escalation", "signal", "terminate"}),
    "intermediateCatchEvent": frozenset({"message", "timer", "signal", "link"}),
    "intermediateThrowEvent": frozenset({"message", "escalation", "signal", "link"}),
    "boundaryEvent": frozenset({"message", "timer", "error", "escalation", "signal"}),
}

# Why something well known is refused, and what to draw instead.
INSTEAD = {
    "complexGateway": "Use exclusive, inclusive or parallel gateways.",
    "transaction": "Use a sub-process with error boundary events.",
    "adHocSubProcess": "Draw the order of the tasks, or give each its own non-interrupting event sub-process.",
    "loopDataInputRef": "Give the multi-instance task an input collection (zeebe:loopCharacteristics) instead.",
    "loopDataOutputRef": "Give the multi-instance task an output collection (zeebe:loopCharacteristics) instead.",
    "inputDataItem": "Give the multi-instance task an input element (zeebe:loopCharacteristics) instead.",
    "outputDataItem": "Give the multi-instance task an output element (zeebe:loopCharacteristics) instead.",
    "complexBehaviorDefinition": "Throw the event in a sub-process that the activity repeats.",
    "compensate": "Draw the undoing as ordinary tasks.",
    "conditional": "Wait for a message or a timer and test the condition in a gateway behind it.",
    "cancel": "Use an error event.",
    "eventDefinitionRef": "Put the event definition into the event itself.",
    "ioSpecification": "Use the input and output mappings of the task.",
    "assignment": "Use the input and output mappings of the task.",
    "transformation": "Use the input and output mappings of the task.",
    "conversation": "Remove it, or keep it in a drawing of its own.",
    "choreography": "Draw one process for each participant.",
    "potentialOwner": "Set the candidate groups in the task's assignment.",
    "humanPerformer": "Set the assignee in the task's assignment.",
    "performer": "Set the assignee in the task's assignment.",
    "import": "Deploy everything that belongs together in one folder.",
    "correlationProperty": "Give the message a subscription correlation key.",
    "subConversation": "Remove it, or keep it in a drawing of its own.",
}

_ACTIVITY_ATTRIBUTES = {"default"}
# The plain attributes of each BPMN element that are honoured or only describe; "id" and "name" go everywhere.
ATTRIBUTES: dict[str, frozenset[str]] = {
    "definitions": frozenset({"targetNamespace", "expressionLanguage", "typeLanguage", "exporter", "exporterVersion"}),
    "process": frozenset({"isExecutable", "processType", "isClosed", "definitionalCollaborationRef"}),
    "collaboration": frozenset({"isClosed"}),
    "participant": frozenset({"processRef"}),
    "messageFlow": frozenset({"sourceRef", "targetRef", "messageRef"}),
    "sequenceFlow": frozenset({"sourceRef", "targetRef"}),
    "association": frozenset({"sourceRef", "targetRef", "associationDirection"}),
    "group": frozenset({"categoryValueRef"}),
    "textAnnotation": frozenset({"textFormat"}),
    "text": frozenset(),
    "documentation": frozenset({"textFormat"}),
    "categoryValue": frozenset({"value"}),
    "lane": frozenset({"partitionElementRef"}),
    "message": frozenset({"itemRef"}),
    "signal": frozenset({"structureRef"}),
    "error": frozenset({"errorCode", "structureRef"}),
    "escalation": frozenset({"escalationCode", "structureRef"}),
    "itemDefinition": frozenset({"structureRef", "isCollection", "itemKind"}),
    "dataObject": frozenset({"isCollection", "itemSubjectRef"}),
    "dataObjectReference": frozenset({"dataObjectRef", "itemSubjectRef"}),
    "dataStore": frozenset({"capacity", "isUnlimited", "itemSubjectRef"}),
    "dataStoreReference": frozenset({"dataStoreRef", "itemSubjectRef"}),
    "property": frozenset({"itemSubjectRef"}),
    "conditionExpression": frozenset({"language", "evaluatesToTypeRef"}),
    "completionCondition": frozenset({"language", "evaluatesToTypeRef"}),
    "loopCardinality": frozenset({"language", "evaluatesToTypeRef"}),
    "loopCondition": frozenset({"language", "evaluatesToTypeRef"}),
    "timeDate": frozenset({"language", "evaluatesToTypeRef"}),
    "timeDuration": frozenset({"language", "evaluatesToTypeRef"}),
    "timeCycle": frozenset({"language", "evaluatesToTypeRef"}),
    "multiInstanceLoopCharacteristics": frozenset({"isSequential", "behavior"}),
    "standardLoopCharacteristics": frozenset({"loopMaximum", "testBefore"}),
    "messageEventDefinition": frozenset({"messageRef"}),
    "errorEventDefinition": frozenset({"errorRef"}),
    "signalEventDefinition": frozenset({"signalRef"}),
    "escalationEventDefinition": frozenset({"escalationRef"}),
    **{kind: frozenset(_ACTIVITY_ATTRIBUTES) for kind in ACTIVITIES},
    "subProcess": frozenset(_ACTIVITY_ATTRIBUTES | {"triggeredByEvent"}),
    "userTask": frozenset(_ACTIVITY_ATTRIBUTES | {"implementation"}),
    "serviceTask": frozenset(_ACTIVITY_ATTRIBUTES | {"implementation"}),
    "businessRuleTask": frozenset(_ACTIVITY_ATTRIBUTES | {"implementation"}),
    "sendTask": frozenset(_ACTIVITY_ATTRIBUTES | {"implementation", "messageRef"}),
    "receiveTask": frozenset(_ACTIVITY_ATTRIBUTES | {"implementation", "messageRef"}),
    "scriptTask": frozenset(_ACTIVITY_ATTRIBUTES | {"scriptFormat"}),
    "callActivity": frozenset(_ACTIVITY_ATTRIBUTES | {"calledElement"}),
    "startEvent": frozenset({"isInterrupting"}),
    "boundaryEvent": frozenset({"attachedToRef", "cancelActivity"}),
    "exclusiveGateway": frozenset({"default", "gatewayDirection"}),
    "inclusiveGateway": frozenset({"default", "gatewayDirection"}),
    "parallelGateway": frozenset({"gatewayDirection"}),
    "eventBasedGateway": frozenset({"gatewayDirection"}),
}
for _kind, _names in DESCRIBED_ATTRIBUTES.items():
    ATTRIBUTES[_kind] = ATTRIBUTES.get(_kind, frozenset()) | _names

KNOWN_ELEMENTS = frozenset(
    {*CHILDREN, *ATTRIBUTES, *ANYWHERE}.union(
        *CHILDREN.values(), {f"{kind}EventDefinition" for kinds in EVENT_POSITIONS.values() for kind in kinds}
    )
)

# Attributes of the standard that are accepted with their default value only: any other would change behaviour.
ONLY_DEFAULT = {
    "isForCompensation": "false",
    "startQuantity": "1",
    "completionQuantity": "1",
    "parallelMultiple": "false",
    "instantiate": "false",
    "eventGatewayType": "Exclusive",
    "isImmediate": "true",
}
# Elements of which a second one beside the first would be ignored.
ONLY_ONCE = frozenset(
    {
        "conditionExpression",
        "multiInstanceLoopCharacteristics",
        "standardLoopCharacteristics",
        "completionCondition",
        "loopCardinality",
        "loopCondition",
        *LOOP_DATA,
        "timeDate",
        "timeDuration",
        "timeCycle",
        "script",
    }
)
# What plain BPMN may say, but not a diagram of our dialect: its extensions say the same, and one answer is enough.
PLAIN_ELEMENTS = ONLY_PLAIN | LOOP_DATA | {"source", "target"}
PLAIN_ATTRIBUTES = frozenset(
    {
        "implementation",
        "operationRef",
        "scriptFormat",
        "calledElement",
        "definitionalCollaborationRef",
        "evaluatesToTypeRef",
        "structureRef",
        "behavior",
    }
)
HARMLESS_NAMESPACES = (BPMN, ZEEBE, MODELER, "http://www.w3.org/2001/XMLSchema-instance")

BOOLEANS = frozenset(
    {"isExecutable", "isInterrupting", "cancelActivity", "triggeredByEvent", "isSequential", "testBefore"}
)

_JOBS = frozenset({"serviceTask", "sendTask", "businessRuleTask", "scriptTask", "endEvent", "intermediateThrowEvent"})
_EVERYTHING = frozenset({"*"})
# Each zeebe element: where it may stand and which attributes it may have.
ZEEBE_ELEMENTS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "taskDefinition": (_JOBS, frozenset({"type", "retries"})),
    "taskHeaders": (_JOBS | {"userTask"}, frozenset()),
    "ioMapping": (ACTIVITIES | EVENTS, frozenset()),
    "userTask": (frozenset({"userTask"}), frozenset()),
    "formDefinition": (frozenset({"userTask", "startEvent"}), frozenset({"formId", "bindingType"})),
    "assignmentDefinition": (
        frozenset({"userTask"}),
        frozenset({"assignee", "candidateGroups", "candidateUsers"}),
    ),
    "taskSchedule": (frozenset({"userTask"}), frozenset({"dueDate", "followUpDate"})),
    "priorityDefinition": (frozenset({"userTask"}), frozenset({"priority"})),
    "calledElement": (
        frozenset({"callActivity"}),
        frozenset({"processId", "propagateAllChildVariables", "propagateAllParentVariables", "bindingType"}),
    ),
    "calledDecision": (
        frozenset({"businessRuleTask"}),
        frozenset({"decisionId", "resultVariable", "bindingType"}),
    ),
    "script": (frozenset({"scriptTask"}), frozenset({"expression", "resultVariable"})),
    "subscription": (frozenset({"message"}), frozenset({"correlationKey"})),
    "loopCharacteristics": (
        frozenset({"multiInstanceLoopCharacteristics"}),
        frozenset({"inputCollection", "inputElement", "outputCollection", "outputElement"}),
    ),
    "properties": (_EVERYTHING, frozenset()),
    "versionTag": (frozenset({"process"}), frozenset({"value"})),
}
ZEEBE_ROWS: dict[str, tuple[str, frozenset[str]]] = {
    "input": ("ioMapping", frozenset({"source", "target"})),
    "output": ("ioMapping", frozenset({"source", "target"})),
    "header": ("taskHeaders", frozenset({"key", "value"})),
    "property": ("properties", frozenset({"name", "value"})),
}
ZEEBE_BOOLEANS = frozenset({"propagateAllChildVariables", "propagateAllParentVariables"})
ZEEBE_ATTRIBUTES = frozenset({"modelerTemplate", "modelerTemplateVersion", "modelerTemplateIcon"})

# Namespaces that make other engines act: what they say would be ignored here, so it is refused.
FOREIGN_ENGINES = (
    "camunda.org/schema/1.0/bpmn",
    "activiti",
    "flowable",
    "spiffworkflow",
    "jboss.org/drools",
    "omg.org/bpmn20",
    "bonitasoft",
)
HARMLESS_FOREIGN = frozenset({"versionTag", "historyTimeToLive", "diagramRelationId", "modelerTemplate",
                              "modelerTemplateVersion"})  # fmt: skip

WORDS = {
    "startEvent": "start event",
    "endEvent": "end event",
    "intermediateCatchEvent": "catch event",
    "intermediateThrowEvent": "throw event",
    "boundaryEvent": "boundary event",
    "userTask": "user task",
    "manualTask": "manual task",
    "serviceTask": "service task",
    "sendTask": "send task",
    "receiveTask": "receive task",
    "scriptTask": "script task",
    "businessRuleTask": "business rule task",
    "callActivity": "call activity",
    "subProcess": "sub-process",
    "exclusiveGateway": "exclusive gateway",
    "parallelGateway": "parallel gateway",
    "inclusiveGateway": "inclusive gateway",
    "eventBasedGateway": "event-based gateway",
    "complexGateway": "complex gateway",
    "adHocSubProcess": "ad-hoc sub-process",
}


def words(kind: str) -> str:
    """Return what an analyst calls a kind of element."""
    return WORDS.get(kind, kind)
