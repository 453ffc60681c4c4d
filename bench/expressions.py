"""What a condition and a row of a decision table cost: `python -m bench.expressions`. Aims: 3 µs and 30 µs.

Each is the best of several rounds of many evaluations, in microseconds for one: a round that the machine disturbs
says nothing about the code.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

from bench.office import judged
from engine.decisions import load_decisions
from engine.feel import compile_expression

ROUNDS, TURNS = 200, 200
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
CELLS = (
    "> 100",
    "[1..5)",
    '"scotland", "northern_ireland"',
    "-",
    'not("closed")',
    "true",
    "<= 7",
    "!= 3",
    "(0..1]",
    "> 2",
)
VALUES = (120, 3, "scotland", "anything", "open", True, 7, 4, Decimal("0.5"), 9)
GIVEN = {f"a{number}": value for number, value in enumerate(VALUES)}
EXPRESSIONS = {
    "a gateway's condition": ("approved = true and amount > 100", {"approved": True, "amount": 120}),
    "a condition on the case": ('case.client.nation = "scotland"', {"case": {"client": {"nation": "scotland"}}}),
    "a due date": ('received + duration("P7D") < now()', {"received": NOW}),
    "a filter of 100 items": ("count(items[price > 50])", {"items": [{"price": number} for number in range(100)]}),
}


def _table() -> bytes:
    inputs = "".join(f"<input><inputExpression><text>a{n}</text></inputExpression></input>" for n in range(len(CELLS)))
    cells = "".join(f"<inputEntry><text>{cell.replace('<', '&lt;')}</text></inputEntry>" for cell in CELLS)
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" name="n" namespace="n">'
        f'<decision id="row" name="row"><decisionTable hitPolicy="FIRST">{inputs}<output name="r"/>'
        f"<rule>{cells}<outputEntry><text>1</text></outputEntry></rule></decisionTable></decision></definitions>"
    ).encode()


def best(act: Callable[[], object]) -> float:
    """Return the microseconds of one call in the best round."""
    rounds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(TURNS):
            act()
        rounds.append((time.perf_counter() - start) * 1_000_000 / TURNS)
    return min(rounds)


def main() -> None:
    """Measure conditions, a filter and a row."""
    print(f"Expressions and decisions; the best of {ROUNDS} rounds of {TURNS:,}")
    for name, (text, given) in EXPRESSIONS.items():
        compiled = compile_expression(text)
        each = best(partial(compiled.evaluate, given, now=NOW))
        aim = f"   {judged(each, 3, unit=' µs')}" if name.startswith("a gateway") else ""
        print(f"  {name:<40}{each:7.2f} µs{aim}")
    decision = load_decisions(_table(), file="row.dmn")["row"]
    each = best(partial(decision.evaluate, GIVEN, now=NOW))
    print(f"  {'a row of ten cells, as a decision':<40}{each:7.2f} µs   {judged(each, 30, unit=' µs')}")


if __name__ == "__main__":
    main()
