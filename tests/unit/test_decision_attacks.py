"""Attacks by decision files and by what they are given: each ends soon, in an error that a person can act on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from engine.decisions import DecisionError, explain, load_decisions
from engine.table_coverage import gaps, overlaps
from tests.own_work import ends_within
from web import run_commands

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"
LONGEST_SECONDS = 1.0
LONGEST_OF_A_LARGE_FILE = 4.0  # a file of 200,000 characters of FEEL takes its time


def file_of(*parts: str, before: str = "") -> bytes:
    return f'{before}<definitions xmlns="{DMN}" name="n" namespace="n">{"".join(parts)}</definitions>'.encode()


def literal(text: str) -> str:
    return f"<literalExpression><text>{text}</text></literalExpression>"


def decision(body: str, name: str = "d", *required: str) -> str:
    needs = "".join(
        f'<informationRequirement><requiredDecision href="#{one}"/></informationRequirement>' for one in required
    )
    return f'<decision id="{name}" name="{name}"><variable name="{name}"/>{needs}{body}</decision>'


def knowing(body: str, name: str, *required: str) -> str:
    needs = "".join(
        f'<knowledgeRequirement><requiredKnowledge href="#{one}"/></knowledgeRequirement>' for one in required
    )
    return f'<decision id="{name}" name="{name}">{needs}{body}</decision>'


def model(name: str, text: str, *required: str) -> str:
    needs = "".join(
        f'<knowledgeRequirement><requiredKnowledge href="#{one}"/></knowledgeRequirement>' for one in required
    )
    return (
        f'<businessKnowledgeModel id="{name}" name="{name}"><encapsulatedLogic><formalParameter name="n"/>'
        f"{literal(text)}</encapsulatedLogic>{needs}</businessKnowledgeModel>"
    )


def table(rules: list[tuple[str, ...]], columns: int = 1, *, policy: str = "UNIQUE", more: str = "") -> str:
    inputs = "".join(
        f'<input><inputExpression typeRef="number"><text>a{n}</text></inputExpression></input>' for n in range(columns)
    )
    rows = "".join(
        "<rule>"
        + "".join(f"<inputEntry><text>{cell}</text></inputEntry>" for cell in row[:-1])
        + f"<outputEntry><text>{row[-1]}</text></outputEntry></rule>"
        for row in rules
    )
    return f'<decisionTable hitPolicy="{policy}">{inputs}<output name="r">{more}</output>{rows}</decisionTable>'


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


BILLION_LAUGHS = (
    '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">'
    '<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]>'
)
DOUBLED = [decision(literal("[1, 1]"), "d0")]
DOUBLED += [decision(literal(f"[d{n}, d{n}]"), f"d{n + 1}", f"d{n}") for n in range(28)]
SPLITTING = [decision(literal("1"), "d0")]
SPLITTING += [decision(literal(f"d{n} + d{n}"), f"d{n + 1}", f"d{n}", f"d{n}") for n in range(28)]
TYPES = "".join(f'<itemDefinition name="t{n}"><typeRef>t{n + 1}</typeRef></itemDefinition>' for n in range(300))
DEEP_BOX = "<context><contextEntry><variable name='a'/>" * 60 + literal("1") + "</contextEntry></context>" * 60

REFUSED: list[tuple[str, bytes, str, str]] = [
    ("entities", file_of(decision(literal("&d;")), before=BILLION_LAUGHS), "d", "DOCTYPE"),
    (
        "an entity from outside",
        file_of(decision(literal("&x;")), before='<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        "d",
        "DOCTYPE",
    ),
    ("a decision that requires itself", file_of(decision(literal("d"), "d", "d")), "d", "it requires itself"),
    (
        "two that require each other",
        file_of(decision(literal("b"), "a", "b"), decision(literal("a"), "b", "a")),
        "a",
        "it requires itself, by way of a, b",
    ),
    (
        "a hundred in a row",
        file_of(decision(literal("1"), "d0"), *(decision(literal("1"), f"d{n}", f"d{n - 1}") for n in range(1, 99))),
        "d98",
        "more than 30 decisions require one another",
    ),
    ("results that double", file_of(*DOUBLED), "d28", "takes more than 100000 steps"),
    (
        "a model that calls itself",
        file_of(model("m", "m(n + 1)"), knowing(literal("m(1)"), "d", "m")),
        "d",
        "calls more than 40 functions",
    ),
    (
        "models that call each other",
        file_of(model("m", "k(n)", "k"), model("k", "m(n)", "m"), knowing(literal("m(1)"), "d", "m")),
        "d",
        "calls more than 40 functions",
    ),
    (
        "a service that asks for its own caller",
        file_of(
            '<decisionService id="s" name="s"><outputDecision href="#d"/></decisionService>',
            knowing(literal("s()"), "d", "s"),
        ),
        "d",
        "inside each other",
    ),
    ("types of each other", file_of(TYPES, decision(literal("1"))), "d", "It is made of itself"),
    (
        "a type of itself",
        file_of('<itemDefinition name="t"><typeRef>t</typeRef></itemDefinition>', decision("")),
        "d",
        "made of itself",
    ),
    ("boxes in boxes", file_of(decision(DEEP_BOX)), "d", "nested"),
    ("an external function", file_of(decision('<functionDefinition kind="Java"/>')), "d", "'Java' is not supported"),
    (
        "a loop in a cell",
        file_of(decision(table([("count(for i in 1..10**9 return i) &gt; 1", "1")]))),
        "d",
        "20000 items",
    ),
    ("a loop in a result", file_of(decision(table([("-", "for i in 1..10**9 return i")]))), "d", "20000 items"),
    ("an id twice", file_of(decision(literal("1")), decision(literal("2"))), "d", "comes twice"),
    ("another root", b"<a/>", "d", "This is not a DMN file"),
    ("no XML", b"\x00\x01\x02" * 1_000, "d", "not well-formed"),
    ("nothing", b"", "d", "not well-formed"),
    ("XML of 200 levels", file_of("<a>" * 200 + "</a>" * 200), "d", "deep"),
    (
        "a thousand odd names",
        file_of(*(f'<inputData id="i{n}" name="a-{n}"/>' for n in range(1_000)), decision(literal("a-1"))),
        "d",
        "More than 500 names hold operator characters",
    ),
    (
        "text without end",
        file_of(*(decision(literal("1 + " * 4_000 + "1"), f"d{n}") for n in range(20))),
        "d0",
        "Split the file",
    ),
]


def tried(xml: bytes, name: str, given: Mapping[str, Any]) -> str:
    """The result as text, or why there is none."""
    with ends_within(LONGEST_SECONDS):
        try:
            said = str(explain(xml, name, given, now=NOW))
        except DecisionError as error:
            said = str(error)
            assert len(said) < 1_000
    assert "Traceback" not in said
    return said


@pytest.mark.parametrize(("xml", "name", "message"), [one[1:] for one in REFUSED], ids=[one[0] for one in REFUSED])
def test_an_attack_by_a_file_is_refused_with_its_reason(xml: bytes, name: str, message: str) -> None:
    assert message in tried(xml, name, {})


def test_a_decision_that_many_ways_lead_to_is_made_once() -> None:
    assert tried(file_of(*SPLITTING), "d28", {}).startswith(f"Answer(result=Decimal('{2**28}')")


@pytest.mark.parametrize(
    ("text", "given", "message"),
    [
        ("a", {"a": nested(9_000)}, "nested too deep"),
        ("count(a)", {"a": list(range(200_000))}, "more than 100000 steps"),
        ("b", {"a": nested(9_000)}, "there is no 'b'"),
        ("a.a.a.x", {"a": nested(9_000)}, "there is no 'a.a.a.x'"),
        ("a", {"a": "x" * 1_000_000}, "Answer("),
        ("a + a", {"a": "x" * 150_000}, "more than 200000 characters"),
        ("a.__class__", {"a": object()}, "is not a FEEL value"),
        ("__class__", {"__class__": "text"}, "Answer(result='text'"),
        ("d", {"d": 1}, "Answer("),
    ],
)
def test_an_attack_by_data_ends_orderly(text: str, given: Mapping[str, Any], message: str) -> None:
    assert message in tried(file_of(decision(literal(text))), "d", given)


@pytest.mark.parametrize("name", ["", "../d", "__class__", "x" * 10_000, "\x00", "d'; drop table"])
def test_a_name_of_no_decision_is_said_not_to_be_there(name: str) -> None:
    assert "There is no decision" in tried(file_of(decision(literal("1"))), name, {})


def test_a_long_table_is_asked_soon() -> None:
    rules = [(f"[{n}..{n + 1})", *["-"] * 4, str(n)) for n in range(1_000)]
    xml = file_of(decision(table(rules, columns=5)))
    found = load_decisions(xml, file="d.dmn")["d"]
    with ends_within(LONGEST_SECONDS):
        assert found.evaluate({f"a{n}": 999.5 for n in range(5)}, now=NOW) == 999


def test_gaps_and_overlaps_of_a_large_table_are_looked_for_in_bounded_time() -> None:
    rules = [
        (*(f"[{(n * 7 + column) % 90}..{(n * 7 + column) % 90 + 5}]" for column in range(8)), str(n))
        for n in range(150)
    ]
    found = load_decisions(file_of(decision(table(rules, columns=8))), file="d.dmn")["d"].table
    assert found is not None
    with ends_within(LONGEST_OF_A_LARGE_FILE):
        assert gaps(found)
        overlaps(found)


def test_the_largest_file_is_read_in_bounded_time() -> None:
    cells = [("[" + ",".join(["1"] * 9_000) + f",{n}]", "1") for n in range(5)]
    with ends_within(LONGEST_OF_A_LARGE_FILE):
        load_decisions(file_of(decision(table(cells))), file="d.dmn")


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[1]", "null", "1e400", '{"a": NaN}', "{", "\x00"])
def test_an_attack_by_json_ends_orderly(text: str, tmp_path: Path) -> None:
    app = Flask("commands")
    run_commands.register(app)
    path = tmp_path / "d.dmn"
    path.write_bytes(file_of(decision(literal("1"))))
    answer = app.test_cli_runner().invoke(args=["decide", str(path), "d", "--input", text, "--json"])
    assert answer.exception is None or isinstance(answer.exception, SystemExit)
    said = json.loads(answer.output)
    assert "error" in said or said == {"result": 1}
    assert len(answer.output) < 500
