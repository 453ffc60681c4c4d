"""Gateways, loops, dead ends and the token game: what would stop, hang or run twice."""

from __future__ import annotations

import pytest

from engine.lint import is_error
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
    timer,
    user,
)
from tests.unit.lint_check import findings, foreign


def choice(*flows: str, default: str | None = "g_end", between: str = "") -> str:
    attributes = {"default": default} if default else {}
    return diagram(
        start(), node("exclusiveGateway", "g", **attributes), user("t"), between, end(),
        flow("start", "g"), *flows, flow("t", "end"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("xml", "rule", "element"),
    [
        (choice(flow("g", "t"), flow("g", "end"), default=None), "flow-without-condition", "g_t"),
        (choice(flow("g", "t", "=true"), flow("g", "end", "=false"), default=None), "no-default-flow", "g"),
        (choice(flow("g", "t", "=true"), flow("g", "end", "=false"), default="gone"), "default-does-not-exist", "g"),
        (choice(flow("g", "t", "=true"), flow("g", "end", "=true")), "default-with-condition", "g_end"),
        (choice(flow("g", "t", "=x ="), flow("g", "end")), "expression-not-valid", "g_t"),
        (choice(flow("g", "t", "x > 1"), flow("g", "end")), "not-an-expression", "g_t"),
        (choice(flow("g", "t", "${x > 1}"), flow("g", "end")), "juel-expression", "g_t"),
        (choice(flow("g", "t", "=frobnicate(1)"), flow("g", "end")), "expression-cannot-work", "g_t"),
    ],
)
def test_a_choice_that_nobody_can_make_is_found(xml: str, rule: str, element: str) -> None:
    assert (rule, element) in foreign(xml)


def test_an_exclusive_choice_with_a_default_is_fine() -> None:
    assert foreign(choice(flow("g", "t", '=request.kind = "Review"'), flow("g", "end"))) == []


def split(*flows: str, **attributes: str) -> list[tuple[str, str, str]]:
    xml = diagram(start(), node("manualTask", "t", **attributes), end(), end("e2"), flow("start", "t"), *flows)
    return sorted((f.rule, f.element, f.severity) for f in findings({"a.bpmn": xml}) if f.element)


def test_several_flows_out_of_a_task_are_warned_of() -> None:
    assert split(flow("t", "end"), flow("t", "e2")) == [("implicit-split", "t", "warning")]


def test_conditional_flows_out_of_a_task_are_warned_of() -> None:
    found = split(flow("t", "end", "=true"), flow("t", "e2"), default="t_e2")
    assert found == [("implicit-split", "t", "warning")]


def test_conditional_flows_out_of_a_task_without_a_default_are_warned_of() -> None:
    found = split(flow("t", "end", "=true"), flow("t", "e2", "=false"))
    assert found == [("implicit-split", "t", "warning"), ("no-default-flow", "t", "warning")]


def test_a_flow_of_a_task_that_is_always_taken_is_warned_of_beside_conditions_and_a_default() -> None:
    found = split(flow("t", "end", "=true"), flow("t", "e2"), node("endEvent", "e3"), flow("t", "e3"), default="t_e3")
    assert found == [("implicit-split", "t", "warning")]


def test_a_default_out_of_a_task_where_nothing_is_decided_is_refused() -> None:
    assert ("default-without-choice", "t_e2", "error") in split(flow("t", "end"), flow("t", "e2"), default="t_e2")


def test_a_loop_that_an_implicit_split_always_takes_again_is_refused() -> None:
    xml = diagram(
        start(), node("exclusiveGateway", "j"), script("t"), end(),
        chain("start", "j", "t", "end"), flow("t", "j"),
    )  # fmt: skip
    assert ("loop-without-end", "j") in foreign(xml)


@pytest.mark.parametrize("kind", ["userTask", "parallelGateway"])
def test_a_condition_that_would_be_ignored_is_refused(kind: str) -> None:
    middle = user("t") if kind == "userTask" else node(kind, "t")
    xml = diagram(start(), middle, end(), flow("start", "t"), flow("t", "end", "=true"))
    assert foreign(xml) == [("condition-not-at-gateway", "t_end")]


def waiting(*targets: str, root: str = "", **attributes: str) -> str:
    ids = [text.split('id="')[1].split('"')[0] for text in targets]
    return diagram(
        start(), node("eventBasedGateway", "g", **attributes), *targets, end(), flow("start", "g"),
        *(flow("g", i) + flow(i, "end") for i in ids), root=root,
    )  # fmt: skip


CATCH_REPLY = node("intermediateCatchEvent", "c", definition("message", messageRef="m"))
WAIT = node("intermediateCatchEvent", "w", timer("timeDuration", "P7D"))


def test_a_message_against_a_timer_is_fine() -> None:
    assert foreign(waiting(CATCH_REPLY, WAIT, root=message())) == []


def test_a_task_behind_an_event_gateway_is_refused() -> None:
    assert foreign(waiting(user("t"), WAIT)) == [("event-gateway-target", "t")]


def test_the_same_message_twice_behind_an_event_gateway_is_refused() -> None:
    again = node("intermediateCatchEvent", "c2", definition("message", messageRef="m2"))
    xml = waiting(CATCH_REPLY, again, root=message() + message("m2"))
    assert foreign(xml) == [("same-event-twice", "g")]


def test_a_parallel_event_gateway_is_refused() -> None:
    assert ("unsupported-attribute", "g") in foreign(
        waiting(CATCH_REPLY, WAIT, root=message(), eventGatewayType="Parallel")
    )


def test_a_gateway_that_joins_and_splits_is_warned_of() -> None:
    xml = diagram(
        start(), node("exclusiveGateway", "a", default="a_b"), node("exclusiveGateway", "b", default="b_end"),
        user("t"), user("u"), end(), chain("start", "a", "b", "end"), flow("a", "t", "=true"), flow("t", "b"),
        flow("b", "u", "=true"), flow("u", "end"),
    )  # fmt: skip
    found = [f for f in findings({"a.bpmn": xml}) if f.rule == "gateway-joins-and-splits"]
    assert [(f.element, f.severity) for f in found] == [("b", "warning")]


def test_a_marked_direction_must_be_true() -> None:
    xml = diagram(
        start(),
        node("exclusiveGateway", "g", gatewayDirection="Diverging"),
        user("t"),
        end(),
        chain("start", "g", "t", "end"),
    )
    assert foreign(xml) == [("gateway-direction", "g")]


def test_what_no_way_leads_to_is_named_once_at_its_head() -> None:
    xml = diagram(start(), user("t"), end(), chain("start", "t", "end"), user("u"), user("v"), chain("u", "v", "end"))
    assert foreign(xml) == [("unreachable", "u")]


def test_a_circle_that_no_way_leads_to_is_named() -> None:
    xml = diagram(start(), user("t"), end(), chain("start", "t", "end"), user("u"), user("v"), chain("u", "v", "u"))
    assert foreign(xml) == [("unreachable", "u")]


def test_a_dead_end_is_found() -> None:
    xml = diagram(
        start(),
        node("exclusiveGateway", "g", default="g_end"),
        user("t"),
        end(),
        flow("start", "g"),
        flow("g", "end"),
        flow("g", "t", "=true"),
    )
    assert foreign(xml) == [("dead-end", "t")]


def loop(middle: str, *, leaves: bool = True) -> str:
    way_out = flow("g", "end") if leaves else ""
    default = "g_end" if leaves else "g_j"
    return diagram(
        start(), node("exclusiveGateway", "j"), middle, node("exclusiveGateway", "g", default=default),
        end(), chain("start", "j", "t", "g"), flow("g", "j", "=true" if leaves else None), way_out,
    )  # fmt: skip


def test_a_loop_that_waits_for_a_person_is_fine() -> None:
    assert foreign(loop(user("t"))) == []


def test_a_loop_that_never_waits_is_warned_of() -> None:
    found = [f for f in findings({"a.bpmn": loop(script("t"))}) if f.rule == "loop-without-wait"]
    assert [f.severity for f in found] == ["warning"]


def test_a_loop_that_never_waits_and_has_no_way_out_is_refused() -> None:
    assert ("loop-without-end", "j") in foreign(loop(script("t"), leaves=False))


def test_a_process_that_calls_itself_at_once_is_refused() -> None:
    call = node("callActivity", "c", extensions('<z:calledElement processId="p" bindingType="deployment"/>'))
    assert foreign(diagram(start(), call, end(), chain("start", "c", "end"))) == [("endless-recursion", "c")]


def test_two_processes_that_call_each_other_at_once_are_refused() -> None:
    def calls(target: str) -> str:
        return node("callActivity", f"c_{target}", extensions(f'<z:calledElement processId="{target}"/>'))

    xml = file(
        process(start(), calls("p2"), end(), chain("start", "c_p2", "end")),
        process(start("s2"), calls("p"), end("e2"), chain("s2", "c_p", "e2"), id="p2"),
    )
    assert set(foreign(xml)) == {("endless-recursion", "c_p"), ("endless-recursion", "c_p2")}


def test_a_process_that_calls_itself_after_a_task_is_fine() -> None:
    call = node("callActivity", "c", extensions('<z:calledElement processId="p"/>'))
    xml = diagram(
        start(),
        user("t"),
        node("exclusiveGateway", "g", default="g_end"),
        call,
        end(),
        end("e2"),
        chain("start", "t", "g", "end"),
        flow("g", "c", "=true"),
        flow("c", "e2"),
    )
    assert foreign(xml) == []


def test_a_chain_of_two_hundred_elements_is_too_long() -> None:
    ids = [f"t{number}" for number in range(220)]
    xml = diagram(start(), *(node("manualTask", i) for i in ids), end(), chain("start", *ids, "end"))
    assert foreign(xml) == [("chain-too-long", "p")]


def split_and_join(split: str, join: str) -> str:
    attributes = {"default": "s_a"} if split == "exclusiveGateway" else {}
    condition = "=true" if split == "exclusiveGateway" else None
    return diagram(
        start(), node(split, "s", **attributes), user("a"), user("b"), node(join, "j"), end(),
        chain("start", "s", "a", "j", "end"), flow("s", "b", condition), flow("b", "j"),
    )  # fmt: skip


def test_a_parallel_join_behind_an_exclusive_split_can_never_complete() -> None:
    found = findings({"a.bpmn": split_and_join("exclusiveGateway", "parallelGateway")})
    locks = [f for f in found if f.rule == "dead-lock"]
    assert [f.element for f in locks] == ["j"]
    assert is_error(locks[0])
    assert "s → a" in locks[0].message


def test_an_exclusive_join_behind_a_parallel_split_runs_twice() -> None:
    found = findings({"a.bpmn": split_and_join("parallelGateway", "exclusiveGateway")})
    crowds = [f for f in found if f.rule == "lack-of-synchronisation"]
    assert [(f.element, f.severity) for f in crowds] == [("j", "warning")]


@pytest.mark.parametrize("kind", ["exclusiveGateway", "parallelGateway"])
def test_a_join_of_the_same_kind_as_its_split_is_sound(kind: str) -> None:
    assert foreign(split_and_join(kind, kind)) == []


def choosing(split: str, join: str) -> str:
    """Two ways out of a node, one by a condition and one by default, and a join behind them."""
    node_of = {"userTask": user("s", more="").replace("<bpmn:userTask ", '<bpmn:userTask default="s_b" ')}
    chooser = node_of.get(split) or node(split, "s", default="s_b")
    return diagram(
        start(), chooser, user("a"), user("b"), node(join, "j"), end(),
        chain("start", "s"), flow("s", "a", "=1 = 1"), flow("s", "b"), chain("a", "j", "end"), flow("b", "j"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("split", "join", "rules"),
    [
        ("inclusiveGateway", "inclusiveGateway", []),
        ("inclusiveGateway", "parallelGateway", ["dead-lock"]),
        ("userTask", "inclusiveGateway", ["implicit-split"]),
        ("userTask", "parallelGateway", ["dead-lock", "implicit-split"]),
        ("exclusiveGateway", "inclusiveGateway", []),
    ],
)
def test_a_choice_of_several_ways_is_played_in_every_combination(split: str, join: str, rules: list[str]) -> None:
    assert sorted(rule for rule, _ in foreign(choosing(split, join))) == rules


def test_a_choice_whose_ways_may_all_be_taken_only_may_lock() -> None:
    xml = diagram(
        start(), node("inclusiveGateway", "s"), user("a"), user("b"), node("parallelGateway", "j"), end(),
        chain("start", "s"), flow("s", "a", "=1 = 1"), flow("s", "b", "=2 = 2"), chain("a", "j", "end"), flow("b", "j"),
    )  # fmt: skip
    found = [f for f in findings({"a.bpmn": xml}) if f.rule != "no-default-flow"]
    assert [(f.rule, f.element, f.severity) for f in found if "lock" in f.rule] == [
        ("possible-dead-lock", "j", "warning")
    ]


def test_an_inclusive_split_and_join_in_a_loop_are_sound() -> None:
    xml = diagram(
        start(), node("exclusiveGateway", "m"), node("inclusiveGateway", "s", default="s_b"), user("a"), user("b"),
        node("inclusiveGateway", "j"), node("exclusiveGateway", "x", default="x_end"), end(),
        chain("start", "m", "s"), flow("s", "a", "=1 = 1"), flow("s", "b"), chain("a", "j", "x"), flow("b", "j"),
        flow("x", "m", "=2 = 2"), flow("x", "end"),
    )  # fmt: skip
    assert foreign(xml) == []


def test_all_flows_out_of_a_task_into_a_merge_run_the_rest_once_for_each() -> None:
    xml = diagram(
        start(), user("s"), user("a"), user("b"), node("exclusiveGateway", "j"), end(),
        chain("start", "s", "a", "j", "end"), chain("s", "b", "j"),
    )  # fmt: skip
    assert sorted(foreign(xml)) == [("implicit-split", "s"), ("lack-of-synchronisation", "j")]


def test_an_end_that_ends_everything_leaves_no_join_waiting() -> None:
    xml = diagram(
        start(), node("parallelGateway", "s"), user("a"), node("exclusiveGateway", "x", default="x_j"), user("b"),
        node("parallelGateway", "j"), end(), end("stop", definition("error", errorRef="er")),
        chain("start", "s", "a", "x", "j", "end"), chain("s", "b", "j"), flow("x", "stop", "=1 = 1"),
        root='<bpmn:error id="er" errorCode="STOP"/>',
    )  # fmt: skip
    assert foreign(xml) == []


def test_each_start_of_a_process_is_played() -> None:
    starts = node("startEvent", "by", definition("signal", signalRef="g")), start()
    xml = diagram(
        *starts, user("a"), node("parallelGateway", "j"), end(), chain("start", "a", "j", "end"), flow("by", "j"),
        root='<bpmn:signal id="g" name="go"/>',
    )  # fmt: skip
    assert foreign(xml) == [("dead-lock", "j")]


def test_a_branch_that_may_end_early_leaves_the_join_waiting() -> None:
    xml = diagram(
        start(), node("parallelGateway", "s"), user("a"), node("exclusiveGateway", "x", default="x_j"), user("b"),
        node("parallelGateway", "j"), end(), end("early"), chain("start", "s", "a", "x", "j", "end"),
        chain("s", "b", "j"), flow("x", "early", "=true"),
    )  # fmt: skip
    assert foreign(xml) == [("possible-dead-lock", "j")]


def test_parallel_branches_that_write_the_same_name_are_warned_of() -> None:
    output = '<z:ioMapping><z:output source="=1" target="amount"/></z:ioMapping>'
    xml = diagram(
        start(), node("parallelGateway", "s"), user("a", more=output), user("b", more=output),
        node("parallelGateway", "j"), end(), chain("start", "s", "a", "j", "end"), chain("s", "b", "j"),
    )  # fmt: skip
    assert foreign(xml) == [("parallel-branches-write-same", "s")]


def test_a_repeating_timer_on_a_task_inside_an_event_sub_process_is_fine() -> None:
    inside = (
        node("startEvent", "hs", definition("signal", signalRef="g"), isInterrupting="false"), user("t"),
        node("boundaryEvent", "b", timer("timeCycle", "R3/P1D"), attachedToRef="t", cancelActivity="false"),
        end("he"), end("be"), chain("hs", "t", "he"), flow("b", "be"),
    )  # fmt: skip
    handler = node("subProcess", "h", "".join(inside), triggeredByEvent="true")
    xml = diagram(
        start(), user("u"), end(), chain("start", "u", "end"), handler, root='<bpmn:signal id="g" name="stop"/>'
    )
    assert foreign(xml) == []
