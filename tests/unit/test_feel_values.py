"""The border between the host's data and FEEL: what goes in, what comes out, and why something is null."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.feel import Months, compile_expression, to_plain

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")


class Colour(StrEnum):
    RED = "red"


def through(value):
    return compile_expression("value").evaluate({"value": value}, now=NOW)


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        (1, Decimal(1)),
        (0.1, Decimal("0.1")),
        (1e300, Decimal("1e300")),
        (Decimal("1.50"), Decimal("1.50")),
        (10**40 + 1, Decimal(10**40)),
        (True, True),
        ("text", "text"),
        (None, None),
        (date(2026, 1, 1), date(2026, 1, 1)),
        (time(10), time(10)),
        (timedelta(hours=1), timedelta(hours=1)),
        (Months(3), Months(3)),
        ((1, "a"), [Decimal(1), "a"]),
        ({"a": [1]}, {"a": [Decimal(1)]}),
        (MappingProxyType({"a": 1}), {"a": Decimal(1)}),
        (Colour.RED, "red"),
        (float("nan"), None),
        (float("inf"), None),
        pytest.param(10**7000, None, id="more digits than FEEL has"),
        (b"bytes", None),
        ({1, 2}, None),
        (object(), None),
    ],
)
def test_python_data_become_feel_values(given_value, expected):
    found = through(given_value)
    assert found == expected
    assert type(found) is type(expected)


def test_a_result_never_shares_its_parts_with_the_data():
    data = {"a": [1]}
    result = through(data)
    result["a"].append(2)
    assert data == {"a": [1]}


def test_an_instant_is_read_on_the_clock_of_london():
    received_at = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    names = {"received_at": received_at}
    assert compile_expression("date(received_at)").evaluate(names, now=NOW) == date(2026, 7, 2)
    assert compile_expression("received_at").evaluate(names, now=NOW) == received_at


def test_no_attribute_of_a_python_object_can_be_reached():
    for text in ("value.__class__", "value.real", "value.strftime", "value.__class__.__mro__"):
        for value in (1, "text", date(2026, 1, 1), [], {}):
            result = compile_expression(text).evaluate({"value": value}, now=NOW)
            assert result in (None, [])


def test_plain_results_have_whole_numbers_as_int_and_instants_in_utc():
    plain = to_plain([Decimal("2.0"), Decimal("2.5"), datetime(2026, 7, 1, 10, tzinfo=LONDON), {"a": Decimal(1)}])
    assert plain == [2, Decimal("2.5"), datetime(2026, 7, 1, 9, tzinfo=UTC), {"a": 1}]
    assert isinstance(plain, list)
    assert type(plain[0]) is int
    assert plain[2].tzinfo is UTC


def test_dotted_names_walk_any_mapping_without_copying_it():
    class Watched(Mapping):
        def __init__(self, data):
            self.data, self.read = data, []

        def __getitem__(self, key):
            self.read.append(key)
            return self.data[key]

        def __iter__(self):
            raise AssertionError("the whole case was copied")

        def __len__(self):
            return len(self.data)

    case = Watched({"nation": "scotland", "notes": ["long"] * 10_000})
    assert compile_expression('case.nation = "scotland"').evaluate({"case": case}, now=NOW) is True
    assert case.read == ["nation"]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("unknown > 1", "there is no 'unknown'"),
        ("case.unknown > 1", "there is no 'case.unknown'"),
        ('amount > "100"', "cannot compare number with string"),
        ("amount + today()", "cannot add number and date"),
        ("nothing > 1", "cannot compare null with number"),
        ("amount / 0", "cannot divide these: there is no such value"),
        ('date("tomorrow")', "date: 'tomorrow' is not a date"),
        ("upper case(amount)", "upper case: string should be string, not number"),
        ("numbers[9]", "there is no item 9"),
        ("for i in amount return i", "cannot loop over number"),
        ('working days after(today(), 2, "scotland")', "working days after: there is no calendar here"),
    ],
)
def test_a_null_says_why(text, note):
    names = {"amount": 120, "case": {}, "nothing": None, "numbers": [1]}
    evaluated = compile_expression(text).explain(names, now=NOW)
    assert evaluated.value is None
    assert note in [str(one) for one in evaluated.notes]


def test_a_value_that_is_null_by_itself_has_no_note():
    assert compile_expression("nothing").explain({"nothing": None}, now=NOW).notes == ()


def test_notes_are_few_however_much_went_wrong():
    evaluated = compile_expression("for i in 1..500 return i + unknown").explain({}, now=NOW)
    assert len(evaluated.notes) <= 20


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.text(max_size=20)
    | st.dates()
    | st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(PLAIN)
def test_what_goes_in_comes_out_and_equals_itself(value):
    assert to_plain(through(value)) == value
    assert compile_expression("value = value").evaluate({"value": value}, now=NOW) is True
    assert compile_expression("count(distinct values([value, value]))").evaluate({"value": value}, now=NOW) == 1


@settings(max_examples=100, deadline=None)
@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_numbers_add_and_divide_like_numbers(one, other, divisor):
    names = {"a": one, "b": other, "d": divisor}
    assert compile_expression("a + b - b = a").evaluate(names, now=NOW) is True
    assert compile_expression("modulo(a, d)").evaluate(names, now=NOW) == one % divisor
    assert compile_expression("a < b or a >= b").evaluate(names, now=NOW) is True
    assert compile_expression("floor(a / d)").evaluate(names, now=NOW) == one // divisor
