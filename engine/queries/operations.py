"""What operations look at: instances, incidents, deliveries and deployed definitions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from engine.errors import NotFound
from engine.models import Case, Definition, Incident, Job, Outbox, ProcessInstance, UserTask

PAGE = 100


@dataclass(frozen=True, slots=True)
class InstanceSummary:
    """An instance in the list of operations."""

    instance_id: int
    definition_id: int
    title: str
    version: int
    business_key: str | None
    case_id: int | None
    reference: str | None
    status: str
    started_at: datetime
    ended_at: datetime | None
    steps: int


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """Something that stopped and needs a person."""

    incident_id: int
    instance_id: int | None
    outbox_id: int | None
    element_id: str | None
    kind: str
    message: str
    raised_at: datetime
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True)
class JobRow:
    """The rest of a step that failed and is tried again."""

    job_id: int
    instance_id: int
    element_id: str
    attempts: int
    retries: int
    available_at: datetime
    last_error: str


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """An effect that is owed or was handed over."""

    outbox_id: int
    key: str
    kind: str
    instance_id: int | None
    element_id: str | None
    state: str
    attempts: int
    available_at: datetime
    created_at: datetime
    sent_at: datetime | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class DefinitionRow:
    """A deployed version and how many instances run on it."""

    definition_id: int
    key: str
    version: int
    sha256: str
    title: str
    process_id: str
    is_in_force: bool
    deployed_at: datetime
    deployed_by: str
    running: int


def list_instances(connection: Connection, *, status: str = "") -> list[InstanceSummary]:
    """Return instances, the newest on top; `status` narrows to active, retrying, incident or completed."""
    query = _instances().order_by(ProcessInstance.instance_id.desc()).limit(PAGE)
    if status:
        query = query.where(ProcessInstance.status == status)
    return [InstanceSummary(**row._mapping) for row in connection.execute(query)]


def get_instance(connection: Connection, instance_id: int) -> InstanceSummary:
    """Return one instance. Raises: NotFound."""
    row = connection.execute(_instances().where(ProcessInstance.instance_id == instance_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such instance.")
    return InstanceSummary(**row._mapping)


def count_by_status(connection: Connection) -> dict[str, int]:
    """Return how many instances there are of each status."""
    rows = connection.execute(select(ProcessInstance.status, func.count()).group_by(ProcessInstance.status))
    return {row[0]: row[1] for row in rows}


def open_incidents(connection: Connection, *, instance_id: int | None = None) -> list[IncidentRow]:
    """Return the incidents that nobody has put right, the oldest on top."""
    query = _incidents().where(Incident.resolved_at.is_(None)).order_by(Incident.incident_id).limit(PAGE)
    if instance_id is not None:
        query = query.where(Incident.instance_id == instance_id)
    return [IncidentRow(**row._mapping) for row in connection.execute(query)]


def jobs_of_instance(connection: Connection, instance_id: int) -> list[JobRow]:
    """Return what is being tried again in an instance."""
    rows = connection.execute(select(Job.__table__).where(Job.instance_id == instance_id))
    return [JobRow(**row._mapping) for row in rows]


def list_deliveries(connection: Connection, *, state: str = "") -> list[DeliveryRow]:
    """Return deliveries, the newest on top; `state` narrows to new, busy, sent or failed."""
    query = _deliveries().order_by(Outbox.outbox_id.desc()).limit(PAGE)
    if state:
        query = query.where(Outbox.state == state)
    return [DeliveryRow(**row._mapping) for row in connection.execute(query)]


def list_definitions(connection: Connection) -> list[DefinitionRow]:
    """Return every deployed version, those in force first."""
    query = _definitions().order_by(Definition.is_in_force.desc(), Definition.key, Definition.version.desc())
    return [DefinitionRow(**row._mapping) for row in connection.execute(query)]


def get_definition(connection: Connection, definition_id: int) -> DefinitionRow:
    """Return one deployed version. Raises: NotFound."""
    row = connection.execute(_definitions().where(Definition.definition_id == definition_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such definition.")
    return DefinitionRow(**row._mapping)


def tasks_by_element(connection: Connection, definition_id: int) -> dict[str, int]:
    """Return how many open user tasks stand at each element of a definition."""
    rows = connection.execute(
        select(UserTask.element_id, func.count())
        .join(ProcessInstance, ProcessInstance.instance_id == UserTask.instance_id)
        .where(UserTask.status == "open", ProcessInstance.definition_id == definition_id)
        .group_by(UserTask.element_id)
    )
    return {row[0]: row[1] for row in rows}


def _instances() -> Any:
    return (
        select(
            ProcessInstance.instance_id,
            ProcessInstance.definition_id,
            Definition.title,
            Definition.version,
            ProcessInstance.business_key,
            ProcessInstance.case_id,
            Case.reference,
            ProcessInstance.status,
            ProcessInstance.started_at,
            ProcessInstance.ended_at,
            ProcessInstance.version.label("steps"),
        )
        .join(Definition, Definition.definition_id == ProcessInstance.definition_id)
        .outerjoin(Case, Case.case_id == ProcessInstance.case_id)
    )


def _incidents() -> Any:
    names = IncidentRow.__dataclass_fields__
    return select(*(getattr(Incident, name) for name in names))


def _deliveries() -> Any:
    return select(*(getattr(Outbox, name) for name in DeliveryRow.__dataclass_fields__))


def _definitions() -> Any:
    names = [name for name in DefinitionRow.__dataclass_fields__ if name != "running"]
    running = (
        select(func.count())
        .where(ProcessInstance.definition_id == Definition.definition_id, ProcessInstance.status != "completed")
        .scalar_subquery()
        .label("running")
    )
    return select(*(getattr(Definition, name) for name in names), running)
