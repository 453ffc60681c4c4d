"""What the engine does not run is refused with element and reason, never ignored: stock would accept most of these."""

from __future__ import annotations

import subprocess
import sys

import pytest

from engine.spiff import DiagramError, compile_program
from tests.engine.spiff_world import (
    HEAD,
    diagram,
    end,
    extend,
    flow,
    io,
    many,
    message,
    node,
    on_error,
    on_message,
    on_signal,
    process,
    program,
    seq,
    service,
    start,
    timer,
    user,
)


def refusals(*body: str, more: str = "") -> dict[str, list[str]]:
    with pytest.raises(DiagramError) as refused:
        program(*body, more=more)
    found: dict[str, list[str]] = {}
    for finding in refused.value.findings:
        assert finding.file == "p.bpmn" or not finding.file
        assert finding.message.endswith((".", ":"))
        found.setdefault(finding.element_id, []).append(finding.rule)
    return found


def between(element: str) -> tuple[str, ...]:
    element_id = element.split('id="', 1)[1].split('"', 1)[0]
    return start(), element, end(), seq("s", element_id, "e")


LINK = '<bpmn:linkEventDefinition name="A"/>'
CONDITION = "<bpmn:conditionalEventDefinition><bpmn:condition>=x</bpmn:condition></bpmn:conditionalEventDefinition>"


@pytest.mark.parametrize(
    "element",
    [
        node("complexGateway", "x"),
        node("adHocSubProcess", "x"),
        node("transaction", "x"),
        node("intermediateCatchEvent", "x", CONDITION),
        node("intermediateThrowEvent", "x", "<bpmn:compensateEventDefinition/>"),
        node("callChoreography", "x"),
        node("scriptTask", "x", "<bpmn:script>1</bpmn:script>"),
    ],
)
def test_elements_that_are_not_on_the_list_are_refused(element: str) -> None:
    assert "element" in refusals(*between(element))["x"]


@pytest.mark.parametrize("definition", [timer("P1D"), LINK, CONDITION], ids=["timer", "link", "conditional"])
def test_an_end_event_with_a_definition_that_cannot_end_is_refused(definition: str) -> None:
    assert set(refusals(start(), end("x", definition), seq("s", "x"))["x"]) <= {"event", "element"}


@pytest.mark.parametrize("definition", [on_error(), "<bpmn:terminateEventDefinition/>", timer("P1D")])
def test_a_throw_event_that_would_silently_pass_is_refused(definition: str) -> None:
    assert refusals(*between(node("intermediateThrowEvent", "x", definition)))["x"] == ["event"]


@pytest.mark.parametrize(
    "definition", ["", on_error(), "<bpmn:terminateEventDefinition/>", on_message() + timer("P1D")]
)
def test_a_catch_event_that_would_silently_pass_is_refused(definition: str) -> None:
    assert "event" in refusals(*between(node("intermediateCatchEvent", "x", definition)))["x"]


def test_a_start_event_that_only_an_event_sub_process_can_have_is_refused() -> None:
    assert refusals(start("x", on_error()), end(), seq("x", "e")) == {"x": ["event"]}


@pytest.mark.parametrize("definition", [LINK, "<bpmn:compensateEventDefinition/>", ""])
def test_a_boundary_event_that_can_never_fire_is_refused(definition: str) -> None:
    boundary = node("boundaryEvent", "x", definition, attachedToRef="u")
    found = refusals(start(), user("u"), boundary, end(), end("e2"), seq("s", "u", "e"), seq("x", "e2"))
    assert set(found["x"]) <= {"event", "element"}


def test_a_boundary_event_on_something_that_is_no_activity_is_refused() -> None:
    boundary = node("boundaryEvent", "x", timer("P1D"), attachedToRef="g")
    body = (start(), node("exclusiveGateway", "g"), boundary, end(), end("e2"), seq("s", "g", "e"), seq("x", "e2"))
    assert refusals(*body)["x"] == ["attached"]


@pytest.mark.parametrize("name", ["isForCompensation", "startQuantity", "completionQuantity", "unknown"])
def test_attributes_that_would_be_ignored_are_refused(name: str) -> None:
    element = user("x", **{name: "2"})
    assert refusals(*between(element))["x"] == ["attribute"]


def test_an_event_definition_by_reference_is_refused() -> None:
    element = node("intermediateCatchEvent", "x", "<bpmn:eventDefinitionRef>D1</bpmn:eventDefinitionRef>")
    assert "element" in refusals(*between(element))["x"]


def test_an_instantiating_receive_task_is_refused() -> None:
    assert refusals(*between(node("receiveTask", "x", messageRef="M1", instantiate="true")))["x"] == ["attribute"]


def test_a_condition_on_the_only_flow_out_of_a_task_is_refused() -> None:
    assert refusals(start(), user("x"), end(), seq("s", "x"), flow("x", "e", "=y"))["x"] == ["conditional-flow"]


@pytest.mark.parametrize(
    "element", [node("intermediateThrowEvent", "x"), node("parallelGateway", "x"), node("startEvent", "x")]
)
def test_conditions_on_flows_out_of_what_cannot_choose_are_refused(element: str) -> None:
    first = () if "startEvent" in element else (start(), seq("s", "x"))
    found = refusals(*first, element, end(), end("e2"), flow("x", "e", "=y"), flow("x", "e2", "=z"))
    assert found == {"x": ["conditional-flow"]}


def test_a_default_flow_out_of_a_task_without_any_condition_is_refused() -> None:
    found = refusals(start(), user("x", default="d"), end(), seq("s", "x"), flow("x", "e", "", "d"))
    assert found == {"x": ["default"]}


def test_a_condition_that_is_not_feel_is_refused() -> None:
    body = (start(), node("exclusiveGateway", "g", default="d"), end(), end("e2"))
    found = refusals(*body, seq("s", "g"), flow("g", "e", "y > 1", "x"), flow("g", "e2", "", "d"))
    assert found == {"x": ["condition"]}


def test_a_default_flow_that_does_not_exist_is_refused() -> None:
    found = refusals(*between(node("exclusiveGateway", "x", default="nowhere")))
    assert found == {"x": ["default"]}


def test_a_flow_of_a_choice_without_a_condition_is_refused() -> None:
    body = (start(), node("exclusiveGateway", "g"), end(), end("e2"), seq("s", "g"))
    assert refusals(*body, flow("g", "e", "=a"), flow("g", "e2", "", "x")) == {"x": ["condition"]}


def test_dead_ends_and_what_nothing_leads_to_are_refused() -> None:
    assert refusals(start(), user("x"), seq("s", "x"))["x"] == ["dead-end"]
    assert "reachable" in refusals(start(), end(), seq("s", "e"), user("x"), end("e2"), seq("x", "e2"))["x"]


def test_several_start_events_are_refused() -> None:
    assert refusals(start(), start("s2"), end(), seq("s", "e"), seq("s2", "e")) == {"p": ["one-start"]}


def test_an_unmatched_link_is_refused() -> None:
    body = (start(), node("intermediateThrowEvent", "x", LINK), seq("s", "x"))
    assert refusals(*body) == {"x": ["link"]}


def test_a_flow_to_nowhere_is_refused() -> None:
    assert "flow-ends" in refusals(start(), end(), seq("s", "e"), flow("s", "nowhere", "", "x"))["x"]


def test_ids_used_twice_are_refused_also_in_two_files() -> None:
    assert refusals(start(), user("x"), user("x"), end(), seq("s", "x", "e"))["x"] == ["id-unique"]
    files = {
        "a.bpmn": diagram(process("p", start(), end(), seq("s", "e"))),
        "b.bpmn": diagram(process("q", start("s"), end("e9"), flow("s", "e9"))),
    }
    with pytest.raises(DiagramError, match=r"b\.bpmn:s: This id is used twice"):
        compile_program(files, "p")


def test_an_id_that_could_be_taken_for_a_made_up_one_is_refused() -> None:
    assert "id" in refusals(*between(user("x#body")))["x#body"]


@pytest.mark.parametrize(
    "extension",
    [
        "<zeebe:executionListeners/>",
        "<zeebe:taskListeners/>",
        '<zeebe:calledElement processId="p"/>',
        '<zeebe:taskDefinition type="x"/>',
        "<zeebe:unheardOf/>",
        "<zeebe:adHoc/>",
    ],
)
def test_extensions_that_are_not_on_the_list_are_refused(extension: str) -> None:
    assert refusals(*between(user("x", extension)))["x"] == ["extension"]


def test_extensions_of_other_engines_are_refused() -> None:
    other = '<camunda:formData xmlns:camunda="http://camunda.org/schema/1.0/bpmn"/>'
    core = "http://spiffworkflow.org/bpmn/schema/1.0/core"
    spiff = f'<spiffworkflow:preScript xmlns:spiffworkflow="{core}">x</spiffworkflow:preScript>'
    for text in (other, spiff):
        assert refusals(*between(user("x", text)))["x"] == ["namespace"]


def test_a_form_that_is_not_deployed_together_is_refused() -> None:
    form = extend("<zeebe:userTask/>", '<zeebe:formDefinition formId="f" bindingType="versionTag" versionTag="1"/>')
    assert set(refusals(*between(node("userTask", "x", form)))["x"]) == {"attribute", "binding"}
    external = extend("<zeebe:userTask/>", '<zeebe:formDefinition externalReference="f"/>')
    assert set(refusals(*between(node("userTask", "x", external)))["x"]) == {"attribute", "fixed"}


def test_a_user_task_for_a_job_worker_is_refused() -> None:
    assert refusals(*between(node("userTask", "x"))) == {"x": ["needs"]}


@pytest.mark.parametrize("tag", ["serviceTask", "sendTask", "businessRuleTask", "scriptTask", "callActivity"])
def test_a_task_that_could_do_nothing_is_refused(tag: str) -> None:
    assert refusals(*between(node(tag, "x"))) == {"x": ["needs"]}


def test_what_must_be_fixed_cannot_be_an_expression() -> None:
    assert refusals(*between(service("x", "=type"))) == {"x": ["fixed"]}
    call = node("callActivity", "x", extend('<zeebe:calledElement processId="=which"/>'))
    assert "fixed" in refusals(*between(call))["x"]
    named = node("intermediateCatchEvent", "c", on_message("M9"))
    assert refusals(*between(named), more=message("M9", "=name", "=k")) == {"c": ["reference"], "M9": ["message-name"]}


def test_a_message_without_a_correlation_key_is_refused() -> None:
    caught = node("intermediateCatchEvent", "x", on_message("M9"))
    assert refusals(*between(caught), more=message("M9", "News")) == {"x": ["correlation"]}


def test_a_reference_to_nothing_is_refused() -> None:
    assert refusals(*between(node("intermediateCatchEvent", "x", on_signal("S9")))) == {"x": ["reference"]}


def test_a_called_process_that_is_not_there_is_refused() -> None:
    call = node("callActivity", "x", extend('<zeebe:calledElement processId="q"/>'))
    assert refusals(*between(call)) == {"x": ["called-process"]}


def test_a_mapping_on_a_gateway_and_an_input_on_a_catch_event_are_refused() -> None:
    assert refusals(*between(node("exclusiveGateway", "x", extend(io({"a": "=b"}))))) == {"x": ["extension"]}
    caught = node("intermediateCatchEvent", "x", extend(io({"a": "=b"})), timer("P1D"))
    assert refusals(*between(caught)) == {"x": ["input"]}


def test_an_error_that_does_not_interrupt_is_refused() -> None:
    boundary = node("boundaryEvent", "x", on_error(), attachedToRef="u", cancelActivity="false")
    body = (start(), user("u"), boundary, end(), end("e2"), seq("s", "u", "e"), seq("x", "e2"))
    assert refusals(*body) == {"x": ["error-interrupts"]}


def test_what_follows_an_event_gateway_must_be_an_event_of_its_own() -> None:
    body = (start(), node("eventBasedGateway", "g"), user("x"), end(), seq("s", "g", "x", "e"))
    assert refusals(*body) == {"x": ["event-gateway"]}


def test_a_multi_instance_without_a_list_is_refused() -> None:
    marker = "<bpmn:multiInstanceLoopCharacteristics/>"
    assert refusals(*between(user("x", inner=marker))) == {"x": ["multi-instance"]}
    assert refusals(*between(user("x", inner=many("three", "it")))) == {"x": ["multi-instance"]}


@pytest.mark.parametrize(
    "marker",
    [
        "<bpmn:standardLoopCharacteristics/>",
        '<bpmn:standardLoopCharacteristics loopMaximum="0"/>',
        '<bpmn:standardLoopCharacteristics loopMaximum="-1"/>',
        '<bpmn:standardLoopCharacteristics loopMaximum="many"/>',
        '<bpmn:standardLoopCharacteristics loopMaximum="2"/>' + many("=[1]", "it"),
    ],
)
def test_a_loop_that_cannot_end_or_has_no_number_is_refused(marker: str) -> None:
    assert refusals(*between(user("x", inner=marker))) == {"x": ["loop"]}


def test_all_faults_are_told_at_once() -> None:
    found = refusals(start(), node("complexGateway", "x"), service("y", "=z"), end(), seq("s", "x", "y", "e"))
    assert set(found) == {"x", "y"}


# XML ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        b"<!DOCTYPE d [<!ENTITY a 'b'>]>" + (HEAD.split("?>", 1)[1] + "</bpmn:definitions>").encode(),
        b"<html/>",
        b"",
        b"<bpmn:definitions",
    ],
    ids=["doctype", "html", "empty", "broken"],
)
def test_what_is_no_plain_bpmn_file_is_refused(text: bytes) -> None:
    with pytest.raises(DiagramError, match=r"a\.bpmn"):
        compile_program({"a.bpmn": text}, "p")


def test_the_main_process_must_be_there() -> None:
    with pytest.raises(DiagramError, match="There is no executable process p; there are: q"):
        compile_program({"a.bpmn": diagram(process("q", start(), end(), seq("s", "e")))}, "p")


def test_pictures_comments_lanes_and_other_peoples_pools_are_decoration() -> None:
    pools = (
        '<bpmn:collaboration id="C"><bpmn:participant id="P1" name="Us" processRef="p"/>'
        '<bpmn:participant id="P2" name="Client" processRef="other"/>'
        '<bpmn:messageFlow id="mf" sourceRef="u" targetRef="P2"/></bpmn:collaboration>'
        '<bpmn:process id="other" isExecutable="false"><bpmn:complexGateway id="cg"/></bpmn:process>'
    )
    comments = (
        '<bpmn:laneSet id="L"><bpmn:lane id="l1" name="Caseworker"><bpmn:flowNodeRef>u</bpmn:flowNodeRef></bpmn:lane>'
        "</bpmn:laneSet>"
        '<bpmn:textAnnotation id="T"><bpmn:text>why</bpmn:text></bpmn:textAnnotation>'
        '<bpmn:association id="A" sourceRef="u" targetRef="T"/><bpmn:group id="G"/>'
        '<bpmn:dataObject id="do"/><bpmn:dataObjectReference id="dor" dataObjectRef="do"/>'
    )
    compiled = program(comments, start(), user("u"), end(), seq("s", "u", "e"), more=pools)
    assert set(compiled.elements) == {"s", "u", "e"}
    assert compiled.elements["u"].lane == "Caseworker"


def test_starts_are_listed_and_the_process_starts_plainly() -> None:
    compiled = program(start("s", timer("R/P1D", "timeCycle")), end(), seq("s", "e"))
    assert [(s.element_id, s.kind, s.text) for s in compiled.starts["p"]] == [("s", "timer", "R/P1D")]
    assert [(s.kind, s.text) for s in program(start("s", on_message()), end(), seq("s", "e")).starts["p"]] == [
        ("message", "Hi")
    ]


def test_a_line_of_a_thousand_tasks_compiles() -> None:
    # The recursion of SpiffWorkflow's own parser ends at some 330.
    ids = [f"t{i}" for i in range(1000)]
    compiled = program(start(), *(node("task", i) for i in ids), end(), seq("s", *ids, "e"))
    assert len(compiled.elements) == 1002


def test_handlers_import_the_engines_words_without_spiffworkflow() -> None:
    code = (
        "import sys, engine.spiff.host, engine.spiff; sys.exit(any(m.startswith('SpiffWorkflow') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
