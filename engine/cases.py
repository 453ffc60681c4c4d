"""Cases: opening one, starting a procedure on it, adding a note, giving out service requests and their numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select

from engine import client_terms, definitions, form_rules
from engine.clock import london_date
from engine.errors import Conflict, NotFound
from engine.facts import case_fields, request_columns
from engine.holds import hold_case
from engine.models import Case, Definition, Note, ProcessInstance, RequestLink, ServiceRequest
from engine.people import Somebody
from engine.step import Outcome, begin
from engine.upserts import upsert
from engine.values import dumps
from engine.world import World


def open_case(
    connection: Connection, world: World, *, reference: str, client_name: str, nation: str, facts: Mapping[str, object]
) -> int:
    """Add a case and return its id."""
    case_id = connection.execute(
        insert(Case)
        .values(
            reference=reference,
            client_name=client_name,
            nation=nation,
            facts=dumps(facts),
            created_at=world.clock.now(),
        )
        .returning(Case.case_id)
    ).scalar_one()
    client_terms.add(connection, case_id, {**facts, "reference": reference, "client_name": client_name})
    return case_id


def open_request(connection: Connection, world: World, *, case_id: int, number: str, fields: Mapping[str, Any]) -> int:
    """Add a service request with these `request.*` fields and return its id."""
    columns = request_columns({**fields, "number": number})
    columns.setdefault("status", "Open")
    columns["opened_at"] = columns.get("opened_at") or world.clock.now()
    for text in ("process", "area", "sub_area"):
        columns[text] = columns.get(text) or ""
    return connection.execute(
        insert(ServiceRequest).values(case_id=case_id, **columns).returning(ServiceRequest.request_id)
    ).scalar_one()


def link_requests(connection: Connection, from_request_id: int, to_request_id: int, relation: str) -> None:
    """Link two service requests: child, related or raised_from."""
    connection.execute(
        insert(RequestLink).values(from_request_id=from_request_id, to_request_id=to_request_id, relation=relation)
    )


def start(world: World, key: str, values: Mapping[str, object], *, case_id: int, actor: Somebody) -> Outcome:
    """Start a procedure on a case with the values of its start form.

    Raises: NotFound, ValuesRefused.
    """
    with world.db.write() as connection:
        hold_case(connection, case_id)
        return _start(world, connection, key, values, case_id=case_id, actor=actor)


def start_once(world: World, key: str, values: Mapping[str, object], *, case_id: int, actor: Somebody) -> Outcome:
    """Start a procedure unless it is under way on the case: of a start that is sent twice, the first counts.

    Raises: NotFound, ValuesRefused, Conflict.
    """
    with world.db.write() as connection:
        hold_case(connection, case_id)
        under_way = connection.execute(
            select(ProcessInstance.instance_id)
            .join(Definition, Definition.definition_id == ProcessInstance.definition_id)
            .where(ProcessInstance.case_id == case_id, Definition.key == key, ProcessInstance.ended_at.is_(None))
        ).first()
        if under_way is not None:
            raise Conflict("This procedure is under way on the case already. It was not started a second time.")
        return _start(world, connection, key, values, case_id=case_id, actor=actor)


def _start(
    world: World, connection: Connection, key: str, values: Mapping[str, object], *, case_id: int, actor: Somebody
) -> Outcome:
    if connection.execute(select(Case.case_id).where(Case.case_id == case_id)).first() is None:
        raise NotFound("There is no such case.")
    definition = definitions.in_force(world, connection, key)
    names = {"case": start_names(connection, case_id)}
    form_rules.check_start(connection, definition, values, names, now=world.clock.now())
    return begin(world, connection, definition, dict(values), case_id=case_id, actor=actor.actor)


def procedure_of(connection: Connection, request_id: int) -> str | None:
    """Return the key of the procedure that a service request belongs to, the first that worked on it; None if none."""
    return connection.execute(
        select(Definition.key)
        .join(ProcessInstance, ProcessInstance.definition_id == Definition.definition_id)
        .where(ProcessInstance.request_id == request_id)
        .order_by(ProcessInstance.instance_id)
        .limit(1)
    ).scalar_one_or_none()


def start_names(connection: Connection, case_id: int) -> dict[str, Any]:
    """Return `case.*` as a start form sees it: the facts, and the case's closed requests to choose from, by kind.

    ``closed_resolution_requests`` is a list of {value: number, label}.
    """
    row = connection.execute(select(Case.__table__).where(Case.case_id == case_id)).one()
    names = case_fields(row)
    closed = connection.execute(
        select(ServiceRequest.number, ServiceRequest.kind, ServiceRequest.closed_at)
        .where(ServiceRequest.case_id == case_id, ServiceRequest.closed_at.is_not(None))
        .order_by(ServiceRequest.closed_at.desc())
    )
    for request in closed:
        key = f"closed_{re.sub(r'[^a-z]+', '_', request.kind.lower())}_requests"
        label = f"{request.number}, closed on {london_date(request.closed_at)}"
        names.setdefault(key, []).append({"value": request.number, "label": label})
    return names


def add_note(
    connection: Connection,
    world: World,
    *,
    case_id: int,
    request_id: int | None,
    text: str,
    author_id: int | None,
    sent_key: str | None = None,
) -> None:
    """Add a note to a case, unless one of the same key has been added; notes are never changed."""
    connection.execute(
        upsert(connection, Note)
        .values(
            case_id=case_id,
            request_id=request_id,
            text=text.strip(),
            author_id=author_id,
            written_at=world.clock.now(),
            sent_key=sent_key,
        )
        .on_conflict_do_nothing(index_elements=["sent_key"])
    )
