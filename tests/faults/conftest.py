"""Fixtures of the tests that break things."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.sweep import Sweep, sweep


@pytest.fixture(scope="session")
def swept() -> Iterator[Sweep]:
    """Where flows are played, each in a process of its own that may be killed."""
    with sweep() as made:
        yield made
