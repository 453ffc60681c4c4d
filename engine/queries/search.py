"""Search among the cases that a person may see, at a cost that does not grow with the number of cases.

A number is looked up, a name is found by the beginnings of its words, a note by whole words, whatever their endings.
What fits very many is looked through from the newest on, so far and no further, and the answer says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, exists, func, literal_column, select, true, union_all
from sqlalchemy import text as sql
from sqlalchemy.orm import aliased

from engine.client_terms import NAME, PHONE, PHONE_END, POSTCODE, REFERENCE, digits, folded, plain, postcode, references
from engine.models import Case, ClientTerm, Contact, Note, Person, ServiceRequest, UserTask
from engine.queries.cases import CaseRow, with_newest_request
from engine.queries.sight import seen_by

MOST = 25
MOST_NOTES = 20
LOOKED_AT = 500
"""So many of the cases whose name has a word, and of the notes that have all words, are looked at."""
_MOST_WORDS = 6
_LAST = "\U0010ffff"
_NUMBER = re.compile(r"(sr|con)[- ]?0*(\d{1,9})", re.IGNORECASE)
_POSTCODE = re.compile(r"[a-z]{1,2}\d[a-z\d]?\s*\d[a-z]{2}", re.IGNORECASE)
_PHONE = re.compile(r"\+?[\d\s()-]{6,25}")

Range = tuple[str, str, str]
"""A kind of term, the first of them and the one after the last."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Whose eyes search: a person with the groups whose cases they see; `every` for those who see every case."""

    person_id: int
    groups: Sequence[str]
    every: bool = False

    @property
    def condition(self) -> Any:
        """Return the condition on `Case` that they may see it."""
        return true() if self.every else seen_by(self.person_id, self.groups)


@dataclass(frozen=True, slots=True)
class NoteFound:
    """A note that has the words, and the case that it is on."""

    note_id: int
    text: str
    written_at: datetime
    author: str | None
    case_id: int
    reference: str
    client_name: str


def find_cases(connection: Connection, text: str, sight: Sight) -> tuple[list[CaseRow], bool]:
    """Return the cases that a text fits, the newest first, and whether there may be more than were looked at."""
    names = [(NAME, plain(word), plain(word) + _LAST) for word in words_of(text)]
    driver, is_partial = _rarest(connection, names)
    ways = [*_numbered(text), *_named(driver, names, is_partial)]
    return _cases(connection, ways, sight), is_partial


def newest_cases(connection: Connection, sight: Sight) -> list[CaseRow]:
    """Return the newest of the cases that a person or their teams work on or own."""
    if sight.every:
        return _cases(connection, [select(Case.case_id).order_by(Case.case_id.desc()).limit(MOST)], sight)
    is_open = UserTask.status == literal_column("'open'")
    tasks = select(UserTask.case_id).where(is_open, UserTask.case_id.is_not(None)).limit(MOST)
    requests = select(ServiceRequest.case_id).order_by(ServiceRequest.request_id.desc()).limit(MOST)
    ways = [
        tasks.where(UserTask.assignee_id == sight.person_id),
        requests.where(ServiceRequest.owner_id == sight.person_id),
    ]
    for group in sight.groups:
        ways.append(tasks.where(UserTask.candidate_group == group).order_by(UserTask.task_id.desc()))
        ways.append(requests.where(ServiceRequest.owner_group == group))
    return _cases(connection, ways, sight)


def find_notes(connection: Connection, text: str, sight: Sight) -> list[NoteFound]:
    """Return the newest notes that have every word of a text, on cases that a person may see."""
    words = words_of(text)
    if not words:
        return []
    if connection.dialect.name == "sqlite":
        having = sql(
            "SELECT rowid AS note_id FROM note_words WHERE note_words MATCH :said ORDER BY rowid DESC LIMIT :most"
        )
        said = " ".join(f'"{word}"' for word in words)
    else:
        having = sql(
            "SELECT note_id FROM note WHERE words_of(text) @@ plainto_tsquery('pg_catalog.english', :said)"
            " ORDER BY note_id DESC LIMIT :most"
        )
        said = " ".join(words)
    found = having.columns(Note.note_id).bindparams(said=said, most=LOOKED_AT).subquery("found")
    rows = connection.execute(
        select(
            Note.note_id,
            Note.text,
            Note.written_at,
            Person.name.label("author"),
            Case.case_id,
            Case.reference,
            Case.client_name,
        )
        .join(found, found.c.note_id == Note.note_id)
        .join(Case, Case.case_id == Note.case_id)
        .outerjoin(Person, Person.person_id == Note.author_id)
        .where(sight.condition)
        .order_by(Note.note_id.desc())
        .limit(MOST_NOTES)
    )
    return [NoteFound(**row._mapping) for row in rows]


def words_of(text: str) -> list[str]:
    """Return the words that are looked for, without capitals and accents."""
    return re.findall(r"[^\W_]+", folded(text))[:_MOST_WORDS]


def _numbered(text: str) -> Iterator[Select[Any]]:
    """Yield where a text may be known exactly: as a number, a postcode or a telephone number."""
    text = " ".join(text.split())
    numbers = {text.upper()}
    numbered = _NUMBER.fullmatch(text)
    if numbered is not None:
        numbers.add(f"{numbered[1].upper()}-{int(numbered[2]):06d}")
    yield select(ServiceRequest.case_id).where(ServiceRequest.number.in_(numbers))
    yield select(Contact.case_id).where(Contact.number.in_(numbers))
    yield select(Case.case_id).where(Case.reference.in_({text, text.upper()}))
    for reference in references(text):
        yield _within((REFERENCE, reference, reference + _LAST)).limit(MOST)
    if _POSTCODE.fullmatch(text):
        yield _newest(POSTCODE, postcode(text))
    number = digits(text)
    if _PHONE.fullmatch(text) and len(number) >= 6:
        yield _within((PHONE, number, number + _LAST)).limit(LOOKED_AT)
        yield _within((PHONE_END, number[::-1], number[::-1] + _LAST)).limit(LOOKED_AT)


def _rarest(connection: Connection, names: Sequence[Range]) -> tuple[Range | None, bool]:
    """Return the word to begin with, and whether even that one is in more names than are looked at."""
    if not names:
        return None, False
    reach: list[Select[Any]] = [
        select(literal_column(str(number)).label("number")).select_from(
            _within(name).offset(LOOKED_AT).limit(1).subquery()
        )
        for number, name in enumerate(names)
    ]
    common = set(connection.execute(union_all(*reach)).scalars())
    rare = [name for number, name in enumerate(names) if number not in common]
    return (rare or names)[0], not rare


def _named(driver: Range | None, names: Sequence[Range], is_partial: bool) -> Iterator[Select[Any]]:
    """Yield the cases whose client's name has a word for each: the newest that have the first exactly, and the rest."""
    if driver is None:
        return
    for begun in [_newest(NAME, driver[1]), _within(driver)] if is_partial else [_within(driver)]:
        found = begun.limit(LOOKED_AT).subquery()
        having = [_has(found.c.case_id, name) for name in names if name is not driver]
        yield select(found.c.case_id).where(*having)


def _within(terms: Range) -> Select[Any]:
    kind, first, beyond = terms
    inside = (ClientTerm.kind == kind, ClientTerm.term >= first, ClientTerm.term < beyond)
    return select(ClientTerm.case_id).where(*inside).order_by(ClientTerm.term, ClientTerm.case_id)


def _newest(kind: str, term: str) -> Select[Any]:
    found = select(ClientTerm.case_id).where(ClientTerm.kind == kind, ClientTerm.term == term)
    return found.order_by(ClientTerm.case_id.desc()).limit(LOOKED_AT)


def _has(case_id: Any, terms: Range) -> Any:
    kind, first, beyond = terms
    other = aliased(ClientTerm)
    # Said as expressions, so that what is read are the terms of the case, and not all cases that have such a term.
    term = func.coalesce(other.term, other.term, type_=ClientTerm.term.type)
    is_kind = func.coalesce(other.kind, other.kind) == kind
    return exists().where(other.case_id == case_id, is_kind, term >= first, term < beyond)


def _cases(connection: Connection, ways: Sequence[Select[Any]], sight: Sight) -> list[CaseRow]:
    found = union_all(*(select(way.subquery()) for way in ways)).subquery()
    rows = connection.execute(
        select(Case.case_id, Case.reference, Case.client_name, Case.nation)
        .where(Case.case_id.in_(select(found.c[0])), sight.condition)
        .order_by(Case.case_id.desc())
        .limit(MOST)
    ).all()
    return with_newest_request(connection, rows)
