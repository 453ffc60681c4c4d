"""What the standard forbids in a drawing is refused, each by its own rule at its own element."""

from __future__ import annotations

import re

import pytest

from engine.lint import Known, check_path, is_error
from tests.unit.bpmn_text import (
    chain,
    definition,
    diagram,
    end,
    extensions,
    file,
    flow,
    message,
    node,
    process,
    script,
    start,
    straight,
    timer,
    user,
)
from tests.unit.lint_check import findings, foreign

SOUND = straight(("t", user("t")))


def test_a_sound_diagram_has_no_findings() -> None:
    assert foreign(SOUND) == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("<bpmn:definitions>", "not-well-formed"),
        ("", "not-well-formed"),
        ("not xml at all", "not-well-formed"),
        ("<html/>", "not-bpmn"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "doctype"),
        (SOUND.replace("<bpmn:definitions", "<!DOCTYPE definitions>\n<bpmn:definitions", 1), "doctype"),
        ("<a>" * 150 + "</a>" * 150, "too-deep"),
        ("<a>" + "<b/>" * 60_000 + "</a>", "file-too-large"),
    ],
)
def test_a_file_that_may_not_be_read_is_refused_by_name(text: str, rule: str) -> None:
    found = findings({"a.bpmn": text})
    assert [f.rule for f in found] == [rule]
    assert found[0].file == "a.bpmn"


def test_an_external_entity_is_never_fetched() -> None:
    xml = f'<!DOCTYPE x SYSTEM "file:///etc/passwd">{SOUND[SOUND.index("<bpmn:definitions") :]}'
    assert [f.rule for f in findings({"a.bpmn": xml})] == ["doctype"]


def test_a_path_that_is_not_there_is_a_finding(tmp_path) -> None:
    assert [f.rule for f in check_path(tmp_path / "nothing.bpmn", known=Known())] == ["file-not-found"]


def test_a_finding_prints_file_element_sentence_and_remedy() -> None:
    found = next(f for f in findings({"a.bpmn": straight(("t", node("complexGateway", "t")))}) if f.element == "t")
    assert str(found).startswith("a.bpmn:t: ")
    assert found.message.count(".") >= 2
    assert found.as_json().keys() == {"file", "element", "rule", "severity", "message"}


def pooled(source: str, target: str) -> str:
    """A process in its pool beside another pool, and a message flow."""
    pools = node("participant", "us", processRef="p") + node("participant", "them")
    flows = node("messageFlow", "mf", sourceRef=source, targetRef=target)
    return straight(("t", user("t")), root=node("collaboration", "c", pools + flows))


def test_a_message_flow_joins_two_pools() -> None:
    assert foreign(pooled("t", "them")) == foreign(pooled("end", "them")) == foreign(pooled("us", "them")) == []


def working(marker: str) -> str:
    return straight(
        ("t", node("scriptTask", "t", extensions('<z:script expression="=1" resultVariable="x"/>') + marker))
    )


def looping(attributes: str, inner: str = "") -> str:
    return working(f"<bpmn:standardLoopCharacteristics {attributes}>{inner}</bpmn:standardLoopCharacteristics>")


def counting(number: str, before: str = "", more: str = "") -> str:
    tag = "bpmn:multiInstanceLoopCharacteristics"
    return working(f"<{tag}>{before}<bpmn:loopCardinality>{number}</bpmn:loopCardinality>{more}</{tag}>")


def test_a_file_without_its_namespace_is_found_by_the_standards_schema() -> None:
    assert foreign(re.sub(r' targetNamespace="[^"]*"', "", SOUND)) == [("schema-not-valid", "line 6")]


def test_the_order_of_children_is_nobodys_fault() -> None:
    note = '<bpmn:textAnnotation id="n"><bpmn:text>why</bpmn:text></bpmn:textAnnotation>'
    process = SOUND[SOUND.index("<bpmn:process") : SOUND.index("<bpmn:startEvent")]
    assert foreign(SOUND.replace(process, process + note)) == []


ONE_FINDING = {
    "an unknown element": (straight(("t", node("complexGateway", "t"))), "unsupported-element", "t"),
    "an ad-hoc sub-process": (
        straight(("t", node("adHocSubProcess", "t", start("s") + user("u") + end("e") + chain("s", "u", "e")))),
        "unsupported-element",
        "t",
    ),
    "a loop without an end": (looping(""), "loop-without-end", "t"),
    "a loop of no laps": (looping('loopMaximum="0"'), "loop-not-valid", "t"),
    "a loop of a negative number of laps": (looping('loopMaximum="-3"'), "loop-not-valid", "t"),
    "a loop of a text of laps": (looping('loopMaximum="many"'), "loop-not-valid", "t"),
    "a loop with an empty condition": (looping("", "<bpmn:loopCondition/>"), "loop-not-valid", "t"),
    "a loop that is neither tested before nor after": (
        looping('loopMaximum="2" testBefore="maybe"'),
        "unsupported-attribute",
        "t",
    ),
    "a loop that may turn many times at once": (
        looping("", "<bpmn:loopCondition>=1 = 1</bpmn:loopCondition>"),
        "loop-without-wait",
        "t",
    ),
    "a multi-instance of a negative number": (counting("=-1"), "loop-not-valid", "t"),
    "a multi-instance of a part of a number": (counting("=1.5"), "loop-not-valid", "t"),
    "a multi-instance of an empty number": (counting(""), "loop-not-valid", "t"),
    "a multi-instance of a number that is no expression": (counting("3"), "not-an-expression", "t"),
    "a multi-instance of a list and a number": (
        counting("=3", extensions('<z:loopCharacteristics inputCollection="=[1]"/>')),
        "multi-instance-not-possible",
        "t",
    ),
    "a multi-instance over data by reference": (
        counting("=3", more="<bpmn:loopDataInputRef>t</bpmn:loopDataInputRef>"),
        "unsupported-element",
        "t",
    ),
    "a condition in plain words": (
        diagram(
            start(),
            node("exclusiveGateway", "g", default="g_e2"),
            end("e"),
            end("e2"),
            chain("start", "g"),
            flow("g", "e", "=is it right?"),
            flow("g", "e2"),
        ),
        "not-an-expression",
        "g_e",
    ),
    "data inputs in our own dialect": (
        working('<bpmn:ioSpecification id="io"/>'),
        "unsupported-element",
        "io",
    ),
    "a gateway that neither splits nor joins": (
        straight(("t", user("t")), ("g", node("exclusiveGateway", "g"))),
        "gateway-does-nothing",
        "g",
    ),
    "a message flow inside one process": (pooled("t", "end"), "message-flow-wrong", "mf"),
    "a message flow from a pool to its own process": (pooled("us", "t"), "message-flow-wrong", "mf"),
    "a message flow to a flow": (pooled("them", "start_t"), "message-flow-wrong", "mf"),
    "a message flow to nothing": (pooled("t", "nobody"), "dangling-reference", "mf"),
    "an association to nothing": (
        straight(("t", user("t")), more='<bpmn:association id="as" sourceRef="t" targetRef="no"/>'),
        "dangling-reference",
        "as",
    ),
    "an attribute that is no number": (
        diagram(
            start(),
            user("t"),
            end(),
            chain("start", "t", "end"),
            '<bpmn:dataStoreReference id="d" dataStoreRef="s"/>',
            root='<bpmn:dataStore id="s" capacity="many"/>',
        ),
        "schema-not-valid",
        "s",
    ),
    "an association that points nowhere in particular": (
        straight(
            ("t", user("t")),
            more='<bpmn:association id="as" sourceRef="t" targetRef="t" associationDirection="Sideways"/>',
        ),
        "schema-not-valid",
        "as",
    ),
    "text among the elements": (straight(("t", user("t")), more="and then?"), "schema-not-valid", "p"),
    "a compensation event": (
        straight(("t", node("intermediateThrowEvent", "t", definition("compensate")))),
        "unsupported-event",
        "t",
    ),
    "a conditional event": (
        straight(("t", node("intermediateCatchEvent", "t", definition("conditional")))),
        "unsupported-event",
        "t",
    ),
    "a timer on an end": (
        diagram(start(), node("endEvent", "e", timer("timeDuration", "P1D")), flow("start", "e")),
        "unsupported-event",
        "e",
    ),
    "an error thrown in the middle": (
        straight(
            ("t", node("intermediateThrowEvent", "t", definition("error", errorRef="er"))),
            root=node("error", "er", errorCode="x"),
        ),
        "unsupported-event",
        "t",
    ),
    "startQuantity": (
        straight(("t", node("manualTask", "t", startQuantity="2"))),
        "unsupported-attribute",
        "t",
    ),
    "isForCompensation": (
        straight(("t", node("manualTask", "t", isForCompensation="true"))),
        "unsupported-attribute",
        "t",
    ),
    "an unknown attribute": (
        straight(("t", node("manualTask", "t", speed="fast"))),
        "unsupported-attribute",
        "t",
    ),
    "a listener": (
        straight(("t", user("t", more="<z:executionListeners/>"))),
        "unsupported-extension",
        "t",
    ),
    "a form key": (
        straight(
            (
                "t",
                node(
                    "userTask",
                    "t",
                    extensions('<z:userTask/><z:assignmentDefinition assignee="7"/><z:formDefinition formKey="k"/>'),
                ),
            )
        ),
        "unsupported-extension",
        "t",
    ),
    "an extension in the wrong place": (
        straight(("t", node("manualTask", "t", extensions('<z:taskDefinition type="add_note"/>')))),
        "unsupported-extension",
        "t",
    ),
    "another engine's extension": (
        straight(("t", node("manualTask", "t", extensions("<camunda:formData/>")))),
        "foreign-extension",
        "t",
    ),
    "a reserved id": (
        straight(("End", node("manualTask", "End"))),
        "reserved-id",
        "End",
    ),
    "an id with a double underscore": (
        straight(("a__b", node("manualTask", "a__b"))),
        "reserved-id",
        "a__b",
    ),
    "an id twice": (
        straight(("t", node("manualTask", "t")), root=node("signal", "t", name="s")),
        "duplicate-id",
        "t",
    ),
    "an id that cannot be one": (
        straight(("t 1", node("manualTask", "t 1"))),
        "invalid-id",
        "t 1",
    ),
    "a flow to nowhere": (
        diagram(start(), user("t"), end(), chain("start", "t", "end"), flow("t", "gone")),
        "dangling-reference",
        "t_gone",
    ),
    "a message that is not there": (
        straight(("t", node("intermediateCatchEvent", "t", definition("message", messageRef="m")))),
        "dangling-reference",
        "t",
    ),
    "a lane that lists nothing real": (
        diagram(
            '<bpmn:laneSet id="ls"><bpmn:lane id="l"><bpmn:flowNodeRef>gone</bpmn:flowNodeRef></bpmn:lane>'
            "</bpmn:laneSet>",
            start(),
            user("t"),
            end(),
            chain("start", "t", "end"),
        ),
        "dangling-reference",
        "l",
    ),
    "two flows between the same elements": (
        diagram(
            start(),
            node("exclusiveGateway", "g", default="g_t"),
            user("t"),
            end(),
            chain("start", "g", "t", "end"),
            flow("g", "t", "=true", id="second"),
        ),
        "two-flows-between-same-elements",
        "second",
    ),
    "a flow into a start": (
        diagram(
            start(),
            user("t"),
            node("exclusiveGateway", "g", default="g_end"),
            end(),
            chain("start", "t", "g", "end"),
            flow("g", "start", "=true"),
        ),
        "flow-into-start",
        "start",
    ),
    "no start": (
        diagram(
            node("subProcess", "s", user("t") + end("e") + flow("t", "e")), start(), end(), chain("start", "s", "end")
        ),
        "no-start",
        "s",
    ),
    "several starts": (
        diagram(start(), start("again"), user("t"), end(), chain("start", "t", "end"), flow("again", "t")),
        "several-starts",
        "again",
    ),
    "two starts by one message": (
        diagram(
            node("startEvent", "a", definition("message", messageRef="m")),
            user("t"),
            end(),
            node("startEvent", "b", definition("message", messageRef="m")),
            chain("a", "t", "end"),
            flow("b", "t"),
            root=message(),
        ),
        "same-event-twice",
        "b",
    ),
    "a sub-process that an event starts": (
        straight(
            (
                "s",
                node(
                    "subProcess",
                    "s",
                    node("startEvent", "st", timer("timeDate", "2026-11-22T09:00:00Z")) + end("e") + flow("st", "e"),
                ),
            )
        ),
        "sub-process-start",
        "st",
    ),
    "an event sub-process without an event": (
        straight(
            ("t", user("t")),
            more=node("subProcess", "h", start("s") + end("e") + flow("s", "e"), triggeredByEvent="true"),
        ),
        "event-sub-process-start",
        "s",
    ),
    "a catch event for nothing": (
        straight(("t", node("intermediateCatchEvent", "t"))),
        "event-without-definition",
        "t",
    ),
    "a message without a name": (
        straight(
            ("t", node("intermediateCatchEvent", "t", definition("message", messageRef="m"))), root=message(name="")
        ),
        "message-without-name",
        "t",
    ),
    "a message without a key": (
        straight(
            ("t", node("intermediateCatchEvent", "t", definition("message", messageRef="m"))), root=message(key="")
        ),
        "message-without-key",
        "t",
    ),
    "a receive task without a message": (
        straight(("t", node("receiveTask", "t")), plain=False),
        "event-without-message",
        "t",
    ),
    "a name of a message nobody uses that is an expression": (
        straight(("t", user("t")), root=message(name="=1")),
        "message-name-not-fixed",
        "m",
    ),
    "a form without a name": (
        straight(("t", user("t", more="<z:formDefinition/>"))),
        "form-not-named",
        "t",
    ),
    "an event definition beside the events": (
        straight(("t", user("t")), root=definition("signal", id="d")),
        "unsupported-element",
        "d",
    ),
    "an error without a code that is caught": (
        diagram(
            start(),
            user("t"),
            end(),
            chain("start", "t", "end"),
            end("e2"),
            flow("b", "e2"),
            node("boundaryEvent", "b", definition("error", errorRef="er"), attachedToRef="t"),
            root=node("error", "er", name="x"),
        ),
        "error-without-code",
        "b",
    ),
    "an error end without a code": (
        diagram(
            start(),
            node("endEvent", "e", definition("error", errorRef="er")),
            flow("start", "e"),
            root=node("error", "er", name="x"),
        ),
        "error-without-code",
        "e",
    ),
    "a boundary event on a gateway": (
        diagram(
            start(),
            node("parallelGateway", "g"),
            user("t"),
            end(),
            chain("start", "g", "t", "end"),
            node("boundaryEvent", "b", timer("timeDuration", "P1D"), attachedToRef="g"),
            end("e2"),
            flow("b", "e2"),
            flow("g", "e2"),
        ),
        "boundary-attached-wrongly",
        "b",
    ),
    "an error that does not interrupt": (
        diagram(
            start(),
            node("callActivity", "c", extensions('<z:calledElement processId="p2"/>')),
            end(),
            chain("start", "c", "end"),
            node("boundaryEvent", "b", definition("error"), attachedToRef="c", cancelActivity="false"),
            end("e2"),
            flow("b", "e2"),
            root=process(start("s2"), user("t2"), end("x2"), chain("s2", "t2", "x2"), id="p2"),
        ),
        "error-must-interrupt",
        "b",
    ),
    "an escalation on a task": (
        diagram(
            start(),
            user("t"),
            end(),
            chain("start", "t", "end"),
            node("boundaryEvent", "b", definition("escalation"), attachedToRef="t"),
            end("e2"),
            flow("b", "e2"),
        ),
        "boundary-never-happens",
        "b",
    ),
    "a link without its partner": (
        diagram(
            start(),
            node("intermediateThrowEvent", "l", definition("link", name="there")),
            flow("start", "l"),
            end(),
            user("t"),
            flow("t", "end"),
            node("intermediateCatchEvent", "k", definition("link", name="elsewhere")),
            flow("k", "t"),
        ),
        "link-without-partner",
        "k",
    ),
    "a timer that cannot be read": (
        straight(("t", node("intermediateCatchEvent", "t", timer("timeDuration", "7 days")))),
        "timer-not-valid",
        "t",
    ),
    "a timer without a time": (
        straight(("t", node("intermediateCatchEvent", "t", definition("timer")))),
        "timer-not-valid",
        "t",
    ),
    "a catch event that repeats": (
        straight(("t", node("intermediateCatchEvent", "t", timer("timeCycle", "R3/P1D")))),
        "timer-happens-once",
        "t",
    ),
    "a timer that repeats without a pause": (
        diagram(
            start(),
            user("t"),
            end(),
            chain("start", "t", "end"),
            node("boundaryEvent", "b", timer("timeCycle", "R/PT0S"), attachedToRef="t", cancelActivity="false"),
            end("e2"),
            flow("b", "e2"),
        ),
        "timer-not-valid",
        "b",
    ),
    "an event gateway with one way": (
        straight(
            ("g", node("eventBasedGateway", "g")),
            ("c", node("intermediateCatchEvent", "c", timer("timeDuration", "P1D"))),
        ),
        "event-gateway-needs-two",
        "g",
    ),
    "a step that is none": (
        straight(("t", user("t", more='<z:properties><z:property name="step" value="step 14"/></z:properties>'))),
        "step-not-valid",
        "t",
    ),
}


@pytest.mark.parametrize("name", sorted(ONE_FINDING))
def test_a_broken_rule_is_found_at_its_element(name: str) -> None:
    xml, rule, element = ONE_FINDING[name]
    assert (rule, element) in foreign(xml)


@pytest.mark.parametrize("name", sorted(set(ONE_FINDING) - {"a link without its partner", "an unknown element"}))
def test_one_broken_rule_gives_no_other_finding(name: str) -> None:
    xml, rule, element = ONE_FINDING[name]
    assert set(foreign(xml)) == {(rule, element)}


def test_a_flow_across_a_border_is_refused() -> None:
    inner = start("s") + user("t") + end("e") + chain("s", "t", "e")
    xml = diagram(
        start(),
        node("subProcess", "sub", inner),
        user("u"),
        end(),
        chain("start", "sub", "u", "end"),
        flow("start", "t", id="into"),
    )
    assert ("flow-crosses-border", "into") in foreign(xml)


def test_a_message_flow_between_pools_is_only_a_picture() -> None:
    pools = (
        '<bpmn:collaboration id="c"><bpmn:participant id="pa" processRef="p"/><bpmn:participant id="pb"/>'
        '<bpmn:messageFlow id="mf" sourceRef="pa" targetRef="pb"/></bpmn:collaboration>'
    )
    assert foreign(file(process(start(), user("t"), end(), chain("start", "t", "end")), pools)) == []


def test_plain_bpmn_is_checked_and_said_to_be_not_deployable() -> None:
    xml = diagram(
        start(),
        node("exclusiveGateway", "g", default="g_end"),
        node("userTask", "t"),
        end(),
        chain("start", "g", "end"),
        flow("g", "t", "amount > 100"),
        flow("t", "end"),
        plain=True,
    )
    found = findings({"a.bpmn": xml})
    assert [f.rule for f in found if f.rule != "not-drawn"] == ["not-deployable"]
    assert not any(map(is_error, found))


def test_two_processes_in_a_file_are_both_checked() -> None:
    second = process(start("s2"), script("t2"), chain("s2", "t2"), id="p2")
    xml = file(process(start(), user("t"), end(), chain("start", "t", "end")), second)
    assert set(foreign(xml)) == {("no-end", "p2"), ("dead-end", "t2")}


def test_every_shape_off_the_paper_is_found() -> None:
    drawing = (
        '<bpmndi:BPMNDiagram id="d"><bpmndi:BPMNPlane id="pl" bpmnElement="p">'
        + _shape("start", "nan", "1")
        + _shape("t", "10", "10")
        + _shape("end", "50", "50")
        + '<bpmndi:BPMNEdge id="e" bpmnElement="start_t"><di:waypoint x="1" y="1"/></bpmndi:BPMNEdge>'
        + _shape("gone", "500", "5")
        + "</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>"
    )
    found = {(f.rule, f.element) for f in findings({"a.bpmn": straight(("t", user("t")), root=drawing)})}
    assert {
        ("drawing-not-valid", "start"),
        ("drawing-not-valid", "start_t"),
        ("shapes-overlap", "end"),
        ("drawing-of-nothing", "gone"),
        ("not-drawn", "t_end"),
    } <= found


def _shape(element: str, x: str, y: str) -> str:
    bounds = f'<dc:Bounds x="{x}" y="{y}" width="100" height="80"/>'
    return f'<bpmndi:BPMNShape id="{element}_di" bpmnElement="{element}">{bounds}</bpmndi:BPMNShape>'


def test_a_diagram_of_another_platform_is_checked_as_plain_bpmn() -> None:
    xml = straight(("t", node("manualTask", "t"))).replace("Camunda Cloud", "Camunda Platform")
    assert foreign(xml) == [("not-deployable", "")]
