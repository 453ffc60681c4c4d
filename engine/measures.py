"""What is measured while the service runs: steps and deliveries as they happen, and how things stand when asked.

What happens is counted in each process; how things stand is read from the tables, so that any process can tell it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client import Counter, Histogram
from sqlalchemy import Connection, func, select

from engine.instance_row import is_halted
from engine.models import Incident, Job, Outbox, ProcessInstance, Wait

STEP_SECONDS = Histogram(
    "redress_step_seconds",
    "Time of one step of an instance, from its locked row to its saved one.",
    ["outcome"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
DELIVERIES = Counter("redress_deliveries_total", "Tries to hand something over.", ["kind", "outcome"])

OVERDUE = timedelta(minutes=1)
"""A timer that is due for longer than this, and has not fired, is overdue: somebody should look why."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand. Ages are seconds; 0 where there is nothing of the kind."""

    instances: dict[str, int]
    waits_overdue: int
    oldest_due_seconds: float
    owed: dict[str, int]
    oldest_owed_seconds: float
    incidents: dict[str, int]
    jobs: int


def standing(connection: Connection, *, now: datetime) -> Standing:
    """Return how things stand."""
    is_timer = (Wait.kind == "timer", ~is_halted(Wait.instance_id))
    oldest_due = connection.execute(
        select(Wait.due_at).where(*is_timer, Wait.due_at.is_not(None)).order_by(Wait.due_at).limit(1)
    ).scalar_one_or_none()
    overdue = select(func.count()).where(*is_timer, Wait.due_at <= now - OVERDUE)
    unsent = Outbox.state.in_(("new", "busy", "failed"))
    owed = connection.execute(select(Outbox.state, func.count()).where(unsent).group_by(Outbox.state))
    under_way = (Outbox.state.in_(("new", "busy")), ~is_halted(Outbox.instance_id))
    oldest_owed = connection.execute(select(func.min(Outbox.created_at)).where(*under_way)).scalar_one()
    statuses = connection.execute(select(ProcessInstance.status, func.count()).group_by(ProcessInstance.status))
    open_incidents = connection.execute(
        select(Incident.kind, func.count()).where(Incident.resolved_at.is_(None)).group_by(Incident.kind)
    )
    return Standing(
        instances={row[0]: row[1] for row in statuses},
        waits_overdue=connection.execute(overdue).scalar_one(),
        oldest_due_seconds=_age(oldest_due, now),
        owed={row[0]: row[1] for row in owed},
        oldest_owed_seconds=_age(oldest_owed, now),
        incidents={row[0]: row[1] for row in open_incidents},
        jobs=connection.execute(select(func.count()).select_from(Job)).scalar_one(),
    )


def _age(instant: datetime | None, now: datetime) -> float:
    return 0.0 if instant is None else max(0.0, (now - instant).total_seconds())
