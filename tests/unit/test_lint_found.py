"""What someone who did not write the check found by trying to get past it, or to make it hang. Each find is a test."""

from __future__ import annotations

import pytest

from tests.own_work import ends_within
from tests.unit.bpmn_text import (
    chain,
    definition,
    diagram,
    end,
    extensions,
    flow,
    message,
    node,
    script,
    service,
    start,
    straight,
    timer,
    user,
)
from tests.unit.lint_check import NOISE, foreign


def nested(levels: int) -> str:
    """Return a diagram of sub-processes inside one another, with a user task in the innermost."""
    inner, name = user("u"), "u"
    for level in range(levels):
        begin, finish = start(f"s{level}"), end(f"e{level}")
        inner = node("subProcess", f"sp{level}", begin + inner + finish + chain(f"s{level}", name, f"e{level}"))
        name = f"sp{level}"
    return diagram(start(), inner, end(), chain("start", name, "end"))


def test_sixty_sub_processes_inside_one_another_are_checked_at_once() -> None:
    with ends_within(5):
        found = [rule for rule, _ in foreign(nested(60)) if rule not in NOISE]
    assert found == []


def test_sub_processes_that_seem_to_hold_themselves_are_ids_used_twice() -> None:
    found = {rule for rule, _ in foreign(nested(3).replace('id="sp0"', 'id="sp2"'))}
    assert "duplicate-id" in found
    assert "check-failed" not in found
    assert "check-failed" not in {rule for rule, _ in foreign(nested(3).replace('id="sp0"', 'id="p"'))}


@pytest.mark.parametrize("attribute", ['zeebe:type="x"', 'camunda:asyncBefore="true"', 'xmlns:o="urn:o" o:y="z"'])
def test_what_other_namespaces_say_inside_an_extension_is_refused(attribute: str) -> None:
    xml = straight(("t", service("t").replace('type="add_note"', f'type="add_note" {attribute}')))
    assert {rule for rule, _ in foreign(xml)} & {"foreign-extension", "unsupported-attribute"}


@pytest.mark.parametrize("name", ["0", "=x", "tns:x", "a b", "a..b"])
def test_a_variable_that_no_expression_could_name_is_refused(name: str) -> None:
    assert ("name-not-valid", "sc") in foreign(straight(("sc", script("sc", result=name))))


@pytest.mark.parametrize("item", ["a.b", "=a"])
def test_an_item_that_no_expression_could_name_is_refused(item: str) -> None:
    assert ("name-not-valid", "t") in foreign(straight(("t", user("t", loop(inputElement=item)))))


def loop(inner: str = "", **attributes: str) -> str:
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    listed = extensions(f'<z:loopCharacteristics inputCollection="=plan_actions"{written}/>')
    return f"<bpmn:multiInstanceLoopCharacteristics>{listed}{inner}</bpmn:multiInstanceLoopCharacteristics>"


def test_a_switch_of_a_call_that_is_neither_true_nor_false_is_refused() -> None:
    called = extensions('<z:calledElement processId="p" propagateAllChildVariables="no"/>')
    assert ("unsupported-extension", "c") in foreign(straight(("c", node("callActivity", "c", called))))


def test_what_stands_twice_where_only_one_is_read_is_refused() -> None:
    condition = "<bpmn:completionCondition>=true</bpmn:completionCondition>"
    assert ("unsupported-element", "t") in foreign(straight(("t", user("t", loop(condition * 2)))))
    assert ("unsupported-element", "t") in foreign(straight(("t", user("t", loop() * 2))))
    assert ("unsupported-element", "t") in foreign(straight(("t", user("t", extensions("")))))
    two = flow("x", "t", "=true").replace(
        "</bpmn:seq", "<bpmn:conditionExpression>=false</bpmn:conditionExpression></bpmn:seq"
    )
    xml = diagram(start(), node("exclusiveGateway", "x"), user("t"), end(), chain("start", "x"), two, chain("t", "end"))
    assert ("unsupported-element", "x_t") in foreign(xml)


@pytest.mark.parametrize("text", ["P1WT1H", "P1W2D", "P1Y2M3D", "P1MT1H", "P", "PT", "P1DT"])
def test_a_duration_that_is_none_in_feel_is_refused_before_it_is_waited_for(text: str) -> None:
    catch = node("intermediateCatchEvent", "c", timer("timeDuration", text))
    assert ("timer-not-valid", "c") in foreign(straight(("c", catch)))


@pytest.mark.parametrize("text", ["R3/2026-01-01/P1D", "R3/P1D/2026-01-01T00:00:00Z", "R/P1W1D", "R0/P1D"])
def test_a_cycle_that_cannot_be_run_is_refused(text: str) -> None:
    boundary = node("boundaryEvent", "b", timer("timeCycle", text), attachedToRef="t", cancelActivity="false")
    assert ("timer-not-valid", "b") in foreign(straight(("t", user("t") + boundary), more=flow("b", "end")))


@pytest.mark.parametrize("kind", ["timeDuration", "completionCondition"])
def test_an_expression_marked_as_another_language_is_refused_wherever_it_stands(kind: str) -> None:
    catch = node("intermediateCatchEvent", "c", timer("timeDuration", "P1D"))
    many = user("t", loop("<bpmn:completionCondition>=true</bpmn:completionCondition>"))
    xml = straight(("c", catch), ("t", many)).replace(f"<bpmn:{kind}>", f'<bpmn:{kind} language="juel">')
    assert "condition-not-feel" in {rule for rule, _ in foreign(xml)}


@pytest.mark.parametrize(
    ("language", "own", "is_refused"),
    [
        ("http://groovy.codehaus.org/", "", True),
        ("juel", "", True),
        ("javascript", "", True),
        ("juel", ' language="feel"', False),
        ("feel", "", False),
        ("https://www.omg.org/spec/DMN/20191111/FEEL/", "", False),
        ("http://www.w3.org/1999/XPath", "", False),
        ("", "", False),
    ],
)
def test_a_file_that_says_another_language_for_its_expressions_is_refused(
    language: str, own: str, is_refused: bool
) -> None:
    xml = straight(("c", node("intermediateCatchEvent", "c", timer("timeDuration", '=duration("P1D")'))))
    xml = xml.replace("<bpmn:definitions ", f'<bpmn:definitions expressionLanguage="{language}" ')
    xml = xml.replace("<bpmn:timeDuration>", f"<bpmn:timeDuration{own}>")
    assert f'expressionLanguage="{language}"' in xml
    assert ("condition-not-feel" in {rule for rule, _ in foreign(xml)}) is is_refused


def test_the_language_of_expressions_says_nothing_of_a_file_without_any() -> None:
    xml = straight(("t", user("t"))).replace("<bpmn:definitions ", '<bpmn:definitions expressionLanguage="juel" ')
    assert "condition-not-feel" not in {rule for rule, _ in foreign(xml)}


def test_references_may_be_qualified_names() -> None:
    catch = node("intermediateCatchEvent", "c", definition("message", messageRef="tns:m"))
    boundary = node("boundaryEvent", "b", timer("timeDuration", "P1D"), attachedToRef="tns:t")
    xml = straight(("c", catch), ("t", user("t") + boundary), more=flow("b", "end"), root=message())
    assert foreign(xml) == []
    assert ("message-without-key", "c") in foreign(xml.replace(message(), message(key="")))
