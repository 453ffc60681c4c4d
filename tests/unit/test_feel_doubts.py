"""What an author is told: where a text is wrong, what was meant, and what reads well but does something else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.decisions import load_decisions
from engine.feel import FeelSyntaxError, compile_expression, compile_unary_tests
from engine.lint import Known
from engine.lint.check import check_files

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
MEANT = [
    ("a == b", 4, "write one = to compare"),
    ("a => 5", 4, "did you mean >=?"),
    ("a =< 5", 4, "did you mean <=?"),
    ("a <> b", 4, "did you mean !=?"),
    ("a && b", 3, "write 'and'"),
    ("a || b", 3, "write 'or'"),
    ("!a", 1, "write not(...)"),
    ("if a then b", 12, "write else null"),
    ("a > 1 AND b", 7, "write 'and' in small letters"),
    ("a > 1 OR b = 2", 7, "write 'or' in small letters"),
    ("a is null", 6, "write = to compare"),
    ("a is not null", 10, "write != to compare"),
    ('a like "b"', 8, "write contains(...)"),
    ("'text'", 1, "write texts in quotation marks"),
    ("\u2018text\u2019", 1, "straight quotation marks"),
    ("${a}", 1, "no currency signs and no dollar names"),
    ("#{a}", 1, "write the name alone"),
    ("\u00a35", 1, "no currency signs"),
    ("5%", 2, "divide by 100"),
    ("1,000", 2, "write a number without commas"),
    ("a; b", 2, "write a comma"),
    ("{a = 1}", 7, "write a colon after the key"),
    ("x ? y : z", 7, "write if ... then ... else ..."),
    ("1..5", 2, "write the range in brackets"),
    ("a -> b", 3, "write a dot before a field"),
    ("a \u2265 5", 3, "write >="),
    ("a \u2264 5", 3, "write <="),
    ("a \u2260 5", 3, "write !="),
    ("a \u2212 5", 3, "write a plain minus"),
    ("a \u00d7 5", 3, "write *"),
    ("a between 1 to 5", 13, "write 'and'"),
    ("a)", 2, "a bracket is closed that was not opened"),
    ('"abc', 1, "this text never ends"),
]


@pytest.mark.parametrize(("text", "column", "hint"), MEANT)
def test_a_text_that_is_not_feel_is_told_with_its_place_and_what_was_meant(text: str, column: int, hint: str) -> None:
    with pytest.raises(FeelSyntaxError) as caught:
        compile_expression(f"\n{text}")
    assert (caught.value.line, caught.value.column) == (2, column)
    assert hint in caught.value.hint
    assert f"(line 2, column {column}): " in str(caught.value)


CANNOT_WORK = [
    ("len(a)", "there is no function 'len', did you mean 'count or string length'? (line 1, column 1)"),
    ("1 + avg(a)", "there is no function 'avg', did you mean 'mean'? (line 1, column 5)"),
    ("string lenght(a)", "did you mean 'string length'?"),
    ("NOT(a)", "did you mean 'not'?"),
    ("contains(a b)", "contains takes 2 arguments, not 1"),
    ("a += 1", "nothing stands before this '='"),
    ("a > 5 and < 10", "nothing stands before this '<'"),
    ("if [1..2] then 1 else 2", "a range is neither true nor a number"),
]
CELLS_THAT_CANNOT_WORK = [
    ("> 5 and < 10", "nothing stands before this '>': write a range, (5..10)"),
    ("< 5 or > 10", "nothing stands before this '<'"),
    ('"a" or "b"', "write a comma"),
    ("[5..1]", "write the smaller end first"),
    ("not([5..1])", "write the smaller end first"),
]
DOUBTFUL = [
    ("2026-01-31", 'this is a subtraction that gives 1994: write @"2026-01-31" (line 1, column 8)'),
    ("date(2026-01-01)", 'write @"2026-01-01"'),
    ('date("2026-02-30")', "'2026-02-30' is not a date, so this is null"),
    ('duration("7D")', "'7D' is not a duration, so this is null"),
    ("a = True", "'True' is read as a name, did you mean true?"),
    ("a = None", "did you mean null?"),
    ("received < now", "write now()"),
    ("a not in b", "'a not' is read as one name: for 'not' write not(...)"),
    ("IF a THEN b ELSE c", "for 'IF' write if"),
    ("a equals b", "for 'equals' write ="),
    ("a instance of nummer", "FEEL has no type 'nummer', did you mean 'number'?"),
    ('amount > "100"', '"100" is a text, which no number is compared with'),
    ('a between "1" and 5', '"1" is a text'),
    ("[5..1]", "the range runs backwards"),
    ('a = 1 or "b"', "'or' joins truths, and this is a value"),
]
DOUBTFUL_CELLS = [("1-5", "write [1..5]"), ("not 5", "for 'not' write not(...)"), ('> "5"', "remove the marks")]
FINE = [
    *('a = "100"', "date > today()", "not(a)", "count", "-5", "(5..1 + a)", '@"2026-01-01" - @"2025-01-01"'),
    *("a - 1 - 2", "? > 5 and ? < 10", "a in (< 5, > 10)", 'a = "x" or b', "true and null", "sort(a, before)"),
    *("for i in 5..1 return i", "{now: 1, later: now + 1}.later", "(> 5).start", "a instance of list<number>"),
]


@pytest.mark.parametrize(("text", "message"), CANNOT_WORK)
def test_what_can_never_work_is_a_problem(text: str, message: str) -> None:
    assert any(message in problem for problem in compile_expression(text).problems)


@pytest.mark.parametrize(("text", "message"), CELLS_THAT_CANNOT_WORK)
def test_a_cell_that_would_pass_nothing_is_a_problem(text: str, message: str) -> None:
    assert any(message in problem for problem in compile_unary_tests(text).problems)


@pytest.mark.parametrize(("text", "message"), DOUBTFUL)
def test_what_hardly_says_what_was_meant_is_a_doubt(text: str, message: str) -> None:
    compiled = compile_expression(text)
    assert compiled.problems == ()
    assert any(message in doubt for doubt in compiled.doubts)


@pytest.mark.parametrize(("text", "message"), DOUBTFUL_CELLS)
def test_a_cell_that_hardly_says_what_was_meant_is_a_doubt(text: str, message: str) -> None:
    assert any(message in doubt for doubt in compile_unary_tests(text).doubts)


@pytest.mark.parametrize("text", FINE)
def test_what_people_write_and_mean_is_left_alone(text: str) -> None:
    compiled = compile_expression(text)
    assert (compiled.problems, compiled.doubts) == ((), ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("amout > 5", "there is no 'amout', did you mean 'amount'?"),
        ("client.naem", "there is no 'client.naem', did you mean 'name'?"),
        ("[client].naem", "there is no 'naem', did you mean 'name'?"),
        ("today().yeer", "date has no 'yeer' (it has year, month, day, weekday)"),
        ("nothing.like.it", "there is no 'nothing'"),
    ],
)
def test_a_misspelt_name_is_told_with_the_nearest_one(text: str, message: str) -> None:
    found = compile_expression(text).explain({"amount": 1, "client": {"name": "Ada"}}, now=NOW)
    assert str(found.notes[0]) == message


def table(*cells: str, output: str = "1") -> bytes:
    rules = "".join(
        f"<rule><inputEntry><text>{cell}</text></inputEntry><outputEntry><text>{output}</text></outputEntry></rule>"
        for cell in cells
    )
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="x">'
        '<decision id="t" name="t"><decisionTable hitPolicy="FIRST"><input label="Stage"><inputExpression>'
        f'<text>stage</text></inputExpression></input><output name="r"/>{rules}</decisionTable>'
        "</decision></definitions>"
    ).encode()


def test_a_cell_is_told_by_its_rule_and_its_column() -> None:
    found = load_decisions(table("-", "1 +\n >", "5", output="a b c("), file="t.dmn")["t"].findings()
    assert found[0][0] == "rule 1, output 'r'"
    assert found[1][0] == "rule 2, input 'Stage'"
    assert "(line 2, column 3)" in found[1][1]


def test_a_word_without_quotation_marks_in_a_cell_is_told() -> None:
    found = check_files({"t.dmn": table("urgent", '"late", soon', "stage", "-")}, frozenset({"t.dmn"}), known=Known())
    said = [finding.message for finding in found if finding.rule == "decision-doubtful"]
    assert [message.split(": ")[0] for message in said] == ["In rule 1, input 'Stage'", "In rule 2, input 'Stage'"]
    assert "'urgent' is read as a name: for the text write \"urgent\"" in said[0]


def test_a_cell_that_would_pass_nothing_is_an_error_of_the_check() -> None:
    found = check_files({"t.dmn": table("&gt; 5 and &lt; 10")}, frozenset({"t.dmn"}), known=Known())
    assert [(finding.rule, finding.severity) for finding in found][:1] == [("decision-not-valid", "error")]
