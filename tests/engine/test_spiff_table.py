"""Every kind of element in every position either runs or is refused by name; `docs/bpmn.md` is made from this table.

Write the page anew with ``python -m tests.engine.test_spiff_table``.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import etree

from engine.lint import is_error
from engine.lint.check import check_files
from engine.lint.finding import RESOURCE_RULES, Known
from engine.markup import BPMN
from engine.spiff import DiagramError, compile_program
from tests.engine import test_spiff_described as described
from tests.engine.spiff_world import (
    TERMINATE,
    Run,
    diagram,
    end,
    extend,
    flow,
    job,
    log,
    many,
    node,
    on_error,
    on_escalation,
    on_message,
    on_signal,
    process,
    seq,
    start,
    timer,
    user,
)
from tests.engine.test_spiff_loops import again, times

PAGE = Path(__file__).parents[2] / "docs" / "bpmn.md"
SET_ASIDE = RESOURCE_RULES | {"missing-decision"}
TEST = "tests/engine/test_spiff_table.py"


@dataclass(frozen=True)
class Cell:
    """One kind of element in one position, in a process that leads through it; `x` is its id."""

    element: str
    position: str
    body: tuple[str, ...]
    runs: bool
    more: str = ""

    @property
    def name(self) -> str:
        return f"{self.element} {self.position}".replace(",", "").replace(" ", "-")

    @property
    def data(self) -> bytes:
        return diagram(process("p", *self.body), self.more)


# Events ---------------------------------------------------------------------------------------------------------------

LINK = '<bpmn:linkEventDefinition name="A"/>'
DEFINITIONS = {
    "none": "",
    "message": on_message(),
    "timer date": timer("2026-12-24T09:00:00+00:00", "timeDate"),
    "timer duration": timer("P1D"),
    "timer cycle": timer("R2/P1D", "timeCycle"),
    "signal": on_signal(),
    "error": on_error(),
    "escalation": on_escalation(),
    "terminate": TERMINATE,
    "link": LINK,
    "conditional": (
        "<bpmn:conditionalEventDefinition><bpmn:condition>=true</bpmn:condition></bpmn:conditionalEventDefinition>"
    ),
    "compensation": "<bpmn:compensateEventDefinition/>",
    "cancel": "<bpmn:cancelEventDefinition/>",
    "multiple": on_message() + on_signal(),
    "parallel multiple": on_message() + on_signal(),
    "by reference": "<bpmn:eventDefinitionRef>D1</bpmn:eventDefinitionRef>",
}
_TIMERS = {"timer date", "timer duration", "timer cycle"}
_OUTSIDE = {"message", "signal"} | _TIMERS
RUN: dict[str, set[str]] = {
    "start of a process": {"none", *_OUTSIDE},
    "start of a sub-process": {"none"},
    "start of an interrupting event sub-process": {*_OUTSIDE, "error", "escalation"},
    "start of a non-interrupting event sub-process": {*_OUTSIDE, "escalation"},
    "intermediate catch": {*_OUTSIDE, "link"},
    "behind an event-based gateway": _OUTSIDE,
    "intermediate throw": {"none", "message", "signal", "escalation", "link"},
    "interrupting boundary": {*_OUTSIDE, "error", "escalation"},
    "non-interrupting boundary": {*_OUTSIDE, "escalation"},
    "end": {"none", "message", "signal", "error", "escalation", "terminate"},
}


def event(kind: str, element_id: str, name: str, **attributes: str) -> str:
    if name == "parallel multiple":
        attributes["parallelMultiple"] = "true"
    sends = name == "message" and kind in ("intermediateThrowEvent", "endEvent")
    return node(kind, element_id, extend(job("log")) if sends else "", DEFINITIONS[name], **attributes)


def event_body(position: str, name: str) -> tuple[str, ...]:
    thrown = on_error() if name == "error" else on_escalation()
    inner = node("subProcess", "u", start("b"), end("be", thrown), seq("b", "be"))
    host = inner if name in ("error", "escalation") else user("u")
    match position:
        case "start of a process":
            return event("startEvent", "x", name), end(), seq("x", "e")
        case "start of a sub-process":
            sub = node("subProcess", "sp", event("startEvent", "x", name), end("e1"), seq("x", "e1"))
            return start(), sub, end(), seq("s", "sp", "e")
        case "intermediate catch" | "intermediate throw":
            kind = "intermediateCatchEvent" if position.endswith("catch") else "intermediateThrowEvent"
            other = "intermediateThrowEvent" if position.endswith("catch") else "intermediateCatchEvent"
            if name != "link":
                return start(), event(kind, "x", name), end(), seq("s", "x", "e")
            ways = (seq("s", "o"), seq("x", "e")) if position.endswith("catch") else (seq("s", "x"), seq("o", "e"))
            return start(), event(kind, "x", name), event(other, "o", name), end(), *ways
        case "behind an event-based gateway":
            other = node("intermediateCatchEvent", "o", on_message("M2"))
            body = start(), node("eventBasedGateway", "g"), event("intermediateCatchEvent", "x", name), other, end()
            return *body, seq("s", "g", "x", "e"), seq("g", "o", "e")
        case "end":
            sub = node("subProcess", "sp", start("b"), event("endEvent", "x", name), seq("b", "x"))
            catches = node("boundaryEvent", "bd", on_error(""), attachedToRef="sp")
            return start(), sub, catches, end(), end("e2"), seq("s", "sp", "e"), seq("bd", "e2")
    interrupts = "false" if "non-interrupting" in position else "true"
    if position.endswith("boundary"):
        x = event("boundaryEvent", "x", name, attachedToRef="u", cancelActivity=interrupts)
        return start(), host, x, end(), end("e2"), seq("s", "u", "e"), seq("x", "e2")
    x = event("startEvent", "x", name, isInterrupting=interrupts)
    handler = node("subProcess", "h", x, end("he"), seq("x", "he"), triggeredByEvent="true")
    last = end("e", thrown) if host is inner else end()
    first = user("u")
    return start(), handler, first, last, seq("s", "u", "e")


# Activities -----------------------------------------------------------------------------------------------------------

CALLED = process("q", start("qs"), end("qe"), seq("qs", "qe"))
INSIDE = start("b") + end("be") + seq("b", "be")
ACTIVITIES = {
    "task": ("task", ""),
    "manual task": ("manualTask", ""),
    "user task": (
        "userTask",
        extend("<zeebe:userTask/>", '<zeebe:formDefinition formId="f" bindingType="deployment"/>'),
    ),
    "service task": ("serviceTask", extend(job("log"))),
    "send task": ("sendTask", extend(job("log"))),
    "script task": ("scriptTask", extend('<zeebe:script expression="=1" resultVariable="r"/>')),
    "business rule task": ("businessRuleTask", extend('<zeebe:calledDecision decisionId="d" resultVariable="r"/>')),
    "receive task": ("receiveTask", ""),
    "sub-process": ("subProcess", INSIDE),
    "call activity": ("callActivity", extend('<zeebe:calledElement processId="q"/>')),
    "transaction": ("transaction", INSIDE),
    "ad-hoc sub-process": ("adHocSubProcess", ""),
}
LOOPS = {
    "once": "",
    "multi-instance, parallel": many("=[1, 2]", "item"),
    "multi-instance, sequential": many("=[1, 2]", "item", sequential=True),
    "multi-instance with a completion condition": many("=[1, 2]", "item", until="=numberOfCompletedInstances >= 1"),
    "multi-instance by cardinality": times("=2"),
    "multi-instance by cardinality, sequential": times("=2", isSequential="true"),
    "multi-instance over a data reference": (
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopDataInputRef>items</bpmn:loopDataInputRef>"
        "</bpmn:multiInstanceLoopCharacteristics>"
    ),
    "multi-instance that throws events": times("=2", behavior="None"),
    "multi-instance of no number": "<bpmn:multiInstanceLoopCharacteristics/>",
    "standard loop with a maximum": again(loopMaximum="2"),
    "standard loop with a condition": again("=loopCounter &lt; 2"),
    "standard loop tested before": again("=loopCounter &lt; 2", testBefore="true"),
    "standard loop without an end": again(),
}
_NO_ACTIVITY = {"transaction", "ad-hoc sub-process"}
_NO_LOOP = {
    "multi-instance over a data reference", "multi-instance that throws events", "multi-instance of no number",
    "standard loop without an end",
}  # fmt: skip
MARKS = {
    "for compensation": {"isForCompensation": "true"},
    "with a start quantity": {"startQuantity": "2"},
    "with a completion quantity": {"completionQuantity": "2"},
}


def activity(name: str, inner: str = "", **attributes: str) -> str:
    kind, inside = ACTIVITIES[name]
    if kind == "receiveTask":
        attributes["messageRef"] = "M1"
    extension, rest = (inside, "") if inside.startswith("<bpmn:ext") else ("", inside)
    return node(kind, "x", extension, inner, rest, **attributes)


def through(element: str, *more: str) -> tuple[str, ...]:
    return start(), element, end(), seq("s", "x", "e"), *more


def split(element: str, first: str, second: str) -> tuple[str, ...]:
    ways = flow("x", "a", first, "fa"), flow("x", "c", second, "fc")
    begins = () if element.startswith("<bpmn:startEvent") else (start(), seq("s", "x"))
    return *begins, element, log("a"), log("c"), end(), *ways, seq("a", "e"), seq("c", "e")


# Gateways and flows ---------------------------------------------------------------------------------------------------


def fork(kind: str, first: str, default: str, join: str) -> tuple[str, ...]:
    attributes = {"default": default} if default else {}
    body = start(), node(kind, "x", **attributes), log("a"), log("c"), node(join, "j"), end(), seq("s", "x")
    return *body, flow("x", "a", first, "fa"), flow("x", "c", "", "fc"), seq("a", "j"), seq("c", "j"), seq("j", "e")


def gateway_cells() -> Iterator[Cell]:
    yield Cell(
        "exclusive gateway", "split and merge", fork("exclusiveGateway", "=false", "fc", "exclusiveGateway"), True
    )
    yield Cell("inclusive gateway", "split and join", fork("inclusiveGateway", "=true", "fc", "inclusiveGateway"), True)
    yield Cell("parallel gateway", "split and join", fork("parallelGateway", "", "", "parallelGateway"), True)
    yield Cell("parallel gateway", "with a condition", fork("parallelGateway", "=true", "", "parallelGateway"), False)
    yield Cell(
        "exclusive gateway", "flow with no condition", fork("exclusiveGateway", "=true", "", "exclusiveGateway"), False
    )
    yield Cell("complex gateway", "split and join", fork("complexGateway", "", "", "complexGateway"), False)
    receives, ways = node("receiveTask", "c2", messageRef="M2"), seq("s", "x", "c1", "e") + seq("x", "c2", "e")
    for waited, position, plays in (
        (timer("PT1H"), "before events and receive tasks", True),
        (on_message(), "before message events and receive tasks", False),
    ):
        waits = node("intermediateCatchEvent", "c1", waited), receives
        yield Cell(
            "event-based gateway", position, (start(), node("eventBasedGateway", "x"), *waits, end(), ways), plays
        )
    body = (
        start(),
        node("eventBasedGateway", "x"),
        waits[0],
        user("c2"),
        end(),
        seq("s", "x", "c1", "e"),
        seq("x", "c2", "e"),
    )
    yield Cell("event-based gateway", "before a user task", body, False)
    body = node("eventBasedGateway", "x", instantiate="true"), *waits, end(), seq("x", "c1", "e"), seq("x", "c2", "e")
    yield Cell("event-based gateway", "as a start", body, False)
    body = (
        start(), node("eventBasedGateway", "x", eventGatewayType="Parallel"), *waits, end(),
        seq("s", "x", "c1", "e"), seq("x", "c2", "e"),
    )  # fmt: skip
    yield Cell("event-based gateway", "parallel", body, False)
    for name in ACTIVITIES.keys() - _NO_ACTIVITY:
        yield Cell("several flows", f"out of a {name}", split(activity(name), "", ""), True, CALLED)
        yield Cell(
            "flows with conditions", f"out of a {name}", split(activity(name, default="fc"), "=true", ""), True, CALLED
        )
    ends = {
        "start event": node("startEvent", "x"),
        "throw event": node("intermediateThrowEvent", "x"),
        "catch event": node("intermediateCatchEvent", "x", on_message()),
    }
    for name, element in ends.items():
        yield Cell("several flows", f"out of a {name}", split(element, "", ""), True)
        yield Cell("flows with conditions", f"out of a {name}", split(element, "=true", "=true"), False)
    one = start(), log("x"), end(), seq("s", "x"), flow("x", "e", "=true")
    yield Cell("flow with a condition", "the only one out of an activity", one, False)
    besides = event("startEvent", "x", "message"), log("a"), start(), end(), seq("x", "a", "e"), seq("s", "e")
    yield Cell("several start events", "of a process, one of them plain", besides, True)
    twice = start("x"), start(), log("a"), end(), seq("x", "a", "e"), seq("s", "e")
    yield Cell("several start events", "of a process, two of them plain", twice, False)
    inner = start("x"), node("startEvent", "b", on_message()), end("k"), seq("x", "k"), seq("b", "k")
    in_sub = start(), node("subProcess", "sp", *inner), end(), seq("s", "sp", "e")
    yield Cell("several start events", "of a sub-process", in_sub, False)
    for name, thrown in (("error", on_error), ("escalation", on_escalation)):
        nameless = f'<bpmn:{name} id="N9" name="any"/>'
        fails = node("subProcess", "u", start("b"), end("be", thrown()), seq("b", "be"))
        body = start(), fails, node("boundaryEvent", "x", thrown("N9"), attachedToRef="u"), end(), end("e2")
        yield Cell(
            f"{name} event without a code", "boundary", (*body, seq("s", "u", "e"), seq("x", "e2")), True, nameless
        )
        yield Cell(
            f"{name} event without a code", "end", (start(), end("x", thrown("N9")), seq("s", "x")), False, nameless
        )
    merge = start(), log("a"), log("c"), log("x"), end(), flow("s", "a"), flow("s", "c")
    yield Cell("several flows", "into an activity", (*merge, seq("a", "x"), seq("c", "x"), seq("x", "e")), True)


def cells() -> Iterator[Cell]:
    for position, runs in RUN.items():
        for name in DEFINITIONS:
            yield Cell(f"{name} event", position, event_body(position, name), name in runs)
    for name in ACTIVITIES:
        for loop, text in LOOPS.items():
            runs = name not in _NO_ACTIVITY and loop not in _NO_LOOP
            yield Cell(name, loop, through(activity(name, text)), runs, CALLED)
        for mark, attributes in MARKS.items():
            yield Cell(name, mark, through(activity(name, **attributes)), False, CALLED)
    instantiating = through(node("receiveTask", "x", messageRef="M1", instantiate="true"))
    yield Cell("receive task", "as a start", instantiating, False)
    yield from sorted(gateway_cells(), key=lambda cell: (cell.element, cell.position))


CELLS = list(cells())


# The tests ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS, ids=[cell.name for cell in CELLS])
def test_a_kind_in_a_position_runs_or_is_refused(cell: Cell) -> None:
    checked = check_files({"p.bpmn": cell.data}, frozenset({"p.bpmn"}), known=Known())
    errors = {(f.rule, f.element) for f in checked if is_error(f) and f.rule not in SET_ASIDE}
    if not cell.runs:
        with pytest.raises(DiagramError) as refused:
            compile_program({"p.bpmn": cell.data}, "p")
        assert any(finding.element_id for finding in refused.value.findings)
        assert errors, "the check would accept what the engine refuses"
        return
    assert not errors
    begins = "x" if cell.element == "several start events" else None
    run = drive(Run(compile_program({"p.bpmn": cell.data}, "p"), stored=True, at=begins))
    assert run.ended
    assert "x" in run.world.seen("completed")


def drive(run: Run) -> Run:
    """Let everything happen that is waited for, each event twice at most; then let people do their tasks."""
    happened: list[str] = []
    for _ in range(12):
        wait = next((w for w in run.workflow.open_waits() if happened.count(w.element_id) < 2), None)
        if wait is not None:
            happened.append(wait.element_id)
            if wait.kind == "timer" and wait.due_at is not None:
                run.world.now = max(run.world.now, wait.due_at)
                run.workflow.fire_due_timers()
            elif wait.kind == "message":
                assert run.workflow.deliver_message(wait.name, wait.key, {})
            elif wait.kind == "signal":
                run.workflow.deliver_signal(wait.name, {})
            run.go_on()
        elif run.tasks:
            run.do(run.tasks[0])
    return run


# Mutants --------------------------------------------------------------------------------------------------------------

NAMES = (
    "task userTask endEvent startEvent subProcess parallelGateway inclusiveGateway boundaryEvent sendTask receiveTask "
    "intermediateCatchEvent callActivity sequenceFlow eventBasedGateway timerEventDefinition"
)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Remove, move, double or rename an element, or take or change an attribute."""
    root = etree.fromstring(data)
    nodes = [item for item in root.iter(etree.Element) if item is not root]
    one, other = chance.choice(nodes), chance.choice(nodes)
    parent = one.getparent()
    assert parent is not None
    match chance.randrange(6):
        case 0:
            parent.remove(one)
        case 1 if one.attrib:
            del one.attrib[chance.choice(list(one.attrib))]
        case 2 if one.attrib and other.attrib:
            values = [*other.attrib.values(), "", "true", "false", "0", "=1"]
            one.set(str(chance.choice(list(one.attrib))), str(chance.choice(values)))
        case 3 if other not in one.iterdescendants() and other is not one:
            other.append(one)
        case 4:
            one.addnext(copy.deepcopy(one))
        case _:
            one.tag = f"{{{BPMN}}}{chance.choice(NAMES.split())}"
    return etree.tostring(root)


@pytest.mark.parametrize("seed", range(2))
def test_whatever_the_check_lets_pass_the_engine_compiles(seed: int) -> None:
    chance = random.Random(seed)
    sound = [cell for cell in CELLS if cell.runs]
    passed = 0
    for number in range(150):
        data = mutated(chance.choice(sound).data, chance)
        checked = check_files({"p.bpmn": data}, frozenset({"p.bpmn"}), known=Known())
        if any(is_error(f) and f.rule not in SET_ASIDE for f in checked) or b'id="p"' not in data:
            continue
        passed += 1
        try:
            compile_program({"p.bpmn": data}, "p")
        except DiagramError as refused:
            pytest.fail(f"seed {seed}, mutant {number}: the check lets pass what the engine refuses: {refused}")
    assert passed > 5


def test_the_page_says_what_the_table_says() -> None:
    assert PAGE.read_text("utf-8") == page(), "write it anew: python -m tests.engine.test_spiff_table"


def page() -> str:
    rows = [
        f"| {cell.element} | {cell.position} | {'runs' if cell.runs else 'refused'} | `[{cell.name}]` |"
        for cell in CELLS
    ]
    lines = [
        "# What of BPMN runs",
        "",
        "Every kind of element in every position is in this table: it runs as BPMN 2.0 says, or the check refuses the",
        "diagram and names the element. There is no third state: what is not in the table is refused as unknown. The",
        f"page is made from `{TEST}` and compared with it by its tests; each row is one case of",
        "`test_a_kind_in_a_position_runs_or_is_refused`, which refuses the diagram or runs it through to its end.",
        "Conditions, splits and merges without a gateway run with a warning of the check that says what happens.",
        "Every file is held against the standard's own schema as well; only the order of children is left open.",
        "",
        "| Element | Position | | Test |",
        "| --- | --- | --- | --- |",
        *rows,
        "",
        "## What is said beside the flow",
        "",
        "What a plain file says of data, people, services and notes describes and changes nothing, or is refused by",
        f"name. The rows are the cases of `{described.TEST}`. Where another engine would act on it, the",
        "check says so in a warning. A diagram of the Camunda 8 dialect says the same with its extensions instead.",
        "",
        "| What | Where | | Test |",
        "| --- | --- | --- | --- |",
        *described.rows(),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
