"""Everything that a case page shows, gathered in one read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from engine import definitions
from engine.definitions import LoadedDefinition
from engine.dictionary import Dictionary
from engine.people import Somebody
from engine.queries import cases, casework, operations, running, told, worklist
from engine.queries.cases import RequestRow
from engine.queries.running import WaitRow
from web import history_words
from web.access import OPERATIONS
from web.case_summary import CaseSummary, current_request, summary_of
from web.current import world
from web.fact_tables import FactTable, tables_of
from web.labels import label_of, lines, option_label, say
from web.procedure_text import message_title
from web.reopening import Offer, offers_of

_SHOWN_ELSEWHERE = frozenset(
    [
        "number",
        "kind",
        "process",
        "area",
        "sub_area",
        "status",
        "sub_status",
        "resolution_code",
        "stage_of_complaint",
        "received_on",
        "owner_group",
        "caseworker",
        "opened_at",
        "closed_at",
    ]
)


@dataclass(frozen=True, slots=True)
class Action:
    """A message that the case waits for, as something that a person can record."""

    wait_id: int
    title: str
    where: str
    since: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Deadline:
    """A date that the case waits for, and the rule that it comes from."""

    name: str
    step: str
    due_at: datetime
    rule: str


@dataclass(frozen=True, slots=True)
class Startable:
    """A procedure that this person may start on the case."""

    key: str
    title: str


@dataclass(slots=True)
class CasePage:
    """A case as its page shows it."""

    summary: CaseSummary
    facts: dict[str, Any]
    request: RequestRow | None
    requests: list[RequestRow]
    details: list[dict[str, Any]]
    tables: list[FactTable]
    tasks: list[worklist.TaskRow]
    actions: list[Action]
    deadlines: list[Deadline]
    notes: list[casework.NoteRow]
    attempts: list[casework.AttemptRow]
    documents: list[casework.DocumentRow]
    payments: list[casework.PaymentRow]
    messages: list[running.MessageRow]
    history: list[history_words.Told]
    instances: list[running.InstanceRow]
    starts: list[Startable]
    offers: list[Offer]


def open_case(connection: Connection, case_id: int, person: Somebody) -> CasePage:
    """Return a case's page."""
    instances = running.instances_of(connection, case_id)
    loaded = {row.definition_id: definitions.load(world(), connection, row.definition_id) for row in instances}
    requests = cases.requests_of(connection, case_id)
    request = current_request(requests)
    waits = running.waits_of_case(connection, case_id)
    people = told.names_of_people(connection)
    dictionary = next((found.dictionary for found in loaded.values()), Dictionary())
    return CasePage(
        summary=summary_of(connection, case_id),
        facts=cases.case_facts(connection, case_id),
        request=request,
        requests=requests,
        details=_details(request, dictionary, people),
        tables=tables_of(request.fields if request is not None else {}, dictionary, people),
        tasks=worklist.tasks_of_case(connection, case_id),
        actions=actions_of(waits, loaded),
        deadlines=[
            Deadline(wait.element_name or wait.element_id, wait.step, wait.due_at, wait.rule)
            for wait in waits
            if wait.kind == "timer" and wait.due_at is not None
        ],
        notes=casework.notes_of(connection, case_id),
        attempts=_attempts(casework.attempts_of(connection, case_id), dictionary),
        documents=casework.documents_of(connection, case_id),
        payments=casework.payments_of(connection, case_id),
        messages=running.messages_of(connection, case_id),
        history=history_words.tell(told.history_of_case(connection, case_id), people, loaded)[:8],
        instances=instances,
        starts=_starts(connection, instances, person),
        offers=offers_of(connection, requests, instances, person),
    )


def actions_of(waits: list[WaitRow], loaded: Mapping[int, LoadedDefinition]) -> list[Action]:
    """Return the messages that are waited for, each once although several elements may wait for it."""
    found: dict[tuple[object, ...], Action] = {}
    dates = {wait.instance_id: wait.due_at for wait in reversed(waits) if wait.kind == "timer"}
    for wait in waits:
        key = (wait.instance_id, wait.name, wait.correlation_key, wait.form_id)
        if wait.kind == "message" and key not in found:
            title = message_title(loaded[wait.definition_id], wait.name, wait.element_name)
            found[key] = Action(wait.wait_id, title, wait.element_name, wait.created_at, dates.get(wait.instance_id))
    return list(found.values())


def _details(request: RequestRow | None, dictionary: Dictionary, people: Mapping[int, str]) -> list[dict[str, Any]]:
    pairs = []
    for name, value in (request.fields if request is not None else {}).items():
        key = f"request.{name}"
        if name in _SHOWN_ELSEWHERE or isinstance(value, list | dict) or dictionary.field_for(key) is None:
            continue
        text = say(dictionary, key, value, people)
        if text:
            pairs.append({"key": {"text": label_of(dictionary, key)}, "value": {"html": lines(text)}})
    return pairs


def _attempts(rows: list[casework.AttemptRow], dictionary: Dictionary) -> list[casework.AttemptRow]:
    return [
        replace(
            row,
            channel=option_label(dictionary, "contact_channel", row.channel),
            outcome=option_label(dictionary, "contact_outcome", row.outcome),
        )
        for row in rows
    ]


def _starts(connection: Connection, instances: list[running.InstanceRow], person: Somebody) -> list[Startable]:
    """Return the procedures that a person may start; one that runs on the case already is not offered again."""
    under_way = {row.key for row in instances if row.ended_at is None}
    starts = []
    for row in operations.list_definitions(connection):
        if row.is_in_force and row.key not in under_way:
            definition = definitions.load(world(), connection, row.definition_id)
            if may_start(definition, person):
                starts.append(Startable(row.key, row.title))
    return starts


def may_start(definition: LoadedDefinition, person: Somebody) -> bool:
    """Tell whether a person may start a procedure: its title page may name the team that does."""
    if not definition.is_started_by_people:
        return False
    return definition.first_team in person.groups if definition.first_team else OPERATIONS not in person.groups
