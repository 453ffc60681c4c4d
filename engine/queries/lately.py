"""What was last said and done on a case, for whoever is about to call: contacts, attempts, notes and the messages that
nobody has dealt with, in one statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Integer, bindparam, select

from engine.attempts import REACHED
from engine.models import Contact, ContactAttempt, Note, Person, ServiceRequest
from engine.queries.running import KEPT_ON_CASE, MessageRow, message_row
from engine.queries.together import Listed, Together

MOST = 20


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to reach the client."""

    attempt_id: int
    request_id: int | None
    channel: str
    outcome: str
    day_part: str
    note: str
    by: str | None
    at: datetime
    recorded_at: datetime
    taken_back_at: datetime | None

    @property
    def counts(self) -> bool:
        """Whether it is one of those that did not reach the client."""
        return self.outcome != REACHED and self.taken_back_at is None


@dataclass(frozen=True, slots=True)
class Received:
    """The client, or somebody for them, got in touch."""

    number: str
    source: str
    channel: str
    received_on: date
    about: str
    by: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A note; nobody wrote what the procedure noted."""

    text: str
    request: str | None
    by: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Lately:
    """The newest of each, the newest on top."""

    contacts: list[Received]
    attempts: list[Attempt]
    notes: list[NoteLine]
    kept: list[MessageRow]


_CASE = bindparam("b_case", type_=Integer)
_TOGETHER = Together(
    contacts=Listed(
        select(
            Contact.number,
            Contact.source,
            Contact.channel,
            Contact.received_on,
            Contact.about,
            Person.name.label("by"),
            Contact.recorded_at.label("at"),
        )
        .outerjoin(Person, Person.person_id == Contact.recorded_by_id)
        .where(Contact.case_id == _CASE),
        order=(Contact.recorded_at.desc(), Contact.contact_id.desc()),
        most=MOST,
    ),
    attempts=Listed(
        select(
            ContactAttempt.attempt_id,
            ContactAttempt.request_id,
            ContactAttempt.channel,
            ContactAttempt.outcome,
            ContactAttempt.day_part,
            ContactAttempt.note,
            Person.name.label("by"),
            ContactAttempt.made_at.label("at"),
            ContactAttempt.recorded_at,
            ContactAttempt.taken_back_at,
        )
        .outerjoin(Person, Person.person_id == ContactAttempt.made_by_id)
        .where(ContactAttempt.case_id == _CASE),
        order=(ContactAttempt.made_at.desc(), ContactAttempt.attempt_id.desc()),
        most=MOST,
    ),
    notes=Listed(
        select(Note.text, ServiceRequest.number.label("request"), Person.name.label("by"), Note.written_at.label("at"))
        .outerjoin(Person, Person.person_id == Note.author_id)
        .outerjoin(ServiceRequest, ServiceRequest.request_id == Note.request_id)
        .where(Note.case_id == _CASE),
        order=(Note.note_id.desc(),),
        most=MOST,
    ),
    kept=KEPT_ON_CASE,
)


def lately_on(connection: Connection, case_id: int) -> Lately:
    """Return what was last said and done on a case."""
    found = _TOGETHER.read(connection, b_case=case_id)
    return Lately(
        contacts=[Received(**vars(row)) for row in found["contacts"]],
        attempts=[Attempt(**vars(row)) for row in found["attempts"]],
        notes=[NoteLine(**vars(row)) for row in found["notes"]],
        kept=[message_row(row) for row in found["kept"]],
    )
