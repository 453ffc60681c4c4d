"""What plain BPMN says beside the flow: it only describes and changes nothing, or the check refuses it by name.

`docs/bpmn.md` is made from this table too; `tests/engine/test_spiff_table.py` writes it.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from engine.runner import run
from tests.engine.spiff_world import end, extend, flow, node, process, seq, start

TEST = "tests/engine/test_spiff_described.py"
HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
    'xmlns:flowable="http://flowable.org/bpmn" xmlns:signavio="http://www.signavio.com" xmlns:own="urn:example:own" '
    'id="D" targetNamespace="urn:example" exporter="drawn" exporterVersion="1">'
    '<bpmn:message id="M1" name="Hi"/><bpmn:error id="E1" name="e1" errorCode="E1"/>'
)
DATA = '<bpmn:dataObject id="data"/><bpmn:dataObjectReference id="shown" dataObjectRef="data"/>'
SETS = '<bpmn:inputSet id="ins"/><bpmn:outputSet id="outs"/>'
TAKES = '<bpmn:dataInput id="din"/><bpmn:inputSet id="ins"><bpmn:dataInputRefs>din</bpmn:dataInputRefs></bpmn:inputSet>'
FORMAL = "<bpmn:formalExpression>user(kim)</bpmn:formalExpression>"
WHO = f"<bpmn:resourceAssignmentExpression>{FORMAL}</bpmn:resourceAssignmentExpression>"
MOVES = '<bpmn:assignment><bpmn:from>"x"</bpmn:from><bpmn:to>din</bpmn:to></bpmn:assignment>'
ITEMS = '<bpmn:dataObject id="items" isCollection="true"/>'
TWICE = ("s", "x", "x", "e")
LAP = flow("x", "x", "=false")


@dataclass(frozen=True)
class Said:
    """One thing said beside the flow: in the file (`root`), in the process (`beside`) or of the task (`inside`)."""

    what: str
    where: str
    runs: bool
    inside: str = ""
    beside: str = ""
    root: str = ""
    attributes: str = ""
    kind: str = "task"
    ways: str = ""
    done: tuple[str, ...] = ("s", "x", "e")

    @property
    def name(self) -> str:
        return f"{self.what} {self.where}".replace(",", "").replace(" ", "-")

    @property
    def data(self) -> bytes:
        task = node(self.kind, "x", self.inside).replace('id="x" ', f'id="x" {self.attributes}', 1)
        body = self.beside, start(), task, end(), self.ways or seq("s", "x", "e")
        return (HEAD + self.root + process("p", *body) + "</bpmn:definitions>").encode()


def associated(*parts: str) -> str:
    target = "<bpmn:targetRef>din</bpmn:targetRef>"
    source = "<bpmn:sourceRef>shown</bpmn:sourceRef>"
    return f'<bpmn:dataInputAssociation id="dia">{source}{target}{"".join(parts)}</bpmn:dataInputAssociation>'


def over(data: str) -> str:
    return (
        f"<bpmn:multiInstanceLoopCharacteristics><bpmn:loopDataInputRef>{data}</bpmn:loopDataInputRef>"
        '<bpmn:inputDataItem id="item"/></bpmn:multiInstanceLoopCharacteristics>'
    )


SAID = [
    Said("documentation", "anywhere", True, "<bpmn:documentation>why</bpmn:documentation>"),
    Said("extension elements", "of a namespace that no engine acts on", True, extend('<own:note text="a"/>')),
    Said("extension elements", "of Signavio", True, extend('<signavio:signavioMetaData metaKey="a" metaValue="b"/>')),
    Said(
        "extension elements",
        "Camunda 7: execution listener",
        False,
        extend('<camunda:executionListener event="start" class="X"/>'),
    ),
    Said("extension elements", "Camunda 7: input and output", False, extend("<camunda:inputOutput/>")),
    Said("extension elements", "Flowable: task listener", False, extend('<flowable:taskListener event="create"/>')),
    Said("attribute", "Camunda 7: asyncBefore", False, attributes='camunda:asyncBefore="true" '),
    Said("attribute", "Camunda 7: assignee", False, attributes='camunda:assignee="kim" ', kind="userTask"),
    Said("attribute", "of a namespace that no engine acts on", True, attributes='own:colour="red" '),
    Said("attribute", "that BPMN does not know", False, attributes='colour="red" '),
    Said(
        "lanes",
        "in a process",
        True,
        beside=(
            '<bpmn:laneSet id="ls"><bpmn:lane id="l" name="L"><bpmn:flowNodeRef>x</bpmn:flowNodeRef></bpmn:lane>'
            "</bpmn:laneSet>"
        ),
    ),
    Said(
        "lane",
        "that lists what is not there",
        False,
        beside=(
            '<bpmn:laneSet id="ls"><bpmn:lane id="l"><bpmn:flowNodeRef>y</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>'
        ),
    ),
    Said(
        "text annotation, association, group",
        "in a process",
        True,
        beside=(
            '<bpmn:textAnnotation id="ta"><bpmn:text>why</bpmn:text></bpmn:textAnnotation><bpmn:group id="gr"/>'
            '<bpmn:association id="as" sourceRef="x" targetRef="ta"/>'
        ),
    ),
    Said(
        "association", "to what is not there", False, beside='<bpmn:association id="as" sourceRef="x" targetRef="y"/>'
    ),
    Said(
        "category and its values",
        "in the file",
        True,
        "<bpmn:categoryValueRef>cv</bpmn:categoryValueRef>",
        root='<bpmn:category id="ca"><bpmn:categoryValue id="cv" value="v"/></bpmn:category>',
    ),
    Said("auditing and monitoring", "of a task", True, "<bpmn:auditing/><bpmn:monitoring/>"),
    Said("property", "of a process", True, beside='<bpmn:property id="pr" name="p"/>'),
    Said("property", "of a task", True, '<bpmn:property id="pr" name="p"/>'),
    Said("data object and its reference", "in a process", True, beside=DATA),
    Said(
        "data object reference",
        "to what is not there",
        False,
        beside='<bpmn:dataObjectReference id="shown" dataObjectRef="data"/>',
    ),
    Said(
        "data store and its reference",
        "in a process",
        True,
        root='<bpmn:dataStore id="ds" name="d"/>',
        beside='<bpmn:dataStoreReference id="dsr" dataStoreRef="ds"/>',
    ),
    Said(
        "data inputs and outputs",
        "of a task",
        True,
        f'<bpmn:ioSpecification id="io">{TAKES}<bpmn:outputSet id="outs"/></bpmn:ioSpecification>',
    ),
    Said(
        "data inputs and outputs",
        "of a process",
        True,
        beside=f'<bpmn:ioSpecification id="io">{SETS}</bpmn:ioSpecification>',
    ),
    Said(
        "data association",
        "of a task",
        True,
        beside=DATA,
        inside=(
            f'<bpmn:ioSpecification id="io">{TAKES}<bpmn:outputSet id="outs"/></bpmn:ioSpecification>{associated()}'
        ),
    ),
    Said(
        "data association",
        "with an assignment",
        False,
        beside=DATA,
        inside=(
            f'<bpmn:ioSpecification id="io">{TAKES}<bpmn:outputSet id="outs"/></bpmn:ioSpecification>'
            f"{associated(MOVES)}"
        ),
    ),
    Said("data association", "to what is not there", False, associated()),
    Said(
        "data output",
        "of a catch event",
        True,
        beside='<bpmn:property id="pr"/>',
        kind="intermediateCatchEvent",
        inside=(
            '<bpmn:dataOutput id="dout"/><bpmn:dataOutputAssociation id="doa"><bpmn:sourceRef>dout</bpmn:sourceRef>'
            "<bpmn:targetRef>pr</bpmn:targetRef></bpmn:dataOutputAssociation>"
            '<bpmn:outputSet id="outs"><bpmn:dataOutputRefs>dout</bpmn:dataOutputRefs></bpmn:outputSet>'
            '<bpmn:messageEventDefinition messageRef="M1"/>'
        ),
    ),
    Said("list by reference to data", "of a multi-instance task", True, over("items"), beside=ITEMS, done=TWICE),
    Said(
        "list by reference to a data input",
        "of a multi-instance task",
        True,
        beside=ITEMS,
        done=TWICE,
        inside=(
            f'<bpmn:ioSpecification id="io">{TAKES}<bpmn:outputSet id="outs"/></bpmn:ioSpecification>'
            '<bpmn:dataInputAssociation id="dia"><bpmn:sourceRef>items</bpmn:sourceRef>'
            "<bpmn:targetRef>din</bpmn:targetRef>"
            "</bpmn:dataInputAssociation>" + over("din")
        ),
    ),
    Said("list by reference to what is not there", "of a multi-instance task", False, over("items")),
    Said("item definition", "in the file", True, root='<bpmn:itemDefinition id="it" structureRef="own:thing"/>'),
    Said(
        "potential owner", "of a user task", True, f"<bpmn:potentialOwner>{WHO}</bpmn:potentialOwner>", kind="userTask"
    ),
    Said("rendering", "of a user task", True, '<bpmn:rendering id="re"/>', kind="userTask"),
    Said(
        "interface and operation",
        "of a service task",
        True,
        kind="serviceTask",
        attributes='operationRef="op" ',
        root=(
            '<bpmn:interface id="if" name="i"><bpmn:operation id="op" name="o">'
            "<bpmn:inMessageRef>M1</bpmn:inMessageRef>"
            "<bpmn:errorRef>E1</bpmn:errorRef></bpmn:operation></bpmn:interface>"
        ),
    ),
    Said("operation", "that is not there", False, kind="serviceTask", attributes='operationRef="op" '),
    Said("resource", "in the file", True, root='<bpmn:resource id="re" name="r"/>'),
    Said(
        "import",
        "of types",
        True,
        root='<bpmn:import namespace="urn:t" location="t.xsd" importType="http://www.w3.org/2001/XMLSchema"/>',
    ),
    Said(
        "import",
        "of another diagram",
        False,
        root=(
            '<bpmn:import namespace="urn:t" location="t.bpmn" importType="http://www.omg.org/spec/BPMN/20100524/MODEL"/>'
        ),
    ),
    Said(
        "extension", "that must be understood", False, root='<bpmn:extension mustUnderstand="true" definition="own:t"/>'
    ),
    Said(
        "collaboration",
        "with pools, message flows and partners",
        True,
        root=(
            '<bpmn:collaboration id="c"><bpmn:participant id="us" processRef="p">'
            '<bpmn:participantMultiplicity maximum="2"/></bpmn:participant><bpmn:participant id="them"/>'
            '<bpmn:messageFlow id="mf" sourceRef="x" targetRef="them"/>'
            '</bpmn:collaboration><bpmn:partnerEntity id="pe"/><bpmn:partnerRole id="po"/><bpmn:endPoint id="ep"/>'
        ),
    ),
    Said(
        "message flow",
        "to what is not there",
        False,
        root=(
            '<bpmn:collaboration id="c"><bpmn:participant id="us" processRef="p"/>'
            '<bpmn:messageFlow id="mf" sourceRef="x" targetRef="them"/></bpmn:collaboration>'
        ),
    ),
    Said("correlation property", "in the file", False, root='<bpmn:correlationProperty id="cp"/>'),
    Said(
        "correlation subscription",
        "of a process",
        False,
        beside='<bpmn:correlationSubscription id="cs" correlationKeyRef="ck"/>',
    ),
    Said(
        "conversation",
        "in a collaboration",
        False,
        root='<bpmn:collaboration id="c"><bpmn:conversation id="co"/></bpmn:collaboration>',
    ),
    Said("choreography", "in the file", False, root='<bpmn:choreography id="ch"/>'),
    Said("global task", "in the file", False, root='<bpmn:globalUserTask id="gu"/>'),
    Said("condition", "in JUEL", False, ways=seq("s", "x") + flow("x", "e", "${n > 1}") + LAP),
    Said("condition", "in plain words", False, ways=seq("s", "x") + flow("x", "e", "all is well") + LAP),
]


@pytest.mark.parametrize("said", SAID, ids=[said.name for said in SAID])
def test_what_is_said_beside_the_flow_changes_nothing_or_is_refused(said: Said) -> None:
    steps = {"userTask": [{"complete": "x"}], "intermediateCatchEvent": [{"message": "Hi"}]}.get(said.kind, [])
    played = run(said.data, {"step": steps, "variables": {"items": [1, 2]}})
    if said.runs:
        assert (played.status, played.completed) == ("completed", said.done), played.findings
    else:
        assert played.status == "refused"
        assert all(finding.element and finding.message.count(".") >= 2 for finding in played.findings)


def rows() -> list[str]:
    """Return the rows of the page."""
    return [
        f"| {said.what} | {said.where} | {'describes' if said.runs else 'refused'} | `[{said.name}]` |" for said in SAID
    ]
