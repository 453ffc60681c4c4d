"""What is attached to a task: read here, written by `engine.documents`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from engine.history import Event
from engine.models import Document
from engine.values import loads

EVIDENCE = "evidence"


@dataclass(frozen=True, slots=True)
class Attached:
    """A file attached to a task; `field` is the question of the form that it answers, or none of them."""

    document_id: int
    field: str
    file_name: str
    sha256: str


def attached_to_task(connection: Connection, task: Any) -> list[Attached]:
    """Return the files that were attached to a task, the first first. `task` is a row of `tasks.get_task`."""
    rows = connection.execute(
        select(Document.document_id, Document.facts, Document.file_name, Document.sha256)
        .where(Document.case_id == task.case_id, Document.task_id == task.task_id, Document.kind == EVIDENCE)
        .order_by(Document.document_id)
    )
    return [Attached(r.document_id, str(loads(r.facts).get("field", "")), r.file_name, r.sha256) for r in rows]


def attached_event(connection: Connection, task: Any) -> list[Event]:
    """Return what history tells of the files of a task that is completed now: nothing, or one event."""
    rows = attached_to_task(connection, task)
    if not rows:
        return []
    # A file's name may say who it is about: it is kept apart from the chain, which holds ids and digests.
    data = {"documents": [{"document_id": row.document_id, "sha256": row.sha256} for row in rows]}
    values = {"files": [row.file_name for row in rows]}
    return [Event("attached", task.element_id, task.name, task.step, data=data, values=values)]


def is_evidence_of(connection: Connection, case_id: int | None, document_id: int) -> bool:
    """Tell whether a document is evidence on a case."""
    known = select(func.count()).where(Document.document_id == document_id, Document.kind == EVIDENCE)
    return connection.execute(known.where(Document.case_id == case_id)).scalar_one() == 1
