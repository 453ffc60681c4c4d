"""Boxed expressions, knowledge models, services, item definitions and what they are given, as DMN 1.5 has them."""

from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from engine.decisions import DecisionError, evaluate, explain, load_decisions
from engine.evaluation import as_json
from engine.feel import Months

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
DMN_15 = "https://www.omg.org/spec/DMN/20230324/MODEL/"


def file_of(*parts, more=""):
    return f'<definitions xmlns="{DMN_15}" name="t" namespace="t" {more}>{"".join(parts)}</definitions>'.encode()


def lit(text):
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    return f"<literalExpression><text>{escaped}</text></literalExpression>"


def decision(body, *, name="d", needs="", type_=""):
    return f'<decision id="{name}" name="{name}"><variable name="{name}" typeRef="{type_}"/>{needs}{body}</decision>'


def needs(kind, name):
    outer = "knowledgeRequirement" if kind == "Knowledge" else "informationRequirement"
    return f'<{outer}><required{kind} href="#{name}"/></{outer}>'


def input_data(name, type_):
    return f'<inputData id="{name}" name="{name}"><variable name="{name}" typeRef="{type_}"/></inputData>'


def entry(name, body, type_=""):
    return f'<contextEntry><variable name="{name}" typeRef="{type_}"/>{body}</contextEntry>'


def model(name, parameters, body, *, more=""):
    formal = "".join(f'<formalParameter name="{p}"/>' for p in parameters)
    return (
        f'<businessKnowledgeModel id="{name}" name="{name}"><variable name="{name}"/>'
        f"<encapsulatedLogic>{formal}{body}</encapsulatedLogic>{more}</businessKnowledgeModel>"
    )


def table(inputs, rules, *, policy="UNIQUE", type_="", more=""):
    columns = "".join(f"<input><inputExpression><text>{name}</text></inputExpression></input>" for name in inputs)
    rows = "".join(
        "<rule>"
        + "".join(f"<inputEntry><text>{cell.replace('<', '&lt;')}</text></inputEntry>" for cell in row[:-1])
        + f"<outputEntry><text>{row[-1]}</text></outputEntry></rule>"
        for row in rules
    )
    output = f'<output name="x" typeRef="{type_}">{more}</output>'
    return f'<decisionTable hitPolicy="{policy}">{columns}{output}{rows}</decisionTable>'


def ask(*parts, of="d", **names):
    return evaluate(file_of(*parts), of, names, now=NOW)


def why_null(*parts, **names):
    """What the standard makes null is null when asked alone, with a note, and an error in a process."""
    answer = explain(file_of(*parts), "d", names, now=NOW)
    assert answer.result is None
    with pytest.raises(DecisionError) as caught:
        load_decisions(file_of(*parts), file="d.dmn")["d"].evaluate(names, now=NOW)
    assert answer.notes[0] in str(caught.value)
    return answer.notes[0]


DOUBLING = f'<functionDefinition><formalParameter name="q" typeRef="number"/>{lit("q * 2")}</functionDefinition>'


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        (f"<context>{entry('a', lit('1'))}{entry('b', lit('a + 1'))}</context>", {"a": 1, "b": 2}),
        (
            f"<context>{entry('a', lit('n'))}<contextEntry>{lit('a * 2')}</contextEntry></context>",
            6,
        ),
        (f"<list>{lit('n')}{lit('n + 1')}</list>", [3, 4]),
        ("<list/>", []),
        (
            '<relation><column name="k"/><column name="v"/>'
            f"<row>{lit('1')}{lit('2')}</row><row>{lit('3')}{lit('n')}</row></relation>",
            [{"k": 1, "v": 2}, {"k": 3, "v": 3}],
        ),
        (f"<conditional><if>{lit('n > 2')}</if><then>{lit('1')}</then><else>{lit('2')}</else></conditional>", 1),
        (f"<conditional><if>{lit('n > 9')}</if><then>{lit('1')}</then><else>{lit('2')}</else></conditional>", 2),
        (f"<filter><in>{lit('[1, 2, 3, 4]')}</in><match>{lit('item > n')}</match></filter>", [4]),
        (f'<for iteratorVariable="i"><in>{lit("[1..n]")}</in><return>{lit("i * i")}</return></for>', [1, 4, 9]),
        (f'<some iteratorVariable="i"><in>{lit("[1, 5]")}</in><satisfies>{lit("i > n")}</satisfies></some>', True),
        (f'<every iteratorVariable="i"><in>{lit("[1, 5]")}</in><satisfies>{lit("i > n")}</satisfies></every>', False),
        (
            f"<invocation>{lit('sum')}<binding><parameter name='list'/>{lit('[n, 4]')}</binding></invocation>",
            7,
        ),
        (
            f"<context>{entry('double', DOUBLING)}<contextEntry>{lit('double(n)')}</contextEntry></context>",
            6,
        ),
        (
            f"<context>{entry('grade', table(['n'], [('< 3', '1'), ('>= 3', '2')]))}"
            f"<contextEntry>{lit('grade + 10')}</contextEntry></context>",
            12,
        ),
    ],
)
def test_a_box_means_what_its_expression_means(box, expected):
    assert ask(decision(box), n=3) == expected


def test_a_knowledge_model_is_called_by_name_and_by_invocation():
    fee = model("fee", ["pages", "rate"], lit("pages * rate"))
    called = decision(lit("fee(4, 2.5)"), needs=needs("Knowledge", "fee"))
    assert ask(fee, called) == 10
    bindings = "".join(
        f'<binding><parameter name="{n}"/>{lit(v)}</binding>' for n, v in (("rate", "3"), ("pages", "n"))
    )
    invoked = decision(f"<invocation>{lit('fee')}{bindings}</invocation>", needs=needs("Knowledge", "fee"))
    assert ask(fee, invoked, n=5) == 15


def test_a_knowledge_model_may_hold_a_table_and_call_another():
    rate = model("rate", ["n"], table(["n"], [("< 10", "1"), (">= 10", "2")]))
    fee = model("fee", ["n"], lit("n * rate(n)"), more=needs("Knowledge", "rate"))
    assert ask(rate, fee, decision(lit("fee(9) + fee(10)"), needs=needs("Knowledge", "fee"))) == 29


def test_a_knowledge_model_sees_nothing_but_its_arguments():
    peeking = model("peek", ["a"], lit("a + secret"))
    called = decision(lit("peek(1)"), needs=needs("Knowledge", "peek"))
    assert "there is no 'secret'" in why_null(peeking, called, secret=5)


def test_a_knowledge_model_that_calls_itself_for_ever_is_stopped():
    endless = model("endless", ["a"], lit("endless(a + 1)"))
    with pytest.raises(DecisionError, match="more than 40 functions"):
        ask(endless, decision(lit("endless(1)"), needs=needs("Knowledge", "endless")))


def test_the_work_of_one_question_is_bounded_over_all_its_parts():
    costly = model("costly", ["a"], lit("count(for i in 1..5000 return i)"))
    with pytest.raises(DecisionError, match="more than 100000 steps"):
        ask(costly, decision(lit("for i in 1..5000 return costly(i)"), needs=needs("Knowledge", "costly")))


def test_what_is_wrong_in_a_knowledge_model_is_found_in_the_decision_that_calls_it():
    faulty = model("fee", ["a"], lit("a +"))
    loaded = load_decisions(file_of(faulty, decision(lit("fee(1)"), needs=needs("Knowledge", "fee"))), file="fees.dmn")
    (place, message), *_ = loaded["d"].findings()
    assert place == "knowledge model 'fee'"
    assert "(line 1, column 4)" in message


def service(name, outputs, *, inputs=(), decisions=()):
    parts = [f'<outputDecision href="#{one}"/>' for one in outputs]
    parts += [f'<inputDecision href="#{one}"/>' for one in decisions]
    parts += [f'<inputData href="#{one}"/>' for one in inputs]
    return f'<decisionService id="{name}" name="{name}"><variable name="{name}"/>{"".join(parts)}</decisionService>'


DOUBLE = (
    input_data("n", "number"),
    decision(lit("n * 2"), name="twice", needs=needs("Input", "n")),
    decision(lit("twice + 1"), name="more", needs=needs("Decision", "twice")),
)


def test_a_decision_service_is_asked_as_a_whole():
    assert ask(*DOUBLE, service("s", ["more"], inputs=["n"]), of="s", n=4) == 9
    assert ask(*DOUBLE, service("s", ["more", "twice"], inputs=["n"]), of="s", n=4) == {"more": 9, "twice": 8}


def test_a_decision_service_is_given_the_results_of_its_input_decisions():
    assert ask(*DOUBLE, service("s", ["more"], decisions=["twice"]), of="s", twice=100) == 101


def test_a_decision_service_is_called_as_a_function():
    calling = decision(lit("s(4) + s(n: 5)"), needs=needs("Knowledge", "s"))
    assert ask(*DOUBLE, service("s", ["more"], inputs=["n"]), calling) == 20


@pytest.mark.parametrize(
    ("type_", "given", "expected"),
    [
        ("date", "2026-11-22", date(2026, 11, 22)),
        ("time", "10:20:30", time(10, 20, 30)),
        ("date and time", "2026-11-22T10:20:30Z", datetime(2026, 11, 22, 10, 20, 30, tzinfo=UTC)),
        ("dateTime", "2026-11-22T10:20:30", datetime(2026, 11, 22, 10, 20, 30)),
        ("date and time", date(2026, 11, 22), datetime(2026, 11, 22, tzinfo=UTC)),
        ("days and time duration", "P1DT2H", timedelta(days=1, hours=2)),
        ("dayTimeDuration", "PT2H", timedelta(hours=2)),
        ("years and months duration", "P1Y2M", Months(14)),
        ("string", "2026-11-22", "2026-11-22"),
        ("number", 3, Decimal(3)),
        ("number", [3], Decimal(3)),
        ("number", None, None),
        ("boolean", True, True),
        ("Any", "2026-11-22", "2026-11-22"),
        ("tUnknown", 1, Decimal(1)),
        ("feel:date", "2026-11-22", date(2026, 11, 22)),
    ],
)
def test_an_input_has_its_type(type_, given, expected):
    found = ask(input_data("a", type_), decision(lit("a"), needs=needs("Input", "a")), a=given)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("type_", "given", "message"),
    [
        ("date", "22/11/2026", "'22/11/2026' is not a date"),
        ("number", "3", "the input 'a' should be of type number, not string"),
        ("boolean", "true", "should be of type boolean"),
        ("number", [1, 2], "not list"),
        ("integer", 1.5, "a whole number"),
    ],
)
def test_an_input_of_another_type_is_an_error(type_, given, message):
    with pytest.raises(DecisionError) as caught:
        ask(input_data("a", type_), decision(lit("a"), needs=needs("Input", "a")), a=given)
    assert message in str(caught.value)


def test_the_type_of_a_column_reads_texts_as_days():
    days = table(["a"], [('[date("2026-01-01")..date("2026-12-31")]', '"this year"'), ("-", '"another"')], policy="F")
    typed_column = days.replace("<inputExpression>", '<inputExpression typeRef="date">')
    assert ask(decision(typed_column), a="2026-05-01") == "this year"
    assert ask(decision(days), a="2026-05-01") == "another"
    with pytest.raises(DecisionError, match="'1 May' is not a date"):
        ask(decision(typed_column), a="1 May")


TYPES = (
    '<itemDefinition name="tNation"><typeRef>string</typeRef>'
    '<allowedValues><text>"england", "scotland"</text></allowedValues></itemDefinition>'
    '<itemDefinition name="tNations" isCollection="true"><typeRef>tNation</typeRef></itemDefinition>'
    '<itemDefinition name="tAge"><typeRef>number</typeRef>'
    "<allowedValues><text>[0..120]</text></allowedValues></itemDefinition>"
    '<itemDefinition name="tClient"><itemComponent name="born"><typeRef>date</typeRef></itemComponent>'
    '<itemComponent name="age"><typeRef>tAge</typeRef></itemComponent></itemDefinition>'
    '<itemDefinition name="tClients" isCollection="true"><typeRef>tClient</typeRef></itemDefinition>'
    '<itemDefinition name="tPair" isCollection="true"><typeRef>number</typeRef>'
    "<typeConstraint><text>count(?) = 2</text></typeConstraint></itemDefinition>"
)


@pytest.mark.parametrize(
    ("type_", "given", "expected"),
    [
        ("tNation", "scotland", "scotland"),
        ("tNations", ["scotland", "england"], ["scotland", "england"]),
        ("tNations", "scotland", ["scotland"]),
        ("tClient", {"born": "2001-02-03", "age": 25}, {"born": date(2001, 2, 3), "age": 25}),
        ("tClients", [{"born": "2001-02-03"}], [{"born": date(2001, 2, 3)}]),
        ("tPair", [1, 2], [1, 2]),
    ],
)
def test_an_item_definition_shapes_what_is_given(type_, given, expected):
    assert ask(TYPES, input_data("a", type_), decision(lit("a"), needs=needs("Input", "a")), a=given) == expected


@pytest.mark.parametrize(
    ("type_", "given", "message"),
    [
        ("tNation", "wales", "'wales', which the type tNation does not allow"),
        ("tNation", 1, "of type string, not number"),
        ("tNations", ["england", "wales"], "'wales', which the type tNation does not allow"),
        ("tAge", 121, "is 121, which the type tAge does not allow: [0..120]"),
        ("tClient", "x", "of type tClient, not string"),
        ("tClient", {"age": -1}, "the input 'a', age, is -1"),
        ("tPair", [1], "the type tPair asks for count(?) = 2"),
    ],
)
def test_what_an_item_definition_does_not_allow_is_an_error(type_, given, message):
    with pytest.raises(DecisionError) as caught:
        ask(TYPES, input_data("a", type_), decision(lit("a"), needs=needs("Input", "a")), a=given)
    assert message in str(caught.value)


def test_types_that_are_made_of_each_other_are_found():
    circle = (
        '<itemDefinition name="tA"><typeRef>tB</typeRef></itemDefinition>'
        '<itemDefinition name="tB"><typeRef>tA</typeRef></itemDefinition>'
    )
    with pytest.raises(DecisionError, match="made of itself, by way of tA, tB"):
        ask(circle, decision(lit("1")))


def test_the_allowed_values_of_a_type_rank_the_results():
    both = [("-", '"scotland"'), ("-", '"england"')]
    assert ask(TYPES, decision(table(["a"], both, policy="PRIORITY", type_="tNation")), a=1) == "england"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("F", 1),
        ("R", [1, 5, 3]),
        ("C", [1, 5, 3]),
        ("C+", 9),
        ("C#", 3),
        ("C<", 1),
        ("C>", 5),
        ("P", 5),
        ("O", [5, 3, 1]),
        ("RULE_ORDER", [1, 5, 3]),
        ("first", 1),
        ("Output Order", [5, 3, 1]),
    ],
)
def test_initials_and_symbols_of_hit_policies_are_read(policy, expected):
    rules = [("-", "1"), ("-", "5"), ("-", "3")]
    ranked = "<outputValues><text>5, 3, 1</text></outputValues>"
    assert ask(decision(table(["a"], rules, policy=policy.replace("<", "&lt;"), more=ranked)), a=0) == expected


@pytest.mark.parametrize("policy", ["U", "A"])
def test_initials_of_policies_with_one_result(policy):
    with pytest.raises(DecisionError, match="rules 1 and 2 match"):
        ask(decision(table(["a"], [("-", "1"), ("-", "2")], policy=policy)), a=0)


def test_names_with_operator_characters_and_keywords_are_told_from_calculations():
    given = input_data("loan-to-value", "number") + input_data("days in arrears", "number")
    both = needs("Input", "loan-to-value") + needs("Input", "days in arrears")
    body = lit("loan-to-value * 100 + days in arrears - 1")
    found = ask(given, decision(body, needs=both), **{"loan-to-value": 0.5, "days in arrears": 7})
    assert found == 56


def test_a_result_is_of_the_type_of_its_variable():
    assert ask(decision(lit('"2026-11-22"'), type_="date")) == date(2026, 11, 22)
    assert "should be of type number, not string" in why_null(decision(lit('"a"'), type_="number"))


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([decision("<context><contextEntry><variable name='a'/></contextEntry></context>")], "has no logic"),
        ([decision(f"<conditional><if>{lit('true')}</if></conditional>")], "has no 'then'"),
        ([decision(f"<for><in>{lit('[1]')}</in><return>{lit('1')}</return></for>")], "names no iterator variable"),
        ([decision(f"<list>{lit('1 +')}</list>")], "is not FEEL"),
        ([decision(f"<list>{lit('nope(1)')}</list>")], "there is no function 'nope'"),
        ([decision('<functionDefinition kind="Java"/>')], "'Java' is not supported"),
        ([decision(f'<relation><column name="a"/><row>{lit("1")}{lit("2")}</row></relation>')], "number of cells"),
    ],
)
def test_what_is_wrong_in_a_box_is_said(parts, message):
    with pytest.raises(DecisionError) as caught:
        ask(*parts)
    assert message in str(caught.value)


def test_a_file_in_another_language_is_refused():
    with pytest.raises(DecisionError, match="'groovy'"):
        evaluate(file_of(decision(lit("1")), more='expressionLanguage="groovy"'), "d", {}, now=NOW)


def test_an_error_says_line_and_column():
    assert "there is no 'b' (line 2, column 5)" in why_null(decision(lit("1 +\n2 + b")))


def test_a_service_that_asks_for_its_own_caller_is_stopped():
    calling = decision(lit("s()"), needs=needs("Knowledge", "s"))
    with pytest.raises(DecisionError, match=r"inside each other|nested too deep"):
        ask(calling, service("s", ["d"]))


def test_boxes_inside_boxes_end_orderly():
    box = lit("1")
    for _ in range(40):
        box = f"<list>{box}{lit('2')}</list>"
    value = ask(decision(box))
    for _ in range(40):
        value = value[0]
    assert value == 1


@pytest.mark.parametrize(
    "part",
    [
        '<decision id="d"><knowledgeRequirement/></decision>',
        '<decision id="d"><context/></decision>',
        '<decision id="d"><context><contextEntry/></context></decision>',
        '<decision id="d"><invocation/></decision>',
        '<decision id="d"><filter/></decision>',
        '<decision id="d"><some/></decision>',
        '<decision id="d"><relation><row/></relation></decision>',
        '<decision id="d"><functionDefinition/></decision>',
        '<decision id="d"><decisionTable/></decision>',
        '<decision id="d"><list><decisionTable/></list></decision>',
        '<businessKnowledgeModel/><decision id="d"><list/></decision>',
        '<businessKnowledgeModel id="d"/>',
        '<decisionService id="d"/>',
        '<decisionService id="d"><outputDecision href="#nowhere"/></decisionService>',
        '<itemDefinition/><inputData/><decision id="d"><list/></decision>',
        '<itemDefinition name="t"><itemComponent/><allowedValues/></itemDefinition><decision id="d"><list/></decision>',
    ],
)
def test_a_broken_model_gives_a_value_or_a_decision_error(part):
    with suppress(DecisionError):
        evaluate(file_of(part), "d", {}, now=NOW)


def test_a_parameter_may_be_named_like_a_path():
    described = model("described", ["client.name"], table(["client.name"], [('"Ada"', 'client.name + "!"')]))
    call = f"<binding><parameter name='client.name'/>{lit('client.name')}</binding>"
    asked = decision(f"<invocation>{lit('described')}{call}</invocation>", needs=needs("Knowledge", "described"))
    assert ask(described, asked, client={"name": "Ada"}) == "Ada!"


def test_a_decision_without_logic_is_given():
    person = '<decision id="p" name="teacher\'s view"><variable name="teacher\'s view"/></decision>'
    asked = decision(lit('"It is " + teacher\'s view'), needs=needs("Decision", "p"))
    assert ask(person, asked, **{"teacher's view": "good"}) == "It is good"
    with pytest.raises(DecisionError, match="neither a decision table nor a literal expression"):
        ask(person, asked)


SERVICE = (
    '<decisionService id="s" name="s"><variable name="s" typeRef="tGives"/><outputDecision href="#d"/>'
    '<inputDecision href="#base"/><inputData href="#n"/></decisionService>'
    '<itemDefinition name="tGives"><functionItem outputTypeRef="number"/></itemDefinition>'
)
BASE = decision(lit("10"), name="base", type_="number")
ADDED = decision(lit("n + base"), needs=needs("Decision", "base") + needs("Input", "n"))
NUMBER = input_data("n", "number")


def test_a_service_takes_its_inputs_and_then_its_input_decisions():
    caller = decision(lit("s(1, 2) * 10 + s(base: 3, n: 4)"), name="c", needs=needs("Knowledge", "s"))
    assert ask(SERVICE, BASE, ADDED, NUMBER, caller, of="c") == 37


def test_what_a_service_is_given_stays_inside_it():
    needed = needs("Knowledge", "s") + needs("Decision", "base") + needs("Input", "n")
    caller = decision(lit("[base, n, s(1, 2), base, n]"), name="c", needs=needed)
    assert ask(SERVICE, BASE, ADDED, NUMBER, caller, of="c", n=5) == [10, 5, 3, 10, 5]


@pytest.mark.parametrize("call", ["s(1)", "s(1, 2, 3)", 's("a", 2)', "s(n: 1, bose: 2)", "s(null, 2)"])
def test_a_service_called_wrongly_is_null(call):
    caller = decision(lit(call), name="c", needs=needs("Knowledge", "s"))
    assert ask(SERVICE, BASE, ADDED, NUMBER, caller, of="c") is None


def test_a_service_takes_one_item_for_a_list_of_one():
    caller = decision(lit("s([1], [2])"), name="c", needs=needs("Knowledge", "s"))
    assert ask(SERVICE, BASE, ADDED, NUMBER, caller, of="c") == 3


def test_the_type_of_a_services_variable_says_what_it_gives():
    texts = decision(lit('"text"'), needs=needs("Decision", "base") + needs("Input", "n"))
    assert ask(SERVICE, BASE, texts, NUMBER, of="s", n=1, base=2) is None


def test_a_required_decision_that_is_given_is_not_made():
    assert ask(BASE, ADDED, NUMBER, n=1) == 11
    assert ask(BASE, ADDED, NUMBER, n=1, base=2) == 3
    assert ask(SERVICE, BASE, ADDED, NUMBER, of="s", n=1, base=2) == 3
    assert ask(SERVICE, BASE, ADDED, NUMBER, of="s", n=1) is None  # to a service it is an argument
    with pytest.raises(DecisionError, match="the input 'base' should be of type number, not string"):
        ask(BASE, ADDED, NUMBER, n=1, base="b")


def test_in_a_process_a_variable_never_stands_for_a_required_decision():
    found = load_decisions(file_of(BASE, ADDED, NUMBER), file="d.dmn")["d"]
    assert found.evaluate({"n": 1, "base": 2}, now=NOW) == 11


def test_a_knowledge_model_is_asked_by_its_name():
    assert ask(model("rate", ["n", "m"], lit("n * m")), of="rate", n=6, m=7) == 42


PERSON = (
    '<itemDefinition name="tPerson"><itemComponent name="name"><typeRef>string</typeRef></itemComponent>'
    '<itemComponent name="age"><typeRef>number</typeRef></itemComponent></itemDefinition>'
    '<itemDefinition name="tPeople" isCollection="true"><typeRef>tPerson</typeRef></itemDefinition>'
)


@pytest.mark.parametrize(
    ("type_", "text", "expected"),
    [
        ("tPerson", '{name: "Ada", age: 36, height: 160}', {"name": "Ada", "age": 36, "height": 160}),
        ("tPerson", '{name: "Ada"}', None),
        ("tPerson", '{name: "Ada", age: "old"}', None),
        ("tPerson", '[{name: "Ada", age: 36}]', {"name": "Ada", "age": 36}),
        ("tPeople", '{name: "Ada", age: 36}', [{"name": "Ada", "age": 36}]),
        ("tPeople", '[{name: "Ada", age: 36}, {name: "Eve"}]', None),
        ("tPeople", "null", None),
        ("number", "[10]", 10),
        ("number", '["a"]', None),
        ("number", "[1, 2]", None),
    ],
)
def test_a_result_conforms_to_its_type_in_full_or_is_null(type_, text, expected):
    assert ask(PERSON, decision(lit(text), type_=type_)) == expected
    boxed = f'<context><contextEntry><variable name="a" typeRef="{type_}"/>{lit(text)}</contextEntry></context>'
    assert ask(PERSON, decision(boxed)) == {"a": expected}


def test_an_argument_that_is_not_of_its_type_makes_the_call_null():
    logic = f'<formalParameter name="who" typeRef="tPerson"/>{lit("who != null")}'
    known = (
        '<businessKnowledgeModel id="k" name="k"><variable name="k"/>'
        f"<encapsulatedLogic>{logic}</encapsulatedLogic></businessKnowledgeModel>"
    )
    for given, expected in (('{name: "a", age: 1, b: 2}', True), ('{name: "a"}', None), ('"a"', None)):
        assert ask(PERSON, known, decision(lit(f"k({given})"), needs=needs("Knowledge", "k"))) is expected


def test_names_may_hold_keywords():
    listed = decision(lit('["a", "b"]'), name="in a list")
    asked = decision(lit('for i in in a list return i = "b"'), needs=needs("Decision", "in a list"))
    assert ask(listed, asked) == [False, True]


def test_names_of_types_may_carry_the_prefix_of_their_namespace():
    assert (
        ask(
            PERSON,
            input_data("p", "tns:tPerson"),
            decision(lit("p.age"), needs=needs("Input", "p")),
            p={"name": "A", "age": 3},
        )
        == 3
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{name: "Ada", age: 36} instance of tPerson', True),
        ('{name: "Ada"} instance of tPerson', False),
        ('[{name: "Ada", age: 36}] instance of tPerson', False),
        ('[{name: "Ada", age: 36}] instance of tPeople', True),
        ("null instance of tPerson", False),
        ("1 instance of number", True),
    ],
)
def test_the_types_of_a_file_are_known_to_instance_of(text, expected):
    assert ask(PERSON, decision(lit(text))) is expected
    assert load_decisions(file_of(PERSON, decision(lit(text))), file="d.dmn")["d"].doubts() == []


def test_where_no_rule_matches_a_missing_input_is_told():
    asked = decision(table(["amount"], [("> 5", "1")]))
    answer = explain(file_of(asked), "d", {"amout": 6}, now=NOW)
    why = "no rule matches, and input 'amount': there is no 'amount', did you mean 'amout'? (line 1, column 1)"
    assert (answer.result, answer.notes) == (None, (why,))
    assert explain(file_of(asked), "d", {"amount": 5}, now=NOW).notes == ()
    assert explain(file_of(asked), "d", {"amount": 6}, now=NOW).result == 1


def test_a_time_in_a_named_zone_keeps_it_as_json():
    times = ask(decision(lit('[time("10:00:00@Europe/Paris"), time("10:00:00Z"), time("10:00:00")]')))
    assert as_json(times) == ["10:00:00@Europe/Paris", "10:00:00Z", "10:00:00"]
    moments = ask(decision(lit('[date("2026-11-22"), date and time("2026-11-22T10:00:00Z"), duration("P1DT2H")]')))
    assert as_json(moments) == ["2026-11-22", "2026-11-22T10:00:00+00:00", "P1DT2H"]
