"""Built-in functions, from the tables of DMN 1.3 10.3.4."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from engine.feel import BUILTINS, Months, compile_expression, to_plain

NOW = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)  # half past midnight on 2 July in London


def check(text, expected):
    compiled = compile_expression(text)
    assert compiled.problems == ()
    found = to_plain(compiled.evaluate({}, now=NOW))
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('number("1 000,5", " ", ",") * 2', 2001),
        ('number("1,000", ",")', 1000),
        ('number("abc")', None),
        ('number("1", "x")', None),
        ("decimal(2.5, 0)", 2),
        ("decimal(3.5, 0)", 4),
        ("decimal(1115, -1)", 1120),
        ("floor(-1.5)", -2),
        ("ceiling(-1.5)", -1),
        ("floor(12.9, -1)", 10),
        ("round up(-1.2, 0)", -2),
        ("round down(-1.8, 0)", -1),
        ("round half up(2.5, 0)", 3),
        ("round half down(2.5, 0)", 2),
        ("abs(-1)", 1),
        ('abs(@"-P1D")', timedelta(days=1)),
        ('abs(@"-P1M")', Months(1)),
        ("modulo(10, 4)", 2),
        ("modulo(-10, 4)", 2),
        ("modulo(10, -4)", -2),
        ("modulo(1, 0)", None),
        ("sqrt(16)", 4),
        ("sqrt(-1)", None),
        ("log(0)", None),
        ("exp(0)", 1),
        ("odd(-3)", True),
        ("even(2)", True),
        ("even(2.5)", False),
        ("not(true)", False),
        ("not(1)", None),
        ("all([true, false])", False),
        ("all([])", True),
        ("all(true, null)", None),
        ("any([false, true])", True),
        ("any([])", False),
        ("any(false, null)", None),
    ],
)
def test_numbers_and_booleans(text, expected):
    check(text, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('substring("foobar", 3)', "obar"),
        ('substring("foobar", 3, 3)', "oba"),
        ('substring("foobar", -2, 1)', "a"),
        ('substring("foobar", 0)', None),
        ('substring("foobar", 9)', ""),
        ('substring("\\U01F600x", 2)', "x"),
        ('string length("foo")', 3),
        ('string length("\\U01F600")', 1),
        ('upper case("aBc")', "ABC"),
        ('lower case("aBc")', "abc"),
        ('trim(" a ")', "a"),
        ('substring before("foobar", "bar")', "foo"),
        ('substring before("foobar", "x")', ""),
        ('substring after("foobar", "ob")', "ar"),
        ('substring after("foobar", "x")', ""),
        ('contains("foobar", "ob")', True),
        ('starts with("foobar", "fo")', True),
        ('ends with("foobar", "r")', True),
        ('matches("foobar", "^fo*b")', True),
        ('matches("FOO", "foo", "i")', True),
        ('matches("foo", "[")', None),
        ('matches("aa", "(a)\\1")', None),
        ('matches("a", "[a-[b]]")', None),
        ('matches("a", "a", "q")', None),
        ('replace("abcd", "(ab)|(a)", "[1=$1][2=$2]")', "[1=ab][2=]cd"),
        ('replace("a.b", "\\.", "\\$")', "a$b"),
        ('split("John Doe", "\\s")', ["John", "Doe"]),
        ('split("a;b;;c", ";")', ["a", "b", "", "c"]),
        ('string join(["a", "b", null], "-")', "a-b"),
        ('string join(["a", "b"])', "ab"),
        ('string join(["a", 1])', None),
        ("string(1.50)", "1.5"),
        ("string(1e3)", "1000"),
        ("string(true)", "true"),
        ("string(null)", None),
        ('string("a")', "a"),
        ('string([1, "a", null])', '[1, "a", null]'),
        ('string({a: {b: "x\\"y"}})', '{a: {b: "x\\"y"}}'),
        ('string(@"2026-01-01T10:00:00.5+01:00")', "2026-01-01T10:00:00.5+01:00"),
        ('string(@"10:00:00@Europe/London")', "10:00:00@Europe/London"),
        ('string(@"-P1DT2.5S")', "-P1DT2.5S"),
        ('string(@"PT0S")', "PT0S"),
        ('string(@"P14M")', "P1Y2M"),
        ("string([1..2))", "[1..2)"),
        ('contains("a", 1)', None),
        ('upper case(["a"])', "A"),
    ],
)
def test_texts(text, expected):
    check(text, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("count([1, 2, null])", 3),
        ("count(5)", 1),
        ("count(null)", None),
        ("min([3, 1, 2])", 1),
        ("min(3, 1, 2)", 1),
        ('max("a", "c", "b")', "c"),
        ('max([1, "a"])', None),
        ("min([])", None),
        ("sum([1, 2, 3.5]) * 2", 13),
        ("sum([])", None),
        ('sum([1, "a"])', None),
        ('sum(@"P1D", @"P2D")', timedelta(days=3)),
        ("mean(1, 2, 3)", 2),
        ("mean([])", None),
        ("median(8, 2, 5, 3, 4)", 4),
        ("median([6, 1, 2, 3]) * 2", 5),
        ("stddev([2, 4, 7, 5]) > 2.08", True),
        ("stddev([1])", None),
        ("mode([6, 3, 9, 6, 6])", [6]),
        ("mode([6, 1, 9, 6, 1])", [1, 6]),
        ("mode([])", []),
        ("product([2, 3, 4])", 24),
        ("list contains([1, 2, null], null)", True),
        ('list contains([1, 2], "1")', False),
        ("index of([1, 2, 3, 2], 2)", [2, 4]),
        ("reverse([1, 2])", [2, 1]),
        ("sublist([4, 5, 6], 1, 2)", [4, 5]),
        ("sublist([4, 5, 6], -2)", [5, 6]),
        ("sublist([4], 2)", None),
        ("append([1], 2, [3])", [1, 2, [3]]),
        ("append(1, 2)", [1, 2]),
        ("concatenate([1], [2, 3], 4)", [1, 2, 3, 4]),
        ("concatenate([[1], [2]])", [[1], [2]]),
        ("insert before([1, 3], 1, 2)", [2, 1, 3]),
        ("remove([1, 2, 3], 2)", [1, 3]),
        ("remove([1], 5)", None),
        ("list replace([2, 4, 7], 3, 6)", [2, 4, 6]),
        ("list replace([2, 4, 7], function(item, new) item < new, 5)", [5, 5, 7]),
        ("union([1, 2], [2, 3])", [1, 2, 3]),
        ("distinct values([1, 2, 1.0, true, null, null])", [1, 2, True, None]),
        ("duplicate values([1, 2, 1])", [1]),
        ("flatten([[1, 2], [[3]], 4])", [1, 2, 3, 4]),
        ("sort([3, 1, 2])", [1, 2, 3]),
        ("sort([3, 1, 2], function(x, y) x > y)", [3, 2, 1]),
        ("sort(list: [2, 1], precedes: function(x, y) x < y)", [1, 2]),
        ('sort([1, "a"])', None),
    ],
)
def test_lists(text, expected):
    check(text, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('get value({a: 1}, "a")', 1),
        ('get value({a: {b: 2}}, ["a", "b"])', 2),
        ('get value({a: 1}, "b")', None),
        ("get entries({a: 1})", [{"key": "a", "value": 1}]),
        ('context([{key: "a", value: 1}])', {"a": 1}),
        ('context([{key: "a", value: 1}, {key: "a", value: 2}])', None),
        ('context put({a: 1}, "b", 2)', {"a": 1, "b": 2}),
        ('context put({a: {b: 1}}, ["a", "c"], 2)', {"a": {"b": 1, "c": 2}}),
        ("context merge([{a: 1, b: 1}, {b: 2}])", {"a": 1, "b": 2}),
        ("context merge([1])", None),
        ("is(1, 1.0)", True),
        ('is(1, "1")', False),
        ('is(@"10:00:00Z", @"10:00:00+01:00")', False),
        ("get or else(null, 1)", 1),
        ("get or else(false, 1)", False),
    ],
)
def test_contexts(text, expected):
    check(text, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('date("2026-11-22")', date(2026, 11, 22)),
        ("date(2026, 11, 22)", date(2026, 11, 22)),
        ('date("2026-02-30")', None),
        ("date(2026, 13, 1)", None),
        ('date(date and time("2026-11-22T23:30:00"))', date(2026, 11, 22)),
        ('time("10:20:30")', time(10, 20, 30)),
        ('time(10, 20, 30, duration("PT1H")) = time("10:20:30+01:00")', True),
        ('time("25:00:00")', None),
        ('date and time("2026-11-22T10:20:30")', datetime(2026, 11, 22, 10, 20, 30)),
        ('date and time("2026-11-22T24:00:00")', datetime(2026, 11, 23)),
        ('date and time(date("2026-11-22"), time("10:20:30"))', datetime(2026, 11, 22, 10, 20, 30)),
        ('date and time("2026-11-22T10:20:30Z")', datetime(2026, 11, 22, 10, 20, 30, tzinfo=UTC)),
        ('date and time(@"2026-07-01T10:00:00", "Europe/London")', datetime(2026, 7, 1, 9, tzinfo=UTC)),
        ('date and time("2026-11-22T10:20:30@Nowhere/Else")', None),
        ('duration("P7D")', timedelta(days=7)),
        ('duration("P1Y6M")', Months(18)),
        ('duration("P1M1D")', None),
        ('duration("P")', None),
        ('years and months duration(@"2025-01-31", @"2026-03-01")', Months(13)),
        ('years and months duration(@"2026-03-01", @"2026-01-31")', Months(-1)),
        ('day of week(@"2026-11-22")', "Sunday"),
        ('month of year(@"2026-11-22")', "November"),
        ('day of year(@"2026-02-01")', 32),
        ('week of year(@"2026-11-22")', 47),
        ("now() - now()", timedelta(0)),
        ("now()", NOW),
        ("today()", date(2026, 7, 2)),
        ("date(now()) = today()", True),
    ],
)
def test_dates_and_times(text, expected):
    check(text, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("before(1, 10)", True),
        ("before([1..5), [5..9])", True),
        ("before([1..5], [5..9])", False),
        ("after([6..9], 5)", True),
        ("meets([1..5], [5..10])", True),
        ("meets([1..5), [5..10])", False),
        ("met by([5..10], [1..5])", True),
        ("overlaps([1..5], [3..8])", True),
        ("overlaps([1..5], (5..8])", False),
        ("overlaps before([1..5], [3..8])", True),
        ("overlaps after([3..8], [1..5])", True),
        ("includes([1..10], 5)", True),
        ("includes([1..10), 10)", False),
        ("during(5, [1..10])", True),
        ("starts(1, [1..10])", True),
        ("started by([1..10], [1..5])", True),
        ("finishes([5..10], [1..10])", True),
        ("finished by([1..10], 10)", True),
        ("coincides([1..5], [1..5])", True),
        ("before(null, 1)", None),
    ],
)
def test_ranges(text, expected):
    check(text, expected)


def test_arguments_may_be_named():
    check('substring(start position: 2, string: "abc")', "bc")


def test_a_call_with_wrong_arguments_is_a_problem_and_gives_null():
    for text in ('substring("a")', 'substring("a", 1, 2, 3)', 'substring(text: "a", start position: 1)', "nope(1)"):
        compiled = compile_expression(text)
        assert len(compiled.problems) == 1
        assert compiled.evaluate({}, now=NOW) is None


def test_an_unknown_function_is_answered_with_the_nearest_known_one():
    (problem,) = compile_expression("working day after(today(), 2, nation)").problems
    assert "did you mean 'working days after'?" in problem


@pytest.mark.parametrize("name", sorted(BUILTINS))
def test_every_function_can_be_reached_by_its_name(name):
    problems = compile_expression(f"{name}()").problems
    assert not any("there is no function" in problem for problem in problems)
