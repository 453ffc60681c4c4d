"""Letters: rendered once from the deployed template, stored, attached, and owed to the worker for dispatch.

The preview that a person confirms and the letter that is issued come from the same function with the same facts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.bank_holidays import calendar
from engine.clock import LONDON
from engine.context import BpmnError, Deferred, StepContext
from engine.failpoints import failpoint
from engine.models import Blob, Document, Person
from engine.values import dumps, plain
from engine.world import World
from letters.catalogue import load_letters
from letters.facts import told
from letters.letter import Letter, LetterError
from letters.render import Rendered, render

_SIZES = {"large_print_16": 16, "large_print_18": 18, "large_print_24": 24}


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter before it is issued: everything that its words come from."""

    letter_id: str
    facts: Mapping[str, Any]
    slots: Mapping[str, Any]
    paragraphs: Sequence[str]
    dated: date
    text_size: Any


def issue_letter(
    context: StepContext,
    *,
    letter: str,
    slots: Mapping[str, Any] | None = None,
    paragraphs: Sequence[str] | None = None,
    enclosures: Sequence[str] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Deferred:
    """Render a letter, attach it to the service request, and owe its dispatch; the token waits for that.

    `facts` are what only the diagram knows: reached_by_phone, reply_days, agreed_by, plan_actions ...
    Raises: BpmnError ``letter_refused``, with the reasons in `letter_problems`, when a fact is missing or the words
    would be untrue.
    """
    draft = draft_letter(
        context.world,
        context.connection,
        letter,
        case=context.case,
        request=context.request,
        slots=slots,
        paragraphs=paragraphs,
        enclosures=enclosures,
        facts=facts,
        now=context.now,
    )
    files = context.definition.letter_files
    try:
        rendered = render_draft(files, draft)
    except LetterError as refused:
        problems = "\n".join(refused.faults)
        raise BpmnError("letter_refused", problems, {"letter_problems": problems}) from refused
    failpoint("letter_rendered")
    document_id = _attach(context, draft, rendered, load_letters(files)[letter])
    for enclosure in enclosures or load_letters(files)[letter].enclosures:
        _enclose(context, files, enclosure, draft)
    return context.enqueue("letter", {"document_id": document_id})


def fill_form(context: StepContext, *, form: str, slots: Mapping[str, Any] | None = None) -> Mapping[str, object]:
    """Fill an internal form (CMSF5551) as PDF and attach it to the service request; it is not dispatched."""
    draft = draft_letter(
        context.world,
        context.connection,
        form,
        case=context.case,
        request=context.request,
        slots=slots,
        paragraphs=None,
        enclosures=None,
        facts={"team_leader_name": context.actor.name},
        now=context.now,
    )
    files = context.definition.letter_files
    document_id = _attach(context, draft, render_draft(files, draft), load_letters(files)[form])
    return {"document": document_id}


def draft_letter(
    world: World,
    connection: Connection,
    letter_id: str,
    *,
    case: Mapping[str, Any],
    request: Mapping[str, Any],
    slots: Mapping[str, Any] | None,
    paragraphs: Sequence[str] | None,
    enclosures: Sequence[str] | None,
    facts: Mapping[str, Any] | None,
    now: datetime,
) -> Draft:
    """Gather what a letter is made of. Nothing is written."""
    dated = now.astimezone(LONDON).date()
    known: dict[str, Any] = {
        "case": dict(case),
        "request": dict(request),
        "caseworker_name": _name(connection, request.get("caseworker")),
        "team_leader_name": _name(connection, request.get("team_leader")),
        **{key: value for key, value in (facts or {}).items() if value is not None},
    }
    if enclosures:
        known["enclosures"] = list(enclosures)
    written = {key: value for key, value in (slots or {}).items() if value not in (None, "")}
    if "days" in written and isinstance(written.get("due_on"), date):
        # The letter promises days from its own date, whenever the number was typed.
        written["days"] = (written["due_on"] - dated).days
    if "contact_days" in known:
        known["contact_by"] = _day_after(world, dated, known["contact_days"], case, known.get("contact_unit"))
    if "reply_days" in known:
        known["reply_by"] = _day_after(world, dated, known["reply_days"], case, None)
    return Draft(
        letter_id,
        plain(known),
        plain(written),
        list(paragraphs or ()),
        dated,
        _SIZES.get(str(case.get("letter_format")), 12),
    )


def render_draft(files: Mapping[str, bytes], draft: Draft) -> Rendered:
    """Render a draft with the templates of a bundle. Raises: LetterError."""
    return render(
        files,
        draft.letter_id,
        draft.facts,
        draft.slots,
        draft.paragraphs,
        dated=draft.dated,
        text_size=draft.text_size,
    )


def letters_in(files: Mapping[str, bytes]) -> Mapping[str, Letter]:
    """Return the letters of a bundle by their ids."""
    return load_letters(files)


def _day_after(world: World, start: date, days: int, case: Mapping[str, Any], unit: object) -> date:
    nation = str(case.get("nation"))
    count = calendar(world).working_days_after if unit == "working days" else calendar(world).calendar_days_after
    return count(start, int(days), nation).astimezone(LONDON).date()


def _attach(context: StepContext, draft: Draft, rendered: Rendered, letter: Letter) -> int:
    """Store a rendered letter, form or leaflet with what it was told, and attach it to the service request."""
    if context.case_id is None:
        raise ValueError("A letter needs a case.")
    _store(context.connection, rendered.sha256, rendered.pdf)
    return context.connection.execute(
        insert(Document)
        .values(
            case_id=context.case_id,
            request_id=context.request_id,
            instance_id=context.instance_id,
            kind=letter.kind,
            template_id=draft.letter_id,
            template_sha256=rendered.template_sha256,
            title=letter.title,
            media_type="application/pdf",
            sha256=rendered.sha256,
            facts=dumps({"facts": told(letter, draft.facts), "slots": draft.slots, "paragraphs": draft.paragraphs}),
            created_at=context.now,
            created_by_id=context.actor.person_id,
        )
        .returning(Document.document_id)
    ).scalar_one()


def _enclose(context: StepContext, files: Mapping[str, bytes], leaflet: str, draft: Draft) -> None:
    enclosed = Draft(leaflet, draft.facts, {}, (), draft.dated, draft.text_size)
    _attach(context, enclosed, render_draft(files, enclosed), load_letters(files)[leaflet])


def _store(connection: Connection, sha256: str, content: bytes) -> None:
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError("The letter's bytes do not match their digest.")
    connection.execute(
        upsert(Blob).values(sha256=sha256, content=content).on_conflict_do_nothing(index_elements=["sha256"])
    )


def _name(connection: Connection, person_id: object) -> str | None:
    if not person_id:
        return None
    found = connection.execute(select(Person.name).where(Person.person_id == int(str(person_id))))
    return found.scalar_one_or_none()


def letter_form(files: Mapping[str, bytes], letter_id: str) -> bytes:
    """Return the boxes of a letter as a form-js schema: keys ``slots.<box>``, and ``paragraph`` where one is chosen."""
    letter = load_letters(files)[letter_id]
    components: list[dict[str, object]] = [
        {
            "type": "radio",
            "key": "paragraph",
            "id": f"paragraph_{group.id}",
            "label": group.label,
            "defaultValue": group.default,
            "values": [
                {"value": option.id, "label": f"{option.label} ({option.id.replace('_', ' ')})"}
                for option in group.options
            ],
            "validate": {"required": True},
        }
        for group in letter.paragraph_groups
    ]
    components += [{**field, "key": f"slots.{field['key']}"} for field in letter.slot_fields()]
    schema = {"id": letter_id, "type": "default", "schemaVersion": 19, "components": components}
    return json.dumps(schema).encode()
