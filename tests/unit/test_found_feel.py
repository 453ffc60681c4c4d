"""What a second search for silent faults found in expressions and decisions; each by its smallest case."""

from __future__ import annotations

import pytest

from engine.decisions import DecisionError, load_decisions
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
