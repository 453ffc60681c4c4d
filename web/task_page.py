"""What a task's page shows: the form as it stands, the letter that it writes or checks, the case beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from engine import definitions, drafts, tasks
from engine.attachments import attached_to_task
from engine.definitions import LoadedDefinition
from engine.drafts import Draft
from engine.people import Somebody, members
from engine.queries.letter_hands import Hand, hands_of_case, hands_on
from engine.queries.told import names_of_people
from engine.task_names import names_at
from engine.values import loads
from letters.letter import LetterError
from web import attaching, letter_preview, meanwhile
from web.asking import Asking, Typed, components_of, nested_slots, surroundings
from web.away import away_today, away_words
from web.current import world
from web.forms import typed_from_names
from web.groups import group_title
from web.procedure_text import documentation


@dataclass(slots=True)
class TaskPage:
    """An open task as a person meets it."""

    task: Any
    definition: LoadedDefinition
    names: Mapping[str, Any]
    asking: Asking
    writes: str | None
    checks: str | None
    help_text: str
    papers: list[letter_preview.Paper]
    draft: Draft | None = None
    preview: Preview | None = None

    @property
    def fingerprints(self) -> dict[str, str]:
        """Return what the case says now, for whoever sends this page back."""
        of_each = meanwhile.fingerprints(self.asking.components, self.asking.surroundings)
        return {meanwhile.WHOLE: self.fingerprint, **of_each}

    @property
    def fingerprint(self) -> str:
        """Return what the instance, its case and its request say now, in one: while it stays, nothing has changed."""
        return meanwhile.digest(repr(self.task.instance))

    @property
    def known(self) -> Typed:
        """Return how the form would open with what the case says now."""
        return typed_from_names(self.asking.components, self.asking.surroundings)


@dataclass(slots=True)
class Preview:
    """A letter as it looks in one version, or why it cannot be made yet."""

    version: letter_preview.Version
    pages: int
    text: str
    hands: list[Hand]
    faults: tuple[str, ...] = ()
    sizes: Mapping[int, str] = field(default_factory=lambda: letter_preview.SIZES)


@dataclass(frozen=True, slots=True)
class Holding:
    """Who holds a task, and what this person may do about that; `kept_from` says why they are not to do it.

    `colleagues` are who else may be given it.
    """

    group_title: str
    assignee_name: str | None
    is_mine: bool
    may_claim: bool
    may_release: bool
    colleagues: list[tuple[int, str]]
    kept_from: str = ""
    holder_away: str = ""
    may_take: bool = False
    """They stand in for the holder, who is away."""
    asks_why: bool = False
    """Some of the colleagues may have it only with a leader's reason."""


def written_letter(task: Any) -> str | None:
    """Return the letter that a task writes."""
    return str(loads(task.properties).get("letter") or "") or None


def open_page(connection: Connection, task: Any, typed: Typed | None = None) -> TaskPage:
    """Return an open task's page; `typed` is what the person has just sent, else the draft or what is known."""
    definition = definitions.load(world(), connection, task.definition_id)
    names = names_at(world(), connection, task)
    properties = loads(task.properties)
    writes, checks = written_letter(task), str(properties.get("preview") or "") or None
    form = definition.forms.get(task.form_id) if task.form_id else None
    components = components_of(form, definition.letter_form(writes) if writes else None)
    if not any(component.type == "filepicker" for component in (form.inputs if form is not None else ())):
        components.append(attaching.ASIDE)
    attached = attached_to_task(connection, task) if task.has_files else []
    around = replace(
        surroundings(connection, definition, names, components),
        files=lambda key: [(file.document_id, file.file_name) for file in attached if file.field == key],
    )
    draft = drafts.draft_of(task)
    if typed is None:
        typed = draft.typed if draft is not None else typed_from_names(components, around)
    return TaskPage(
        task=task,
        definition=definition,
        names=names,
        asking=Asking(components, around, typed),
        writes=writes,
        checks=checks,
        help_text=documentation(definition, task.element_id),
        papers=letter_preview.papers(connection, task.case_id, properties.get("documents")),
        draft=draft,
    )


def letter_of(
    connection: Connection, page: TaskPage, asked: letter_preview.Asked | None = None
) -> letter_preview.Version | None:
    """Return the letter that the page checks, or that it would write with what was typed so far."""
    letter_id = page.checks or page.writes
    if letter_id is None:
        return None
    names = dict(page.names)
    if page.writes:
        values = nested_slots(page.asking.sheet.values)
        names.update({key: value for key, value in values.items() if key in ("slots", "paragraph")})
    asked = asked or letter_preview.Asked()
    return letter_preview.version_from(connection, page.definition, letter_id, names, asked)


def letter_faults(connection: Connection, page: TaskPage) -> tuple[str, ...]:
    """Return why the letter that the page writes could not be issued with what was typed, a sentence each."""
    version = letter_of(connection, page) if page.writes else None
    if version is None:
        return ()
    try:
        letter_preview.rendered(page.definition, version)
    except LetterError as error:
        return error.faults
    return ()


def show_preview(connection: Connection, page: TaskPage, asked: letter_preview.Asked) -> None:
    """Put the letter on the page in the version asked for, or the sentences that say what it still lacks."""
    version = letter_of(connection, page, asked)
    if version is None:
        return
    hands = hands_of_case(connection, page.task.case_id) if page.task.case_id is not None else []
    shown = Preview(version, 0, "", hands_on(hands, version.draft.letter_id, instance_id=page.task.instance_id))
    try:
        made = letter_preview.rendered(page.definition, version)
    except LetterError as error:
        page.preview = replace(shown, faults=error.faults)
    else:
        page.preview = replace(shown, pages=made.pages, text=made.text)


def holding(connection: Connection, page: TaskPage, person: Somebody) -> Holding:
    """Return who holds a task and what a person may do about it."""
    task = page.task
    leads = task.candidate_group is not None and tasks.may_lead(world(), person, task.candidate_group)
    kept_from = tasks.exclusion(world(), connection, task, person.person_id)
    is_others = task.assignee_id is not None and task.assignee_id != person.person_id
    away = away_today(connection) if leads or is_others else {}
    holder_away = away.get(task.assignee_id)
    stands_in = holder_away is not None and holder_away.cover_id == person.person_id
    colleagues = []
    for person_id, name in members(connection, task.candidate_group) if leads else []:
        if person_id == task.assignee_id:
            continue
        found = tasks.exclusion(world(), connection, task, person_id)
        if found is None or (found.may_be_overridden and person_id != person.person_id):
            notes = [away_words(away.get(person_id)), "say why below" if found is not None else ""]
            said = "; ".join(filter(None, notes))
            colleagues.append((person_id, f"{name} ({said})" if said else name))
    return Holding(
        group_title=group_title(page.definition, task.candidate_group),
        assignee_name=names_of_people(connection).get(task.assignee_id),
        is_mine=task.assignee_id == person.person_id,
        may_claim=task.assignee_id is None and task.candidate_group in person.groups and kept_from is None,
        may_release=task.assignee_id is not None and (leads or task.assignee_id == person.person_id),
        colleagues=colleagues,
        asks_why=any("say why below" in name for _, name in colleagues),
        may_take=stands_in and task.candidate_group in person.groups and kept_from is None,
        holder_away=away_words(holder_away),
        kept_from=kept_from.reason if kept_from is not None else "",
    )
