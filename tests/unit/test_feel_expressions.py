"""Operators, three-valued logic, lists, contexts, loops and functions, as DMN 1.3 chapter 10.3 has them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from engine.feel import Months, compile_expression, to_plain

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
NAMES = {
    "amount": 120,
    "rate": 0.1,
    "approved": True,
    "nothing": None,
    "word": "apple",
    "case": {"nation": "scotland", "client": {"name": "Test Client"}, "children": []},
    "numbers": [1, 2, 3, 4],
    "items": [{"price": 10, "kind": "a"}, {"price": 60, "kind": "b"}, {"price": 99, "kind": "a"}],
}


def value_of(text):
    return to_plain(compile_expression(text).evaluate(NAMES, now=NOW))


def check(text, expected):
    found = value_of(text)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 4 - 3", 3),
        ("2 ** 3", 8),
        ("2 ** 3 ** 2", 64),
        ("-3 ** 2", 9),
        ("0.1 + 0.2 = 0.3", True),
        ("10 / 4 = 2.5", True),
        ("1 / 3 * 3 < 1", True),
        ("amount * rate", 12),
        ("1 / 0", None),
        ('1 + "1"', None),
        ("true + 1", None),
        ("-true", None),
        ('"a" + "b"', "ab"),
        ('"a" - "b"', None),
        (".5 + 1e0", None),
        ("1.5e3", 1500),
        ("nothing + 1", None),
        ("- amount", -120),
        ("--amount", 120),
    ],
)
def test_arithmetic_counts_in_decimals_and_refuses_mixed_types(text, expected):
    if text.startswith(".5"):
        expected = value_of("1.5")
    check(text, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("amount > 100", True),
        ("amount >= 120 and amount <= 120", True),
        ("amount != 120", False),
        ('"a" < "b"', True),
        ('amount > "100"', None),
        ('100 = "100"', None),
        ("true = 1", None),
        ("true > false", None),
        ("nothing = null", True),
        ("nothing != true", True),
        ("amount = null", False),
        ("nothing < 1", None),
        ("[1, 2] = [1, 2]", True),
        ("[1, 2] = [2, 1]", False),
        ("{a: 1} = {a: 1.0}", True),
        ("amount between 100 and 120", True),
        ("amount between 121 and 200", False),
        ('amount between "a" and "z"', None),
        ("amount in [100..120]", True),
        ("amount in [100..120)", False),
        ("amount in ]120..130]", False),
        ("amount in (1, 2, >= 120)", True),
        ("amount in (> 120)", False),
        ("amount in numbers", False),
        ("3 in numbers", True),
        ('word in ("apple", "pear")', True),
        ("amount instance of number", True),
        ("approved instance of number", False),
        ("nothing instance of number", False),
        ("numbers instance of list<number>", True),
        ("numbers instance of list<string>", False),
        ("case instance of context<nation: string>", True),
        ("amount instance of Any", True),
        ("null instance of Null", True),
    ],
)
def test_comparisons_are_null_where_the_types_do_not_meet(text, expected):
    check(text, expected)


TRUTH = {"true": True, "false": False, "null": None, '"no"': None}


@pytest.mark.parametrize("left", TRUTH)
@pytest.mark.parametrize("right", TRUTH)
def test_and_is_false_for_one_false_and_true_only_for_two_truths(left, right):
    one, other = TRUTH[left], TRUTH[right]
    expected = False if False in (one, other) else True if one and other else None
    check(f"{left} and {right}", expected)


@pytest.mark.parametrize("left", TRUTH)
@pytest.mark.parametrize("right", TRUTH)
def test_or_is_true_for_one_truth_and_false_only_for_two_falsehoods(left, right):
    one, other = TRUTH[left], TRUTH[right]
    expected = True if True in (one, other) else False if one is False and other is False else None
    check(f"{left} or {right}", expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('if amount > 100 then "high" else "low"', "high"),
        ('if null then "yes" else "no"', "no"),
        ('if "text" then "yes" else "no"', "no"),
        ("if false then 1 else if true then 2 else 3", 2),
        ("case.nation", "scotland"),
        ("case.client.name", "Test Client"),
        ("case.missing", None),
        ("case.client.name.first", None),
        ("nothing.name", None),
        ("unknown", None),
        ("{a: 1, b: a + 1}.b", 2),
        ('{"odd key!": 1}', {"odd key!": 1}),
        ("{}", {}),
        ("{first name: 1, greeting: first name + 1}.greeting", 2),
        ("[]", []),
        ("[1, [2]]", [1, [2]]),
        ("numbers[1]", 1),
        ("numbers[-1]", 4),
        ("numbers[5]", None),
        ("numbers[0]", None),
        ("numbers[item > 2]", [3, 4]),
        ("numbers[item > 9]", []),
        ("amount[1]", 120),
        ("amount[item > 100]", [120]),
        ("nothing[1]", None),
        ("items[price > 50].kind", ["b", "a"]),
        ('items[kind = "a"][2].price', 99),
        ('items[item.kind = "a" and price < amount].price', [10, 99]),
        ("items.price", [10, 60, 99]),
        ("count(items[price > amount])", 0),
    ],
)
def test_conditions_paths_and_filters_pick_what_they_name(text, expected):
    check(text, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("for i in numbers return i * 2", [2, 4, 6, 8]),
        ("for i in 1..3 return i", [1, 2, 3]),
        ("for i in 3..1 return i", [3, 2, 1]),
        ("for i in [1..3) return i", [1, 2]),
        ("for a in 1..2, b in 1..2 return a * 10 + b", [11, 12, 21, 22]),
        ("for a in [[1, 2], [3]], b in a return b", [1, 2, 3]),
        ("for i in 1..5 return if i = 1 then 1 else partial[-1] * i", [1, 2, 6, 24, 120]),
        ("for i in [] return i", []),
        ("for i in 5 return i", None),
        ('count(for day in @"2026-01-30"..@"2026-02-02" return day)', 4),
        ("some i in numbers satisfies i > 3", True),
        ("some i in numbers satisfies i > 4", False),
        ("some i in [] satisfies true", False),
        ('some i in [1, "a"] satisfies i > 3', None),
        ("every i in numbers satisfies i > 0", True),
        ("every i in [] satisfies false", True),
        ("every a in numbers, b in numbers satisfies a + b > 1", True),
        ("some item in items satisfies item.price > 90", True),
        ("(function(a, b) a + b)(1, 2)", 3),
        ("(function(a, b) a - b)(b: 1, a: 2)", 1),
        ("{double: function(n: number) n * 2, six: double(3)}.six", 6),
        ('(function(n: number) n)("text")', None),
        ("(function(a) a)(1, 2)", None),
        ("amount(1)", None),
    ],
)
def test_loops_quantifiers_and_functions_made_on_the_spot(text, expected):
    check(text, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('@"2026-01-31" + @"P1M"', date(2026, 2, 28)),
        ('@"2024-02-29" + @"P1Y"', date(2025, 2, 28)),
        ('@"2026-03-31" - @"P1M"', date(2026, 2, 28)),
        ('@"2026-01-01" + @"P1D"', date(2026, 1, 2)),
        ('@"2026-01-01" + @"PT30H"', date(2026, 1, 2)),
        ('@"2026-01-10" - @"2026-01-01"', timedelta(days=9)),
        ('@"P1D" + @"PT12H"', timedelta(hours=36)),
        ('@"P1D" * 2', timedelta(days=2)),
        ('@"P1D" / @"PT12H"', 2),
        ('@"P1Y" + @"P2M"', Months(14)),
        ('@"P1Y" / 5', Months(2)),
        ('-@"P1M"', Months(-1)),
        ('-@"PT1H"', timedelta(hours=-1)),
        ('@"P1Y" + @"P1D"', None),
        ('@"P1D" > @"PT23H"', True),
        ('@"P1M" < @"P1Y"', True),
        ('@"P1M" < @"P31D"', None),
        ('@"2026-01-01" < @"2026-01-02"', True),
        ('@"2026-01-01" < @"2026-01-01T10:00:00"', None),
        ('@"2026-01-01T10:00:00" < @"2026-01-01T10:00:00Z"', None),
        ('@"2026-01-01T10:00:00Z" = @"2026-01-01T11:00:00+01:00"', True),
        ('@"2026-07-01T10:00:00@Europe/London" = @"2026-07-01T09:00:00Z"', True),
        ('(@"2026-10-25T00:00:00@Europe/London" + @"P1D").hour', 23),
        ('@"9999-12-31" + @"P1D"', None),
        ('@"not a date"', None),
        ('@"2026-11-22".weekday', 7),
        ('@"2026-11-22T10:20:30".minute', 20),
        ('@"P2DT3H".hours', 3),
        ('@"-P2DT3H".hours', -3),
        ('@"P1Y2M".months', 2),
        ('@"2026-11-22T10:20:30@Europe/London".timezone', "Europe/London"),
        ('@"10:20:30+01:00".time offset', timedelta(hours=1)),
        ('@"2026-11-22".hour', None),
        ("[1..5).start included", True),
        ("[1..5).end included", False),
    ],
)
def test_dates_and_durations_keep_to_the_calendar(text, expected):
    check(text, expected)


def test_a_variable_called_like_a_function_does_not_hide_the_function():
    found = compile_expression('date("2026-01-01") = date').evaluate({"date": date(2026, 1, 1)}, now=NOW)
    assert found is True


def test_a_field_called_like_a_function_does_not_hide_the_function_in_a_filter():
    found = compile_expression("entries[count(parts) > 1]").evaluate(
        {"entries": [{"count": 5, "parts": [1]}, {"count": 1, "parts": [1, 2]}]}, now=NOW
    )
    assert found == [{"count": 1, "parts": [1, 2]}]


def test_an_inner_name_hides_an_outer_one():
    assert value_of("for amount in [1] return amount") == [1]


def test_names_may_hold_spaces_and_digits():
    found = compile_expression("plan version 2 + 1").evaluate({"plan version 2": 4}, now=NOW)
    assert found == 5


def test_comments_are_not_part_of_the_expression():
    assert value_of("1 /* one */ + 1 // and one") == 2
