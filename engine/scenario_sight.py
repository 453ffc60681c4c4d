"""What a story can see after a step, and how it differs from what the story says there should be.

Everything is read from the tables that the pages read. Letters, forms, emails and notifications are those of the step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from engine.clock import LONDON
from engine.facts import case_fields, request_fields
from engine.models import (
    Case,
    Document,
    Incident,
    Job,
    Note,
    Notification,
    Outbox,
    Payment,
    Person,
    ProcessInstance,
    RequestLink,
    ServiceRequest,
    UserTask,
    Wait,
)
from engine.notifications import FROM_DIAGRAMS
from engine.values import loads

THEN_KEYS = {
    "tasks", "holders", "task_dues", "waits", "dues", "due", "letters", "paragraphs", "leaflets", "letter_facts",
    "forms", "emails", "notified", "status", "sub_status", "resolution_code", "facts", "payments", "requests",
    "notes", "ended", "refused", "kept",
}  # fmt: skip
_IN_ANY_ORDER = {"tasks", "waits", "requests", "notified"}


@dataclass(frozen=True, slots=True)
class Marks:
    """How far documents, notifications and emails had come before a step."""

    document: int
    notification: int
    outbox: int


class Sight:
    """What there is to see of one instance and its case. Each public method is a key of a story's ``then``."""

    def __init__(self, connection: Connection, instance_id: int, case_id: int, before: Marks) -> None:
        self._connection = connection
        self._case_id = case_id
        self._before = before
        self.instance: Any = self._all(ProcessInstance, ProcessInstance.instance_id == instance_id)[0]
        self._open: list[Any] = self._all(UserTask, UserTask.instance_id == instance_id, UserTask.status == "open")
        self._waits: list[Any] = self._all(Wait, Wait.instance_id == instance_id, Wait.kind != "job")
        requests = self._all(ServiceRequest, ServiceRequest.request_id == self.instance.request_id)
        self._request: Any = requests[0] if requests else None
        self._letters = [row for row in self._documents() if row.kind == "letter"]

    @classmethod
    def marks(cls, connection: Connection, case_id: int) -> Marks:
        """Remember how far things have come."""

        def last(column: Any) -> int:
            return int(connection.execute(select(func.coalesce(func.max(column), 0))).scalar_one())

        return Marks(last(Document.document_id), last(Notification.notification_id), last(Outbox.outbox_id))

    def fault(self) -> str | None:
        """Return why the instance does not run, if it does not."""
        found = self._all(Incident, Incident.resolved_at.is_(None))
        failed = self._all(Job, Job.instance_id == self.instance.instance_id)
        messages = [row.message for row in found] or [row.last_error for row in failed]
        owed = [row.last_error for row in self._all(Outbox, Outbox.state != "sent", Outbox.last_error.is_not(None))]
        return "; ".join([*messages, *owed]) or None

    def tasks(self) -> list[str]:
        """Return the open tasks."""
        return [row.element_id for row in self._open]

    def holders(self) -> dict[str, str]:
        """Return who holds each open task: a person's user name, or the group in whose queue it lies."""
        names = {row.person_id: row.username for row in self._all(Person)}
        return {row.element_id: names.get(row.assignee_id) or f"group {row.candidate_group}" for row in self._open}

    def task_dues(self) -> dict[str, date | None]:
        """Return the day by which each open task is due."""
        return {row.element_id: _day(row.due_at) for row in self._open}

    def waits(self) -> list[str]:
        """Return what is waited for."""
        return [row.element_id for row in self._waits]

    def dues(self) -> dict[str, date | None]:
        """Return the day at whose end, or on which, each timer is due."""
        return {row.element_id: _day(row.due_at) for row in self._waits if row.kind == "timer"}

    def due(self) -> date | None:
        """Return the day of the next timer."""
        return min((day for day in self.dues().values() if day), default=None)

    def letters(self) -> list[str]:
        """Return the letters of this step."""
        return [row.template_id for row in self._letters]

    def paragraphs(self) -> list[str]:
        """Return the chosen paragraphs of the letters of this step."""
        return [paragraph for row in self._letters for paragraph in loads(row.facts)["paragraphs"]]

    def letter_facts(self) -> dict[str, Any]:
        """Return what the last letter of this step was told."""
        if not self._letters:
            return {}
        told = loads(self._letters[-1].facts)
        return {**told["facts"], "slots": told["slots"]}

    def leaflets(self) -> list[str]:
        """Return what was enclosed in this step."""
        return [row.template_id for row in self._documents() if row.kind == "leaflet"]

    def forms(self) -> list[str]:
        """Return the internal forms that were filled in this step."""
        return [row.template_id for row in self._documents() if row.kind == "form"]

    def emails(self) -> list[str]:
        """Return to whom emails went in this step."""
        rows = self._all(Outbox, Outbox.outbox_id > self._before.outbox, Outbox.kind == "email")
        return [loads(row.payload)["to"] for row in rows]

    def notified(self) -> list[str]:
        """Return who was told something in this step, and what: ``group: subject``."""
        names = {row.person_id: row.username for row in self._all(Person)}
        sent = Notification.kind.in_(FROM_DIAGRAMS)
        rows = self._all(Notification, Notification.notification_id > self._before.notification, sent)
        return [f"{names.get(row.person_id) or row.group_key}: {row.subject}" for row in rows]

    def status(self) -> str | None:
        """Return the Status of the service request."""
        return self._request.status if self._request else None

    def sub_status(self) -> str | None:
        """Return its Sub Status."""
        return self._request.sub_status if self._request else None

    def resolution_code(self) -> str | None:
        """Return its Resolution Code."""
        return self._request.resolution_code if self._request else None

    def facts(self) -> dict[str, Any]:
        """Return every fact of the case and the service request."""
        case = self._all(Case, Case.case_id == self._case_id)[0]
        return {"case": case_fields(case), "request": request_fields(self._request) if self._request else {}}

    def payments(self) -> list[str]:
        """Return every payment: ``Paid 5000`` with the approved amount, ``Draft 5000`` with the requested one."""
        rows = self._all(Payment, Payment.request_id == self.instance.request_id)
        return [f"{row.status} {row.approved_amount or row.requested_amount}" for row in rows]

    def requests(self) -> list[str]:
        """Return what else was opened on the case, with its link to this request: ``related Enquiry Closed``."""
        links = {row.to_request_id: row.relation for row in self._all(RequestLink)}
        own = self.instance.request_id
        rows = self._all(ServiceRequest, ServiceRequest.case_id == self._case_id)
        others = [row for row in rows if row.request_id != own and row.kind != "Resolution"]
        return [f"{links.get(row.request_id, 'unlinked')} {row.kind} {row.status}" for row in others]

    def notes(self) -> str:
        """Return the Notes of the service request."""
        rows = self._all(Note, Note.request_id == self.instance.request_id)
        return "\n".join(row.text for row in rows)

    def ended(self) -> bool:
        """Tell whether the procedure has ended."""
        return bool(self.instance.status == "completed")

    def _documents(self) -> list[Any]:
        return self._all(Document, Document.case_id == self._case_id, Document.document_id > self._before.document)

    def _all(self, model: Any, *conditions: Any) -> list[Any]:
        table = model.__table__
        found = select(table).where(*conditions).order_by(*table.primary_key.columns)
        return list(self._connection.execute(found).all())


def problems_of(sight: Sight, then: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each thing that is not as the story says."""
    fault = sight.fault()
    problems = [f"the procedure does not run: {fault}"] if fault else []
    for name, expected in then.items():
        if name == "kept":
            continue
        wanted, actual = _comparable(name, expected, getattr(sight, name)())
        if wanted != actual:
            problems.append(f"{name} should be {_shown(wanted)} and is {_shown(actual)}")
    return problems


def _comparable(name: str, expected: Any, actual: Any) -> tuple[Any, Any]:
    if name == "notes":
        return [], [text for text in expected if text not in actual]
    if name in _IN_ANY_ORDER:
        return sorted(expected), sorted(actual)
    if isinstance(actual, dict):
        return {k: _plain(v) for k, v in expected.items()}, {key: _plain(_part(actual, key)) for key in expected}
    return _plain(expected), _plain(actual)


def _part(values: Any, key: str) -> Any:
    if isinstance(values, Mapping) and key in values:
        return values[key]
    for part in key.split("."):
        values = values.get(part) if isinstance(values, Mapping) else None
    return values


def _plain(value: Any) -> Any:
    """Compare days as text, and read ``""`` as nothing: TOML has no word for it."""
    return value.isoformat() if isinstance(value, date | datetime) else None if value == "" else value


def _shown(value: Any) -> str:
    return repr(value)


def _day(instant: datetime | None) -> date | None:
    return instant.astimezone(LONDON).date() if instant else None
