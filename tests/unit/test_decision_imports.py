"""DMN files that import others: by file name or namespace, with their decisions, inputs, functions and types."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.decisions import DecisionError, evaluate, load_decisions

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"


def file_of(namespace: str, *parts: str) -> bytes:
    return f'<definitions xmlns="{DMN}" name="n" namespace="{namespace}">{"".join(parts)}</definitions>'.encode()


def imports(name: str, namespace: str, location: str = "", kind: str = DMN) -> str:
    return f'<import name="{name}" namespace="{namespace}" locationURI="{location}" importType="{kind}"/>'


def needs(kind: str, href: str) -> str:
    outer = "knowledgeRequirement" if kind == "Knowledge" else "informationRequirement"
    return f'<{outer}><required{kind} href="{href}"/></{outer}>'


def decision(name: str, text: str, *required: str, type_: str = "") -> str:
    return (
        f'<decision id="_{name}" name="{name}"><variable name="{name}" typeRef="{type_}"/>{"".join(required)}'
        f"<literalExpression><text>{text}</text></literalExpression></decision>"
    )


def input_data(name: str, type_: str = "string") -> str:
    return f'<inputData id="_{name}" name="{name}"><variable name="{name}" typeRef="{type_}"/></inputData>'


MODEL = (
    '<businessKnowledgeModel id="_greet" name="say hello"><variable name="say hello"/><encapsulatedLogic>'
    '<formalParameter name="who" typeRef="tPerson"/><literalExpression><text>"Hello, " + who.name</text>'
    "</literalExpression></encapsulatedLogic></businessKnowledgeModel>"
)
PERSON = '<itemDefinition name="tPerson"><itemComponent name="name"><typeRef>string</typeRef></itemComponent>'
PEOPLE = file_of(
    "urn:people",
    PERSON + '<itemComponent name="born"><typeRef>date</typeRef></itemComponent></itemDefinition>',
    input_data("person", "tPerson"),
    decision("greeting", "say hello(person)", needs("Input", "#_person"), needs("Knowledge", "urn:people#_greet")),
    MODEL,
)
ADA = {"name": "Ada", "born": "1815-12-10"}


def asked(*parts: str, beside: dict[str, bytes] | None = None, **given: object) -> object:
    return evaluate(file_of("urn:main", *parts), "d", given, now=NOW, beside=beside or {"people.dmn": PEOPLE})


@pytest.mark.parametrize("location", ["people.dmn", "./people.dmn", "file:///somewhere/people.dmn", ""])
def test_an_import_is_found_by_its_file_name_or_its_namespace(location: str) -> None:
    main = imports("p", "urn:people", location) + decision("d", "p.greeting", needs("Decision", "urn:people#_greeting"))
    assert asked(main, person=ADA) == "Hello, Ada"


def test_functions_inputs_and_types_of_an_import_are_used_by_its_name() -> None:
    main = imports("peo-ple", "urn:people") + input_data("boss", "peo-ple.tPerson")
    calls = decision(
        "d",
        'peo-ple.say hello(boss) + string(peo-ple.person.born.year) + " " + string(boss.born.month)',
        needs("Input", "#_boss"),
        needs("Input", "urn:people#_person"),
        needs("Knowledge", "urn:people#_greet"),
    )
    boss = {"name": "Grace", "born": "1906-12-09"}
    assert asked(main, calls, person=ADA, boss=boss) == "Hello, Grace1815 12"
    assert asked(main, calls, boss=boss, **{"peo-ple": {"person": ADA}}) == "Hello, Grace1815 12"


def test_one_name_may_mean_another_thing_in_each_file() -> None:
    def small(namespace: str) -> bytes:
        return file_of(namespace, input_data("x"), decision("d", '"(" + x + ")"', needs("Input", "#_x")))

    main = imports("a", "urn:a") + imports("b", "urn:b") + input_data("x")
    sums = decision(
        "d",
        "x + a.x + a.d + b.x + b.d",
        needs("Input", "#_x"),
        *(needs(kind, f"urn:{one}#_{name}") for one in "ab" for kind, name in (("Input", "x"), ("Decision", "d"))),
    )
    beside = {"a.dmn": small("urn:a"), "b.dmn": small("urn:b")}
    assert asked(main, sums, beside=beside, x="1", a={"x": "2"}, b={"x": "3"}) == "12(2)3(3)"


def test_an_import_may_import_in_its_turn() -> None:
    middle = file_of(
        "urn:middle",
        imports("p", "urn:people"),
        decision("polite", 'p.greeting + "!"', needs("Decision", "urn:people#_greeting")),
    )
    main = imports("m", "urn:middle") + decision("d", "m.polite", needs("Decision", "urn:middle#_polite"))
    assert asked(main, beside={"m.dmn": middle, "p.dmn": PEOPLE}, person=ADA) == "Hello, Ada!"


def test_a_reference_with_the_files_own_namespace_stays_in_the_file() -> None:
    main = decision("base", "1") + decision("d", "base + 1", needs("Decision", "urn:main#_base"))
    assert asked(main) == 2


@pytest.mark.parametrize(
    ("main", "message"),
    [
        (imports("q", "urn:nowhere", "q.dmn"), "It imports 'q', which is not beside it. For `decide` put that file"),
        (imports("q", "urn:main", "decision.dmn"), "It imports 'q', which is not beside it"),
        (imports("q", "urn:x", "x.pmml", "http://www.dmg.org/PMML-4_2"), "It imports 'q', which is no DMN file"),
        (imports("q", "urn:x", "../../etc/passwd"), "which is not beside it"),
        (imports("p", "urn:people") + decision("e", "1", needs("Decision", "urn:people#_gone")), ""),
    ],
)
def test_an_import_that_cannot_be_used_is_refused_by_name(main: str, message: str) -> None:
    required = needs("Decision", "urn:people#_gone") if not message else ""
    with pytest.raises(DecisionError) as caught:
        asked(main, decision("d", "1", required))
    assert (message or "requires the decision 'urn:people#_gone', which does not exist") in str(caught.value)


def test_files_that_import_one_another_are_refused() -> None:
    a = file_of("urn:a", imports("b", "urn:b"), decision("x", "1"))
    b = file_of("urn:b", imports("a", "urn:a"), decision("x", "1"))
    main = imports("a", "urn:a") + decision("d", "a.x", needs("Decision", "urn:a#_x"))
    assert asked(main, beside={"a.dmn": a, "b.dmn": b}) == 1
    with pytest.raises(DecisionError, match="It imports 'a', which is not beside it"):
        evaluate(b, "x", {}, now=NOW, beside={})


def test_a_deployed_file_may_import_nothing() -> None:
    found = load_decisions(file_of("urn:main", imports("p", "urn:people"), decision("d", "1")), file="d.dmn")["_d"]
    assert "It imports 'p'" in found.findings()[0][1]


def test_a_broken_import_is_named() -> None:
    main = imports("p", "urn:people", "people.dmn") + decision("d", "1")
    with pytest.raises(DecisionError, match=r"people\.dmn: The file is not well-formed XML"):
        asked(main, beside={"people.dmn": b"<definitions"})
