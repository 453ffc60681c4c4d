"""What the task that comes next says about itself to who has just completed the one before."""

from __future__ import annotations

from engine.step import Outcome
from engine.values import loads


def announced_to(person_id: int, outcome: Outcome) -> list[str]:
    """Return the property ``announce`` of each task that a person now holds because they completed another."""
    said = (loads(row["properties"]).get("announce") for row in outcome.opened if row["assignee_id"] == person_id)
    return [str(text) for text in said if text]
