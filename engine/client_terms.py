"""What a client is found by: the words of the name, the phone number, the postcode and the case reference, indexed.

A term is compared as bytes from its beginning, so that an index finds it, and both databases find the same. Whoever
changes a client's facts keeps the terms with them, in the same transaction.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, tuple_

from engine.models import Case, ClientTerm

FACTS = ("client_name", "reference", "phone", "client_address")
NAME, REFERENCE, PHONE, PHONE_END, POSTCODE = "name", "reference", "phone", "phone_end", "postcode"
_POSTCODE = re.compile(r"\b([a-z]{1,2}\d[a-z\d]?)\s*(\d[a-z]{2})\b", re.IGNORECASE)
_LETTERS_AND_NUMBER = re.compile(r"([A-Z]+)(\d+)")
_MOST_WORDS = 20
_LONGEST = 120  # what the column takes: a sign such as ﷺ is eighteen letters when its accents are taken off
# Letters of names that are no letter with an accent, so that taking accents off leaves them: Paweł is found as Pawel.
_PLAIN = str.maketrans({
    "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h", "ı": "i", "ŧ": "t",
})  # fmt: skip
_LAST = "\U0010ffff"

Terms = frozenset[tuple[str, str]]
"""(kind, term) each."""


def terms_of(facts: Mapping[str, object]) -> Terms:
    """Return what a client with these facts, as `case.*`, is found by."""
    found = {(NAME, word) for word in _words(_said(facts, "client_name"))}
    reference = _said(facts, "reference").upper()
    found |= {(REFERENCE, part) for part in ("".join(reference.split()), *re.findall(r"\d+", reference))}
    phone = digits(_said(facts, "phone"))
    found |= {(PHONE, phone), (PHONE_END, phone[::-1])}
    found |= {(POSTCODE, postcode(match[0])) for match in _POSTCODE.finditer(_said(facts, "client_address"))}
    return frozenset((kind, term[:_LONGEST]) for kind, term in found if term)


def add(connection: Connection, case_id: int, facts: Mapping[str, object]) -> None:
    """Write the terms of a new client."""
    _insert(connection, case_id, terms_of(facts))


def keep(connection: Connection, case_id: int, facts: Mapping[str, object]) -> None:
    """Bring the terms of a client to what the facts are now."""
    rows = connection.execute(select(ClientTerm.kind, ClientTerm.term).where(ClientTerm.case_id == case_id))
    before, after = {(row.kind, row.term) for row in rows}, terms_of(facts)
    if gone := before - after:
        of_client = delete(ClientTerm).where(ClientTerm.case_id == case_id)
        connection.execute(of_client.where(tuple_(ClientTerm.kind, ClientTerm.term).in_(sorted(gone))))
    _insert(connection, case_id, after - before)


def found_by(kind: str, term: str) -> ColumnElement[bool]:
    """Return the condition on `Case` that one of its terms of a kind is this."""
    return Case.case_id.in_(select(ClientTerm.case_id).where(ClientTerm.kind == kind, ClientTerm.term == term))


def begins(kind: str, beginning: str) -> ColumnElement[bool]:
    """Return the condition on `Case` that one of its terms of a kind begins so."""
    return Case.case_id.in_(
        select(ClientTerm.case_id).where(
            ClientTerm.kind == kind, ClientTerm.term >= beginning, ClientTerm.term < beginning + _LAST
        )
    )


def named(text: str) -> ColumnElement[bool] | None:
    """Return the condition on `Case` that the client's name has a word for each word of a text; None without words."""
    words = ["".join(re.findall(r"\w+", word)) for word in plain(text).split()]
    conditions = [begins(NAME, word) for word in words[:_MOST_WORDS] if word]
    return and_(*conditions) if conditions else None


def digits(text: str) -> str:
    """Return a phone number without its prefix for the country: +44 1632, 0044 1632 and 01632 are the same."""
    found = re.sub(r"\D", "", text)
    if text.strip().startswith("+44"):
        return found[2:].removeprefix("0")
    return found.removeprefix("0044").removeprefix("0")


def references(text: str) -> set[str]:
    """Return how a reference may stand on a case: as typed, and with the hyphen that cm1000001 or CM 1000001 lacks."""
    typed = "".join(text.upper().split())
    parts = _LETTERS_AND_NUMBER.fullmatch(typed)
    return {typed} if parts is None else {typed, f"{parts[1]}-{parts[2]}"}


def postcode(text: str) -> str:
    """Return a postcode as terms hold it."""
    return "".join(text.split()).upper()


def _words(name: str) -> set[str]:
    """Return a name's words, and of Smith-Jones or O’Brien the parts too."""
    found: set[str] = set()
    for word in plain(name).split()[:_MOST_WORDS]:
        parts = re.findall(r"\w+", word)
        found |= {*parts, "".join(parts)}
    return found


def folded(text: str) -> str:
    """Return a text without capitals and accents, for comparing."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in parts if not unicodedata.combining(character))


def plain(text: str) -> str:
    """Return a name as it is typed on a keyboard that has only the letters from a to z."""
    return folded(text).translate(_PLAIN)


def _said(facts: Mapping[str, object], name: str) -> str:
    value = facts.get(name)
    return value if isinstance(value, str) else ""


def _insert(connection: Connection, case_id: int, terms: Terms) -> None:
    if terms:
        rows = [{"case_id": case_id, "kind": kind, "term": term} for kind, term in sorted(terms)]
        connection.execute(insert(ClientTerm), rows)
