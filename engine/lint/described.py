"""What plain BPMN may say beside what is run: data, people, services and notes. It describes; nothing here acts on it.

In a diagram of our dialect the extensions say the same, and one answer is enough: there it is refused.
"""

from __future__ import annotations

from engine.diagram import Diagram
from engine.lint.finding import Findings, error, warning
from engine.lint.project import Project
from engine.markup import BPMN, label, local

_DATA = frozenset({"ioSpecification", "dataInputAssociation", "dataOutputAssociation"})
_PEOPLE = frozenset({"resourceRole", "performer", "humanPerformer", "potentialOwner"})
_NOTES = frozenset({"auditing", "monitoring", "categoryValueRef"})

# Element -> what of this may stand directly inside it.
DESCRIBED: dict[str, frozenset[str]] = {
    "definitions": frozenset(
        {"itemDefinition", "import", "extension", "interface", "resource", "partnerEntity", "partnerRole", "endPoint",
         "relationship"}
    ),
    "process": frozenset({"property", "ioSpecification", "supports"}) | _PEOPLE | _NOTES,
    "activity": frozenset({"property"}) | _DATA | _PEOPLE | _NOTES,
    "event": frozenset({"property", "dataInput", "dataOutput", "inputSet", "outputSet"}) | _DATA | _NOTES
    - {"ioSpecification"},
    "other": _NOTES,
    "userTask": frozenset({"rendering"}),
    "participant": frozenset({"participantMultiplicity", "interfaceRef", "endPointRef"}),
    "ioSpecification": frozenset({"dataInput", "dataOutput", "inputSet", "outputSet"}),
    "dataInput": frozenset({"dataState"}),
    "inputDataItem": frozenset({"dataState"}),
    "outputDataItem": frozenset({"dataState"}),
    "dataOutput": frozenset({"dataState"}),
    "inputSet": frozenset(
        {"dataInputRefs", "optionalInputRefs", "whileExecutingInputRefs", "outputSetRefs"}
    ),
    "outputSet": frozenset(
        {"dataOutputRefs", "optionalOutputRefs", "whileExecutingOutputRefs", "inputSetRefs"}
    ),
    "interface": frozenset({"operation"}),
    "operation": frozenset({"inMessageRef", "outMessageRef", "errorRef"}),
    "resource": frozenset({"resourceParameter"}),
    "partnerEntity": frozenset({"participantRef"}),
    "partnerRole": frozenset({"participantRef"}),
    "relationship": frozenset({"source", "target"}),
    **{
        role: frozenset({"resourceRef", "resourceParameterBinding", "resourceAssignmentExpression"})
        for role in _PEOPLE
    },
    "resourceParameterBinding": frozenset({"expression", "formalExpression"}),
    "resourceAssignmentExpression": frozenset({"expression", "formalExpression"}),
}  # fmt: skip

DESCRIBED_ATTRIBUTES: dict[str, frozenset[str]] = {
    "import": frozenset({"namespace", "location", "importType"}),
    "extension": frozenset({"mustUnderstand", "definition"}),
    "interface": frozenset({"implementationRef"}),
    "operation": frozenset({"implementationRef"}),
    "relationship": frozenset({"type", "direction"}),
    "resourceParameter": frozenset({"type", "isRequired"}),
    "resourceParameterBinding": frozenset({"parameterRef"}),
    "participantMultiplicity": frozenset({"minimum", "maximum"}),
    "dataInput": frozenset({"isCollection", "itemSubjectRef"}),
    "inputDataItem": frozenset({"isCollection", "itemSubjectRef"}),
    "outputDataItem": frozenset({"isCollection", "itemSubjectRef"}),
    "dataOutput": frozenset({"isCollection", "itemSubjectRef"}),
    "expression": frozenset({"language", "evaluatesToTypeRef"}),
    "formalExpression": frozenset({"language", "evaluatesToTypeRef"}),
    "serviceTask": frozenset({"operationRef"}),
    "sendTask": frozenset({"operationRef"}),
    "receiveTask": frozenset({"operationRef"}),
}

LOOP_DATA = frozenset({"loopDataInputRef", "loopDataOutputRef", "inputDataItem", "outputDataItem"})
"""How plain BPMN names the list of a multi-instance activity and its item: these are run."""

# The names that only plain BPMN may use, apart from those that a drawing of our dialect holds as well.
ONLY_PLAIN = frozenset().union(*DESCRIBED.values()) - {
    "property", "dataInputAssociation", "dataOutputAssociation", "dataState",
}  # fmt: skip

# What would act elsewhere, and what is done with it here.
SAID_ONLY = {
    **dict.fromkeys(
        ("ioSpecification", "dataInput", "dataOutput"),
        "Data inputs and outputs only describe: an activity sees every variable by its name and waits for none.",
    ),
    **dict.fromkeys(
        sorted(_PEOPLE), "Who may do the task is only described: a run by a script asks nobody."
    ),
    "interface": "Operations only describe: a task that calls one is a job of its own id or implementation.",
    "import": "What is imported only describes types: nothing of it is run.",
}  # fmt: skip


def described(diagram: Diagram, project: Project) -> Findings:
    """Say of a plain file which of its parts only describe, and refuse what asks for more than that."""
    if not diagram.is_plain:
        return
    for node in diagram.root.iter(f"{{{BPMN}}}*"):
        name = local(node)
        if name == "import" and node.get("importType", "").startswith(BPMN.rpartition("/")[0]):
            message = "Another diagram is imported, which is not read. Put what belongs together into one file."
            yield error(diagram.file, label(node), "unsupported-element", message)
        elif name == "extension" and node.get("mustUnderstand") in ("true", "1"):
            message = "An extension must be understood, and is not known here. Remove it, or its mark mustUnderstand."
            yield error(diagram.file, label(node), "unsupported-element", message)
        elif name in SAID_ONLY:
            message = f"{SAID_ONLY[name]} Remove “{name}” to say so in the file."
            yield warning(diagram.file, label(node), "only-described", message)
