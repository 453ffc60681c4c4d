"""A worker that sleeps through its lease and wakes: another has done its work, and it changes nothing any more.

`make faults` lets it sleep at every point of every delivery.
"""

from __future__ import annotations

import pytest

from tests.faults.sweep import Sweep


@pytest.mark.parametrize(
    ("flow", "failpoint"),
    [
        ("letter", "file_linked:1"),
        ("letter refused", "delivery_failed:1"),
        ("letter outside", "delivery_claimed:1"),
        ("email outside", "delivery_done:1"),
        ("payment outside", "payment_marked:1"),
    ],
)
def test_a_worker_that_sleeps_through_its_lease_loses_it(swept: Sweep, flow: str, failpoint: str) -> None:
    swept.sleep_through_the_lease(flow, failpoint)
