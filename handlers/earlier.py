"""find_requests: the service requests that a case has already, so that nobody logs the same issue twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from engine.clock import LONDON, london_date
from engine.context import StepContext
from engine.facts import request_fields
from engine.models import Person, ServiceRequest

# What is carried of each, besides the value and the label that a form offers it with.
_KEPT = (
    "kind", "status", "resolution_code", "rejection_reason", "resolution_number", "closed_on", "caseworker",
    "owner_group", "resolution_team_leader", "dissatisfaction_number", "ice_gateway",
)  # fmt: skip


def find_requests(context: StepContext) -> Mapping[str, object]:
    """Return the other service requests of the case, open and closed, newest first.

    Each is {value: number, label, kind, status, resolution_code, rejection_reason, resolution_number, closed_on,
    caseworker, owner_group, resolution_team_leader}; a form offers them with ``valuesKey``.
    """
    found = context.connection.execute(
        select(ServiceRequest.__table__)
        .where(ServiceRequest.case_id == context.case_id)
        .order_by(ServiceRequest.request_id.desc())
    )
    others = [_entry(row) for row in found if row.request_id != context.request_id]
    return {
        "open_requests": [entry for entry in others if entry["closed_on"] is None],
        "closed_requests": [entry for entry in others if entry["closed_on"] is not None],
    }


def look_up_person(context: StepContext, *, person: int | None) -> Mapping[str, object]:
    """Return a person's name, for a text that names them."""
    name = context.connection.execute(select(Person.name).where(Person.person_id == person)).scalar_one_or_none()
    return {"person_name": name}


def request_on_case(context: StepContext, number: str) -> int:
    """Return the id of a service request of this case. Raises: ValueError when the number is not one of them."""
    found = context.connection.execute(
        select(ServiceRequest.request_id).where(
            ServiceRequest.number == number, ServiceRequest.case_id == context.case_id
        )
    ).scalar_one_or_none()
    if found is None:
        raise ValueError(f"{number} is not a service request of this case.")
    return found


def _entry(row: Any) -> dict[str, Any]:
    fields = request_fields(row)
    closed_on = london_date(row.closed_at) if row.closed_at else None
    what = f", closed on {closed_on}" if closed_on else f", {row.status}"
    return {
        "value": row.number,
        "label": f"{row.number}: {row.kind}{what}",
        **{name: fields.get(name) for name in _KEPT},
        "closed_on": row.closed_at.astimezone(LONDON).date() if row.closed_at else None,
    }
