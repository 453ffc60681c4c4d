"""What the parser refuses and what it advises, and what is known of an expression without running it."""

from datetime import UTC, datetime

import pytest

from engine.feel import FeelSyntaxError, compile_expression, compile_unary_tests, literal_values

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "line", "column", "part"),
    [
        ("a == b", 1, 4, "write one = to compare"),
        ("a && b", 1, 3, "write 'and'"),
        ("a || b", 1, 3, "write 'or'"),
        ("!a", 1, 1, "write not(...) or !="),
        ("5 % 2", 1, 3, "modulo"),
        ("“text”", 1, 1, "straight quotation marks"),
        ('a = "text', 1, 5, 'a " is missing'),
        ("f(a; b)", 1, 4, "write a comma"),
        ("= a", 1, 1, "not part of it"),
        ("> 5", 1, 1, "cannot start with"),
        ("", 1, 1, "empty"),
        ("   ", 1, 4, "stops too early"),
        ("1 +", 1, 4, "stops too early"),
        ("(1", 1, 3, "expected ')'"),
        ("[1, 2", 1, 6, "expected ']'"),
        ("if a then b", 1, 12, "expected 'else'"),
        ("for i in x", 1, 11, "expected 'return'"),
        ("some i in x", 1, 12, "expected 'satisfies'"),
        ("a\n  = 1 2", 2, 7, "did not expect '2'"),
        ("a instance number", 1, 12, "expected 'of'"),
        ("{a 1}", 1, 5, "expected ':'"),
        ("f(a: 1, 2)", 1, 11, "name all arguments or none"),
        ("then", 1, 1, "found the keyword 'then'"),
        ("1e99999", 1, 1, "too big"),
        ("@2026", 1, 2, "expected a text after @"),
        ("function(a) external {}", 1, 13, "external functions are not supported"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_a_hint(text, line, column, part):
    with pytest.raises(FeelSyntaxError) as caught:
        compile_expression(text)
    error = caught.value
    assert part in str(error)
    assert (error.line, error.column) == (line, column)


def paths(text):
    return [str(name) for name in compile_expression(text).names]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b", ["a", "b"]),
        ("case.client.name", ["case.client.name"]),
        ("f(a)", ["a"]),
        ("count(a)", ["a"]),
        ("sort(a, function(x, y) x < y)", ["a"]),
        ("for i in a return i + b", ["a", "b"]),
        ("some i in a, j in i.parts satisfies j > c", ["a", "c"]),
        ("{a: 1, b: a + c}.b", ["c"]),
        ("[1, 2][item > a]", ["a"]),
        ("if a then b.c else null", ["a", "b.c"]),
        ("f(x)[1].y", ["x"]),
        ("a in (b, > c)", ["a", "b", "c"]),
        ("a between b and c", ["a", "b", "c"]),
        ("partial + 1", ["partial"]),
        ("sort(a, before)", ["a"]),
    ],
)
def test_names_are_those_that_the_text_does_not_introduce_itself(text, expected):
    assert paths(text) == expected


def test_a_name_inside_a_filter_may_be_a_field_of_the_item():
    names = compile_expression("items[price > limit].kind").names
    assert [(name.path, name.position, name.maybe_field) for name in names] == [
        (("items",), 0, False),
        (("price",), 6, True),
        (("limit",), 14, True),
    ]


def test_a_cell_does_not_name_its_input():
    assert [str(name) for name in compile_unary_tests("? > limit, count(?) = 2").names] == ["limit"]


def test_a_context_with_a_key_twice_is_a_problem():
    assert compile_expression("{a: 1, a: 2}").problems == ("the context has the key 'a' twice (line 1, column 1)",)


def test_a_day_that_does_not_exist_is_a_problem():
    assert compile_expression('@"2026-02-30"').problems == (
        "'2026-02-30' is not a date, time or duration (line 1, column 1)",
    )


def test_a_call_of_an_own_function_is_no_problem():
    assert compile_expression("{twice: function(n) n * 2, four: twice(2)}.four").problems == ()


def test_a_compiled_text_is_kept():
    assert compile_expression("a + 12345") is compile_expression("a + 12345")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"a", "b"', ("a", "b")),
        ("1", (1,)),
        ("true, null", (True, None)),
        ("-", ()),
        ('not("a")', ()),
        ('"a", b', ()),
        ("< 5", ()),
        ("((", ()),
    ],
)
def test_the_values_of_a_cell_are_known_if_it_lists_only_literals(text, expected):
    assert literal_values(text) == expected
