"""What a second search for silent faults found in expressions and decisions; each by its smallest case."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from engine.clock import LONDON
from engine.decisions import DecisionError, load_decisions
from engine.feel import compile_expression
from engine.values import dumps, loads, pack, unpack
from tests.unit.test_decisions import DMN_13, NOW, table

# Decision tables ------------------------------------------------------------------------------------------------------


def decide(source: str, **inputs: object) -> object:
    text = f'<definitions xmlns="{DMN_13}" name="d" namespace="n">{source}</definitions>'
    return load_decisions(text.encode(), file="found.dmn")["band"].evaluate(inputs, now=NOW)


@pytest.mark.parametrize(
    ("columns", "row", "fine", "wrong", "says"),
    [
        ((['x:: "a", "b"'], ["r: string"]), ["-", '"any"'], "a", "c", "input 'x'"),
        ((["x:: [0..100]"], ["r: string"]), ["-", '"any"'], 100, 500, "input 'x'"),
        ((["x"], ['r: string: "a", "b"']), ["-", "x"], "b", "c", "output 'r'"),
        ((["x"], ["r: number: [0..5]"]), ["-", "x"], 5, 50, "output 'r'"),
    ],
)
def test_a_column_takes_and_gives_no_value_that_it_does_not_allow(columns, row, fine, wrong, says) -> None:  # type: ignore[no-untyped-def]
    source = table(*columns, [row], policy='hitPolicy="FIRST"')
    assert decide(source, x=fine) is not None
    assert decide(source, x=None) is None or says.startswith("input")
    with pytest.raises(DecisionError, match=f"{says}.*does not allow"):
        decide(source, x=wrong)


# Values in store ------------------------------------------------------------------------------------------------------

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=2))),
        datetime(2026, 7, 1, 12, tzinfo=timezone(-timedelta(hours=9, minutes=30))),
        datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=PARIS),
        datetime(2026, 7, 1, 12, tzinfo=LONDON),
        time(10, 30, tzinfo=PARIS),
        time(10, 30, tzinfo=timezone(timedelta(hours=2))),
    ],
    ids=str,
)
def test_a_moment_keeps_the_clock_that_it_was_told_by_when_it_is_stored(value: datetime | time) -> None:
    names = ("hour", "timezone", "time offset") if isinstance(value, datetime) else ("hour", "time offset")
    for stored in (loads(dumps(value)), unpack(pack(value))):
        for name in names:
            asked = compile_expression(f"x.{name}")
            assert asked.evaluate({"x": stored}, now=NOW) == asked.evaluate({"x": value}, now=NOW), name
        told = compile_expression("string(x)")
        assert told.evaluate({"x": stored}, now=NOW) == told.evaluate({"x": value}, now=NOW)


def test_a_number_in_json_keeps_every_digit() -> None:
    assert loads('{"x": 12345678901234567890.125}') == {"x": Decimal("12345678901234567890.125")}
    assert loads(dumps(timedelta(hours=1, microseconds=5))) == timedelta(hours=1, microseconds=5)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_in_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no number"):
        loads(f'{{"x": {text}}}')
