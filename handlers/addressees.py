"""Who gets a letter, and where: the client, or who acts for the client. Reads `case.*`; writes nothing.

Whoever opens the envelope, a letter speaks to the client. A representative without authority on file gets nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_REMEDY = "Correct it in the client's details. What you have written is kept."


@dataclass(frozen=True, slots=True)
class Addressee:
    """One who gets a letter: `address` are the lines below the name; `told` is what only this letter is told.

    `faults` are sentences that say why it cannot be sent there, and what to do.
    """

    address: list[str]
    told: Mapping[str, Any] = field(default_factory=dict)
    email: str | None = None
    faults: tuple[str, ...] = ()
    print_format: str | None = None
    """The size of print that a representative reads; None where the client's own format counts."""


def addressee(case: Mapping[str, Any]) -> Addressee:
    """Return who gets the letters of a case: the client, unless the client's representative gets them instead."""
    if _representative_gets(case) == "instead":
        return _representative(case, "care_of")
    postal = _lines(case.get("correspondence_address")) or _lines(case.get("client_address"))
    if case.get("letter_delivery") != "email":
        return Addressee(postal)
    email = str(case.get("email") or "").strip()
    if not _is_email(email):
        sentence = f"The client wants letters by email, and there is no email address that could be right. {_REMEDY}"
        return Addressee(postal, faults=(sentence,))
    return Addressee(postal or [f"By email: {email}"], email=email)


def copy_addressee(case: Mapping[str, Any]) -> Addressee | None:
    """Return the representative, where they get a copy of every letter."""
    return _representative(case, "copy_for") if _representative_gets(case) == "copy" else None


def _representative_gets(case: Mapping[str, Any]) -> str:
    if case.get("representative_authority") is not True:
        return "nothing"
    return str(case.get("representative_receives") or "nothing")


def _representative(case: Mapping[str, Any], role: str) -> Addressee:
    names = [*_lines(case.get("representative_name")), *_lines(case.get("representative_organisation"))]
    address = _lines(case.get("representative_address"))
    faults = tuple(
        f"The representative is to get this letter, and there is no {what} of theirs on the case. {_REMEDY}"
        for what, lines in (("name", names), ("address", address))
        if not lines
    )
    told = {"envelope": [*names, *address], role: ", ".join(names)}
    return Addressee(address, told, faults=faults, print_format=str(case.get("representative_print") or "") or None)


def _lines(value: object) -> list[str]:
    texts = value.split("\n") if isinstance(value, str) else value if isinstance(value, list | tuple) else ()
    return [str(line).strip() for line in texts if str(line).strip()]


def _is_email(text: str) -> bool:
    name, at, host = text.partition("@")
    return bool(name and at and "." in host.strip(".") and not set(text) & set(" \t\r\n,;<>"))
