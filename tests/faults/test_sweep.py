"""Killed at each commit, each effect and each acknowledgement, a flow comes to what it comes to in peace.

Here every flow is killed after its first commit, and every failpoint is met once by a flow that shows it best.
`make faults` kills every flow at every point, each time that it is reached.
"""

from __future__ import annotations

from collections import Counter

import pytest

from engine.failpoints import POINTS
from tests.faults.flows import FLOWS
from tests.faults.oracle import left_the_house
from tests.faults.sweep import KILLED, Sweep

QUICK = [name for name, flow in FLOWS.items() if not flow.is_slow]
# Beside the first commit: where each of the other points is met.
MET = {
    "complete": ("step_after_act:1", "commit_before:1", "commit_after:2"),
    "timer": ("step_before_commit:2", "commit_after:2"),
    "job": ("commit_after:2",),
    "signal": ("commit_after:3", "delivery_done:1"),
    "letter": ("letter_rendered:1", "file_written:1", "file_linked:1", "delivery_before_commit:1", "commit_after:3"),
    "letter outside": ("delivery_claimed:1", "delivery_done:1"),
    "letter refused": ("delivery_failed:1",),
    "email outside": ("delivery_done:1",),
    "payment": ("payment_marked:1", "file_linked:1", "commit_after:4"),
    "payment outside": ("delivery_done:1",),
}
BEGINS_LIKE_A_LETTER = {"email", "payment", *(name for name, flow in FLOWS.items() if flow.outside)}


@pytest.mark.parametrize("flow", QUICK)
def test_a_flow_that_is_killed_comes_to_what_it_comes_to_in_peace(swept: Sweep, flow: str) -> None:
    first = () if flow in BEGINS_LIKE_A_LETTER else ("commit_after:1",)
    for failpoint in (*first, *MET.get(flow, ())):
        swept.kill(flow, failpoint)


def test_every_failpoint_is_reached_by_some_flow(swept: Sweep) -> None:
    assert {point for flow in QUICK for point in swept.peaceful(flow).reached} == set(POINTS)
    assert {failpoint.partition(":")[0] for met in MET.values() for failpoint in met} == set(POINTS)


@pytest.mark.parametrize("flow", ["email", "letter"])
def test_nothing_leaves_before_the_step_that_owes_it_is_committed(swept: Sweep, flow: str) -> None:
    folder = swept.copy(flow)
    assert swept.play(flow, folder, 0, failpoint="step_before_commit:1")["code"] == KILLED
    assert left_the_house(folder, Counter()) == {}
    swept.play_to_the_end(flow, folder, 1)
    swept.compare(flow, folder)
