"""Whatever a file holds, the check answers with findings: no exception, no endless work.

The mutations are random but repeatable: a failure names the seed that made it.
"""

from __future__ import annotations

import copy
import json
import os
import random
from pathlib import Path

import pytest
from lxml import etree

from engine.lint import Known, check_path, is_error
from engine.lint.finding import RESOURCE_RULES
from engine.markup import MarkupRefused, parse_xml
from engine.spiff import compile_program
from tests.own_work import ends_within
from tests.unit.bpmn_text import (
    chain,
    definition,
    end,
    extensions,
    file,
    flow,
    message,
    node,
    process,
    script,
    service,
    start,
    timer,
    user,
)
from tests.unit.lint_check import findings, in_folder, process_folder

MUTANTS = 200
ODD_TEXTS = [
    "",
    " ",
    "=",
    "=1 +",
    "${x}",
    "\u0000",
    "é" * 50,
    "9" * 400,
    "-1",
    "p",
    "t",
    "P7D",
    "true",
    "=" * 60,
    "(((((",
]


def sample() -> str:
    """Return a diagram with every kind of element that is run."""
    loop = (
        '<bpmn:multiInstanceLoopCharacteristics id="mi"><bpmn:extensionElements><zeebe:loopCharacteristics '
        'inputCollection="=plan_actions" inputElement="action" outputCollection="got" outputElement="=action"/>'
        "</bpmn:extensionElements><bpmn:completionCondition>=numberOfCompletedInstances &gt; 1"
        "</bpmn:completionCondition></bpmn:multiInstanceLoopCharacteristics>"
    )
    inner = (
        start("s1") + user("in1") + node("endEvent", "e1", definition("escalation", escalationRef="es"))
        + chain("s1", "in1", "e1")
    )  # fmt: skip
    handler = (
        node("startEvent", "hs", definition("message", messageRef="m"))
        + user("ht")
        + end("he")
        + chain("hs", "ht", "he")
    )
    main = process(
        '<bpmn:laneSet id="ls"><bpmn:lane id="l" name="Lane"><bpmn:flowNodeRef>t</bpmn:flowNodeRef></bpmn:lane>'
        "</bpmn:laneSet>",
        start(), user("t"), service("letter", "issue_letter", '<z:input source="CMSL5800" target="letter"/>'),
        node("exclusiveGateway", "x", default="x_par"), node("parallelGateway", "par"), user("mi_task", loop),
        script("sc"), node("parallelGateway", "join"), node("eventBasedGateway", "ev"),
        node("intermediateCatchEvent", "reply", definition("message", messageRef="m")),
        node("intermediateCatchEvent", "seven", timer("timeDuration", "P7D")),
        node("receiveTask", "rc", messageRef="m2"), node("exclusiveGateway", "merge"),
        node("subProcess", "sub", inner), node("intermediateThrowEvent", "lt", definition("link", name="on")),
        node("intermediateCatchEvent", "lc", definition("link", name="on")),
        node("callActivity", "call", extensions('<z:calledElement processId="p2"/>')),
        node("businessRuleTask", "br", extensions('<z:calledDecision decisionId="d" resultVariable="band"/>')),
        node("inclusiveGateway", "inc", default="inc_end"), end(),
        node("endEvent", "stop", "<bpmn:terminateEventDefinition/>"),
        node("endEvent", "failed", definition("error", errorRef="er")), end("told"),
        node("boundaryEvent", "b", timer("timeCycle", "R3/P1D"), attachedToRef="t", cancelActivity="false"),
        node("boundaryEvent", "be", definition("error", errorRef="er"), attachedToRef="letter"),
        node("boundaryEvent", "esc", definition("escalation", escalationRef="es"), attachedToRef="sub"),
        node("subProcess", "h", handler, triggeredByEvent="true"),
        chain("start", "t", "letter", "x", "par", "mi_task", "join", "ev", "reply", "merge", "sub", "lt"),
        chain("par", "sc", "join"), chain("ev", "seven", "rc", "merge"), flow("x", "stop", "=amount > 1"),
        chain("lc", "call", "br", "inc", "end"), flow("inc", "told", "=amount = 2"), flow("b", "told"),
        flow("be", "failed"), flow("esc", "told", id="esc_told"),
    )  # fmt: skip
    second = process(start("s2"), node("manualTask", "m2t"), end("e2"), chain("s2", "m2t", "e2"), id="p2")
    return file(
        main, second, message(), message("m2", "other"), node("error", "er", errorCode="x"),
        node("escalation", "es", escalationCode="y"),
        '<bpmndi:BPMNDiagram id="di"><bpmndi:BPMNPlane id="pl" bpmnElement="p"><bpmndi:BPMNShape id="sh" '
        'bpmnElement="t"><dc:Bounds x="1" y="1" width="100" height="80"/></bpmndi:BPMNShape><bpmndi:BPMNEdge id="ed" '
        'bpmnElement="start_t"><di:waypoint x="1" y="1"/><di:waypoint x="2" y="2"/></bpmndi:BPMNEdge>'
        "</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>",
    )  # fmt: skip


def test_the_sample_itself_is_right() -> None:
    assert in_folder(sample()) == [("missing-decision", "br")]


@pytest.mark.parametrize("seed", range(4))
def test_a_mutated_diagram_gives_findings_and_nothing_else(seed: int) -> None:
    chance = random.Random(seed)
    for number in range(MUTANTS // 4):
        mutate = mutate_tree if number % 3 else mutate_bytes
        _checked(mutate(sample().encode(), chance), f"seed {seed}, mutant {number}")


def _checked(data: bytes, which: str) -> None:
    files = process_folder("") | {"review/review.bpmn": data}
    with ends_within(20):
        found = findings(files)  # type: ignore[arg-type]
    assert "check-failed" not in {f.rule for f in found}, (which, [str(f) for f in found if f.rule == "check-failed"])


def mutate_bytes(data: bytes, chance: random.Random) -> bytes:
    """Cut, double or garble a part of the bytes."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at, length = chance.randrange(len(changed)), chance.randint(1, 60)
        part = bytes(changed[at : at + length])
        changed[at : at + length] = chance.choice(
            [b"", part * 2, part[::-1], bytes(chance.randbytes(3)), b"=", b"\xff"]
        )
    return bytes(changed)


def mutate_tree(data: bytes, chance: random.Random) -> bytes:
    """Delete, copy, move or rename elements, and give attributes and texts to one another."""
    root = etree.fromstring(data)
    for _ in range(chance.randint(1, 6)):
        nodes = [n for n in root.iter() if isinstance(n.tag, str) and n.getparent() is not None]
        if not nodes:
            break
        one, other = chance.choice(nodes), chance.choice(nodes)
        match chance.randrange(6):
            case 0:
                one.getparent().remove(one)
            case 1:
                other.append(copy.deepcopy(one))
            case 2:
                one.tag = other.tag
            case 3:
                one.text = chance.choice([t for t in ODD_TEXTS if "\u0000" not in t])
            case _:
                name = chance.choice([*(one.attrib or ["id"]), "id", "sourceRef", "default", "attachedToRef"])
                values = [v for n in nodes for v in n.attrib.values()] + [t for t in ODD_TEXTS if "\u0000" not in t]
                one.set(name, chance.choice(values))
    return etree.tostring(root)


@pytest.mark.parametrize("seed", range(2))
def test_what_the_check_accepts_the_engine_compiles(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(60):
        data = mutate_tree(sample().encode(), chance)
        errors = [f for f in findings({"a.bpmn": data}) if is_error(f)]  # type: ignore[dict-item]
        # The decision is not in the file; whatever else surrounds a diagram is not the compiler's to miss.
        if not [f for f in errors if f.rule not in RESOURCE_RULES | {"missing-decision"}]:
            compile_program({"a.bpmn": data}, "p")


@pytest.mark.parametrize("seed", range(2))
def test_a_mutated_form_gives_findings_and_nothing_else(seed: int) -> None:
    chance = random.Random(seed)
    choices = [
        None,
        True,
        -1,
        1e300,
        "",
        "=",
        "picklists.outcome",
        [],
        {},
        [None],
        {"values": [1]},
        "dynamiclist",
        "a.b",
    ]
    keys = ["type", "key", "path", "values", "valuesKey", "validate", "conditional", "components", "id", "properties"]
    for number in range(60):
        rows: list[object] = []
        for _ in range(chance.randint(0, 5)):
            row = {key: chance.choice(choices) for key in chance.sample(keys, chance.randint(0, len(keys)))}
            rows.append(
                chance.choice([row, {**row, "type": "radio"}, {**row, "type": "group", "components": rows[:2]}, 3])
            )
        text = json.dumps({"id": chance.choice(choices), "components": chance.choice([rows, rows, None, {}])})
        found = findings(process_folder(sample()) | {"review/forms/a.form": text})
        assert "check-failed" not in {f.rule for f in found}, (seed, number, text)


@pytest.mark.parametrize("name", ["dictionary.toml", "groups.toml", "review/process.toml"])
def test_a_list_file_of_the_wrong_shape_gives_findings_and_nothing_else(name: str) -> None:
    for text in [
        "x = 1",
        "fields = []",
        '[fields.a]\ntype = ["x"]',
        "[picklists.a]\nvalues = [[1]]",
        "\ud800",
        "[groups]\na = 1",
        'process = 3\nkey = []\ndeadlines = [1]\nmessages = "x"\nletters = [1]',
    ]:
        data = text.encode("utf-8", "surrogatepass")
        found = findings(process_folder(sample()) | {name: data})  # type: ignore[dict-item]
        assert "check-failed" not in {f.rule for f in found}, text


def test_many_branches_at_once_are_given_up_and_not_hung_on() -> None:
    branches = [f"b{number}" for number in range(40)]
    xml = file(
        process(
            start(),
            node("parallelGateway", "s"),
            node("parallelGateway", "j"),
            end(),
            *(user(b) for b in branches),
            flow("start", "s"),
            flow("j", "end"),
            *(flow("s", b) + flow(b, "j") for b in branches),
        )
    )
    with ends_within(20):
        assert {f.rule for f in findings({"a.bpmn": xml})} <= {"not-drawn", "user-task-without-form"}


def test_a_web_of_gateways_is_not_hung_on() -> None:
    gates = [f"g{number}" for number in range(60)]
    flows = [flow(a, b, "=true") for a in gates for b in gates if a != b]
    xml = file(process(start(), *(node("exclusiveGateway", g) for g in gates), end(), flow("start", "g0"), *flows))
    with ends_within(30):
        assert findings({"a.bpmn": xml}, known=Known())


def test_a_long_diagram_is_checked_in_time_and_a_longer_one_is_refused() -> None:
    def long(count: int) -> str:
        ids = [f"t{number}" for number in range(count)]
        loop = (
            "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements><zeebe:loopCharacteristics inputCollection"
        )
        loop += '="=plan_actions"/></bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>'
        tasks = "".join(
            user(i, loop, more=f'<z:ioMapping><z:output source="=amount" target="x{i}"/></z:ioMapping>') for i in ids
        )
        split = "".join(flow("s", i) + flow(i, "j") for i in ids)
        gates = node("parallelGateway", "s") + node("parallelGateway", "j")
        return file(process(start(), gates, tasks, end(), flow("start", "s"), flow("j", "end"), split))

    with ends_within(60):
        assert "diagram-too-large" not in {f.rule for f in findings({"a.bpmn": long(1_300)})}
    assert [f.rule for f in findings({"a.bpmn": long(1_400)})] == ["diagram-too-large"]


def test_a_finding_is_one_printable_line_whatever_the_file_says() -> None:
    text = '{"id": "a\\ud800b", "components": [{"type": "html", "key": "x\\ny' + "z" * 5_000 + '"}]}'
    found = findings(process_folder(sample()) | {"review/forms/a.form": text})
    for finding in found:
        assert "\n" not in str(finding)
        assert len(str(finding).encode()) < 10_000


@pytest.mark.parametrize("name", ["x" * 5_000, "a\0b"])
def test_a_path_that_cannot_be_one_is_a_finding(name: str) -> None:
    assert {f.rule for f in check_path(Path(name), known=Known())} <= {"file-not-readable", "file-not-found"}


def test_a_pipe_and_a_link_that_leads_in_a_circle_are_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "endless.bpmn")
    (tmp_path / "circle").symlink_to(tmp_path)
    (tmp_path / "broken.bpmn").symlink_to(tmp_path / "gone")
    assert {f.rule for f in check_path(tmp_path, known=Known())} == {"file-not-readable"}


def test_an_element_with_a_hundred_thousand_attributes_is_refused_before_the_parser_compares_them():
    attributes = " ".join(f"a{n}='1'" for n in range(100_000))
    with pytest.raises(MarkupRefused) as refused:
        parse_xml(f"<x {attributes}/>".encode())
    assert refused.value.rule == "too-many-attributes"
