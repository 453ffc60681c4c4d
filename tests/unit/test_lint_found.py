"""What someone who did not write the check found by trying to get past it, or to make it hang. Each find is a test."""

from __future__ import annotations

import time

from tests.unit.bpmn_text import chain, diagram, end, node, start, user
from tests.unit.lint_check import NOISE, foreign


def nested(levels: int) -> str:
    """Return a diagram of sub-processes inside one another, with a user task in the innermost."""
    inner, name = user("u"), "u"
    for level in range(levels):
        begin, finish = start(f"s{level}"), end(f"e{level}")
        inner = node("subProcess", f"sp{level}", begin + inner + finish + chain(f"s{level}", name, f"e{level}"))
        name = f"sp{level}"
    return diagram(start(), inner, end(), chain("start", name, "end"))


def test_sixty_sub_processes_inside_one_another_are_checked_at_once() -> None:
    began = time.monotonic()
    found = [rule for rule, _ in foreign(nested(60)) if rule not in NOISE]
    assert found == []
    assert time.monotonic() - began < 5
