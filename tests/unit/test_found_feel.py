"""What a second search for silent faults found in expressions and decisions; each by its smallest case."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from engine.clock import LONDON
from engine.decisions import DecisionError, load_decisions
from engine.evaluation import as_json
from engine.feel import compile_expression, to_plain
from engine.values import copied, dumps, loads, pack, unpack
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


WRITTEN = [
    '@"2026-07-01T23:30:00Z"',
    'date and time("2026-07-01T23:30:00+00:00")',
    'date and time("2026-07-01T23:30:00-00:00")',
]
WRITTEN += [
    'date and time(date("2026-07-01"), @"23:30:00Z")',
    'date and time(date("2026-07-01"), time(23, 30, 0, @"PT0S"))',
]
WRITTEN += ['@"2026-07-01T22:30:00Z" + @"PT1H"', '@"2026-06-01T23:30:00Z" + @"P1M"']


@pytest.mark.parametrize("text", WRITTEN)
def test_a_moment_written_with_a_z_is_read_by_it_however_often_it_is_stored(text: str) -> None:
    value = compile_expression(text).evaluate({}, now=NOW)
    for _ in range(2):
        for kept in (value, loads(dumps(value)), unpack(pack(value)), to_plain(value), copied({"x": value})["x"]):
            value = compile_expression("x").evaluate({"x": kept}, now=NOW)
            for question, answer in (
                ("string(x)", "2026-07-01T23:30:00Z"),
                ("date(x)", date(2026, 7, 1)),
                ("x.hour", 23),
                ("x.time offset", timedelta(0)),
                ("x.timezone", None),
                ('x = @"2026-07-02T00:30:00@Europe/London"', True),
                ('x >= @"2026-07-02T00:30:00+01:00"', True),
                ("x = received_at", True),
                ("string({y: [x]}.y[1])", "2026-07-01T23:30:00Z"),
            ):
                names = {"x": value, "received_at": datetime(2026, 7, 1, 23, 30, tzinfo=UTC)}
                assert compile_expression(question).evaluate(names, now=NOW) == answer, question
    assert as_json(value) == "2026-07-01T23:30:00+00:00"


def test_a_stored_time_with_a_z_makes_a_moment_with_a_z() -> None:
    clock = loads(dumps(compile_expression('@"23:30:00Z"').evaluate({}, now=NOW)))
    moment = compile_expression('date and time(date("2026-07-01"), x)').evaluate({"x": clock}, now=NOW)
    assert compile_expression("string(m)").evaluate({"m": moment}, now=NOW) == "2026-07-01T23:30:00Z"


def test_an_instant_of_the_host_is_read_on_londons_clock_however_often_it_is_stored() -> None:
    value: object = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    for _ in range(2):
        for kept in (value, loads(dumps(value)), unpack(pack(value)), to_plain(value)):
            value = compile_expression("x").evaluate({"x": kept}, now=NOW)
            told = compile_expression("string(x)").evaluate({"x": value}, now=NOW)
            assert told == "2026-07-02T00:30:00@Europe/London"


def test_what_a_result_was_told_by_another_clock_stays_so() -> None:
    for value in (
        datetime(2026, 7, 1, 12, tzinfo=PARIS),
        datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=2))),
    ):
        assert str(to_plain(value)) == str(value)


def test_a_number_in_json_keeps_every_digit() -> None:
    assert loads('{"x": 12345678901234567890.125}') == {"x": Decimal("12345678901234567890.125")}
    assert loads(dumps(timedelta(hours=1, microseconds=5))) == timedelta(hours=1, microseconds=5)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_in_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no number"):
        loads(f'{{"x": {text}}}')
