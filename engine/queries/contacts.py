"""The contacts of a case: who got in touch, how and about what, and which requests came of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, select

from engine.models import Contact, Note, Person, ServiceRequest
from engine.queries.together import Listed
from engine.values import loads


@dataclass(frozen=True, slots=True)
class ContactRow:
    """One contact. `source` and `channel` are values of the picklists `source` and `intake_channel`.

    `requests` are the numbers of the service requests that came of it, `noted_on` of those that it was added to.
    """

    number: str
    source: str
    channel: str
    received_on: date
    about: str
    recorded_at: datetime
    recorded_by: str | None
    requests: tuple[str, ...]
    noted_on: tuple[str, ...]


OF_CASE = Listed(
    select(Contact.__table__, Person.name.label("recorded_by"))
    .outerjoin(Person, Person.person_id == Contact.recorded_by_id)
    .where(Contact.case_id == bindparam("b_case", type_=Integer)),
    order=(Contact.received_on.desc(), Contact.contact_id.desc()),
)


def contacts_of(connection: Connection, case_id: int) -> list[ContactRow]:
    """Return the contacts of a case, the newest first."""
    return with_requests(connection, case_id, connection.execute(OF_CASE.alone, {"b_case": case_id}).all())


def with_requests(connection: Connection, case_id: int, rows: Sequence[Any]) -> list[ContactRow]:
    """Return the contacts of a case that were read, with the numbers of the requests that each is about."""
    if not rows:
        return []
    requests, notes = _requests(connection, case_id), _notes(connection, case_id)
    return [
        ContactRow(
            row.number,
            row.source,
            row.channel,
            row.received_on,
            row.about,
            row.recorded_at,
            row.recorded_by,
            tuple(requests.get(row.number, ())),
            tuple(notes.get(row.number, ())),
        )
        for row in rows
    ]


def noted(contact_number: str, text: str) -> str:
    """Return the note by which a contact is added to an open request; the list of contacts finds it by its number."""
    return f"{contact_number}: {text}"


def _requests(connection: Connection, case_id: int) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    rows = connection.execute(
        select(ServiceRequest.number, ServiceRequest.facts)
        .where(ServiceRequest.case_id == case_id)
        .order_by(ServiceRequest.request_id)
    )
    for row in rows:
        number = loads(row.facts).get("contact_number")
        if number:
            found[str(number)].append(row.number)
    return found


def _notes(connection: Connection, case_id: int) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    rows = connection.execute(
        select(Note.text, ServiceRequest.number)
        .join(ServiceRequest, ServiceRequest.request_id == Note.request_id)
        .where(Note.case_id == case_id, Note.text.startswith("CON-"))
        .order_by(Note.note_id)
    )
    for row in rows:
        found[row.text.partition(":")[0]].append(row.number)
    return found
