"""Values: what FEEL knows comes back as it was stored, and anything else is refused when it is written."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import LONDON, ZULU
from engine.feel.values import Months
from engine.values import dumps, loads, pack, plain, unpack

SCALARS = (
    st.none()
    | st.booleans()
    | st.text()
    | st.integers(-(10**30), 10**30)
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=6)
    | st.dates()
    | st.times()
    | st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))
    | st.timedeltas(timedelta(days=-40_000), timedelta(days=40_000))
    | st.builds(Months, st.integers(-1200, 1200))
)
KEYS = st.text(max_size=8) | st.sampled_from(
    ["@date", "@datetime", "@time", "@decimal", "@duration", "@months", "@escaped"]
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


@given(VALUES)
def test_every_value_comes_back_from_text_and_from_bytes(value: Any) -> None:
    assert loads(dumps(value)) == value
    assert unpack(pack(value)) == value


@given(st.dictionaries(KEYS, st.text(max_size=5), max_size=1))
def test_a_context_that_looks_like_a_tag_is_never_mistaken_for_one(value: dict[str, str]) -> None:
    assert loads(dumps(value)) == value
    assert loads(dumps([value, {"@escaped": value}])) == [value, {"@escaped": value}]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (date(2026, 11, 22), '{"@date":"2026-11-22"}'),
        (datetime(2026, 11, 22, 9, tzinfo=UTC), '{"@datetime":"2026-11-22T09:00:00+00:00"}'),
        (datetime(2026, 11, 22, 9, tzinfo=ZULU), '{"@datetime":"2026-11-22T09:00:00Z"}'),
        (datetime(2026, 7, 1, 9, tzinfo=LONDON), '{"@datetime":"2026-07-01T08:00:00+00:00"}'),
        (datetime(2026, 7, 1, 9, tzinfo=timezone(timedelta(hours=2))), '{"@datetime":"2026-07-01T09:00:00+02:00"}'),
        (Decimal("1.50"), '{"@decimal":"1.50"}'),
        (Decimal("2.00"), "2"),
        (1.5, '{"@decimal":"1.5"}'),
        (time(9, 30), '{"@time":"09:30:00"}'),
        (timedelta(days=7), '{"@duration":604800.0}'),
        ("Café", '"Café"'),
    ],
)
def test_values_are_written_in_one_way(value: object, text: str) -> None:
    assert dumps(value) == text


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1: "a key that is not text"},
        {"a": b"bytes"},
        {"a", "set"},
        Decimal("NaN"),
        Decimal("Infinity"),
        float("nan"),
        float("inf"),
    ],
)
def test_what_is_no_value_is_refused_when_it_is_written(value: object) -> None:
    with pytest.raises(ValueError):
        dumps(value)
    with pytest.raises(ValueError):
        pack(value)


def test_a_very_large_number_stays_short() -> None:
    huge = Decimal("1E+5000")
    assert dumps(huge) == '{"@decimal":"1E+5000"}'
    assert loads(dumps(huge)) == plain(huge) == unpack(pack(huge)) == huge


def test_plain_numbers_are_whole_where_they_can_be() -> None:
    given_values = {"a": Decimal("3.0"), "b": [Decimal("1.5"), Decimal("2E1")], "c": (Decimal(1),)}
    result = plain(given_values)
    assert result == {"a": 3, "b": [Decimal("1.5"), 20], "c": [1]}
    assert isinstance(result["a"], int)
