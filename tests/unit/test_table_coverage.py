"""Gaps and overlaps of decision tables are found before anything runs, with an example each."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decisions import DecisionError, load_decisions
from engine.lint import Known
from engine.lint.check import check_files
from engine.table_coverage import Overlap, gap_inputs, gaps, not_decided, overlaps

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def xml(
    policy: str, inputs: Sequence[tuple[str, str, str]], rules: Sequence[Sequence[str]], *, default: str = ""
) -> bytes:
    """Return a table of one output; an input is (name, type, allowed values), the last cell of a rule its result."""
    columns = "".join(
        f'<input id="i{n}" label="{name}"><inputExpression id="e{n}" typeRef="{kind}"><text>{name}</text>'
        "</inputExpression>"
        + (f'<inputValues id="v{n}"><text>{escape(allowed)}</text></inputValues>' if allowed else "")
        + "</input>"
        for n, (name, kind, allowed) in enumerate(inputs)
    )
    cells = "".join(
        f'<rule id="r{n}">'
        + "".join(
            f'<inputEntry id="c{n}{m}"><text>{escape(cell)}</text></inputEntry>' for m, cell in enumerate(row[:-1])
        )
        + f'<outputEntry id="o{n}"><text>{escape(row[-1])}</text></outputEntry></rule>'
        for n, row in enumerate(rules)
    )
    otherwise = f"<defaultOutputEntry><text>{escape(default)}</text></defaultOutputEntry>" if default else ""
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="x">'
        f'<decision id="t" name="t"><decisionTable id="dt" hitPolicy="{policy}">{columns}'
        f'<output id="out" name="r">{otherwise}</output>{cells}</decisionTable></decision></definitions>'
    ).encode()


def table(*arguments: object, **more: str):
    found = load_decisions(xml(*arguments, **more), file="t.dmn")["t"].table
    assert found is not None
    return found


AMOUNT = [("amount", "number", "")]


@pytest.mark.parametrize(
    ("inputs", "rules", "expected"),
    [
        (AMOUNT, [["< 5", "1"], [">= 5", "2"]], []),
        (AMOUNT, [["< 5", "1"], ["> 5", "2"]], ["amount = 5"]),
        (AMOUNT, [["[0..5]", "1"], ["[6..10]", "2"]], ["amount = -1", "amount = 5.5", "amount = 11"]),
        (AMOUNT, [["(0..10)", "1"], ["<= 0, >= 10", "2"]], []),
        (AMOUNT, [["-5", "1"], ["not(-5)", "2"]], []),
        ([("ok", "boolean", "")], [["true", "1"]], ["ok = false"]),
        ([("kind", "string", '"a","b","c"')], [['"a","b"', "1"]], ['kind = "c"']),
        ([("kind", "string", "")], [['"a"', "1"]], []),
        ([("on", "date", "")], [['<= date("2026-01-31")', "1"], ['>= date("2026-02-01")', "2"]], []),
        ([("on", "date", "")], [['<= date("2026-01-30")', "1"], ['> date("2026-02-01")', "2"]], ["on = 2026-01-31"]),
        (
            [("ok", "boolean", ""), *AMOUNT],
            [["true", "-", "1"], ["false", "> 3", "2"]],
            ["ok = false, amount = 2", "ok = false, amount = 3"],
        ),
        (AMOUNT, [["> limit", "1"]], []),
    ],
)
def test_gaps_are_told_with_an_example(inputs, rules, expected) -> None:
    found = gaps(table("UNIQUE", inputs, rules))
    assert [text.replace('@"2026-01-31"', "2026-01-31") for text in found][: len(expected) or 1] == expected


def test_a_default_or_a_table_that_collects_has_no_gaps() -> None:
    assert gaps(table("UNIQUE", AMOUNT, [["5", "1"]], default="0")) == []
    assert gaps(table("COLLECT", AMOUNT, [["5", "1"]])) == []


def test_two_rules_for_one_input_are_told_where_only_one_may_apply() -> None:
    rules = [["<= 5", "1"], [">= 5", "2"]]
    assert overlaps(table("UNIQUE", AMOUNT, rules)) == [Overlap(1, 2, "amount = 5")]
    assert overlaps(table("ANY", AMOUNT, rules)) == [Overlap(1, 2, "amount = 5")]
    assert overlaps(table("ANY", AMOUNT, [["<= 5", "1"], [">= 5", "1"]])) == []
    assert overlaps(table("FIRST", AMOUNT, rules)) == []
    assert overlaps(table("UNIQUE", AMOUNT, [["> limit", "1"], ["< 9", "2"]])) == []


def test_the_check_tells_both_with_what_to_do() -> None:
    body = xml("UNIQUE", AMOUNT, [["<= 5", "1"], ["[5..6]", "2"]])
    found = check_files({"t.dmn": body}, frozenset({"t.dmn"}), known=Known())
    assert {(f.rule, f.severity) for f in found} == {("table-gap", "warning"), ("table-overlap", "error")}
    assert any("Rules 1 and 2 both apply to amount = 5" in f.message for f in found)


CELL = st.one_of(
    st.just("-"),
    st.tuples(st.sampled_from(["<", "<=", ">", ">=", ""]), st.integers(0, 4)).map(lambda t: f"{t[0]} {t[1]}".strip()),
    st.tuples(st.sampled_from("[("), st.integers(0, 3), st.integers(0, 3), st.sampled_from("])")).map(
        lambda t: f"{t[0]}{t[1]}..{t[1] + t[2]}{t[3]}"
    ),
)
VALUES = [n / 2 for n in range(-2, 16)]


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=4))
def test_what_is_claimed_is_what_the_table_then_does(cells) -> None:
    rules = [[a, b, str(number)] for number, (a, b) in enumerate(cells)]
    inputs = [("a", "number", ""), ("b", "number", "")]
    decision = load_decisions(xml("UNIQUE", inputs, rules), file="t.dmn")["t"]
    assert decision.table is not None
    none, several = False, False
    for a in VALUES:
        for b in VALUES:
            try:
                none = decision.evaluate({"a": a, "b": b}, now=NOW) is None or none
            except DecisionError:
                several = True
    assert (bool(gaps(decision.table)), bool(overlaps(decision.table))) == (none, several)


@pytest.mark.parametrize(
    ("inputs", "rules", "gaps_told", "overlaps_told"),
    [
        # whole numbers have nothing between 5 and 6
        ([("n", "integer", "")], [["<= 5", "1"], [">= 6", "2"]], [], []),
        ([("n", "number", "")], [["<= 5", "1"], [">= 6", "2"]], ["n = 5.5"], []),
        # what a column allows bounds what is asked of it
        ([("n", "number", "[0..100]")], [["<= 50", "1"], ["> 50", "2"]], [], []),
        ([("n", "number", "[0..100]")], [["[0..50)", "1"], ["(50..100]", "2"]], ["n = 50"], []),
        # times, durations, months and moments
        (
            [("at", "time", "")],
            [['<= time("09:00:00")', "1"], ['>= time("10:00:00")', "2"]],
            ["at = 09:30:00"],
            [],
        ),
        ([("wait", "", "")], [['< duration("P2D")', "1"], ['>= duration("P2D")', "2"]], [], []),
        ([("wait", "", "")], [['< duration("P1Y")', "1"], ['> duration("P1Y")', "2"]], ["wait = P1Y"], []),
        (
            [("at", "", "")],
            [['<= @"2026-01-01T00:00:00Z"', "1"], ['>= @"2026-01-01T00:00:00Z"', "2"]],
            [],
            ["at = 2026-01-01T00:00:00Z"],
        ),
        # moments with a zone have no order with those without: nothing is claimed, and nothing breaks
        ([("at", "", "")], [['< @"2026-01-01T00:00:00Z"', "1"], ['> @"2026-01-01T00:00:00"', "2"]], None, []),
        # null is asked for where a cell names it
        ([("n", "number", "")], [["null", "1"], ["not(null)", "2"]], [], []),
        ([("n", "number", "")], [["null", "1"], ["> 3", "2"]], ["n = 2", "n = 3"], []),
        # lists, and a list in brackets
        ([("k", "string", '"a","b","c"')], [['["a", "b"]', "1"], ['"b", "c"', "2"]], [], ['k = "b"']),
        ([("k", "string", "")], [['"a"', "1"], ['not("a")', "2"]], [], []),
        ([("k", "string", "")], [['"a"', "1"], ['not("b")', "2"]], ['k = "b"'], ['k = "a"']),
        ([("ok", "boolean", "")], [["true, false", "1"], ["true", "2"]], [], ["ok = true"]),
        # several inputs
        (
            [("n", "number", ""), ("ok", "boolean", "")],
            [["< 5", "-", "1"], [">= 5", "true", "2"]],
            ["n = 5, ok = false"],
            [],
        ),
    ],
)
def test_gaps_and_overlaps_over_every_kind_of_column(inputs, rules, gaps_told, overlaps_told) -> None:
    asked = table("UNIQUE", inputs, rules)
    if gaps_told is not None:
        assert [text.replace('@"', "").removesuffix('"') if "@" in text else text for text in gaps(asked)][
            : max(1, len(gaps_told))
        ] == gaps_told
    told = [found.example for found in overlaps(asked)]
    assert [text.replace('@"', "").removesuffix('"') if "@" in text else text for text in told] == overlaps_told
    assert not_decided(asked) == []


@pytest.mark.parametrize(
    "cell",
    ["> limit", "count(?) > 1", 'starts with(?, "a")', '< "m"', '["a".."f"]', "? * 2 > 4", "limit", "[1..limit]"],
)
def test_any_other_cell_is_said_to_be_not_decided(cell: str) -> None:
    asked = table("UNIQUE", AMOUNT, [["< 5", "1"], [cell, "2"]])
    assert not_decided(asked) == ["rule 2, input 'amount'"]
    assert gaps(asked) == []
    assert overlaps(asked) == []
    found = check_files(
        {"t.dmn": xml("UNIQUE", AMOUNT, [["< 5", "1"], [cell, "2"]])}, frozenset({"t.dmn"}), known=Known()
    )
    said = [finding.message for finding in found if finding.rule == "table-not-decided"]
    assert said == [
        "Gaps and overlaps are not decided for rule 2, input 'amount'. "
        "Write values, comparisons and intervals, or check these by hand."
    ]


def test_two_columns_that_ask_for_one_thing_are_not_tried_with_two_values() -> None:
    asked = table("UNIQUE", [*AMOUNT, *AMOUNT], [["> 1", "< 5", "1"], ["<= 1", "-", "2"], [">= 5", "-", "3"]])
    assert gaps(asked) == []


def test_a_table_with_too_many_combinations_says_so() -> None:
    inputs = [(f"n{n}", "number", "") for n in range(8)]
    rules = [[*(f"[{(n * 7 + m) % 90}..{(n * 7 + m) % 90 + 5}]" for m in range(8)), str(n)] for n in range(60)]
    assert not_decided(table("UNIQUE", inputs, rules))[-1:] in (["the rest, for there are too many combinations"], [])


NUMBER_CELL = st.one_of(CELL, st.sampled_from(["null", "not(2)", "1, 3", "not(< 2, 4)", "? > 1 and ? < 4", "[0, 2]"]))
FLAG_CELL = st.sampled_from(["-", "true", "false", "not(true)", "true, false", "null"])
KIND_CELL = st.sampled_from(["-", '"a"', '"a", "b"', 'not("c")', '["b", "c"]', '? = "a" or ? = "c"'])
DAY_CELL = st.one_of(
    st.just("-"),
    st.tuples(st.sampled_from(["<", "<=", ">", ">=", ""]), st.integers(1, 4)).map(
        lambda t: f'{t[0]} date("2026-01-0{t[1]}")'.strip()
    ),
    st.tuples(st.integers(1, 3), st.integers(0, 2)).map(lambda t: f'[@"2026-01-0{t[0]}"..@"2026-01-0{t[0] + t[1]}"]'),
)
DOMAIN: list[list[object]] = [
    [*VALUES, None],
    [True, False, None],
    ["a", "b", "c"],
    [date(2025, 12, 30) + timedelta(days=n) for n in range(10)],
]
MIXED = [("n", "number", ""), ("ok", "boolean", ""), ("kind", "string", '"a","b","c"'), ("on", "date", "")]


@settings(deadline=None, max_examples=120)
@given(
    st.lists(st.tuples(NUMBER_CELL, FLAG_CELL, KIND_CELL, DAY_CELL), min_size=1, max_size=4),
    st.sets(st.integers(0, 3), min_size=1, max_size=2),
)
def test_no_gap_is_missed_and_every_example_is_real(cells, columns) -> None:
    chosen = sorted(columns)
    rules = [[*(row[column] for column in chosen), str(number)] for number, row in enumerate(cells)]
    decision = load_decisions(xml("UNIQUE", [MIXED[column] for column in chosen], rules), file="t.dmn")["t"]
    asked = decision.table
    assert asked is not None
    names = [MIXED[column][0] for column in chosen]

    def outcome(values: Sequence[object]) -> object:
        try:
            return decision.evaluate(dict(zip(names, values, strict=True)), now=NOW)
        except DecisionError:
            return "several"

    # Null counts as an input only where a cell of its column asks for it.
    domains = [
        [v for v in DOMAIN[column] if v is not None or any("null" in row[column] for row in cells)] for column in chosen
    ]
    outcomes = [outcome(values) for values in itertools.product(*domains)]
    assert bool(gaps(asked)) == (None in outcomes)
    assert bool(overlaps(asked)) == ("several" in outcomes)
    for example in gap_inputs(asked):
        rest = domains[len(example) :]
        assert all(outcome([*example, *more]) is None for more in itertools.product(*rest))
