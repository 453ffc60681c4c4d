"""A task's page as it is sent: drawn with what differs from what was typed, where something does."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from flask import render_template
from sqlalchemy import Connection

from engine import definitions, documents
from engine.drafts import Base
from engine.errors import DraftIsNewer
from engine.queries import told
from engine.queries.paths import rule_of
from web import asking, drafting, meanwhile, task_page
from web.beside import SHORT, beside
from web.current import person, world
from web.forms import fill, typed_from_values
from web.words import day_of

_NOT_SAVED = "What is on this page is not saved yet: the newer draft is kept until you save yours."


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page is drawn with besides the task: why nothing was done, and what differs from what was typed.

    `carried` is what the page before knew. This one knows the same, unless it shows the newer draft, or the case.
    """

    refusal: str = ""
    changes: meanwhile.Changes = field(default_factory=lambda: meanwhile.Changes([], []))
    newer: list[meanwhile.Difference] = field(default_factory=list)
    hands: list[str] = field(default_factory=list)
    carried: drafting.Carried | None = None
    knows_draft: bool = False
    knows_case: bool = False

    @property
    def links(self) -> list[dict[str, str]]:
        """Return the error summary's links to what differs."""
        return [
            {"text": f"See what differs: {one.label}", "href": f"#differs-{one.href.removeprefix('#')}"}
            for one in (*self.newer, *self.changes.answers)
        ]


def render(connection: Connection, current: task_page.TaskPage, shown: Shown | None = None) -> str:
    """Return the page of an open task."""
    shown = shown or Shown()
    drawn, errors = current.asking.draw()
    aside = [block for block in drawn if block.question == documents.ASIDE]
    task = current.task
    holding = task_page.holding(connection, current, person())
    base, seen = _known(current, shown)
    return render_template(
        "tasks/page.html",
        page=current,
        task=task,
        holding=holding,
        rule=rule_of(connection, task.instance_id, task.due_at) if task.due_at is not None else "",
        blocks=[block for block in drawn if block not in aside],
        aside=aside,
        errors=errors,
        shown=shown,
        refusal=shown.refusal,
        shows_form=holding.is_mine or bool(shown.refusal),
        beside=beside(connection, current),
        short=SHORT,
        draft_said=_NOT_SAVED if shown.newer else _draft_said(connection, current),
        base=base,
        seen=json.dumps(seen, separators=(",", ":")),
    )


def _known(current: task_page.TaskPage, shown: Shown) -> tuple[Base, dict[str, str]]:
    """Return what the page that is drawn knows: of which draft, and of which state of the case."""
    before, draft = shown.carried, current.draft
    newest = draft.number if draft is not None else 0
    number = before.base.number if before is not None and not shown.knows_draft else newest
    window = before.base.window if before is not None and before.base.window else drafting.new_window()
    seen = before.seen if before is not None and before.seen and not shown.knows_case else current.fingerprints
    return Base(number, window), seen


def changed_since(connection: Connection, current: task_page.TaskPage, seen: dict[str, str]) -> meanwhile.Changes:
    """Return what the case says differently than when a page with these fingerprints was drawn."""
    if seen.get(meanwhile.WHOLE) == current.fingerprint:
        return meanwhile.Changes([], [])
    ask = current.asking
    return meanwhile.changes(
        connection, current.task.case_id, ask.components, ask.surroundings, typed=ask.typed, seen=seen
    )


def newer_draft(current: task_page.TaskPage, base: Base) -> list[meanwhile.Difference]:
    """Return how a draft that was saved elsewhere differs from what was typed here; nothing where there is none."""
    draft, ask = current.draft, current.asking
    if draft is None or not draft.is_newer_than(base, ask.typed):
        return []
    return meanwhile.differences(ask.components, ask.surroundings, yours=ask.typed, theirs=draft.typed)


def with_newer_draft(connection: Connection, current: task_page.TaskPage, carried: drafting.Carried) -> str:
    """Return the page with two drafts beside each other: the one typed here, and the newer one."""
    draft = current.draft
    newer = newer_draft(current, carried.base)
    said = str(DraftIsNewer(at=draft.saved_at if draft else None))
    return render(connection, current, Shown(refusal=said, newer=newer, carried=carried, knows_draft=True))


def passed_on(connection: Connection, task: Any, version: int | None) -> list[str]:
    """Return how a task changed hands since its page was drawn, a sentence each."""
    if version is None or version >= task.version or task.case_id is None:
        return []
    rows = told.newest_of_case(connection, task.case_id, most=30, leave_out=())
    return meanwhile.who_held(rows, task, told.names_of_people(connection), since=version)


def over(connection: Connection, task: Any, typed: asking.Typed) -> str:
    """Return the page of a task that is over: by whom and when, with what this person had typed beside it."""
    definition = definitions.load(world(), connection, task.definition_id)
    form = definition.forms.get(task.form_id) if task.form_id else None
    letter = task_page.written_letter(task)
    components = asking.components_of(form, definition.letter_form(letter) if letter else None)
    # The rows of a list that is settled are those of the case.
    names = asking.names_of_instance(connection, task.instance_id)
    around = asking.surroundings(connection, definition, names, components)
    kept = asking.kept_answers(components, typed, around)
    recorded = _recorded(connection, task) if kept and task.status == "completed" else {}
    return render_template(
        "tasks/over.html",
        task=task,
        by=told.names_of_people(connection).get(task.ended_by_id) if task.ended_by_id else None,
        is_own=task.ended_by_id == person().person_id,
        kept=kept,
        differing=_differing(components, around, typed, recorded),
        as_note=_as_note(task, kept) if kept and task.case_id is not None else "",
    )


def _differing(components: Any, around: Any, typed: asking.Typed, recorded: dict[str, Any]) -> list[Any]:
    if not recorded:
        return []
    theirs = typed_from_values(components, around, recorded)
    found = meanwhile.differences(components, around, yours=typed, theirs=theirs)
    needless = set(fill(components, typed, around).hidden)  # answered all the same, as a page without scripts lets one
    return [one for one in found if one.theirs or one.name not in needless]


def _recorded(connection: Connection, task: Any) -> dict[str, Any]:
    """Return the answers that a task was completed with; nothing where they were erased."""
    rows = told.newest_of_case(connection, task.case_id, most=60, leave_out=()) if task.case_id is not None else []
    own = (row for row in rows if row.instance_id == task.instance_id and row.element_id == task.element_id)
    found = next((row.values for row in own if row.kind == "submitted" and row.at <= task.ended_at), None)
    return found or {}


def _as_note(task: Any, kept: list[dict[str, Any]]) -> str:
    answers = "\n".join(f"{row['key']['text']}: {row['value']['text']}" for row in kept)
    return f"Typed into “{task.name}” and not recorded there, because the task was over:\n{answers}"


def _draft_said(connection: Connection, current: task_page.TaskPage) -> str:
    draft = current.draft
    if draft is None:
        return ""
    by = told.names_of_people(connection).get(draft.by_id) if draft.by_id is not None else None
    return drafting.said(draft, person().person_id, by, today=day_of(world().clock.now()))
