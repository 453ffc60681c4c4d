"""Gaps and overlaps of decision tables are found before anything runs, with an example each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decisions import DecisionError, load_decisions
from engine.lint import Known
from engine.lint.check import check_files
from engine.table_coverage import Overlap, gaps, overlaps

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
