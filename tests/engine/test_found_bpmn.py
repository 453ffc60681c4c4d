"""What a second search for silent faults found in how diagrams run; each is held here by its smallest diagram."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

import pytest

from engine.errors import DeploymentRefused
from engine.models import Incident
from engine.runner import run
from engine.spiff import compile_program
from tests import tiny
from tests.engine.spiff_world import (
    Run,
    diagram,
    end,
    extend,
    flow,
    node,
    on_error,
    on_escalation,
    on_message,
    process,
    program,
    seq,
    start,
    user,
)
from tests.stage import Stage


@pytest.fixture(params=[False, True], ids=["in memory", "stored"])
def stored(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


# Event sub-processes --------------------------------------------------------------------------------------------------


def handler(name: str, trigger: str, *body: str, interrupting: str = "false") -> str:
    inner = (start(f"{name}_s", trigger, isInterrupting=interrupting), *body)
    return node("subProcess", name, *inner, triggeredByEvent="true")


def asks(name: str) -> str:
    return user(f"{name}_u") + end(f"{name}_e") + seq(f"{name}_s", f"{name}_u", f"{name}_e")


def test_an_error_in_one_event_sub_process_is_caught_by_another_of_the_same_scope(stored: bool) -> None:
    fails = handler("h", on_message(), end("h_e", on_error()), seq("h_s", "h_e"))
    catches = handler("c", on_error(), asks("c"), interrupting="true")
    text = diagram(process("p", start(), user("a"), end(), seq("s", "a", "e"), fails, catches))
    run = Run(compile_program({"p.bpmn": text}, "p"), stored=stored)
    run.message()
    assert run.tasks == ["c_u"]
    assert run.do("c_u").ended


def test_an_escalation_in_one_event_sub_process_is_caught_by_another_but_not_by_itself(stored: bool) -> None:
    throws = node("intermediateThrowEvent", "h_t", on_escalation())
    tells = handler("h", on_message(), throws, user("h_u"), end("h_e"), seq("h_s", "h_t", "h_u", "h_e"))
    again = node("intermediateThrowEvent", "c_t", on_escalation())
    catches = handler("c", on_escalation(), again, user("c_u"), end("c_e"), seq("c_s", "c_t", "c_u", "c_e"))
    text = diagram(process("p", start(), user("a"), end(), seq("s", "a", "e"), tells, catches))
    run = Run(compile_program({"p.bpmn": text}, "p"), stored=stored)
    run.message()
    assert run.tasks == ["a", "c_u", "h_u"]


def test_the_other_event_sub_process_comes_before_what_is_attached_to_the_scope(stored: bool) -> None:
    fails = handler("h", on_message(), end("h_e", on_error()), seq("h_s", "h_e"))
    catches = handler("c", on_error(""), asks("c"), interrupting="true")
    scope = node("subProcess", "x", start("xs"), user("a"), end("xe"), seq("xs", "a", "xe"), fails, catches)
    around = node("boundaryEvent", "b", on_error(), attachedToRef="x")
    body = (start(), scope, around, user("o"), end(), seq("s", "x", "e"), seq("b", "o", "e"))
    run = Run(compile_program({"p.bpmn": diagram(process("p", *body))}, "p"), stored=stored)
    run.message()
    assert run.tasks == ["c_u"]
    assert run.do("c_u").ended


# What modelers write --------------------------------------------------------------------------------------------------


def test_what_a_modeler_notes_on_a_file_of_our_dialect_is_let_be() -> None:
    """The check takes it for harmless, so running may not refuse it."""
    text = diagram(process("p", start(), end(), seq("s", "e")))
    note = b'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" camunda:diagramRelationId="0b5c1d6e" id="D"'
    assert run(text.replace(b'id="D"', note)).status == "completed"


@pytest.mark.parametrize(("text", "status"), [("x.time offset", "completed"), ("x. Then go on", "refused")])
def test_a_part_whose_name_has_a_space_is_no_sentence(text: str, status: str) -> None:
    script = f'<zeebe:script expression="={text}" resultVariable="r"/>'
    body = (start(), node("scriptTask", "a", extend(script)), end(), seq("s", "a", "e"))
    assert run(diagram(process("p", *body))).status == status


# Rules that a drawing breaks ------------------------------------------------------------------------------------------

PLAIN = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="D" targetNamespace="t">%s'
    '<process id="p" isExecutable="true">%s<startEvent id="s"/>%s<endEvent id="e"/>'
    '<sequenceFlow id="f1" sourceRef="s" targetRef="a"/><sequenceFlow id="f2" sourceRef="a" targetRef="e"/></process>'
    "</definitions>"
)
IO = '<task id="a"><ioSpecification><dataInput id="i"/><dataOutput id="o"/>%s</ioSpecification></task>'
SETS = (
    "<inputSet><dataInputRefs>%s</dataInputRefs></inputSet><outputSet><dataOutputRefs>%s</dataOutputRefs></outputSet>"
)
LANES = '<laneSet id="ls"><lane id="l1">%s</lane><lane id="l2">%s</lane></laneSet>'
HELD = "<flowNodeRef>a</flowNodeRef>"
TALK = (
    '<message id="M" name="M"/><message id="N" name="N"/><interface id="I" name="I"><operation id="O" name="O">'
    "<inMessageRef>%s</inMessageRef></operation></interface>"
)
POOL = (
    '<collaboration id="c"><participant id="P" processRef="p"><participantMultiplicity minimum="%d" maximum="2"/>'
    "</participant></collaboration>"
)
ITEM = '<itemDefinition id="T" isCollection="%s"/>'
LIST = '<dataObject id="d" itemSubjectRef="T" isCollection="true"/>'
RECEIVE = '<receiveTask id="a" messageRef="M" operationRef="O"/>'
TASK = '<task id="a"/>'


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (("", "", IO % SETS % ("i", "o")), ("", "", IO % SETS % ("o", "o"))),
        (("", "", IO % SETS % ("i", "o")), ("", "", IO % "<inputSet/><outputSet/>")),
        ((ITEM % "true", LIST, TASK), (ITEM % "false", LIST, TASK)),
        (("", LANES % (HELD, ""), TASK), ("", LANES % (HELD, HELD), TASK)),
        ((POOL % 2, "", TASK), (POOL % 3, "", TASK)),
        ((TALK % "M", "", RECEIVE), (TALK % "N", "", RECEIVE)),
    ],
    ids=["input set", "no set", "list", "lanes", "participants", "operation"],
)
def test_what_a_drawing_says_of_data_lanes_and_partners_agrees_with_itself(
    right: tuple[str, str, str], wrong: tuple[str, str, str]
) -> None:
    assert run((PLAIN % right).encode()).status in ("completed", "waiting")
    found = run((PLAIN % wrong).encode()).findings
    assert {finding.rule for finding in found} <= {"data-contradicts-itself", "two-lanes"}
    assert found


FLOW = (
    '<collaboration id="c"><participant id="P" processRef="p"/><participant id="Q" name="The bank"/>'
    '<messageFlow id="m" sourceRef="%s" targetRef="%s"/></collaboration>'
)


@pytest.mark.parametrize(
    ("ends", "status"), [("eQ", "completed"), ("Qs", "completed"), ("sQ", "refused"), ("Qe", "refused")]
)
def test_a_message_flow_leaves_no_start_and_enters_no_end(ends: str, status: str) -> None:
    assert run((PLAIN % (FLOW % tuple(ends), "", TASK)).encode()).status == status


HEADERS = '<zeebe:taskHeaders><zeebe:header key="k" value="v"/></zeebe:taskHeaders>'
FORM = '<zeebe:formDefinition formId="f"/>'


@pytest.mark.parametrize(
    "element",
    [
        node("intermediateThrowEvent", "a", extend(HEADERS), on_escalation()),
        node("scriptTask", "a", extend('<zeebe:script expression="=1" resultVariable="r"/>', HEADERS)),
        node("subProcess", "a", start("a_s"), user("a_u"), end("a_e"), seq("a_s", "a_u", "a_e"))
        + node(
            "subProcess",
            "h",
            node("startEvent", "h_s", extend(FORM), on_message()),
            end("h_e"),
            seq("h_s", "h_e"),
            triggeredByEvent="true",
        ),
    ],
    ids=["headers of a throw event", "headers of a script", "form of an event's start"],
)
def test_an_extension_that_would_do_nothing_where_it_stands_is_refused(element: str) -> None:
    found = run(diagram(process("p", start(), element, end(), seq("s", "a", "e")))).findings
    assert ["has no effect here" in finding.message for finding in found] == [True]


# Whose work a task is -------------------------------------------------------------------------------------------------


def asked_of(assignment: str, *, lane: str = "") -> tuple[str, ...]:
    lanes = f'<bpmn:laneSet id="ls"><bpmn:lane id="l" name="{lane}"><bpmn:flowNodeRef>ask</bpmn:flowNodeRef>'
    return (
        f"{lanes}</bpmn:lane></bpmn:laneSet>" if lane else "",
        tiny.node("startEvent", "begin"),
        tiny.user_task("first", form="ask"),
        tiny.user_task("ask", form="ask").replace(
            '<zeebe:assignmentDefinition candidateGroups="review_caseworker" />', assignment
        ),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "first", "ask", "done"),
    )


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ('=["review_caseworker", "review_team_leader"]', "several groups"),
        ('="review_" + "nobody"', "is not in groups.toml"),
        ("=null", "nobody would see it"),
    ],
)
def test_a_task_that_nobody_would_see_is_an_incident_and_the_submit_before_it_is_kept(
    stage: Stage, expression: str, says: str
) -> None:
    stage.deploy(*asked_of(f"<zeebe:assignmentDefinition candidateGroups={quoteattr(expression)} />"))
    stage.start()
    assert stage.complete("first", {"answer": "My hard work"}).status == "incident"
    assert stage.task("first").status == "completed"
    assert stage.open_tasks() == []
    assert says in stage.rows(Incident)[-1].message


def test_a_lane_that_bears_the_title_of_a_group_gives_its_tasks_to_that_group(stage: Stage) -> None:
    stage.deploy(*asked_of("", lane="Review team leaders"))
    stage.start()
    stage.complete("first", {"answer": "yes"})
    assert stage.task("ask").candidate_group == "review_team_leader"


@pytest.mark.parametrize(
    "written",
    [
        '<zeebe:assignmentDefinition candidateGroups="review_caseworker, review_team_leader" />',
        '<zeebe:assignmentDefinition candidateGroups="review_caseworker" candidateUsers="7" />',
        '<zeebe:assignmentDefinition assignee="mary" />',
        '<zeebe:assignmentDefinition candidateGroups="review_caseworker" />'
        '<zeebe:taskSchedule followUpDate="=now()" />',
    ],
)
def test_what_a_deployed_task_would_not_honour_is_refused_and_let_be_in_a_run_by_a_script(
    stage: Stage, written: str
) -> None:
    with pytest.raises(DeploymentRefused, match=r"honoured|one group's work|no person's number"):
        stage.deploy(*asked_of(written))
    assert run(tiny.diagram(*asked_of(written)).encode()).status == "waiting"


# Splits without a gateway ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "tasks"), [(0, ["c", "d"]), (2, ["b", "c"])])
def test_beside_a_flow_that_is_always_taken_the_conditions_and_the_default_are_an_inclusive_split(
    n: int, tasks: list[str], stored: bool
) -> None:
    ways = (user("b"), user("c"), user("d"), end(), seq("b", "e"), seq("c", "e"), seq("d", "e"))
    flows = flow("a", "b", "=n > 1") + flow("a", "c") + flow("a", "d")
    run = Run(program(start(), user("a", default="f_a_d"), *ways, seq("s", "a"), flows), stored=stored)
    assert run.do("a", n=n).tasks == tasks
