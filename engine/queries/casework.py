"""What people did on a case: notes, tries to reach the client, documents and payments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, select
from sqlalchemy.orm import aliased

from engine.models import (
    ContactAttempt,
    Document,
    Incident,
    Note,
    Outbox,
    Payment,
    Person,
    ProcessInstance,
    ServiceRequest,
)
from engine.queries import contacts, running
from engine.queries.together import Listed, Together
from engine.values import loads


@dataclass(frozen=True, slots=True)
class NoteRow:
    """A note and who wrote it; None is the procedure itself."""

    text: str
    author: str | None
    written_at: datetime
    number: str | None


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One try to reach the client; one that was taken back counts for nothing."""

    attempt_id: int
    channel: str
    outcome: str
    day_part: str
    note: str
    made_by: str | None
    made_at: datetime
    taken_back_at: datetime | None


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document attached to a case; `step` is the procedure's, `file_name` is of what somebody uploaded."""

    document_id: int
    kind: str
    template_id: str | None
    title: str
    file_name: str
    media_type: str
    step: str
    sha256: str
    number: str | None
    created_at: datetime
    created_by: str | None
    dispatched_at: datetime | None


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment and how far it is; amounts in pence. `worked_on_in` is the number of the payment's own request."""

    number: str
    status: str
    requested_amount: int
    approved_amount: int | None
    reason: str
    request_number: str
    worked_on_in: str | None
    instructed_at: datetime | None
    instruction_ref: str | None
    updated_at: datetime


_CASE = bindparam("b_case", type_=Integer)
_OWN = aliased(ServiceRequest)
_NOTES = Listed(
    select(Note.text, Person.name.label("author"), Note.written_at, ServiceRequest.number)
    .outerjoin(Person, Person.person_id == Note.author_id)
    .outerjoin(ServiceRequest, ServiceRequest.request_id == Note.request_id)
    .where(Note.case_id == _CASE),
    order=(Note.note_id.desc(),),
)
_ATTEMPTS = Listed(
    select(
        ContactAttempt.attempt_id,
        ContactAttempt.channel,
        ContactAttempt.outcome,
        ContactAttempt.day_part,
        ContactAttempt.note,
        Person.name.label("made_by"),
        ContactAttempt.made_at,
        ContactAttempt.taken_back_at,
    )
    .outerjoin(Person, Person.person_id == ContactAttempt.made_by_id)
    .where(ContactAttempt.case_id == _CASE),
    order=(ContactAttempt.made_at.desc(), ContactAttempt.attempt_id.desc()),
)
_DOCUMENTS = Listed(
    select(
        Document.document_id,
        Document.kind,
        Document.template_id,
        Document.title,
        Document.file_name,
        Document.media_type,
        Document.step,
        Document.sha256,
        ServiceRequest.number,
        Document.created_at,
        Person.name.label("created_by"),
        Document.dispatched_at,
    )
    .outerjoin(Person, Person.person_id == Document.created_by_id)
    .outerjoin(ServiceRequest, ServiceRequest.request_id == Document.request_id)
    .where(Document.case_id == _CASE),
    order=(Document.document_id.desc(),),
)
_PAYMENTS = Listed(
    select(
        Payment.number,
        Payment.status,
        Payment.requested_amount,
        Payment.approved_amount,
        Payment.reason,
        ServiceRequest.number.label("request_number"),
        _OWN.number.label("worked_on_in"),
        Payment.instructed_at,
        Payment.instruction_ref,
        Payment.updated_at,
    )
    .join(ServiceRequest, ServiceRequest.request_id == Payment.request_id)
    .outerjoin(_OWN, _OWN.request_id == Payment.payment_request_id)
    .where(ServiceRequest.case_id == _CASE),
    order=(Payment.payment_id.desc(),),
)
_GIVEN_UP = Listed(
    select(Outbox.kind, Outbox.payload, Incident.raised_at.label("since"))
    .join(Incident, Incident.outbox_id == Outbox.outbox_id)
    .join(ProcessInstance, ProcessInstance.instance_id == Incident.instance_id)
    .where(ProcessInstance.case_id == _CASE, Incident.resolved_at.is_(None)),
    order=(Incident.incident_id,),
)
_TOGETHER = Together(
    contacts=contacts.OF_CASE,
    notes=_NOTES,
    attempts=_ATTEMPTS,
    documents=_DOCUMENTS,
    payments=_PAYMENTS,
    messages=running.MESSAGES_OF_CASE,
    given_up=_GIVEN_UP,
)


@dataclass(frozen=True, slots=True)
class GivenUpRow:
    """What was owed for a case and could not be handed over, since when operations have an incident about it."""

    kind: str
    payload: dict[str, Any]
    since: datetime


@dataclass(frozen=True, slots=True)
class Casework:
    """What was done on a case, each list with the newest on top."""

    contacts: list[contacts.ContactRow]
    notes: list[NoteRow]
    attempts: list[AttemptRow]
    documents: list[DocumentRow]
    payments: list[PaymentRow]
    messages: list[running.MessageRow]
    given_up: list[GivenUpRow]


def casework_of(connection: Connection, case_id: int) -> Casework:
    """Return what was done on a case."""
    found = _TOGETHER.read(connection, b_case=case_id)
    return Casework(
        contacts=contacts.with_requests(connection, case_id, found["contacts"]),
        notes=[NoteRow(**vars(row)) for row in found["notes"]],
        attempts=[AttemptRow(**vars(row)) for row in found["attempts"]],
        documents=[DocumentRow(**vars(row)) for row in found["documents"]],
        payments=[PaymentRow(**vars(row)) for row in found["payments"]],
        messages=[running.message_row(row) for row in found["messages"]],
        given_up=[GivenUpRow(row.kind, loads(row.payload), row.since) for row in found["given_up"]],
    )


def notes_of(connection: Connection, case_id: int) -> list[NoteRow]:
    """Return the notes of a case, newest first."""
    return [NoteRow(**row._mapping) for row in connection.execute(_NOTES.alone, {"b_case": case_id})]
