"""Everything that a case page shows, gathered in one read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from engine import definitions, outbox
from engine.definitions import LoadedDefinition
from engine.dictionary import Dictionary
from engine.people import Somebody
from engine.queries import casework, contacts, running, told, worklist
from engine.queries.cases import RequestRow
from engine.queries.clients import about_in
from engine.queries.paths import way_of
from engine.queries.running import WaitRow
from web import history_words
from web.access import OPERATIONS
from web.case_dates import parts_of
from web.case_next import Ahead, Rules, ahead
from web.case_summary import NATIONS, CaseSummary, Standing, current_request, read_standing, summarise
from web.current import world
from web.fact_tables import FactTable, tables_of
from web.labels import label_of, lines, option_label, say
from web.procedure_text import date_rule, message_title
from web.request_cards import RequestCard, cards_of
from web.request_tree import Branch, tree_of

# How many lines of history a case page tells; automatic ones that say nothing new are looked through for them.
_TOLD, _LOOKED_AT = 8, 60

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

_NOT_OF_THE_CLIENT = frozenset({"reference", "client_name", "nation", "lock_flag"})


@dataclass(frozen=True, slots=True)
class Action:
    """A message that the case waits for, as something that a person can record.

    `where` tells two of the same title apart; it is empty where there is nothing to tell apart.
    """

    wait_id: int
    title: str
    where: str
    number: str
    since: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Deadline:
    """A date that the case waits for, and the rule that it comes from."""

    name: str
    step: str
    number: str
    due_at: datetime
    rule: str
    parts: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Startable:
    """A procedure that this person may start on the case."""

    key: str
    title: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message that arrived: what it is called, what it says, and whether somebody still has to deal with it."""

    row: running.MessageRow
    title: str
    answers: list[dict[str, Any]]


@dataclass(slots=True)
class CasePage:
    """A case as its page shows it."""

    summary: CaseSummary
    about: str
    ahead: list[Ahead]
    facts: dict[str, Any]
    client: list[dict[str, Any]]
    request: RequestRow | None
    requests: list[RequestRow]
    cards: list[RequestCard]
    tree: list[Branch]
    rules: Rules
    details: list[dict[str, Any]]
    tables: list[FactTable]
    tasks: list[worklist.TaskRow]
    actions: list[Action]
    deadlines: list[Deadline]
    contacts: list[contacts.ContactRow]
    notes: list[casework.NoteRow]
    attempts: list[casework.AttemptRow]
    documents: list[casework.DocumentRow]
    payments: list[casework.PaymentRow]
    messages: list[Arrived]
    given_up: list[tuple[str, datetime]]
    history: list[history_words.Told]
    starts: list[Startable]
    may_reopen: frozenset[int]
    may_correct: frozenset[int]
    groups: Mapping[str, str]


def open_case(connection: Connection, case_id: int, person: Somebody) -> CasePage:
    """Return a case's page. How many statements that takes depends neither on its requests nor on its history."""
    standing = read_standing(connection, case_id)
    loaded, requests = standing.loaded, standing.requests
    request = current_request(requests)
    people = told.names_of_people(connection)
    done = casework.casework_of(connection, case_id)
    in_force = _in_force(connection)
    dictionary = next((found.dictionary for found in (*loaded.values(), *in_force.values())), Dictionary())
    way, now = way_of(connection, case_id, loaded), world().clock.now()
    cards = cards_of(standing, way.taken)
    may_reopen, may_correct = _leads(standing, in_force, person)
    numbers = {row.request_id: row.number for row in requests}
    newest = told.newest_of_case(connection, case_id, most=_LOOKED_AT, leave_out=history_words.QUIET)
    return CasePage(
        summary=summarise(standing, case_id),
        about=about_in(request.fields) if request is not None else "",
        ahead=ahead(cards, standing.groups, way.rules, now),
        facts=standing.facts,
        client=_client(standing.facts, dictionary, people),
        request=request,
        requests=requests,
        cards=cards,
        tree=tree_of(requests),
        rules=way.rules,
        details=details_of(request, dictionary, people),
        tables=tables_of(request.fields if request is not None else {}, dictionary, people),
        tasks=standing.tasks,
        actions=actions_of(standing.waits, loaded, numbers),
        deadlines=[_deadline(wait, loaded, numbers) for wait in standing.waits if wait.kind == "timer" and wait.due_at],
        contacts=_contacts(done.contacts, dictionary),
        notes=done.notes,
        attempts=_attempts(done.attempts, dictionary),
        documents=done.documents,
        payments=done.payments,
        messages=_arrived(done.messages, standing, dictionary, people),
        given_up=_given_up(done),
        history=history_words.tell(newest, people, loaded, most=_TOLD),
        starts=_starts(standing.instances, in_force, person),
        may_reopen=may_reopen,
        may_correct=may_correct,
        groups=standing.groups,
    )


def _given_up(done: casework.Casework) -> list[tuple[str, datetime]]:
    """Return what was owed for the case and could not be handed over, in words, and since when."""
    letters = {row.document_id: f"{row.template_id} ({row.title})" for row in done.documents if row.template_id}
    return [(outbox.described(row.kind, row.payload, letters), row.since) for row in done.given_up]


def _in_force(connection: Connection) -> dict[str, LoadedDefinition]:
    """Return the versions that new procedures start with, by their keys."""
    return {
        key: definitions.load(world(), connection, definition_id)
        for key, definition_id in definitions.ids_in_force(connection).items()
    }


def _deadline(wait: WaitRow, loaded: Mapping[int, LoadedDefinition], numbers: Mapping[int, str]) -> Deadline:
    definition = loaded[wait.definition_id]
    due_at = wait.due_at or wait.created_at
    return Deadline(
        wait.element_name or wait.element_id,
        wait.step,
        numbers.get(wait.request_id or 0, ""),
        due_at,
        wait.rule,
        parts_of(wait.rule, due_at, definition, date_rule(definition, wait.element_id)),
    )


def _client(facts: dict[str, Any], dictionary: Dictionary, people: Mapping[int, str]) -> list[dict[str, Any]]:
    """Return what is known of the client and of who may receive letters, as rows of a summary list."""
    rows = [_row("Nation", NATIONS.get(facts["nation"], facts["nation"]))]
    for name, value in facts.items():
        key = f"case.{name}"
        if name in _NOT_OF_THE_CLIENT or isinstance(value, list | dict) or dictionary.field_for(key) is None:
            continue
        text = say(dictionary, key, value, people)
        if text:
            rows.append(_row(label_of(dictionary, key), text))
    return rows


def _row(key: str, text: str) -> dict[str, Any]:
    return {"key": {"text": key}, "value": {"html": lines(text)}}


def _arrived(
    rows: list[running.MessageRow], standing: Standing, dictionary: Dictionary, people: Mapping[int, str]
) -> list[Arrived]:
    """Return the messages that arrived, with what they say; those that nobody has dealt with come first."""
    found = [
        Arrived(
            row,
            next(filter(None, (message_title(one, row.name, "") for one in standing.loaded.values())), "")
            or row.name.replace("_", " ").capitalize(),
            history_words.answers_in(row.payload, dictionary, people, leave_out={"received_on"}),
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: one.row.status != "kept")


def actions_of(
    waits: list[WaitRow], loaded: Mapping[int, LoadedDefinition], numbers: Mapping[int, str]
) -> list[Action]:
    """Return the messages that are waited for, each once although several elements may wait for it."""
    found: dict[tuple[object, ...], Action] = {}
    dates = {wait.instance_id: wait.due_at for wait in reversed(waits) if wait.kind == "timer"}
    for wait in waits:
        key = (wait.instance_id, wait.name, wait.correlation_key, wait.form_id)
        if wait.kind == "message" and key not in found:
            title = message_title(loaded[wait.definition_id], wait.name, wait.element_name)
            found[key] = Action(
                wait.wait_id,
                title,
                wait.element_name,
                numbers.get(wait.request_id or 0, ""),
                wait.created_at,
                dates.get(wait.instance_id),
            )
    titled = Counter((action.title, action.number) for action in found.values())
    return [
        action if titled[action.title, action.number] > 1 else replace(action, where="") for action in found.values()
    ]


def details_of(request: RequestRow | None, dictionary: Dictionary, people: Mapping[int, str]) -> list[dict[str, Any]]:
    """Return what is recorded on a request, but for what pages show elsewhere, as rows of a summary list."""
    pairs = []
    for name, value in (request.fields if request is not None else {}).items():
        key = f"request.{name}"
        if name in _SHOWN_ELSEWHERE or isinstance(value, list | dict) or dictionary.field_for(key) is None:
            continue
        text = say(dictionary, key, value, people)
        if text:
            pairs.append({"key": {"text": label_of(dictionary, key)}, "value": {"html": lines(text)}})
    return pairs


def _contacts(rows: list[contacts.ContactRow], dictionary: Dictionary) -> list[contacts.ContactRow]:
    return [
        replace(
            row,
            source=option_label(dictionary, "source", row.source),
            channel=option_label(dictionary, "intake_channel", row.channel),
        )
        for row in rows
    ]


def _attempts(rows: list[casework.AttemptRow], dictionary: Dictionary) -> list[casework.AttemptRow]:
    return [
        replace(
            row,
            channel=option_label(dictionary, "contact_channel", row.channel),
            outcome=option_label(dictionary, "contact_outcome", row.outcome),
        )
        for row in rows
    ]


def _starts(
    instances: list[running.InstanceRow], in_force: Mapping[str, LoadedDefinition], person: Somebody
) -> list[Startable]:
    """Return the procedures that a person may start; one that runs on the case already is not offered again."""
    under_way = {row.key for row in instances if row.ended_at is None}
    return [
        Startable(key, definition.title)
        for key, definition in in_force.items()
        if key not in under_way and may_start(definition, person)
    ]


def _leads(
    standing: Standing, in_force: Mapping[str, LoadedDefinition], person: Somebody
) -> tuple[frozenset[int], frozenset[int]]:
    """Return the closed requests that a person may reopen, and those that they may correct.

    One that still has work to do, or that led to a request which is open, is put right there and not reopened.
    """
    began_with = {row.request_id: row.key for row in standing.instances}  # the newest come first: the first one stays
    under_way = {row.request_id for row in standing.instances if row.ended_at is None}
    open_numbers = {request.number for request in standing.requests if request.is_open}
    reopen, correct = set(), set()
    for request in standing.requests:
        definition = in_force.get(began_with.get(request.request_id, ""))
        allowed = definition.reopening if definition is not None else None
        if request.is_open or allowed is None or allowed.by not in person.groups:
            continue
        led_to = {link.number for link in request.links if link.relation == "raised_from" and not link.is_outward}
        if request.request_id not in under_way and not led_to & open_numbers:
            reopen.add(request.request_id)
        if allowed.correctable:
            correct.add(request.request_id)
    return frozenset(reopen), frozenset(correct)


def may_start(definition: LoadedDefinition, person: Somebody) -> bool:
    """Tell whether a person may start a procedure: its title page may name the team that does."""
    if not definition.is_started_by_people:
        return False
    return definition.first_team in person.groups if definition.first_team else OPERATIONS not in person.groups
