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

from sqlalchemy import Connection, insert, select

from engine import client_facts, form_rules
from engine.cases import add_note
from engine.client_facts import said_in_words
from engine.context import next_number
from engine.errors import NotAllowed, ValuesRefused
from engine.forms import Form
from engine.holds import hold_case, hold_name
from engine.intake_questions import NO_OPEN_REQUEST, Intake, in_force, may_record, names_for
from engine.models import Case, Contact, ServiceRequest, UserTask
from engine.notifications import tell
from engine.people import Somebody
from engine.queries.clients import ISSUE
from engine.queries.contacts import noted
from engine.queries.sight import may_see_case
from engine.step import begin
from engine.world import World

_SENT_TWICE_WITHIN = timedelta(days=1)


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


def record(
    world: World, values: Mapping[str, object], *, case_id: int | None, actor: Somebody, groups: frozenset[str]
) -> Recorded:
    """Record a contact, on a known client or, with no case, on a new one, and start each issue's procedure.

    `values` are those of both forms; `groups` are the actor's own and those that they lead.
    Raises: NotAllowed, NotFound, ValuesRefused; nothing has changed then.
    """
    with world.db.write() as connection:
        if case_id is None:
            hold_name(connection, f"a contact by person {actor.person_id}")
        else:
            hold_case(connection, case_id)
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
            case_id = client_facts.open_client(world, connection, client)
        else:
            client_facts.change(
                world, connection, intake.definition.dictionary, case_id, names["case"], client, actor=actor
            )
        return _record(world, connection, intake, values, case_id=case_id, actor=actor)


def change_client(world: World, case_id: int, values: Mapping[str, object], *, actor: Somebody) -> list[str]:
    """Change the facts of a client, with a note of what changed; return the labels of what did.

    Raises: NotFound, ValuesRefused.
    """
    with world.db.write() as connection:
        hold_case(connection, case_id)
        intake = in_force(world, connection)
        names = names_for(connection, world, case_id, sees_client=True)
        form = replace(intake.client, components=intake.details())
        _check(world, connection, intake, form, values, names, case_id)
        dictionary = intake.definition.dictionary
        return client_facts.change(
            world, connection, dictionary, case_id, names["case"], _facts_of(values), actor=actor
        )


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
    dictionary = intake.definition.dictionary
    problems = client_facts.problems_in(connection, _facts_of(values), case_id=case_id)
    problems |= form_rules.problems_in(connection, form, dictionary, values, names, now=world.clock.now())
    if problems:
        raise ValuesRefused(problems)


def _facts_of(values: Mapping[str, object]) -> dict[str, object]:
    return {key.removeprefix("case."): value for key, value in values.items() if key.startswith("case.")}


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
    query = (
        select(*Case.__table__.c, Contact.number)
        .join(Contact, Contact.case_id == Case.case_id)
        .where(
            Contact.recorded_by_id == actor.person_id,
            Contact.recorded_at > world.clock.now() - _SENT_TWICE_WITHIN,
            *(getattr(Contact, name) == value for name, value in fields.items()),
        )
    )
    if case_id is not None:
        query = query.where(Case.case_id == case_id)
    for found in connection.execute(query):
        if case_id is not None or client_facts.says_the_same(found, _facts_of(values)):
            return Recorded(found.number, found.case_id, is_new=False)
    return None


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
    common["contact_number"] = number
    may_be_note = not any(values.get(key) for key in intake.never_only_a_note)
    listed: Any = values.get(intake.further) or []
    instances: list[int] = []
    notes: list[str] = []
    for issue in [{key: value for key, value in said.items() if key in of_issue}, *listed]:
        facts = {key: value for key, value in issue.items() if value is not None}
        same = str(facts.get("open_request", NO_OPEN_REQUEST))
        is_note = same != NO_OPEN_REQUEST and facts.get("open_issue_use") == "note"
        if same != NO_OPEN_REQUEST and (may_be_note or not is_note):
            text = f"contact of {said_in_words(None, common['received_on'])}.\n{facts['issue']}"
            text = text if is_note else f"logged as an issue of its own. {text}"
            _note(world, connection, intake, same, noted(number, text), case_id=case_id, actor=actor)
            notes.append(same)
        if not (is_note and may_be_note):
            start = _start_values(intake, {**common, **facts})
            outcome = begin(world, connection, intake.definition, start, case_id=case_id, actor=actor.actor)
            instances.append(outcome.instance_id)
    return Recorded(number, case_id, tuple(instances), tuple(notes))


def _start_values(intake: Intake, facts: Mapping[str, Any]) -> dict[str, object]:
    """Return what an issue's procedure starts with."""
    left_out: tuple[str, ...] = ()
    if not _is_request(facts.get("open_request")):
        left_out = ("open_request", "open_issue_use")  # there is no request that the procedure could be told of
    values: dict[str, object] = {f"request.{key}": value for key, value in facts.items() if key not in left_out}
    return {**values, intake.further: []}


def _is_request(key: object) -> bool:
    return isinstance(key, str) and key != NO_OPEN_REQUEST and not key.startswith(ISSUE)


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
        person_id = holder.assignee_id if holder is not None else None
        group = holder.candidate_group if holder is not None else None
    else:
        request_id, person_id, group = connection.execute(
            select(ServiceRequest.request_id, ServiceRequest.owner_id, ServiceRequest.owner_group).where(
                ServiceRequest.case_id == case_id, ServiceRequest.number == key
            )
        ).one()
    add_note(connection, world, case_id=case_id, request_id=request_id, text=text, author_id=actor.person_id)
    what = "an issue that is being logged" if request_id is None else key
    tell(
        connection,
        subject="Another contact about an open issue",
        text=f"{text.partition(':')[0]} is about {what} too. Read the note on the case.",
        at=world.clock.now(),
        person_id=person_id,
        group_key=group or intake.definition.first_team,
        case_id=case_id,
    )
