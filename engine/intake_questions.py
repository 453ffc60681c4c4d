"""What recording a contact asks: the forms that a procedure declares under `[intake]`, and what they open with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, select

from engine import definitions
from engine.clock import LONDON
from engine.definitions import LoadedDefinition
from engine.errors import NotFound
from engine.facts import case_fields
from engine.forms import Component, Form
from engine.models import Case
from engine.queries.clients import requests_of
from engine.world import World

NO_OPEN_REQUEST = "none"  # the answer that no open request is about the same issue


@dataclass(frozen=True, slots=True)
class Intake:
    """How contacts come in: the procedure that an issue starts, and the forms that ask.

    `further` is the list of the contact's form whose entries are issues of their own; `known_to_all` are the facts of
    the client that are asked even of people who may not see the case. Where one of `never_only_a_note` is true, the
    procedure takes even an issue that an open request deals with.
    """

    definition: LoadedDefinition
    client: Form
    contact: Form
    further: str
    known_to_all: frozenset[str]
    never_only_a_note: frozenset[str]

    def about_client(self, *, sees_client: bool) -> tuple[Component, ...]:
        """Return the questions about the client that a person may be asked."""
        if sees_client:
            return self.client.components
        return _only(self.client.components, self.known_to_all)

    def details(self) -> tuple[Component, ...]:
        """Return the questions of the page that changes the client's facts.

        What every contact asks anew may be left open there: nobody who corrects a phone number need know the scheme.
        """
        return _with_gaps(self.client.components, self.known_to_all)

    def questions(self, *, sees_client: bool) -> tuple[Component, ...]:
        """Return everything that recording a contact asks."""
        return (*self.about_client(sees_client=sees_client), *self.contact.components)

    def of_an_issue(self) -> frozenset[str]:
        """Return the short names of what is asked about each issue; the rest is said once for the whole contact."""
        return frozenset(
            (component.key or "").removeprefix(f"{self.further}[].")
            for component in self.contact.walk()
            if (component.key or "").startswith(f"{self.further}[].")
        )


def in_force(world: World, connection: Connection) -> Intake:
    """Return how contacts come in now. Raises: NotFound when no procedure in force declares it."""
    for definition_id in definitions.ids_in_force(connection).values():
        definition = definitions.load(world, connection, definition_id)
        entry = definition.sheet.get("intake")
        if isinstance(entry, Mapping):
            return _read(definition, entry)
    raise NotFound("Contacts cannot be recorded: no procedure in force says how, under [intake] in its process.toml.")


def may_record(intake: Intake, groups: frozenset[str]) -> bool:
    """Tell whether people of these groups, and those that they lead, record contacts."""
    return intake.definition.first_team in groups


def names_for(connection: Connection, world: World, case_id: int | None, *, sees_client: bool) -> dict[str, Any]:
    """Return what the forms open with: the client's facts, the requests to choose from, today's date.

    ``case.open_requests`` and ``case.closed_<kind>_requests`` are lists of {value: key, label}.
    Raises: NotFound.
    """
    today = world.clock.now().astimezone(LONDON).date()
    names: dict[str, Any] = {"case": {}, "request": {"received_on": today}}
    if case_id is None:
        return names
    row = connection.execute(select(Case.__table__).where(Case.case_id == case_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such client.")
    names["case"] = case_fields(row)
    offered: dict[str, list[dict[str, str]]] = {}
    for request in requests_of(connection, {case_id: sees_client})[case_id]:
        key = "open" if request.closed_at is None else "closed_" + "_".join(request.kind.lower().split())
        offered.setdefault(f"{key}_requests", []).append({"value": request.key, "label": request.label})
    if "open_requests" in offered:
        offered["open_requests"].append({"value": NO_OPEN_REQUEST, "label": "No: this is another issue"})
    names["case"].update(offered)
    return names


def _read(definition: LoadedDefinition, entry: Mapping[str, Any]) -> Intake:
    try:
        return Intake(
            definition,
            client=definition.forms[entry["client"]],
            contact=definition.forms[entry["contact"]],
            further=str(entry["further_issues"]),
            known_to_all=frozenset(map(str, entry.get("known_to_all", ()))),
            never_only_a_note=frozenset(map(str, entry.get("never_only_a_note", ()))),
        )
    except KeyError as missing:
        raise NotFound(
            f"Contacts cannot be recorded: [intake] in process.toml of {definition.key} names no {missing}, "
            "or a form that is not there."
        ) from missing


def _only(components: tuple[Component, ...], keys: frozenset[str]) -> tuple[Component, ...]:
    kept = []
    for component in components:
        if component.type == "group":
            inner = _only(component.components, keys)
            kept += [replace(component, components=inner)] if inner else []
        elif component.key in keys:
            kept.append(component)
    return tuple(kept)


def _with_gaps(components: tuple[Component, ...], keys: frozenset[str]) -> tuple[Component, ...]:
    """Return components of which these need no answer, unless they follow from another answer."""
    return tuple(
        replace(
            part,
            is_required=part.is_required and (part.key not in keys or part.hide is not None),
            components=_with_gaps(part.components, keys),
        )
        for part in components
    )
