"""Texts that try to take time, memory or more: each ends soon, in an error of ours, in null or in a value."""

import threading
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.feel import FeelLimit, FeelSyntaxError, compile_expression, compile_unary_tests
from tests.own_work import ends_within

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
LONGEST_SECONDS = 5.0  # generous, for a busy machine; each takes well under one
DOUBLING = "{" + "a0: [1], " + ", ".join(f"a{n + 1}: [a{n}, a{n}]" for n in range(64)) + "}"
FLAT_DOUBLING = "{" + 'a0: "xxxxxxxx", ' + ", ".join(f"a{n + 1}: a{n} + a{n}" for n in range(64)) + "}.a64"
FIBONACCI = "{fib: function(n) if n < 2 then n else fib(n - 1) + fib(n - 2), r: fib(%s)}.r"

HOSTILE = [
    "1..10",
    "for i in 1..10**9 return i",
    "for i in 1..10**30 return i",
    "for i in 1..1000, j in 1..1000 return i",
    "for i in 1..20001 return i",
    "some i in 1..10**9 satisfies i < 0",
    "every i in 1..10**9 satisfies i > 0",
    "count([1..10**9])",
    'for d in @"0001-01-01"..@"9999-12-31" return d',
    "9**9**9**9",
    "(-1)**0.5",
    "0**0",
    "0**-1",
    "1.0000001**10**9",
    "1e999999999",
    "1e6144 * 10",
    "10**6144 - 1",
    "exp(10**30)",
    "log(10**-6000)",
    "sqrt(1e6000)",
    "string(10**6000)",
    "for i in 1..2000 return string(10**6000)",
    "decimal(1, 6176)",
    "round up(1, 10**9)",
    "modulo(10**6000, 3)",
    DOUBLING,
    f"string({DOUBLING})",
    f"flatten({DOUBLING}.a64)",
    f"{DOUBLING}.a64 = {DOUBLING}.a64",
    f"distinct values([{DOUBLING}.a64])",
    FLAT_DOUBLING,
    f"string length({FLAT_DOUBLING})",
    'for i in 1..10000 return string join(for j in 1..100 return "xxxxxxxxxxxxxxxxxxxx")',
    'replace("a", "a", "b$1$2$3$9$0")',
    f'replace("{"a" * 5000}", "a", "{"b" * 5000}")',
    f'replace("{"a" * 5000}", "", "{"b" * 5000}")',
    'matches("' + "a" * 5000 + '!", "(a+)+$")',
    'matches("' + "a" * 5000 + '", "((((a{1000}){1000}){1000}){1000})")',
    'matches("a", "a{99999999}")',
    'matches("a", "(?P<a>")',
    'matches("a", "\\\\")',
    'matches("\\uD800", "\\uD800")',
    'split("abc", "")',
    FIBONACCI % 30,
    "{f: function(x) f(x), r: f(1)}.r",
    "{f: function(x) x(x), r: f(f)}.r",
    "(function(x) x(x))(function(x) x(x))",
    "sort([3, 1, 2], function(a, b) null)",
    "sort([3, 1, 2], function(a) true)",
    "sort(for i in 1..20000 return i, function(a, b) count(for k in 1..1000 return k) > 0)",
    "list replace([1, 2], function(a, b) 5, 0)",
    "(" * 5000,
    "(" * 5000 + "1" + ")" * 5000,
    "[" * 5000,
    "{a:" * 3000,
    "-" * 5000 + "1",
    "- " * 39 + "1",
    "a" + ".b" * 6000,
    "a" + "[1]" * 3000,
    "1" + "+1" * 9000,
    "1" + " and 1" * 190,
    "a" + " in a" * 3000,
    "if true then " * 1000,
    "not(" * 2000 + "true" + ")" * 2000,
    "function() " * 2000 + "1",
    "for i in " * 1000,
    "a instance of " + "list<" * 1000 + "number" + ">" * 1000,
    "x" * 20_001,
    "/*" * 9000,
    "/* never closed",
    '"' + "\\" * 9999,
    '"\\uD83D\\uD83D" + "\\U110000" + "\\uDE00"',
    'substring("abc", 10**30, 10**30)',
    "sublist([1], 10**30)",
    "insert before([1], -10**30, 1)",
    "date(10**30, 1, 1)",
    'date(2026, 1, 1) + duration("P999999999D")',
    'date(2026, 1, 1) + duration("P999999999Y")',
    'duration("P999999999999999999D")',
    'duration("PT999999999999H")',
    '@"P1D" * 10**30',
    '@"P1Y" * 10**30',
    '@"P1Y" / 10**-30',
    '@"P1Y" / 0',
    "time(10**9, 0, 0)",
    'time(1, 2, 3, duration("P9D"))',
    'date and time("2026-01-01T00:00:00@../../etc/passwd")',
    'date and time("2026-01-01T00:00:00@Europe")',
    '@"9999-12-31T23:59:59-18:00" = @"0001-01-01T00:00:00+18:00"',
    '@"0001-01-01T00:00:00+18:00" - @"9999-12-31T23:59:59-18:00"',
    'working days after(today(), 10**9, "scotland")',
    "months after(today(), 10**4)",
    "context put({}, [], 1)",
    "context put({}, [null, 1], 1)",
    'get value({a: 1}, [[[["a"]]]])',
    "context([{key: 1, value: 1}])",
    "min([[1], [2]])",
    "min(null)",
    "mean([null])",
    "mode([[1], [1]])",
    "sum(true, true)",
    "is()",
    "now(1)",
    '__import__("os").system("true")',
    "().__class__.__bases__",
    "now.__call__",
    "item",
    "?",
    "partial",
    "\x00",
    "\u202e1 + 1",
    "a\ufeffb",
]


def outcome(act):
    """What an act ends in: a value, or one of the two errors an expression may end in."""
    with ends_within(LONGEST_SECONDS):
        try:
            act()
        except (FeelSyntaxError, FeelLimit) as error:
            said = str(error)
        else:
            said = ""
    assert len(said) < 500


def test_the_collection_is_large_enough():
    assert len(set(HOSTILE)) >= 100


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_hostile_expression_ends_soon_and_orderly(number):
    text = HOSTILE[number]
    outcome(lambda: compile_expression(text).evaluate({"a": [1], "b": {"b": 1}}, now=NOW))


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_hostile_cell_ends_soon_and_orderly(number):
    text = HOSTILE[number]
    outcome(lambda: compile_unary_tests(text).matches([1], {"a": [1]}, now=NOW))


@pytest.mark.parametrize(
    "text",
    [
        "for i in 1..10**9 return i",
        "every i in 1..10**9 satisfies i > 0",
        DOUBLING,
        FLAT_DOUBLING,
        FIBONACCI % 30,
        "{f: function(x) f(x), r: f(1)}.r",
    ],
)
def test_too_much_work_is_said_to_be_too_much(text):
    with pytest.raises(FeelLimit):
        compile_expression(text).evaluate({}, now=NOW)


def test_data_nested_without_end_are_too_much():
    data: list[object] = []
    data.append(data)
    with pytest.raises(FeelLimit):
        compile_expression("data").evaluate({"data": data}, now=NOW)


def test_an_expression_of_ordinary_length_is_not_too_long():
    text = " or ".join(f'request.status = "S{n}"' for n in range(100))
    assert compile_expression(text).evaluate({"request": {"status": "S99"}}, now=NOW) is True


def test_threads_share_a_compiled_expression():
    compiled = compile_expression("sum(for i in 1..n return i)")
    found: dict[int, object] = {}

    def ask(n):
        for _ in range(20):
            found[n] = compiled.evaluate({"n": n}, now=NOW)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {n: n * (n + 1) // 2 for n in range(1, 9)}


TOKENS = """
    a b 1 2.5 "t" ( ) [ ] { } , . .. : + - * / ** = != < <= > >= -> ? @ null true false item partial
    and or in between not if then else for some every return satisfies function instance of list number
    @"P1D" @"2026-01-01" date( count( sort( string( flatten( min( mode( is( range "scotland"
"""
SCRAPS = st.sampled_from(
    (
        *TOKENS.split(),
        *("working days after(", "date and time(", "get value(", "context put(", "list replace(", "index of("),
    )
)


@settings(max_examples=400, deadline=None)
@given(st.lists(SCRAPS, max_size=14).map(" ".join))
def test_scraps_of_feel_in_any_order_end_orderly(text):
    outcome(lambda: compile_expression(text).evaluate({"a": [1, {"b": 2}], "b": 3}, now=NOW))
    outcome(lambda: compile_unary_tests(text).matches(1, {"a": [1, {"b": 2}], "b": 3}, now=NOW))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30))
def test_any_text_ends_orderly(text):
    outcome(lambda: compile_expression(text).evaluate({}, now=NOW))
