"""What of FEEL and DMN runs, one row a test; `docs/decisions.md` is made from these rows.

`python -m tests.unit.test_decision_page` writes the page anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.calendar import Calendar
from engine.decisions import DecisionError, evaluate
from engine.feel import BUILTINS, FeelSyntaxError, compile_expression
from engine.feel.run import Run
from engine.feel.show import show
from tests.unit.test_decision_boxes import decision, entry, input_data, lit, model, needs
from tests.unit.test_decision_imports import imports

PAGE = Path(__file__).parents[2] / "docs" / "decisions.md"
TEST = "tests/unit/test_decision_page.py"
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
CALENDAR = Calendar({"scotland": {date(year, 12, 25): "Christmas Day" for year in (2025, 2026, 2027)}})

# part: an expression => its value as FEEL writes it, or "refused: why"
FEEL = r"""
number: 0.1 + 0.2 => 0.3
number of 34 digits: 1 / 3 => 0.3333333333333333333333333333333333
number with an exponent: 1.2e3 => 1200
string: "caf\u00e9 \"x\"" => "café \"x\""
boolean: true and not(false) => true
three-valued logic: [true and null, false and null, true or null] => [null, false, true]
null: null = null => true
date: @"2026-11-22" => @"2026-11-22"
time: @"10:30:00+01:00" => @"10:30:00+01:00"
time in a named zone: @"10:30:00@Europe/London" => @"10:30:00@Europe/London"
date and time: @"2026-11-22T10:30:00Z" => @"2026-11-22T10:30:00Z"
days and time duration: @"PT36H" => @"P1DT12H"
years and months duration: @"P14M" => @"P1Y2M"
list: [1, "a", null] => [1, "a", null]
context: {a: 1, b: a + 1} => {a: 1, b: 2}
range: [1..5) => [1..5)
range open at one side: > 5 => refused: an expression cannot start with '>'
function: (function(a: number, b) a + b)(1, 2) => 3
names with spaces: {full name: "Ada"}.full name => "Ada"
arithmetic: 2 + 3 * 4 ** 2 / -6 - 1 => -7
arithmetic of days: @"2026-01-31" + @"P1M" => @"2026-02-28"
difference of days: @"2026-11-22" - @"2026-11-20" => @"P2D"
comparison: 1 < 2 and "a" != "b" => true
comparison of different types: 1 = "1" => null
between: 5 between 1 and 9 => true
in a range, a list, tests: [5 in [1..9], 5 in [1, 5], 5 in (< 3, > 4)] => [true, true, true]
if: if 1 > 2 then "a" else "b" => "b"
for: for i in 1..3, j in [10, 20] return i * j => [10, 20, 20, 40, 30, 60]
for backwards: for i in 3..1 return i => [3, 2, 1]
for over days: for d in @"2026-11-29"..@"2026-12-01" return d.day => [29, 30, 1]
partial: for i in 1..4 return if i = 1 then 1 else i * partial[-1] => [1, 2, 6, 24]
some, every: [some x in [1, 2] satisfies x > 1, every x in [] satisfies false] => [true, true]
filter: [{a: 1}, {a: 2}][a > 1] => [{a: 2}]
index: [[7, 8, 9][1], [7, 8, 9][-1]] => [7, 9]
path: [{a: 1}, {a: 2}].a => [1, 2]
properties: [@"2026-11-22".weekday, @"P1DT2H".hours, [1..5].end included] => [7, 2, true]
instance of: [1 instance of number, [1] instance of list<string>] => [true, false]
comments: 1 /* one */ + 1 // two => 2
external function: function(x) external {java: {}} => refused: external functions are not supported
years before 1 and after 9999: @"10000-01-01" => null
parts of a second below a microsecond: @"10:00:00.123456789" => @"10:00:00.123456"
working days after: working days after(@"2026-11-20", 2, "scotland") => @"2026-11-24T23:59:59@Europe/London"
calendar days after: calendar days after(@"2026-11-20", 7, "scotland") => @"2026-11-27T23:59:59@Europe/London"
months after: months after(@"2026-01-31", 1) => @"2026-02-28"
count working days: count working days(@"2026-11-20", @"2026-11-27", "scotland") => 5
is working day: is working day(@"2026-11-22", "scotland") => false
get value: get value({a: {b: 1}}, ["a", "b"]) => 1
get entries: get entries({a: 1}) => [{key: "a", value: 1}]
context(): context([{key: "a", value: 1}]) => {a: 1}
context put: context put({a: 1}, "b", 2) => {a: 1, b: 2}
context merge: context merge([{a: 1}, {a: 2, b: 3}]) => {a: 2, b: 3}
is: is(@"10:00:00Z", @"10:00:00") => false
get or else: get or else(null, 1) => 1
date(): date(2026, 11, 22) => @"2026-11-22"
date and time(): date and time(@"2026-11-22", @"10:00:00") => @"2026-11-22T10:00:00"
time(): time(10, 30, 0, @"PT1H") => @"10:30:00+01:00"
duration(): duration("P1Y") => @"P1Y"
years and months duration(): years and months duration(@"2025-01-15", @"2026-11-14") => @"P1Y9M"
now: now() => @"2026-11-22T09:30:00@Europe/London"
today: today() => @"2026-11-22"
day of year: day of year(@"2026-11-22") => 326
day of week: day of week(@"2026-11-22") => "Sunday"
month of year: month of year(@"2026-11-22") => "November"
week of year: week of year(@"2026-11-22") => 47
count: count([1, null]) => 2
min: min(3, 1, 2) => 1
max: max(["a", "c", "b"]) => "c"
sum: sum([1, 2, 3.5]) => 6.5
mean: mean([1, 2]) => 1.5
median: median([8, 2, 5, 3]) => 4
stddev: stddev([2, 4, 7, 5]) => 2.081665999466132735282297706979931
mode: mode([6, 1, 9, 6, 1]) => [1, 6]
product: product([2, 3, 4]) => 24
list contains: list contains([1, null], null) => true
index of: index of([1, 2, 1], 1) => [1, 3]
reverse: reverse([1, 2]) => [2, 1]
sublist: sublist([1, 2, 3], -2, 1) => [2]
list replace: list replace([1, 2, 3], function(item, new) item > 1, 0) => [1, 0, 0]
insert before: insert before([1, 3], 2, 2) => [1, 2, 3]
remove: remove([1, 2, 3], 2) => [1, 3]
append: append([1], 2, 3) => [1, 2, 3]
concatenate: concatenate([1], [2]) => [1, 2]
union: union([1, 2], [2, 3]) => [1, 2, 3]
distinct values: distinct values([1, 2, 1]) => [1, 2]
duplicate values: duplicate values([1, 2, 1]) => [1]
flatten: flatten([1, [2, [3]]]) => [1, 2, 3]
sort: sort([3, 1, 2], function(a, b) a > b) => [3, 2, 1]
number(): number("1.000,5", ".", ",") => 1000.5
decimal: decimal(2.5, 0) => 2
round up: round up(-1.21, 1) => -1.3
round down: round down(-1.29, 1) => -1.2
round half up: round half up(2.5, 0) => 3
round half down: round half down(2.5, 0) => 2
floor: floor(-1.5) => -2
ceiling: ceiling(1.21, 1) => 1.3
sqrt: sqrt(2) => 1.414213562373095048801688724209698
exp: exp(0) => 1
log: log(1) => 0
odd: odd(3) => true
even: even(3) => false
abs: abs(@"-P1D") => @"P1D"
modulo: modulo(-12, 5) => 3
not: not(null) => null
all: all([true, null, false]) => false
any: any([false, null]) => null
range(): range("[1..)") = (>= 1) => true
before: before([1..5), 5) => true
meets: meets([1..5], [5..9]) => true
includes: includes((> 5), 7) => true
overlaps before: overlaps before([1..5], [4..9]) => true
starts: starts([1..3], [1..9]) => true
finishes: finishes(9, [1..9]) => true
overlaps: overlaps([1..5], (5..9]) => false
coincides: coincides([1..5], [1..5]) => true
after: after(6, [1..5]) => true
met by: met by([5..9], [1..5]) => true
during: during(3, [1..5]) => true
overlaps after: overlaps after([4..9], [1..5]) => true
started by: started by([1..9], [1..3]) => true
finished by: finished by([1..9], 9) => true
string(): string({a: [1, "b"]}) => "{a: [1, \"b\"]}"
string length: string length("\U01F40E") => 1
upper case: upper case("aé") => "AÉ"
lower case: lower case("AÉ") => "aé"
trim: trim("  a ") => "a"
contains: contains("foobar", "oba") => true
starts with: starts with("foobar", "foo") => true
ends with: ends with("foobar", "bar") => true
substring before: substring before("a-b-c", "-") => "a"
substring after: substring after("a-b-c", "-") => "b-c"
substring: substring("foobar", -3, 2) => "ba"
matches: matches("Ada", "^a.A$", "i") => true
replace: replace("2026-11", "(\\d+)-(\\d+)", "$2/$1") => "11/2026"
split: split("a;b", ";") => ["a", "b"]
string join: string join(["a", null, "b"], ", ") => "a, b"
look-ahead and back references in patterns: matches("aa", "(a)\\1") => null
"""
FEEL_ROWS = [
    (part, text, value)
    for line in FEEL.strip().splitlines()
    for part, _, rest in [line.partition(": ")]
    for text, _, value in [rest.rpartition(" => ")]
]


@dataclass(frozen=True)
class Row:
    """A part of DMN: a decision "d" that holds it, what it is given, and its result or why it is refused."""

    part: str
    xml: str
    result: Any = None
    refused: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)
    namespace: str = "https://www.omg.org/spec/DMN/20230324/MODEL/"


def ranked(policy: str, *, aggregation: str = "", cells: tuple[str, ...] = ("-", "-", "-"), more: str = "") -> str:
    """A table of three rules with the results 5, 20 and 10, of which 20 is the most important."""
    attribute = f' aggregation="{aggregation}"' if aggregation else ""
    rules = "".join(
        f"<rule><inputEntry><text>{cell}</text></inputEntry><outputEntry><text>{result}</text></outputEntry></rule>"
        for cell, result in zip(cells, ("5", "20", "10"), strict=True)
    )
    return decision(
        f'<decisionTable hitPolicy="{policy}"{attribute}>'
        "<input><inputExpression><text>n</text></inputExpression></input>"
        f'<output name="r"><outputValues><text>20, 10, 5</text></outputValues>{more}</output>{rules}</decisionTable>'
    )


TWO_OUTPUTS = (
    '<decisionTable hitPolicy="PRIORITY"><input><inputExpression><text>n</text></inputExpression></input>'
    '<output name="a"><outputValues><text>"high", "low"</text></outputValues></output>'
    '<output name="b"><outputValues><text>1, 2</text></outputValues></output>'
    '<rule><inputEntry><text>-</text></inputEntry><outputEntry><text>"low"</text></outputEntry>'
    "<outputEntry><text>1</text></outputEntry></rule>"
    '<rule><inputEntry><text>-</text></inputEntry><outputEntry><text>"high"</text></outputEntry>'
    "<outputEntry><text>2</text></outputEntry></rule>"
    '<rule><inputEntry><text>-</text></inputEntry><outputEntry><text>"high"</text></outputEntry>'
    "<outputEntry><text>1</text></outputEntry></rule></decisionTable>"
)
NOBODY = ("&lt; 0", "&lt; 0", "&lt; 0")
DEFAULT = "<defaultOutputEntry><text>20</text></defaultOutputEntry>"
SERVICE = '<decisionService id="s" name="s"><outputDecision href="#base"/></decisionService>'
PERSON = (
    '<itemDefinition name="tPerson"><itemComponent name="born"><typeRef>date</typeRef></itemComponent></itemDefinition>'
)
GRADE = (
    '<itemDefinition name="tGrade"><typeRef>string</typeRef>'
    '<allowedValues><text>"A"</text></allowedValues></itemDefinition>'
)
ITEMS = '<itemDefinition name="tList" isCollection="true"><typeRef>number</typeRef></itemDefinition>'
FOUR = f"<functionDefinition>{lit('4')}</functionDefinition>"
CONTEXT = f"<context>{entry('a', lit('2'))}<contextEntry>{lit('a * 3')}</contextEntry></context>"
ONE = {"n": 1}

DMN = [
    *(
        Row(f"version {version}", decision(lit("1 + 1")), 2, namespace=namespace)
        for version, namespace in {
            "1.1": "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
            "1.2": "http://www.omg.org/spec/DMN/20180521/MODEL/",
            "1.3": "https://www.omg.org/spec/DMN/20191111/MODEL/",
            "1.4": "https://www.omg.org/spec/DMN/20211108/MODEL/",
            "1.5": "https://www.omg.org/spec/DMN/20230324/MODEL/",
        }.items()
    ),
    Row("hit policy UNIQUE", ranked("UNIQUE", cells=("1", "2", "3")), 5, given=ONE),
    Row("hit policy UNIQUE, two rules match", ranked("UNIQUE"), refused="rules 1 and 2 and 3 match at once", given=ONE),
    Row("hit policy ANY", ranked("ANY", cells=("1", "2", "3")), 5, given=ONE),
    Row("hit policy ANY, results differ", ranked("ANY"), refused="match with different results", given=ONE),
    Row("hit policy FIRST", ranked("FIRST"), 5, given=ONE),
    Row("hit policy PRIORITY", ranked("PRIORITY"), 20, given=ONE),
    Row("hit policy PRIORITY, two outputs", decision(TWO_OUTPUTS), {"a": "high", "b": 1}, given=ONE),
    Row("hit policy RULE ORDER", ranked("RULE ORDER"), [5, 20, 10], given=ONE),
    Row("hit policy OUTPUT ORDER", ranked("OUTPUT ORDER"), [20, 10, 5], given=ONE),
    Row(
        "hit policy OUTPUT ORDER, two outputs",
        decision(TWO_OUTPUTS.replace("PRIORITY", "OUTPUT ORDER")),
        [{"a": "high", "b": 1}, {"a": "high", "b": 2}, {"a": "low", "b": 1}],
        given=ONE,
    ),
    Row("hit policy COLLECT", ranked("COLLECT"), [5, 20, 10], given=ONE),
    *(
        Row(f"hit policy COLLECT, {name}", ranked("COLLECT", aggregation=name), result, given=ONE)
        for name, result in {"SUM": 35, "COUNT": 3, "MIN": 5, "MAX": 20}.items()
    ),
    *(
        Row(
            f"hit policy COLLECT, {name} of nothing",
            ranked("COLLECT", aggregation=name, cells=NOBODY),
            result,
            given=ONE,
        )
        for name, result in {"SUM": None, "COUNT": 0, "MIN": None, "MAX": None}.items()
    ),
    Row("hit policy by its initial", ranked("C", aggregation="SUM"), 35, given=ONE),
    Row("another hit policy", ranked("BEST"), refused="The hit policy 'BEST' is not one of", given=ONE),
    Row("no rule matches", ranked("UNIQUE", cells=NOBODY), None, given=ONE),
    Row("no rule matches, default output", ranked("UNIQUE", cells=NOBODY, more=DEFAULT), 20, given=ONE),
    Row("no rule matches, collected", ranked("COLLECT", cells=NOBODY), None, given=ONE),
    Row("literal expression", decision(lit("n + 1")), 2, given=ONE),
    Row("boxed context", decision(CONTEXT), 6),
    Row("boxed list", decision(f"<list>{lit('1')}{lit('2')}</list>"), [1, 2]),
    Row("relation", decision(f'<relation><column name="a"/><row>{lit("1")}</row></relation>'), [{"a": 1}]),
    Row(
        "invocation",
        model("twice", ["x"], lit("x * 2"))
        + decision(
            f'<invocation>{lit("twice")}<binding><parameter name="x"/>{lit("n")}</binding></invocation>',
            needs=needs("Knowledge", "twice"),
        ),
        2,
        given=ONE,
    ),
    Row(
        "function definition",
        decision(f"<context>{entry('f', FOUR)}<contextEntry>{lit('f()')}</contextEntry></context>"),
        4,
    ),
    Row(
        "conditional",
        decision(f"<conditional><if>{lit('n = 1')}</if><then>{lit('2')}</then><else>{lit('3')}</else></conditional>"),
        2,
        given=ONE,
    ),
    Row(
        "boxed filter",
        decision(f"<filter><in>{lit('[1, 2]')}</in><match>{lit('item &gt; 1')}</match></filter>".replace("&amp;", "&")),
        [2],
    ),
    Row(
        "boxed for",
        decision(f'<for iteratorVariable="i"><in>{lit("[1, 2]")}</in><return>{lit("i * 2")}</return></for>'),
        [2, 4],
    ),
    Row(
        "boxed some",
        decision(f'<some iteratorVariable="i"><in>{lit("[1, 2]")}</in><satisfies>{lit("i = 2")}</satisfies></some>'),
        True,
    ),
    Row(
        "boxed every",
        decision(f'<every iteratorVariable="i"><in>{lit("[1, 2]")}</in><satisfies>{lit("i = 2")}</satisfies></every>'),
        False,
    ),
    Row(
        "required decision",
        decision(lit("2"), name="base") + decision(lit("base + 1"), needs=needs("Decision", "base")),
        3,
    ),
    Row(
        "knowledge model",
        model("twice", ["x"], lit("x * 2")) + decision(lit("twice(4)"), needs=needs("Knowledge", "twice")),
        8,
    ),
    Row(
        "decision service as a function",
        decision(lit("2"), name="base") + SERVICE + decision(lit("s()"), needs=needs("Knowledge", "s")),
        2,
    ),
    Row(
        "input data of a type",
        input_data("on", "date") + decision(lit("on.year"), needs=needs("Input", "on")),
        2026,
        given={"on": "2026-11-22"},
    ),
    Row(
        "input of another type",
        input_data("on", "date") + decision(lit("on"), needs=needs("Input", "on")),
        refused="'soon' is not a date",
        given={"on": "soon"},
    ),
    Row(
        "item definition, structure",
        PERSON + input_data("p", "tPerson") + decision(lit("p.born.year"), needs=needs("Input", "p")),
        1815,
        given={"p": {"born": "1815-12-10"}},
    ),
    Row(
        "item definition, list",
        ITEMS + input_data("x", "tList") + decision(lit("sum(x)"), needs=needs("Input", "x")),
        3,
        given={"x": [1, 2]},
    ),
    Row(
        "item definition, allowed values",
        GRADE + input_data("g", "tGrade") + decision(lit("g"), needs=needs("Input", "g")),
        refused="does not allow",
        given={"g": "B"},
    ),
    Row("result of another type", decision(lit('"a"'), type_="number"), None),
    Row(
        "import that is not there",
        imports("p", "urn:p", "p.dmn") + decision(lit("1")),
        refused="It imports 'p', which is not beside it",
    ),
    Row(
        "import of another kind",
        imports("p", "urn:p", "p.pmml", "http://www.dmg.org/PMML-4_2") + decision(lit("1")),
        refused="which is no DMN file",
    ),
    Row("function in Java", decision('<functionDefinition kind="Java"/>'), refused="of kind 'Java' is not supported"),
    Row(
        "another expression language",
        decision('<literalExpression expressionLanguage="groovy"><text>1</text></literalExpression>'),
        refused="Write it in FEEL",
    ),
    Row("a decision without logic", decision(""), refused="It has neither a decision table nor a literal expression"),
]


@pytest.mark.parametrize(("part", "text", "value"), FEEL_ROWS, ids=[part for part, _, _ in FEEL_ROWS])
def test_a_part_of_feel_has_its_value(part: str, text: str, value: str) -> None:
    assert feel(text) == value


def feel(text: str) -> str:
    try:
        found = compile_expression(text).evaluate({}, now=NOW, calendar=CALENDAR)
    except FeelSyntaxError as error:
        return f"refused: {error.message}"
    run = Run(NOW)
    shown = show([found], run)[1:-1]
    return f'@"{shown}"' if type(found).__name__ in ("date", "time", "datetime", "timedelta", "Months") else shown


def test_every_function_has_a_row() -> None:
    assert {part.removesuffix("()") for part, _, _ in FEEL_ROWS} >= set(BUILTINS)


@pytest.mark.parametrize("row", DMN, ids=[row.part for row in DMN])
def test_a_part_of_dmn_runs_or_is_refused(row: Row) -> None:
    xml = f'<definitions xmlns="{row.namespace}" name="t" namespace="t">{row.xml}</definitions>'.encode()
    if not row.refused:
        assert evaluate(xml, "d", row.given, now=NOW) == row.result
        return
    with pytest.raises(DecisionError) as caught:
        evaluate(xml, "d", row.given, now=NOW)
    assert row.refused in str(caught.value)


def page() -> str:
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield from (
        "# What of decisions and expressions runs",
        "",
        "Decisions are DMN 1.1 to 1.5, conditions and cells are FEEL. Every row is a test of the same name in",
        f"`{TEST}`, from which this page is made. What is refused is refused by the check and by",
        "`decide`, with the place and the reason.",
        "",
        "Asked outside a process, by `decide` or `engine.decisions.evaluate`, a result that cannot be computed or is",
        "not of its type is null, as the standard says, and `decide` prints why. In a process it is an incident. Two",
        "rules that match under UNIQUE, and an input that is not of its type, are errors in both. What a decision",
        "file imports is looked for in its folder; a deployed table imports nothing.",
        "",
        "The check tries every table and tells of gaps and overlaps with an example each: over numbers, dates, times,",
        "durations, booleans, listed values and null, for several inputs. A cell that asks for more than values,",
        "comparisons and intervals is said to be not decided. The check also warns of what reads well but does",
        "something else, and of what the browser's engine evaluates differently in a form's condition; these are",
        "listed with their reasons in `tests/unit/test_feel_parity.py`.",
        "",
        "One evaluation is bounded: 100,000 steps, lists of 20,000 items, texts of 200,000 characters, 40 calls inside",
        "each other, patterns without look-ahead or back references. Days run from the year 1 to 9999, times to",
        "microseconds.",
        "",
        "## Decisions",
        "",
        "| Part | |",
        "| --- | --- |",
    )
    for row in DMN:
        yield f"| {row.part} | {'refused' if row.refused else 'runs'} |"
    yield from ("", "## Expressions", "", "| Part | Expression | Value |", "| --- | --- | --- |")
    for part, text, value in FEEL_ROWS:
        yield f"| {part} | {_code(text)} | {_code(value)} |"


def _code(text: str) -> str:
    return text if text.startswith("refused: ") else f"`{text.replace('|', chr(92) + '|')}`"


def test_the_page_says_what_the_rows_say() -> None:
    assert PAGE.read_text("utf-8") == page(), f"write it anew: python -m {TEST.removesuffix('.py').replace('/', '.')}"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
