"""Killed at each commit, each effect and each acknowledgement, every flow comes to what it comes to in peace.

Here each flow is killed after each of its commits and at each moment of each delivery; at a point inside a transaction
once for all, because nothing of a transaction is there before its commit; and where flows have the same commits, in one
of them. `make soak` kills every flow at every point, each time that it is reached.
"""

from __future__ import annotations

from collections import Counter

import pytest

from engine.failpoints import POINTS
from tests.faults.flows import FLOWS
from tests.faults.oracle import left_the_house
from tests.faults.sweep import KILLED, Sweep

QUICK = [name for name, flow in FLOWS.items() if not flow.is_slow]
# Before a commit, killed anywhere, there is nothing: shown once, by the flow that is named.
BEFORE_A_COMMIT = {
    "commit_before": "complete",
    "step_after_act": "complete",
    "step_before_commit": "timer",
    "letter_rendered": "letter",
    "delivery_before_commit": "letter",
}
COMMITS_LIKE_A_LETTER = {"email", "payment", *(name for name, flow in FLOWS.items() if flow.outside)}


@pytest.mark.parametrize("flow", QUICK)
def test_a_flow_that_is_killed_comes_to_what_it_comes_to_in_peace(swept: Sweep, flow: str) -> None:
    for point, times in swept.peaceful(flow).reached.items():
        if BEFORE_A_COMMIT.get(point, flow) != flow or (point == "commit_after" and flow in COMMITS_LIKE_A_LETTER):
            continue
        for time in range(1, times + 1):
            swept.kill(flow, f"{point}:{time}")


def test_every_failpoint_is_reached_by_some_flow(swept: Sweep) -> None:
    assert {point for flow in QUICK for point in swept.peaceful(flow).reached} == set(POINTS)


@pytest.mark.parametrize("flow", ["email", "letter", "payment"])
def test_nothing_leaves_before_the_step_that_owes_it_is_committed(swept: Sweep, flow: str) -> None:
    folder = swept.copy(flow)
    assert swept.play(flow, folder, 0, failpoint="step_before_commit:1")["code"] == KILLED
    assert left_the_house(folder, Counter()) == {}
    swept.play_to_the_end(flow, folder, 1)
    swept.compare(flow, folder)
