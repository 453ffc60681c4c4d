"""Dates as people read them."""

from __future__ import annotations

from datetime import datetime

import pytest

from engine.clock import LONDON
from web.words import due


@pytest.mark.parametrize(
    ("instant", "said"),
    [
        ("2026-11-24T23:59:59", "24 November 2026"),
        ("2026-11-24T00:00:00", "24 November 2026"),
        ("2026-11-24T14:59:59", "24 November 2026 at 3pm"),
        ("2026-11-24T11:59:59", "24 November 2026 at midday"),
        ("2026-11-24T14:59:00", "24 November 2026 at 2:59pm"),
        ("2026-11-24T15:00:00", "24 November 2026 at 3pm"),
        ("2026-07-24T08:59:59", "24 July 2026 at 9am"),
    ],
)
def test_something_is_due_at_the_hour_that_its_last_second_belongs_to(instant, said):
    assert due(datetime.fromisoformat(instant).replace(tzinfo=LONDON)) == said
