"""The client's own facts on a case: who is there already, a new client, and changes with a note of what was before."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, insert, select, update

from engine import client_terms
from engine.cases import add_note
from engine.context import next_number
from engine.dictionary import Dictionary
from engine.facts import case_columns, case_fields
from engine.field_values import Field
from engine.holds import hold_name
from engine.models import Case
from engine.people import Somebody
from engine.world import World


def problems_in(connection: Connection, facts: Mapping[str, object], *, case_id: int | None) -> dict[str, str]:
    """Return a sentence for each fact that says that the client is there already; `case_id` is their own case."""
    problems: dict[str, str] = {}
    reference = _tidied(facts.get("reference"))
    if reference:
        hold_name(connection, f"the reference {reference.upper()}")
        owner = connection.execute(
            select(Case.case_id, Case.client_name).where(Case.reference == reference.upper())
        ).one_or_none()
        if owner is not None and owner.case_id != case_id:
            problems["case.reference"] = (
                f"{reference} is the number of {owner.client_name}. Find that client and record the contact there; "
                "for the other parent of the same maintenance case, add /2 to the number"
            )
    name = _tidied(facts.get("client_name"))
    if case_id is None and name and not problems:
        hold_name(connection, f"the client {name}")
        for row in connection.execute(select(Case.__table__).where(Case.client_name == name)):
            same = _same(case_fields(row), facts)
            if same:
                problems["case.client_name"] = (
                    f"There is a client {name} with the same {same}: {row.reference}. Find that client and record the "
                    "contact there; for another person, write the name so that they can be told apart"
                )
    return problems


def says_the_same(row: Any, facts: Mapping[str, object]) -> bool:
    """Tell whether a case's row holds just what was said of a new client: two clients of one name are two clients."""
    known = case_fields(row)
    return not any(value and _differs(known.get(key), value) for key, value in _clean(facts).items())


def open_client(world: World, connection: Connection, facts: Mapping[str, object]) -> int:
    """Open a case for a new client and return its id; one without a maintenance case number gets one of ours."""
    fields: dict[str, Any] = {**_clean(facts), "lock_flag": False}
    if not fields.get("reference"):
        fields["reference"] = f"T-{next_number(connection, 'temporary_reference'):06d}"
    columns = case_columns({key: value for key, value in fields.items() if value is not None})
    row = {**columns, "created_at": world.clock.now()}
    case_id = connection.execute(insert(Case).values(row).returning(Case.case_id)).scalar_one()
    client_terms.add(connection, case_id, fields)
    return case_id


def change(
    world: World,
    connection: Connection,
    dictionary: Dictionary,
    case_id: int,
    known: Mapping[str, Any],
    given: Mapping[str, object],
    *,
    actor: Somebody,
) -> list[str]:
    """Write the facts that differ from those that are known, and note what they were; return their labels."""
    changed = {key: value for key, value in _clean(given).items() if _differs(known.get(key), value)}
    if not changed.get("reference", True):
        del changed["reference"]  # a number that is known is not forgotten
    if not changed:
        return []
    row = connection.execute(select(Case.__table__).where(Case.case_id == case_id)).one()
    fields_now = {**case_fields(row), **changed}
    connection.execute(update(Case).where(Case.case_id == case_id).values(case_columns(fields_now)))
    client_terms.keep(connection, case_id, fields_now)
    fields = {key: dictionary.field_for(f"case.{key}") for key in changed}
    labels = {key: field.label if field else key for key, field in fields.items()}
    lines = [
        f"{labels[key]}: {said_in_words(field, known.get(key))} → {said_in_words(field, changed[key])}"
        for key, field in fields.items()
    ]
    text = "Client’s details changed.\n" + "\n".join(lines)
    add_note(connection, world, case_id=case_id, request_id=None, text=text, author_id=actor.person_id)
    return list(labels.values())


def said_in_words(field: Field | None, value: object) -> str:
    """Return a fact as a note says it, on one line."""
    if value in (None, ""):
        return "not known"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, date):
        return f"{value.day} {value:%B %Y}"
    options = field.picklist.options if field is not None and field.picklist is not None else ()
    said = next((option.label for option in options if option.value == value), str(value))
    return ", ".join(said.splitlines())


def _clean(facts: Mapping[str, object]) -> dict[str, object]:
    cleaned = dict(facts)
    for key in ("client_name", "reference"):
        if isinstance(cleaned.get(key), str):
            text = _tidied(cleaned[key])
            cleaned[key] = text.upper() if key == "reference" else text
    return cleaned


def _tidied(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _differs(known: object, given: object) -> bool:
    if isinstance(given, bool):
        return known is not given
    return (known or None) != (given or None)


def _same(known: Mapping[str, Any], given: Mapping[str, object]) -> str:
    """Return what two clients of one name have in common that one person would have; empty when nothing."""
    for key, label in (("phone", "phone"), ("email", "email address"), ("client_address", "postal address")):
        pair = [re.sub(r"[\W_]", "", str(facts.get(key) or "")).lower() for facts in (known, given)]
        if pair[0] and pair[0] == pair[1]:
            return label
    return ""
