"""At least a hundred attacks, each with its own end: an error that a person can act on, null with a reason, or a value.

None takes a second of work, none much memory, none shows where the server's code stands.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.feel import FeelLimit, FeelSyntaxError, compile_expression, compile_unary_tests
from engine.feel.run import Run
from engine.feel.show import show
from engine.feel.values import from_python
from tests.own_work import ends_within
from tests.unit.attacks import ATTACKS, MEMORY, OBJECTS, PATTERNS, SYNTAX, Attack

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
LONGEST_SECONDS = 1.0
MOST_KILOBYTES = 100_000
ROOT = Path(__file__).parents[2]


def ended(text: str, given: Mapping[str, Any]) -> str:
    """How an evaluation ends: "syntax: why", "limit: why", "null: the first reason" or "value: as FEEL writes it"."""
    try:
        found = compile_expression(text).explain(given, now=NOW)
        if found.value is None:
            return f"null: {found.notes[0] if found.notes else ''}"
        run = Run(NOW)
        return f"value: {show([from_python(found.value, run)], run)[1:-1]}"
    except FeelSyntaxError as error:
        return f"syntax: {error}"
    except FeelLimit as error:
        return f"limit: {error}"


def worked(act: Callable[[], str]) -> str:
    with ends_within(LONGEST_SECONDS):
        return act()


def test_there_are_a_hundred_attacks_and_more() -> None:
    assert len({attack.text for attack in ATTACKS}) >= 100
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)


@pytest.mark.parametrize(
    "attack", [attack for attack in ATTACKS if attack not in MEMORY], ids=lambda attack: attack.name
)
def test_an_attack_ends_soon_as_it_should(attack: Attack) -> None:
    check(attack)


def check(attack: Attack) -> None:
    said = worked(lambda: ended(attack.text, attack.given))
    assert said[:400].startswith(attack.ends), f"{attack.name}: {said[:400]}"
    if not said.startswith("value"):
        assert len(said) < 500
        assert "Traceback" not in said
        assert ".py" not in said


MEASURED = """
import resource
from tests.own_work import ends_within
from tests.unit.attacks import MEMORY
from tests.unit.test_feel_attacks import check
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for attack in MEMORY:
    check(attack)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_attacks_on_memory_end_soon_and_take_little_of_it() -> None:
    """In a process of their own, because the largest use of memory is all that a process tells."""
    done = subprocess.run([sys.executable, "-c", MEASURED], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < MOST_KILOBYTES


@pytest.mark.parametrize("attack", [*SYNTAX, *PATTERNS, *OBJECTS], ids=lambda attack: attack.name)
def test_an_attack_in_a_cell_ends_soon_too(attack: Attack) -> None:
    def act() -> str:
        try:
            return str(compile_unary_tests(attack.text).matches([1], attack.given, now=NOW))
        except (FeelSyntaxError, FeelLimit) as error:
            return str(error)

    assert len(worked(act)) < 500
