"""Intake: a contact is recorded once, on a known client or a new one, and each of its issues takes its own way.

One transaction writes the client's facts and the contact, and starts the procedure for each issue up to its first task;
whatever is refused changes nothing. Which forms ask, and which procedure starts, is what process.toml declares under
`[intake]`. An issue that an open request deals with already is noted there, or logged and linked: never logged twice
without a word. The same contact sent twice counts once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from engine import definitions, form_rules
from engine.cases import add_note
from engine.clock import LONDON
from engine.context import next_number
from engine.definitions import LoadedDefinition
from engine.errors import NotAllowed, NotFound, ValuesRefused
from engine.facts import case_columns, case_fields
from engine.field_values import Field
from engine.forms import Component, Form
from engine.models import Case, Contact, Definition, Notification, ServiceRequest, UserTask
from engine.people import Somebody
from engine.queries.clients import ISSUE, requests_of
from engine.queries.contacts import noted
from engine.queries.sight import may_see_case
from engine.step import begin
from engine.world import World

NO_OPEN_REQUEST = "none"  # the answer that no open request is about the same issue
_SENT_TWICE_WITHIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Intake:
    """How contacts come in: the procedure that an issue starts, and the forms that ask.

    `further` is the list of the contact's form whose entries are issues of their own; `known_to_all` are the facts of
    the client that are asked even of people who may not see the case.
    """

    definition: LoadedDefinition
    client: Form
    contact: Form
    further: str
    known_to_all: frozenset[str]

    def about_client(self, *, sees_client: bool) -> tuple[Component, ...]:
        """Return the questions about the client that a person may be asked."""
        if sees_client:
            return self.client.components
        return _only(self.client.components, self.known_to_all)

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


@dataclass(frozen=True, slots=True)
class Recorded:
    """A contact as it was recorded; `is_new` is false when the very same one had been recorded before.

    `noted_on` are the numbers of the open requests that it was added to.
    """

    number: str
    case_id: int
    instance_ids: tuple[int, ...] = ()
    noted_on: tuple[str, ...] = ()
    is_new: bool = True


def in_force(world: World, connection: Connection) -> Intake:
    """Return how contacts come in now. Raises: NotFound when no procedure in force declares it."""
    for definition_id in connection.execute(select(Definition.definition_id).where(Definition.is_in_force)).scalars():
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


def record(
    world: World, values: Mapping[str, object], *, case_id: int | None, actor: Somebody, groups: frozenset[str]
) -> Recorded:
    """Record a contact, on a known client or, with no case, on a new one, and start each issue's procedure.

    `values` are those of both forms; `groups` are the actor's own and those that they lead.
    Raises: NotAllowed, NotFound, ValuesRefused; nothing has changed then.
    """
    with world.db.write() as connection:
        intake = in_force(world, connection)
        if not may_record(intake, groups):
            raise NotAllowed("Contacts are recorded by another team.")
        before = _recorded_before(world, connection, intake, values, case_id=case_id, actor=actor)
        if before is not None:
            return before
        sees = case_id is None or may_see_case(connection, case_id, person_id=actor.person_id, groups=groups)
        names = names_for(connection, world, case_id, sees_client=sees)
        form = replace(intake.contact, components=intake.questions(sees_client=sees))
        _check(world, connection, intake, form, values, names, case_id)
        client = _facts_of(values)
        if case_id is None:
            case_id = _open(world, connection, client)
        else:
            _change(world, connection, intake, case_id, names["case"], client, actor=actor)
        return _record(world, connection, intake, values, case_id=case_id, actor=actor)


def change_client(world: World, case_id: int, values: Mapping[str, object], *, actor: Somebody) -> list[str]:
    """Change the facts of a client, with a note of what changed; return the labels of what did.

    Raises: NotFound, ValuesRefused.
    """
    with world.db.write() as connection:
        intake = in_force(world, connection)
        names = names_for(connection, world, case_id, sees_client=True)
        _check(world, connection, intake, intake.client, values, names, case_id)
        return _change(world, connection, intake, case_id, names["case"], _facts_of(values), actor=actor)


def _read(definition: LoadedDefinition, entry: Mapping[str, Any]) -> Intake:
    try:
        return Intake(
            definition,
            client=definition.forms[entry["client"]],
            contact=definition.forms[entry["contact"]],
            further=str(entry["further_issues"]),
            known_to_all=frozenset(map(str, entry.get("known_to_all", ()))),
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


def _check(
    world: World,
    connection: Connection,
    intake: Intake,
    form: Form,
    values: Mapping[str, object],
    names: Mapping[str, Any],
    case_id: int | None,
) -> None:
    """Raises: ValuesRefused with a sentence per field."""
    problems = form_rules.problems_in(
        connection, form, intake.definition.dictionary, values, names, now=world.clock.now()
    )
    reference = values.get("case.reference")
    if isinstance(reference, str) and reference and "case.reference" not in problems:
        owner = connection.execute(
            select(Case.case_id, Case.client_name).where(Case.reference == reference)
        ).one_or_none()
        if owner is not None and owner.case_id != case_id:
            problems["case.reference"] = (
                f"{reference} is the number of {owner.client_name}. Find that client and record the contact there; "
                "for the other parent of the same maintenance case, add /2 to the number"
            )
    if problems:
        raise ValuesRefused(problems)


def _facts_of(values: Mapping[str, object]) -> dict[str, object]:
    return {key.removeprefix("case."): value for key, value in values.items() if key.startswith("case.")}


def _open(world: World, connection: Connection, facts: dict[str, object]) -> int:
    fields = {**facts, "lock_flag": False}
    if not fields.get("reference"):
        fields["reference"] = f"T-{next_number(connection, 'temporary_reference'):06d}"
    columns = case_columns({key: value for key, value in fields.items() if value is not None})
    row = {**columns, "created_at": world.clock.now()}
    return connection.execute(insert(Case).values(row).returning(Case.case_id)).scalar_one()


def _change(
    world: World,
    connection: Connection,
    intake: Intake,
    case_id: int,
    known: Mapping[str, Any],
    given: Mapping[str, object],
    *,
    actor: Somebody,
) -> list[str]:
    """Write the facts that differ from those that are known, and note which they are."""
    changed = {key: value for key, value in given.items() if (known.get(key) or None) != (value or None)}
    # False differs from not known, although neither is an answer that stands for itself.
    changed |= {key: value for key, value in given.items() if isinstance(value, bool) and known.get(key) is not value}
    if not changed.get("reference", True):
        del changed["reference"]  # a number that is known is not forgotten
    if not changed:
        return []
    row = connection.execute(select(Case.__table__).where(Case.case_id == case_id)).one()
    columns = case_columns({**case_fields(row), **changed})
    connection.execute(update(Case).where(Case.case_id == case_id).values(columns))
    fields = {key: intake.definition.dictionary.field_for(f"case.{key}") for key in changed}
    labels = {key: field.label if field else key for key, field in fields.items()}
    lines = [
        f"{labels[key]}: {_said(fields[key], known.get(key))} → {_said(fields[key], changed[key])}" for key in fields
    ]
    text = "Client’s details changed.\n" + "\n".join(lines)
    add_note(connection, world, case_id=case_id, request_id=None, text=text, author_id=actor.person_id)
    return list(labels.values())


def _said(field: Field | None, value: object) -> str:
    if value in (None, ""):
        return "not known"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, date):
        return f"{value.day} {value:%B %Y}"
    options = field.picklist.options if field is not None and field.picklist is not None else ()
    said = next((option.label for option in options if option.value == value), str(value))
    return ", ".join(said.splitlines())


def _recorded_before(
    world: World,
    connection: Connection,
    intake: Intake,
    values: Mapping[str, object],
    *,
    case_id: int | None,
    actor: Somebody,
) -> Recorded | None:
    """Return the very same contact, when this person has just recorded it: a double click, a page sent again."""
    fields = _contact_fields(intake, values)
    if any(not isinstance(value, str | date) for value in fields.values()):
        return None  # not a contact that could have been recorded
    query = select(Contact.number, Contact.case_id).where(
        Contact.recorded_by_id == actor.person_id,
        Contact.recorded_at > world.clock.now() - _SENT_TWICE_WITHIN,
        *(getattr(Contact, name) == value for name, value in fields.items()),
    )
    if case_id is not None:
        query = query.where(Contact.case_id == case_id)
    else:
        query = query.join(Case, Case.case_id == Contact.case_id)
        query = query.where(Case.client_name == str(values.get("case.client_name")))
    found = connection.execute(query).first()
    return Recorded(found.number, found.case_id, is_new=False) if found is not None else None


def _contact_fields(intake: Intake, values: Mapping[str, object]) -> dict[str, Any]:
    """Return the contact's own columns; what it is about is the text of all its issues."""
    listed = values.get(intake.further)
    further = [issue.get("issue") for issue in listed if isinstance(issue, Mapping)] if isinstance(listed, list) else []
    return {
        "source": values.get("request.source"),
        "channel": values.get("request.contact_channel"),
        "received_on": values.get("request.received_on"),
        "about": "\n\n".join(str(text) for text in [values.get("request.issue"), *further] if text),
    }


def _record(
    world: World,
    connection: Connection,
    intake: Intake,
    values: Mapping[str, object],
    *,
    case_id: int,
    actor: Somebody,
) -> Recorded:
    """Write the contact and let each issue take its way."""
    number = f"CON-{next_number(connection, 'contact'):06d}"
    now = world.clock.now()
    connection.execute(
        insert(Contact).values(
            case_id=case_id,
            number=number,
            recorded_at=now,
            recorded_by_id=actor.person_id,
            **_contact_fields(intake, values),
        )
    )
    of_issue = intake.of_an_issue()
    said = {key.removeprefix("request."): value for key, value in values.items() if key.startswith("request.")}
    common = {key: value for key, value in said.items() if key not in of_issue and value is not None}
    listed: Any = values.get(intake.further) or []
    instances: list[int] = []
    notes: list[str] = []
    for issue in [{key: value for key, value in said.items() if key in of_issue}, *listed]:
        facts = {key: value for key, value in issue.items() if value is not None}
        same, use = str(facts.pop("open_request", NO_OPEN_REQUEST)), facts.pop("open_issue_use", None)
        if same != NO_OPEN_REQUEST:
            text = f"contact of {_said(None, common['received_on'])}.\n{facts['issue']}"
            if use != "note":
                text = "logged as an issue of its own. " + text
                facts["related_request"] = None if same.startswith(ISSUE) else same
            _note(world, connection, intake, same, noted(number, text), case_id=case_id, actor=actor)
            notes.append(same)
        if same == NO_OPEN_REQUEST or use != "note":
            start = {f"request.{key}": value for key, value in {**common, **facts, "contact_number": number}.items()}
            start[intake.further] = []
            outcome = begin(world, connection, intake.definition, start, case_id=case_id, actor=actor.actor)
            instances.append(outcome.instance_id)
    return Recorded(number, case_id, tuple(instances), tuple(notes))


def _note(
    world: World, connection: Connection, intake: Intake, key: str, text: str, *, case_id: int, actor: Somebody
) -> None:
    """Add a contact to what deals with the same issue already, and tell who holds that."""
    if key.startswith(ISSUE):
        instance_id, request_id = int(key.removeprefix(ISSUE)), None
        holder = connection.execute(
            select(UserTask.assignee_id, UserTask.candidate_group)
            .where(UserTask.instance_id == instance_id, UserTask.status == "open")
            .order_by(UserTask.task_id)
        ).first()
        person_id, group = tuple(holder) if holder is not None else (None, None)
    else:
        request_id, person_id, group = connection.execute(
            select(ServiceRequest.request_id, ServiceRequest.owner_id, ServiceRequest.owner_group).where(
                ServiceRequest.case_id == case_id, ServiceRequest.number == key
            )
        ).one()
    add_note(connection, world, case_id=case_id, request_id=request_id, text=text, author_id=actor.person_id)
    what = "an issue that is being logged" if request_id is None else key
    connection.execute(
        insert(Notification).values(
            case_id=case_id,
            person_id=person_id,
            group_key=None if person_id else group or intake.definition.first_team,
            subject="Another contact about an open issue",
            text=f"{text.partition(':')[0]} is about {what} too. Read the note on the case.",
            sent_at=world.clock.now(),
        )
    )
