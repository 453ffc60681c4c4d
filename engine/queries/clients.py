"""Finding a client before a contact is recorded: by name, number, phone or postcode, with their service requests.

Anybody who records contacts finds every client, because nobody else can tell that the same issue is open already. Of a
case that is another team's they see what that takes and no more: name, number, and the requests' kind and status.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from engine.client_terms import (
    PHONE,
    PHONE_END,
    POSTCODE,
    REFERENCE,
    begins,
    digits,
    found_by,
    named,
    postcode,
    references,
)
from engine.clock import london_date
from engine.models import Case, Contact, Definition, Person, ProcessInstance, ServiceRequest, UserTask
from engine.queries.sight import seen_by
from engine.values import loads

MOST = 20
ISSUE = "issue-"  # what the key of an issue without a service request begins with
_REQUEST = re.compile(r"(sr|con)[- ]?0*(\d{1,9})", re.IGNORECASE)
_POSTCODE = re.compile(r"[a-z]{1,2}\d[a-z\d]?\s*\d[a-z]{2}", re.IGNORECASE)
_PHONE = re.compile(r"\+?[\d\s()-]{6,25}")
_EXCERPT = 160


@dataclass(frozen=True, slots=True)
class ClientRequest:
    """A service request of a client, or an issue that is under way and has no request yet.

    `key` is its number, or ``issue-12`` after the process instance of an issue without one. `about` is the beginning of
    what it is about; empty on another team's case.
    """

    key: str
    number: str
    kind: str
    status: str
    resolution_code: str | None
    holder: str | None
    owner_group: str | None
    opened_at: datetime
    closed_at: datetime | None
    about: str = ""

    @property
    def label(self) -> str:
        """Return the request in one line, as a form offers it."""
        if self.closed_at is not None:
            return f"{self.number}, closed on {london_date(self.closed_at)}"
        held = f", held by {self.holder}" if self.holder else ""
        about = f". {self.about}" if self.about else ""
        return f"{self.number}: {self.kind}, {self.status}{held}{about}"


@dataclass(frozen=True, slots=True)
class Client:
    """A client as intake shows them; `may_open` tells whether the person may see the case itself."""

    case_id: int
    reference: str
    client_name: str
    may_open: bool
    requests: tuple[ClientRequest, ...] = ()

    @property
    def open_requests(self) -> tuple[ClientRequest, ...]:
        """Return what is being worked on."""
        return tuple(request for request in self.requests if request.closed_at is None)

    @property
    def past_requests(self) -> tuple[ClientRequest, ...]:
        """Return what is over, the newest first."""
        past = [request for request in self.requests if request.closed_at is not None]
        return tuple(sorted(past, key=lambda request: str(request.closed_at), reverse=True))


def find_clients(
    connection: Connection, text: str, *, person_id: int, groups: Collection[str]
) -> tuple[list[Client], bool]:
    """Return the clients that a text fits, at most 20, and whether there are more.

    A number that is known exactly wins; only then come phone numbers, postcodes and the words of names. A word is found
    by its beginning, a phone number by its beginning or its end.
    """
    for condition in _conditions(text):
        rows = connection.execute(
            select(Case.case_id, Case.reference, Case.client_name, seen_by(person_id, groups).label("may_open"))
            .where(condition)
            .order_by(func.lower(Case.client_name), Case.case_id)
            .limit(MOST + 1)
        ).all()
        if rows:
            found = [Client(row.case_id, row.reference, row.client_name, bool(row.may_open)) for row in rows[:MOST]]
            return _with_requests(connection, found), len(rows) > MOST
    return [], False


def get_client(connection: Connection, case_id: int, *, person_id: int, groups: Collection[str]) -> Client | None:
    """Return one client as intake shows them."""
    row = connection.execute(
        select(Case.reference, Case.client_name, seen_by(person_id, groups).label("may_open")).where(
            Case.case_id == case_id
        )
    ).one_or_none()
    if row is None:
        return None
    client = Client(case_id, row.reference, row.client_name, bool(row.may_open))
    return _with_requests(connection, [client])[0]


def clues(text: str) -> dict[str, str]:
    """Return what a search text says about a client who is not there yet, as `case.*`: nothing is typed twice."""
    text = " ".join(text.split())
    if not text or _REQUEST.fullmatch(text):
        return {}
    if _POSTCODE.fullmatch(text):
        return {"client_address": text.upper()}
    if _PHONE.fullmatch(text) and len(digits(text)) >= 10:
        return {"phone": text}
    return {"reference": text} if any(character.isdigit() for character in text) else {"client_name": text}


def _conditions(text: str) -> Iterator[ColumnElement[bool]]:
    """Yield what to look for, the indexed numbers first."""
    text = " ".join(text.split())
    if not text:
        return
    numbered = _REQUEST.fullmatch(text)
    if numbered is not None:
        number = f"{numbered[1].upper()}-{int(numbered[2]):06d}"
        owner = ServiceRequest if numbered[1].upper() == "SR" else Contact
        yield Case.case_id.in_(select(owner.case_id).where(owner.number == number))
    yield Case.reference.in_({text, text.upper()})
    if _POSTCODE.fullmatch(text):
        yield found_by(POSTCODE, postcode(text))
    number = digits(text)
    if _PHONE.fullmatch(text) and len(number) >= 6:
        yield or_(begins(PHONE, number), begins(PHONE_END, number[::-1]))
    by_name, by_reference = named(text), [begins(REFERENCE, reference) for reference in references(text)]
    yield or_(*by_reference) if by_name is None else or_(by_name, *by_reference)


def _with_requests(connection: Connection, clients: list[Client]) -> list[Client]:
    found = requests_of(connection, {client.case_id: client.may_open for client in clients})
    return [replace(client, requests=tuple(found[client.case_id])) for client in clients]


def requests_of(connection: Connection, cases: Mapping[int, bool]) -> dict[int, list[ClientRequest]]:
    """Return what is open and what is over on cases, the newest first; a case that is True shows what it is about."""
    found: dict[int, list[ClientRequest]] = defaultdict(list)
    _add_issues(connection, cases, found)
    rows = connection.execute(
        select(ServiceRequest.__table__, Person.name.label("holder"))
        .outerjoin(Person, Person.person_id == ServiceRequest.owner_id)
        .where(ServiceRequest.case_id.in_(cases))
        .order_by(ServiceRequest.request_id.desc())
    )
    for row in rows:
        about = about_of(row.facts) if cases[row.case_id] else ""
        found[row.case_id].append(
            ClientRequest(
                row.number,
                row.number,
                row.kind,
                row.status,
                row.resolution_code,
                row.holder,
                row.owner_group,
                row.opened_at,
                row.closed_at,
                about,
            )
        )
    return found


def _add_issues(connection: Connection, cases: Mapping[int, bool], found: dict[int, list[ClientRequest]]) -> None:
    """Add the issues that are under way without a service request: it is made only once they are routed."""
    instance, task = ProcessInstance, UserTask
    rows = connection.execute(
        select(
            instance.instance_id,
            instance.case_id,
            instance.pending_facts,
            instance.started_at,
            Definition.title,
            task.candidate_group,
            Person.name.label("holder"),
        )
        .join(Definition, Definition.definition_id == instance.definition_id)
        .join(task, and_(task.instance_id == instance.instance_id, task.status == "open"))
        .outerjoin(Person, Person.person_id == task.assignee_id)
        .where(instance.case_id.in_(cases), instance.ended_at.is_(None), instance.request_id.is_(None))
        .order_by(instance.instance_id.desc(), task.task_id)
    )
    seen: set[int] = set()
    for row in rows:
        if row.instance_id in seen:
            continue
        seen.add(row.instance_id)
        about = about_of(row.pending_facts) if cases[row.case_id] else ""
        found[row.case_id].append(
            ClientRequest(
                f"{ISSUE}{row.instance_id}",
                loads(row.pending_facts).get("contact_number") or "No number yet",
                row.title,
                "Being logged",
                None,
                row.holder,
                row.candidate_group,
                row.started_at,
                None,
                about,
            )
        )


def about_of(facts: str) -> str:
    """Return the beginning of what an issue is about, from its facts as they are stored."""
    return about_in(loads(facts))


def about_in(known: Mapping[str, Any]) -> str:
    """Return the beginning of what an issue is about, from its facts."""
    text = str(known.get("issue") or known.get("reason_for_review") or known.get("complaint_details") or "")
    text = " ".join(text.split())
    return text if len(text) <= _EXCERPT else text[:_EXCERPT].rsplit(" ", 1)[0] + " …"
