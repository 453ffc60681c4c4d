"""Decision tables: reading them, hit policies, types, required decisions and what is said when they are wrong."""

from datetime import UTC, date, datetime
from decimal import Decimal
from xml.sax.saxutils import escape, quoteattr

import pytest

from engine.decisions import DecisionError, load_decisions, load_deployed

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
DMN_13 = "https://www.omg.org/spec/DMN/20191111/MODEL/"
NAMESPACES = [
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
    "http://www.omg.org/spec/DMN/20180521/MODEL/",
    DMN_13,
    "https://www.omg.org/spec/DMN/20211108/MODEL/",
    "https://www.omg.org/spec/DMN/20230324/MODEL/",
]


CALLS_FEE = '<knowledgeRequirement><requiredKnowledge href="#fee"/></knowledgeRequirement>'


def text(tag, content):
    return f"<{tag}><text>{escape(content)}</text></{tag}>"


def column(tag, spec):
    """`name`, `name: type` or `name: type: allowed values`."""
    name, type_, allowed = [*(part.strip() for part in spec.split(":", 2)), "", ""][:3]
    values = text(f"{tag}Values", allowed) if allowed else ""
    if tag == "input":
        return f"<input label={quoteattr(name)}>{text('inputExpression', name)}{values}</input>"
    return f"<output name={quoteattr(name)} typeRef={quoteattr(type_)}>{values}</output>"


def table(inputs, outputs, rules, policy="", *, id_="band", requires=(), extra=""):
    rows = "".join(
        "<rule>"
        + "".join(text("inputEntry", cell) for cell in row[: len(inputs)])
        + "".join(text("outputEntry", cell) for cell in row[len(inputs) :])
        + "</rule>"
        for row in rules
    )
    needs = "".join(
        f'<informationRequirement><requiredDecision href="#{name}"/></informationRequirement>' for name in requires
    )
    columns = "".join(column("input", name) for name in inputs) + "".join(column("output", name) for name in outputs)
    return (
        f'<decision id="{id_}" name="The {id_}">{needs}{extra}'
        f"<decisionTable {policy}>{columns}{rows}</decisionTable></decision>"
    )


def literal(id_, expression, *, variable="", requires=()):
    needs = "".join(
        f'<informationRequirement><requiredDecision href="#{name}"/></informationRequirement>' for name in requires
    )
    named = f'<variable name="{variable}"/>' if variable else ""
    return f'<decision id="{id_}" name="{id_}">{named}{needs}{text("literalExpression", expression)}</decision>'


def file_of(*decisions, namespace=DMN_13):
    return f'<definitions xmlns="{namespace}" name="t" namespace="t">{"".join(decisions)}</definitions>'.encode()


def load(*decisions):
    return load_decisions(file_of(*decisions), file="review/bands.dmn")


def ask(*decisions, id_="band", **names):
    return load(*decisions)[id_].evaluate(names, now=NOW)


SIMPLE = table(
    ["amount", "nation"],
    ["grade"],
    [
        ("<= 100", "-", '"team leader"'),
        ("> 100", 'not("scotland")', '"manager"'),
        ("]100..500]", '"scotland"', '"director"'),
    ],
)


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_every_version_of_the_format_is_read(namespace):
    loaded = load_decisions(file_of(SIMPLE, namespace=namespace), file="bands.dmn")
    assert loaded["band"].evaluate({"amount": 100, "nation": "scotland"}, now=NOW) == "team leader"


@pytest.mark.parametrize(
    ("amount", "nation", "expected"),
    [
        (100, "scotland", "team leader"),
        (101, "england_wales", "manager"),
        (101, "scotland", "director"),
        (501, "scotland", None),
        (None, "scotland", None),
    ],
)
def test_the_matching_rule_decides_and_no_match_is_null(amount, nation, expected):
    assert ask(SIMPLE, amount=amount, nation=nation) == expected


def test_a_decision_tells_what_it_reads_and_gives():
    decision = load(table(["request.amount"], ["grade", "days"], [("< limit", '"a"', "count(items[price > 1])")]))[
        "band"
    ]
    assert (decision.id, decision.name, decision.file) == ("band", "The band", "review/bands.dmn")
    assert decision.inputs == ("request.amount", "limit", "items")
    assert decision.outputs == ("grade", "days")
    assert decision.findings() == []


def test_several_outputs_make_a_context():
    two = table(["a"], ["grade: string", "days: number"], [("1", '"x"', "2")])
    assert ask(two, a=1) == {"grade": "x", "days": 2}


def overlapping(policy, *, outputs=("grade",), rules=None):
    default = [("> 0", '"low"'), ("> 10", '"high"'), ("> 10", '"low"')]
    return table(["a"], list(outputs), rules or default, policy)


RANKED = ('grade: string: "high", "low"',)


@pytest.mark.parametrize(
    ("policy", "outputs", "expected"),
    [
        ('hitPolicy="FIRST"', ("grade",), "low"),
        ('hitPolicy="PRIORITY"', RANKED, "high"),
        ('hitPolicy="COLLECT"', ("grade",), ["low", "high", "low"]),
        ('hitPolicy="RULE ORDER"', ("grade",), ["low", "high", "low"]),
        ('hitPolicy="OUTPUT ORDER"', RANKED, ["high", "low", "low"]),
        ('hitPolicy="COLLECT" aggregation="COUNT"', ("grade",), 3),
        ('hitPolicy="COLLECT" aggregation="MIN"', ("grade",), "high"),
        ('hitPolicy="COLLECT" aggregation="MAX"', ("grade",), "low"),
    ],
)
def test_a_hit_policy_says_which_of_several_rules_counts(policy, outputs, expected):
    assert ask(overlapping(policy, outputs=outputs), a=11) == expected


def test_numbers_are_added_up_by_sum():
    rules = [("> 0", "10"), ("> 10", "2.5")]
    assert ask(overlapping('hitPolicy="COLLECT" aggregation="SUM"', rules=rules), a=11) == Decimal("12.5")


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("", None),
        ('hitPolicy="FIRST"', None),
        ('hitPolicy="COLLECT"', None),
        ('hitPolicy="COLLECT" aggregation="SUM"', None),
        ('hitPolicy="COLLECT" aggregation="COUNT"', 0),
    ],
)
def test_no_rule_gives_null_and_a_count_of_none_is_nought(policy, expected):
    assert ask(overlapping(policy, rules=[("> 0", "1")]), a=-1) == expected


def test_two_rules_at_once_under_unique_are_named():
    with pytest.raises(DecisionError, match=r"review/bands\.dmn: decision 'The band': rules 2 and 3 match at once"):
        ask(overlapping("", rules=[("1", '"a"'), ("2", '"b"'), ("> 1", '"b"')]), a=2)


def test_any_accepts_rules_that_agree_and_names_those_that_do_not():
    agreeing = overlapping('hitPolicy="ANY"', rules=[("> 0", '"a"'), ("> 1", '"a"')])
    assert ask(agreeing, a=2) == "a"
    with pytest.raises(DecisionError, match="rules 1 and 2 match with different results"):
        ask(overlapping('hitPolicy="ANY"', rules=[("> 0", '"a"'), ("> 1", '"b"')]), a=2)


def test_a_default_output_stands_where_no_rule_matches():
    with_default = table(["a"], ["grade"], [("1", '"one"')]).replace(
        "</output>", f"{text('defaultOutputEntry', chr(34) + 'other' + chr(34))}</output>"
    )
    assert ask(with_default, a=2) == "other"
    assert ask(with_default, a=1) == "one"


def test_an_empty_cell_passes_everything_and_an_empty_result_is_null():
    assert ask(table(["a"], ["x", "y"], [("", "1", "")]), a="anything") == {"x": 1, "y": None}


@pytest.mark.parametrize(
    ("type_", "cell", "expected"),
    [
        ("string", '"a"', "a"),
        ("number", "a * 2", 4),
        ("boolean", "a = 2", True),
        ("date", '"2026-11-22"', date(2026, 11, 22)),
        ("date", "today()", date(2026, 11, 22)),
        ("date", "null", None),
        ("integer", "2.0", 2),
        ("tParty", '"anything"', "anything"),
        ("", "[1]", [1]),
    ],
)
def test_a_result_has_the_type_of_its_column(type_, cell, expected):
    assert ask(table(["a"], [f"x: {type_}"], [("-", cell)]), a=2) == expected


@pytest.mark.parametrize(
    ("type_", "cell", "message"),
    [
        ("string", "a", "rule 1, output 'x': the result should be of type string, not number"),
        ("number", "string(a)", "the result should be of type number, not string"),
        ("boolean", "a", "of type boolean, not number"),
        ("date", "string(a)", "'2' is not a date"),
        ("integer", "a / 4", "a whole number, not 0.5"),
        ("string", "missing", "there is no 'missing'"),
        ("number", 'a + "x"', "cannot add number and string"),
        ("number", "for i in 1..10**9 return i", "more than"),
    ],
)
def test_a_result_that_is_not_what_its_column_promises_is_an_error(type_, cell, message):
    with pytest.raises(DecisionError) as caught:
        ask(table(["a"], [f"x: {type_}"], [("-", cell)]), a=2)
    assert message in str(caught.value)
    assert str(caught.value).startswith("review/bands.dmn: decision 'The band': ")


def test_required_decisions_are_made_first_and_seen_by_variable_and_by_id():
    total = literal("total", "sum(amounts)", variable="total_amount")
    band = table(["total_amount"], ["grade"], [("? = total and ? > 5", '"high"')], requires=["total"])
    assert ask(band, total, amounts=[3, 4]) == "high"
    assert load(band, total)["band"].inputs == ()


def test_a_required_decision_may_stand_in_another_file():
    band = load(literal("band", "base + 1", requires=["base"]))["band"]
    other = load_decisions(file_of(literal("base", "41")), file="other.dmn")
    assert band.evaluate({}, now=NOW, decisions=other) == 42


def test_a_missing_required_decision_is_named():
    with pytest.raises(DecisionError, match="requires the decision 'base', which does not exist"):
        ask(literal("band", "base + 1", requires=["base"]))


def test_decisions_that_require_each_other_are_refused():
    with pytest.raises(DecisionError, match="it requires itself, by way of a, b"):
        ask(literal("a", "b", requires=["b"]), literal("b", "a", requires=["a"]), id_="a")


def test_a_long_chain_of_decisions_is_refused():
    chain = [literal(f"d{n}", f"d{n + 1}", requires=[f"d{n + 1}"]) for n in range(100)]
    with pytest.raises(DecisionError, match="more than 30 decisions"):
        ask(*chain, literal("d100", "1"), id_="d0")


def test_a_decision_shared_by_two_others_is_made_once():
    layers = [literal(f"d{n}", f"d{n + 1} + d{n + 1}", requires=[f"d{n + 1}", f"d{n + 1}"]) for n in range(25)]
    assert ask(*layers, literal("d25", "1"), id_="d0") == 2**25


@pytest.mark.parametrize(
    ("decision", "place", "message"),
    [
        (table(["a"], ["x"], [("> ", "1")]), "rule 1, input 'a'", "'>' is not FEEL"),
        (table(["a"], ["x"], [("1", "1"), ("2", '"open')]), "rule 2, output 'x'", 'a " is missing'),
        (table(["a"], ["x"], [("1", "working day after(a, 1)")]), "rule 1, output 'x'", "did you mean"),
        (table(["a =="], ["x"], [("1", "1")]), "input 'a =='", "is not FEEL"),
        (table(["a"], ["x"], [("1",)]), "rule 1", "another number of cells"),
        (table(["a"], ["x: number"], [("1", '"one"')]), "rule 1, output 'x'", "should be of type number"),
        (table(["a"], ["x: date"], [("1", '"2026-13-01"')]), "rule 1, output 'x'", "is not a date"),
        (table(['a:: "yes", "no"'], ["x"], [('"Yes"', "1")]), "rule 1, input 'a'", "'Yes' is not one of"),
        (table(["a"], ['x: string: "yes", "no"'], [("1", '"y"')]), "rule 1, output 'x'", "'y' is not one of"),
        (table(["a"], ["x"], [("1", "1")], 'hitPolicy="LAST"'), "table", "The hit policy 'LAST'"),
        (table(["a"], ["x"], [("1", "1")], 'hitPolicy="PRIORITY"'), "table", "best first"),
        (table(["a"], ["x"], [("1", "1")], 'aggregation="SUM"'), "table", "COLLECT and one output"),
        (table(["a"], ["x"], [("1", "1")], 'hitPolicy="COLLECT" aggregation="AVG"'), "table", "'AVG'"),
        (table(["a"], [], [("1",)]), "table", "no output"),
        (table(["a"], ["x"], []), "table", "no rule"),
        (table(["a"], ["x", "x"], [("1", "1", "2")]), "table", "names, each its own"),
        (table([""], ["x"], [("1", "1")]), "input '1'", "has no expression"),
        (literal("band", "1 +"), "expression", "is not FEEL"),
        (literal("band", ""), "expression", "is empty"),
        ('<decision id="band"/>', "decision", "neither"),
        (
            literal("band", "1").replace("<literalExpression", '<literalExpression expressionLanguage="groovy"'),
            "expression",
            "Write it in FEEL",
        ),
        (
            table(["a"], ["x"], [("1", "1")], extra=CALLS_FEE),
            "decision",
            "the knowledge model 'fee', which does not exist",
        ),
    ],
)
def test_what_is_wrong_in_a_table_is_found_with_its_place_and_the_table_cannot_be_used(decision, place, message):
    band = load(decision)["band"]
    assert any(place == found and message in said for found, said in band.findings()), band.findings()
    with pytest.raises(DecisionError, match=r"^review/bands\.dmn: decision "):
        band.evaluate({"a": 1}, now=NOW)


def test_every_faulty_cell_is_found_at_once():
    band = load(table(["a"], ["x"], [(">", "1 +"), ("1", "1"), ("((", "2")]))["band"]
    assert [place for place, _ in band.findings()] == ["rule 1, input 'a'", "rule 1, output 'x'", "rule 3, input 'a'"]


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        (b"", "bands.dmn: "),
        (b"<definitions", "not well-formed"),
        (b"<definitions/>", "not a DMN file"),
        (b'<!DOCTYPE d [<!ENTITY x "y">]>' + file_of(SIMPLE), "DOCTYPE"),
        (file_of(SIMPLE, SIMPLE), "the id 'band' comes twice"),
        (file_of(SIMPLE.replace('id="band"', "")), "a decision has no id"),
    ],
)
def test_what_is_no_decision_file_is_refused(xml, message):
    with pytest.raises(DecisionError) as caught:
        load_decisions(xml, file="bands.dmn")
    assert message in str(caught.value)


def test_a_table_without_inputs_asks_nothing():
    assert ask(table([], ["x"], [("1",)])) == 1


def test_cells_may_count_with_dates_lists_and_other_names():
    cells = table(
        ["received_on", "kinds"],
        ["x"],
        [
            ('[@"2026-01-01"..@"2026-12-31"]', 'list contains(?, "mp")', '"mp of " + year'),
            ("-", "count(?) > 2", '"many"'),
        ],
    )
    assert ask(cells, received_on=date(2026, 5, 1), kinds=["mp"], year="2026") == "mp of 2026"
    assert ask(cells, received_on=None, kinds=["a", "b", "c"], year="2026") == "many"


def test_a_rule_that_is_newer_than_a_deployed_table_does_not_stop_it():
    """A text outside the column's list stands here for whatever the next version's check refuses."""
    strict = file_of(table(["amount"], ['grade: string: "a", "b"'], [("<= 100", '"a"'), ("> 100", '"other"')]))
    found = load_decisions(strict, file="t.dmn")["band"].findings()
    assert {place for place, _ in found} == {"rule 2, output 'grade'"}
    with pytest.raises(DecisionError):
        load_decisions(strict, file="t.dmn")["band"].evaluate({"amount": 5}, now=NOW)
    assert load_deployed(strict, file="t.dmn")["band"].evaluate({"amount": 5}, now=NOW) == "a"


def test_a_cell_that_cannot_be_read_is_never_taken_for_one_that_fits_everything():
    unread = file_of(table(["amount"], ["grade"], [("<= = 100", '"a"')]))
    with pytest.raises(DecisionError, match="is not FEEL"):
        load_deployed(unread, file="t.dmn")["band"].evaluate({"amount": 5}, now=NOW)
