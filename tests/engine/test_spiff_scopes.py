"""Variables: one set for a case, private copies by inputs, facts outermost. Source: the scopes of Camunda 8."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine.spiff import EvaluationFailed, Job, Workflow
from tests.engine.spiff_world import (
    Run,
    World,
    end,
    extend,
    flow,
    io,
    log,
    many,
    node,
    process,
    program,
    seq,
    service,
    start,
    timer,
    user,
)


@pytest.fixture(params=[False, True], ids=["in memory", "stored"])
def stored(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def line(*body: str, more: str = "") -> Any:
    """Return a program of the given elements between a start and an end, connected in order."""
    ids = [part.split('id="', 1)[1].split('"', 1)[0] for part in body]
    return program(start(), *body, end(), seq("s", *ids, "e"), more=more)


def call(attributes: str = "", mapping: str = "") -> str:
    return node("callActivity", "c", extend(f'<zeebe:calledElement processId="q" {attributes}/>', mapping))


CALLED = process("q", start("qs"), user("qu"), end("qe"), seq("qs", "qu", "qe"))


# One set for the case -------------------------------------------------------------------------------------------------


def test_submitted_values_are_assigned_never_merged(stored: bool) -> None:
    run = Run(line(user("a"), user("b")), stored=stored).do("a", xs=[1, 2, 3], plan={"one": 1, "two": 2})
    run.do("b", xs=[9], plan={"one": 3})
    assert (run.variables["xs"], run.variables["plan"]) == ([9], {"one": 3})


def test_parallel_branches_see_each_others_writes_and_the_last_writer_wins(stored: bool) -> None:
    compiled = program(
        start(),
        node("parallelGateway", "pg"),
        user("a"),
        user("b"),
        node("parallelGateway", "pj"),
        log("h", io({"seen": "=[xs, p, q]"})),
        end(),
        seq("s", "pg", "a", "pj", "h", "e"),
        seq("pg", "b", "pj"),
    )
    run = Run(compiled, stored=stored).do("a", xs=[1, 2, 3], p=1)
    assert run.workflow.names(run.workflow.open_tasks()[0].token)["p"] == 1
    run.do("b", xs=[9], q=2)
    assert run.trace == [[[9], 1, 2]]


def test_a_value_given_in_is_never_shared_with_the_caller(stored: bool) -> None:
    given = {"list": [1]}
    run = Run(line(user("a"), user("b")), stored=stored).do("a", x=given)
    given["list"].append(2)
    assert run.variables["x"] == {"list": [1]}


def test_a_boundary_handler_sees_the_current_variables(stored: bool) -> None:
    compiled = program(
        start(),
        node("parallelGateway", "pg"),
        user("a"),
        user("b"),
        node("boundaryEvent", "bd", timer("P1D"), attachedToRef="a"),
        log("h", io({"v": "=amount"})),
        end("e1"),
        end("e2"),
        end("e3"),
        seq("s", "pg", "a", "e1"),
        seq("pg", "b", "e2"),
        seq("bd", "h", "e3"),
    )
    assert Run(compiled, stored=stored).do("b", amount=7).wait(days=1).trace == [7]


def test_a_context_with_the_key_typename_is_only_a_context(stored: bool) -> None:
    value = {"typename": "datetime", "value": "x", "@date": "no"}
    run = Run(line(user("a"), user("b")), stored=stored).do("a", x=value, y={"@date": "2026-11-22"})
    assert (run.variables["x"], run.variables["y"]) == (value, {"@date": "2026-11-22"})


def test_dates_and_exact_numbers_are_kept(stored: bool) -> None:
    run = Run(line(user("a"), user("b")), stored=stored).do("a", amount=Decimal("1.50"), at=World().now)
    assert (run.variables["amount"], run.variables["at"]) == (Decimal("1.5"), World().now)


# Inputs and outputs ---------------------------------------------------------------------------------------------------


def test_an_input_is_a_private_copy_and_does_not_leave(stored: bool) -> None:
    task = user("a", io({"amount": "=total", "note.text": "fixed"}))
    run = Run(line(task, user("b")), stored=stored, variables={"total": 5})
    names = run.workflow.names(run.workflow.open_tasks()[0].token)
    assert (names["amount"], names["note"], names["total"]) == (5, {"text": "fixed"}, 5)
    run.do("a", amount=6, other=7)
    assert run.variables == {"total": 5, "other": 7}


def test_with_outputs_only_what_they_name_leaves(stored: bool) -> None:
    task = user("a", io(None, {"decision.outcome": "=outcome", "twice": "=decision.outcome"}))
    run = Run(line(task, user("b")), stored=stored, variables={"decision": {"by": "x"}}).do("a", outcome="yes", other=1)
    assert run.variables == {"decision": {"by": "x", "outcome": "yes"}, "twice": "yes"}


def test_a_later_input_sees_an_earlier_one(stored: bool) -> None:
    task = user("a", io({"one": "=1", "two": "=one + 1"}))
    run = Run(line(task), stored=stored)
    assert run.workflow.names(run.workflow.open_tasks()[0].token)["two"] == 2


def test_a_handler_gets_its_mapped_inputs_only(stored: bool) -> None:
    task = service("j", "log", io({"letter": "CMSL1", "to.name": "=client"}))
    run = Run(line(task), stored=stored, variables={"client": "Ada", "secret": 1})
    job: Job = run.world.jobs[0]
    assert (job.inputs, job.visit, job.retries) == ({"letter": "CMSL1", "to": {"name": "Ada"}}, 1, 3)


def test_a_sub_process_shares_the_variables_but_its_inputs_are_private(stored: bool) -> None:
    inside = (start("i"), user("u"), end("k"), seq("i", "u", "k"))
    sub = node("subProcess", "sp", extend(io({"amount": "=total"}, {"final": "=amount + extra"})), *inside)
    compiled = program(start(), sub, user("b"), end(), seq("s", "sp", "b", "e"))
    run = Run(compiled, stored=stored, variables={"total": 5}).do("u", amount=7, extra=1)
    assert run.variables == {"total": 5, "extra": 1, "final": 8}


# Called processes -----------------------------------------------------------------------------------------------------


def test_a_called_process_gets_a_copy_and_returns_everything_by_default(stored: bool) -> None:
    run = Run(line(call(), user("b"), more=CALLED), stored=stored, variables={"x": 1, "y": 1})
    assert run.workflow.names(run.workflow.open_tasks()[0].token)["x"] == 1
    assert run.workflow.open_tasks()[0].process_id == "q"
    run.do("qu", x=2, z=3)
    assert run.variables == {"x": 2, "y": 1, "z": 3}


def test_a_called_process_may_see_its_inputs_only_and_return_its_outputs_only(stored: bool) -> None:
    settings = 'propagateAllChildVariables="false" propagateAllParentVariables="false"'
    activity = call(settings, io({"level": "manager"}, {"approved": "=answer"}))
    run = Run(line(activity, user("b"), more=CALLED), stored=stored, variables={"x": 1})
    names = run.workflow.names(run.workflow.open_tasks()[0].token)
    assert (names["level"], "x" in names) == ("manager", False)
    run.do("qu", answer=True, x=9)
    assert run.variables == {"x": 1, "approved": True}


def test_a_called_process_that_returns_nothing_changes_nothing(stored: bool) -> None:
    run = Run(
        line(call('propagateAllChildVariables="false"'), user("b"), more=CALLED), stored=stored, variables={"x": 1}
    )
    assert run.do("qu", x=2).variables == {"x": 1}


# Facts ----------------------------------------------------------------------------------------------------------------


def test_an_output_mapping_to_a_fact_writes_the_fact_and_nothing_else(stored: bool) -> None:
    run = Run(line(user("a", io(None, {"request.status": "=new_status"})), user("b")), stored=stored)
    run.do("a", new_status="In Progress")
    assert run.world.facts["request"] == {"status": "In Progress"}
    assert "request" not in run.variables


def test_a_form_key_of_a_fact_writes_the_fact_also_beside_output_mappings(stored: bool) -> None:
    run = Run(line(user("a", io(None, {"x": "=note"})), user("b")), stored=stored)
    run.do("a", **{"request.root_cause": "System Error", "note": "n"})
    assert run.world.facts["request"]["root_cause"] == "System Error"
    assert run.variables == {"k": "K", "x": "n"}


def test_nested_values_of_a_fact_are_assigned_name_by_name(stored: bool) -> None:
    run = Run(line(user("a"), user("b")), stored=stored).do("a", request={"area": "IT"})
    assert run.world.facts["request"] == {"status": "New", "area": "IT"}
    assert "request" not in run.variables


def test_a_group_of_facts_cannot_be_replaced_by_something_else(stored: bool) -> None:
    run = Run(line(user("a", io(None, {"request": "=1"}))), stored=stored)
    with pytest.raises(EvaluationFailed, match="request is a group of facts"):
        run.do("a")


def test_facts_are_seen_in_called_processes_and_inputs_and_written_from_there(stored: bool) -> None:
    called = process(
        "q",
        start("qs"),
        user("qu", io({"was": "=request.status"}, {"request.status": "=now_it_is"})),
        log("ql", io({"v": "=request.status"})),
        end("qe"),
        seq("qs", "qu", "ql", "qe"),
    )
    activity = call('propagateAllParentVariables="false"')
    run = Run(line(activity, log("after", io({"v": "=request.status"})), more=called), stored=stored)
    assert run.workflow.names(run.workflow.open_tasks()[0].token)["was"] == "New"
    run.do("qu", now_it_is="Closed")
    assert run.trace == ["Closed", "Closed"]
    assert "request" not in run.variables


def test_start_values_write_variables_and_facts(stored: bool) -> None:
    world = World()
    workflow = Workflow.start(line(user("a")), {}, world, start_values={"request.reason": "late", "urgent": True})
    workflow.run_to_rest()
    assert (world.facts["request"]["reason"], workflow.variables) == ("late", {"urgent": True})


# Multi-instance -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sequential", [False, True], ids=["parallel", "sequential"])
def test_results_come_back_in_the_order_of_the_items(sequential: bool, stored: bool) -> None:
    task = user("u", inner=many("=[10, 20, 30]", "it", "out", "=r + it", sequential=sequential))
    run = Run(line(task, user("b")), stored=stored)
    assert run.tasks == (["u"] if sequential else ["u", "u", "u"])
    for value in (1, 2, 3):
        run.do("u", r=value)
    assert run.variables == {"k": "K", "out": [11, 22, 33]}


@pytest.mark.parametrize("sequential", [False, True], ids=["parallel", "sequential"])
def test_the_completion_condition_ends_the_rest(sequential: bool, stored: bool) -> None:
    loop = many("=[1,2,3]", "it", "out", "=r", sequential=sequential, until="=numberOfCompletedInstances >= 2")
    run = Run(line(user("u", inner=loop), user("b")), stored=stored).do("u", r="a").do("u", r="b")
    assert (run.tasks, run.variables["out"]) == (["b"], ["a", "b", None])


def test_instances_of_a_sub_process_are_private(stored: bool) -> None:
    inside = (start("i"), user("u"), end("k"), seq("i", "u", "k"))
    sub = node("subProcess", "sp", many("=[1,2]", "it", "out", "=r * it"), *inside)
    compiled = program(start(), sub, user("b"), end(), seq("s", "sp", "b", "e"))
    run = Run(compiled, stored=stored).do("u", r=5).do("u", r=7)
    assert run.variables == {"k": "K", "out": [5, 14]}


def test_instances_of_a_called_process_return_their_results(stored: bool) -> None:
    activity = node(
        "callActivity",
        "c",
        extend('<zeebe:calledElement processId="q"/>', io({"base": "=it"})),
        many("=[1,2]", "it", "out", "=n + base"),
    )
    compiled = program(start(), activity, user("b"), end(), seq("s", "c", "b", "e"), more=CALLED)
    run = Run(compiled, stored=stored).do("qu", n=5).do("qu", n=7)
    assert run.variables == {"k": "K", "out": [6, 9]}


def test_an_empty_list_passes_through(stored: bool) -> None:
    run = Run(line(user("u", inner=many("=[]", "it", "out", "=r")), user("b")), stored=stored)
    assert (run.tasks, run.variables["out"]) == (["b"], [])


def test_what_is_not_a_list_is_named(stored: bool) -> None:
    with pytest.raises(EvaluationFailed, match="u: =people: the list to go through is None"):
        Run(line(user("u", inner=many("=people", "it"))), stored=stored)


def test_each_instance_counts_as_a_visit_of_its_own(stored: bool) -> None:
    run = Run(line(user("u", inner=many("=[1,2,3]", "it"))), stored=stored)
    assert [task.visit for task in run.workflow.open_tasks()] == [1, 2, 3]


# User tasks -----------------------------------------------------------------------------------------------------------


def test_a_user_task_shows_what_it_needs(stored: bool) -> None:
    task = user(
        "a",
        '<zeebe:assignmentDefinition assignee="=request.caseworker" candidateGroups="review_caseworker, team"/>',
        '<zeebe:taskSchedule dueDate="=date(&quot;2026-11-25&quot;)" followUpDate="2026-11-24T09:00:00Z"/>',
        '<zeebe:priorityDefinition priority="75"/>',
        '<zeebe:properties><zeebe:property name="step" value="Review 14"/>'
        '<zeebe:property name="letter" value="=chosen"/></zeebe:properties>',
        name="Decide",
    )
    lanes = (
        '<bpmn:laneSet id="L"><bpmn:lane id="l1" name="Outer"><bpmn:flowNodeRef>s</bpmn:flowNodeRef>'
        '<bpmn:flowNodeRef>a</bpmn:flowNodeRef><bpmn:childLaneSet id="L2"><bpmn:lane id="l2" name="Inner">'
        "<bpmn:flowNodeRef>a</bpmn:flowNodeRef></bpmn:lane></bpmn:childLaneSet></bpmn:lane></bpmn:laneSet>"
    )
    world = World()
    world.facts["request"]["caseworker"] = "c-1"
    compiled = program(lanes, start(), task, end(), seq("s", "a", "e"))
    run = Run(compiled, stored=stored, world=world, variables={"chosen": "CMSL5800"})
    (shown,) = run.workflow.open_tasks()
    assert (shown.name, shown.lane, shown.form_id, shown.assignee, shown.priority) == (
        "Decide",
        "Inner",
        "a",
        "c-1",
        75,
    )
    assert shown.candidate_groups == ("review_caseworker", "team")
    assert shown.properties == {"step": "Review 14", "letter": "CMSL5800"}
    assert str(shown.due_at) == "2026-11-25 23:59:59+00:00"
    assert str(shown.follow_up_at) == "2026-11-24 09:00:00+00:00"
    assert set(run.workflow.names(shown.token)) == {"chosen", "case", "request"}


def test_decisions_and_scripts_write_their_result_variable(stored: bool) -> None:
    rule = node("businessRuleTask", "d", extend('<zeebe:calledDecision decisionId="band" resultVariable="band"/>'))
    script = node("scriptTask", "x", extend('<zeebe:script expression="=band.amount + 1" resultVariable="more"/>'))
    run = Run(line(rule, script), stored=stored, variables={"amount": 4})
    assert run.variables == {"amount": 4, "band": {"decided": "band", "amount": 4}, "more": 5}


def test_manual_and_undefined_tasks_pass_through(stored: bool) -> None:
    run = Run(line(node("manualTask", "m"), node("task", "t")), stored=stored)
    assert (run.ended, run.world.seen("entered")) == (True, ["s", "m", "t", "e"])


def test_visits_of_an_element_are_counted(stored: bool) -> None:
    compiled = program(
        start(),
        node("exclusiveGateway", "m"),
        user("u"),
        node("exclusiveGateway", "g", default="f_g_m"),
        end(),
        seq("s", "m", "u", "g"),
        flow("g", "e", "=stop = true"),
        flow("g", "m"),
    )
    run = Run(compiled, stored=stored).do("u").do("u")
    assert run.workflow.open_tasks()[0].visit == 3
    assert run.workflow.visits == {"s": 1, "m": 3, "u": 3, "g": 2}
