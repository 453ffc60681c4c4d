"""Cells of decision tables. Source: DMN 1.3 8.3.3, grammar rules 7 to 18"""

from datetime import UTC, date, datetime

import pytest

from engine.feel import FeelSyntaxError, compile_unary_tests

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
NAMES = {"limit": 100, "names": ["a", "b"], "flag": True}


@pytest.mark.parametrize(
    ("cell", "value", "expected"),
    [
        ("-", None, True),
        ("-", 5, True),
        ("5", 5, True),
        ("5", 6, False),
        ("5", "5", False),
        ("-5", -5, True),
        ("1, 2, 3", 2, True),
        ("1, 2, 3", 4, False),
        ('"a"', "a", True),
        ('"a", "b"', "b", True),
        ("true", True, True),
        ("true", False, False),
        ("false", False, True),
        ("true", 1, True),
        ("null", None, True),
        ("null", 1, False),
        ("5", None, False),
        ("< 5", 4, True),
        ("< 5", 5, False),
        ("<= 5", 5, True),
        ("> 5", None, False),
        ("= 5", 5, True),
        ("!= 5", 4, True),
        ("[1..5]", 5, True),
        ("[1..5)", 5, False),
        ("]1..5[", 1, False),
        ("[1..5[", 1, True),
        ("(1..5]", 3, True),
        ("[1..5], > 20", 21, True),
        ("[1..5], > 20", 10, False),
        ("not(5)", 4, True),
        ("not(5)", 5, False),
        ("not(1, 2)", 2, False),
        ("not([1..5])", 6, True),
        ('not("x")', None, True),
        ("not(< 5)", None, False),
        ("limit", 100, True),
        ("< limit", 99, True),
        ("[1..limit]", 100, True),
        ("names", "b", True),
        ("? > 5", 6, True),
        ("? > 5 and ? < 8", 9, False),
        ("count(?) = 2", [1, 2], True),
        ('contains(?, "bc")', "abcd", True),
        ('not(contains(?, "bc"))', "abcd", False),
        ("? = true or flag", False, True),
        ("flag", "anything", True),
        ('date("2026-01-01")', date(2026, 1, 1), True),
        ('< @"2026-01-01"', date(2025, 12, 31), True),
        ('[@"2026-01-01"..@"2026-12-31"]', date(2026, 6, 1), True),
        ('< @"2026-01-01"', "2025-12-31", False),
        ('duration("P1D")', "P1D", False),
        ("unknown", 1, False),
        ("5 + limit", 105, True),
        ("if flag then 1 else 2", 1, True),
    ],
)
def test_a_cell_passes_what_it_describes(cell, value, expected):
    assert compile_unary_tests(cell).matches(value, NAMES, now=NOW) is expected


@pytest.mark.parametrize("cell", ["", "not(", "1,", "- 5 -", "not()", "[1..]", "<", "-, 5", "1 2"])
def test_a_cell_that_is_none_is_refused(cell):
    with pytest.raises(FeelSyntaxError):
        compile_unary_tests(cell)
