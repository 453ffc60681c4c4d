"""Incidents: what stopped and needs a person; seen by operations, retried by them, never in silence."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, update

from engine.models import Incident


def raise_incident(
    connection: Connection,
    *,
    instance_id: int | None,
    element_id: str | None,
    kind: str,
    message: str,
    now: datetime,
    outbox_id: int | None = None,
) -> None:
    """Record an incident; one that is open at the same place is brought up to date instead of repeated."""
    same = (
        Incident.instance_id == instance_id,
        Incident.element_id == element_id,
        Incident.outbox_id == outbox_id,
        Incident.resolved_at.is_(None),
    )
    updated = connection.execute(update(Incident).where(*same).values(kind=kind, message=message))
    if updated.rowcount:
        return
    connection.execute(
        insert(Incident).values(
            instance_id=instance_id,
            element_id=element_id,
            kind=kind,
            message=message,
            raised_at=now,
            outbox_id=outbox_id,
        )
    )


def resolve_all(connection: Connection, *, instance_id: int, now: datetime, by: str) -> None:
    """Close an instance's incidents (deliveries apart), because it came to rest."""
    connection.execute(
        update(Incident)
        .where(Incident.instance_id == instance_id, Incident.resolved_at.is_(None), Incident.outbox_id.is_(None))
        .values(resolved_at=now, resolved_by=by)
    )


def resolve_delivery(connection: Connection, *, outbox_id: int, now: datetime, by: str) -> None:
    """Close the incident of a delivery that went through."""
    connection.execute(
        update(Incident)
        .where(Incident.outbox_id == outbox_id, Incident.resolved_at.is_(None))
        .values(resolved_at=now, resolved_by=by)
    )


def resolve_cancelled(connection: Connection, *, instance_id: int, now: datetime, by: str) -> None:
    """Close every incident of an instance that was cancelled, its deliveries' too."""
    connection.execute(
        update(Incident)
        .where(Incident.instance_id == instance_id, Incident.resolved_at.is_(None))
        .values(resolved_at=now, resolved_by=by)
    )
