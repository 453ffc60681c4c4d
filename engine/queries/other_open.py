"""How many other service requests of a case are open, as lists say beside each row."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import aliased

from engine.models import ListedRequest


def other_open(case_id: Any, request_id: Any, *, of: tuple[Any, ...]) -> ScalarSelect[int]:
    """Return the count of the case's open requests but one, for the rows that a statement reads `of` these tables."""
    other = aliased(ListedRequest)
    return (
        select(func.count())
        .select_from(other)
        .where(other.waits_for != "served", other.case_id == case_id, other.request_id.is_distinct_from(request_id))
        .correlate(*of)
        .scalar_subquery()
    )
