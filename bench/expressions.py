"""What a condition and a row of a decision table cost: `python -m bench expressions`. Aims: 3 µs and 30 µs.

Each fact is the best of several rounds of many evaluations, in microseconds for one: a round that the machine disturbs
says nothing about the code.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

from bench.report import Fact, Figure, Measured
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
EXPRESSIONS: dict[str, tuple[str, dict[str, object]]] = {
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


def rounds(act: Callable[[], object]) -> list[float]:
    """Return the seconds of one call, for each round."""
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(TURNS):
            act()
        taken.append((time.perf_counter() - start) / TURNS)
    return taken


def measure() -> Measured:
    """Measure conditions, a filter and a row; the condition also beside what Python itself needs for it."""
    figures, facts = [], []
    for name, (text, given) in EXPRESSIONS.items():
        taken = rounds(partial(compile_expression(text).evaluate, given, now=NOW))
        is_condition = name.startswith("a gateway")
        facts.append(Fact(f"expression: {name}", min(taken) * 1e6, "µs", 3 if is_condition else None))
        if is_condition:
            python = compile(text.replace("= true", "== True"), "condition", "eval")
            alone = rounds(partial(eval, python, {}, given))
            figures.append(Figure(f"expression: {name}", taken, "Python's own, compiled", alone))
    decision = load_decisions(_table(), file="row.dmn")["row"]
    row = min(rounds(partial(decision.evaluate, GIVEN, now=NOW)))
    facts.append(Fact("decision: a row of ten cells", row * 1e6, "µs", 30))
    return Measured(figures, facts)
