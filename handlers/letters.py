"""Letters: rendered once from the deployed template, stored, attached, and owed to the worker for dispatch.

The preview that a person confirms and the letter that is issued come from the same function with the same facts.
A letter that somebody else has to make readable first is `handlers.readable_versions`' to issue, and refused here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select, update

from engine.bank_holidays import calendar
from engine.clock import LONDON
from engine.context import BpmnError, Deferred, StepContext
from engine.failpoints import failpoint
from engine.models import Document, Person
from engine.outbox import owe
from engine.values import plain
from engine.world import World
from handlers.addressees import Addressee, addressee, copy_addressee
from handlers.earlier import request_on_case
from handlers.letter_papers import attach, letter_in
from letters.catalogue import load_letters
from letters.facts import told
from letters.letter import LetterError
from letters.render import Rendered, render

_SIZES = {"large_print_16": 16, "large_print_18": 18, "large_print_24": 24}
_ORDINARY = 12


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter before it is issued: everything that its words come from. `faults` say why it cannot be sent."""

    letter_id: str
    facts: Mapping[str, Any]
    slots: Mapping[str, Any]
    paragraphs: Sequence[str]
    dated: date
    text_size: Any
    email: str | None = None
    faults: tuple[str, ...] = ()

    @property
    def words(self) -> dict[str, Any]:
        """What is kept with the letter, so that it can be made again."""
        return {
            "facts": self.facts,
            "slots": self.slots,
            "paragraphs": list(self.paragraphs),
            "dated": self.dated,
            "email": self.email,
            "text_size": self.text_size,
        }


def issue_letter(
    context: StepContext,
    *,
    letter: str,
    slots: Mapping[str, Any] | None = None,
    paragraphs: Sequence[str] | None = None,
    enclosures: Sequence[str] | None = None,
    facts: Mapping[str, Any] | None = None,
    version: Mapping[str, Any] | None = None,
) -> Deferred:
    """Render a letter, attach it to the service request, and owe its dispatch; the token waits for that.

    `facts` are what only the diagram knows: reached_by_phone, reply_days, agreed_by, plan_actions ... `version` says
    who makes what the client reads: {translation, supplier}. A representative's copy is owed apart.
    Raises: BpmnError ``letter_refused``, with the reasons in `letter_problems`, when a fact is missing, the words would
    be untrue, or the client could not read them.
    """
    draft, rendered = render_for_step(
        context, letter, slots=slots, paragraphs=paragraphs, enclosures=enclosures, facts=facts, version=version
    )
    failpoint("letter_rendered")
    document_id = attach(context, letter_in(context, letter), rendered, draft.words)
    enclosed = enclose(context, letter, draft, enclosures)
    owe_copy(context, letter, draft.words, enclosed)
    return context.enqueue("letter", {"document_id": document_id, "enclosures": enclosed, "email": draft.email})


def fill_form(
    context: StepContext, *, form: str, slots: Mapping[str, Any] | None = None, number: str | None = None
) -> Mapping[str, object]:
    """Fill an internal form (CMSF5551) as PDF and attach it to the service request; it is not dispatched.

    `number` names another request of the case to attach it to, such as a payment's own.
    Raises: ValueError when the number is not a request of the case.
    """
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
    internal = replace(draft, faults=(), text_size=_ORDINARY)  # it stays in the house, whatever the client reads
    rendered = render_draft(context.definition.letter_files, internal)
    document_id = attach(context, letter_in(context, form), rendered, internal.words)
    if number:
        moved = update(Document).where(Document.document_id == document_id)
        context.connection.execute(moved.values(request_id=request_on_case(context, number)))
    return {"document": document_id}


def render_for_step(
    context: StepContext,
    letter: str,
    *,
    slots: Mapping[str, Any] | None,
    paragraphs: Sequence[str] | None,
    enclosures: Sequence[str] | None,
    facts: Mapping[str, Any] | None,
    version: Mapping[str, Any] | None,
) -> tuple[Draft, Rendered]:
    """Gather and render a letter of the step's case, and its representative's copy to see that it can be made.

    Raises: BpmnError ``letter_refused``.
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
        version=version,
    )
    try:
        return draft, render_draft(context.definition.letter_files, draft)
    except LetterError as refused:
        raise _refused(refused) from refused


def enclose(context: StepContext, letter: str, draft: Draft, enclosures: Sequence[str] | None) -> list[int]:
    """Attach the leaflets that go with a letter, at its size of print; return the numbers of their documents."""
    return [_enclose(context, leaflet, draft) for leaflet in enclosures or letter_in(context, letter).enclosures]


def owe_copy(context: StepContext, letter: str, words: Mapping[str, Any], enclosed: Sequence[int]) -> None:
    """Owe the copy of a letter for the client's representative, where they are to get one: a document of its own."""
    to = copy_addressee(context.case)
    if to is None:
        return
    facts = {**told(letter_in(context, letter), words["facts"]), **to.told, "case.client_address": to.address}
    size = _SIZES.get(str(to.print_format), _ORDINARY)
    copy = Draft(letter, facts, words["slots"], words["paragraphs"], words["dated"], size)
    try:
        rendered = render_draft(context.definition.letter_files, copy)
    except LetterError as refused:
        raise _refused(refused) from refused
    if size != words.get("text_size", size):
        enclosed = [_at_size(context, number, copy) for number in enclosed]
    known = letter_in(context, letter)
    title = f"{known.title}: copy for the representative"
    document_id = attach(context, known, rendered, copy.words, kind="copy", title=title)
    owe(
        context.connection,
        key=f"{context.instance_id}-{context.job.element_id}-{context.job.visit}-{context.job.token[:8]}-copy",
        kind="letter",
        payload={"document_id": document_id, "enclosures": list(enclosed)},
        now=context.now,
        instance_id=context.instance_id,
        element_id=context.job.element_id,
    )


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
    version: Mapping[str, Any] | None = None,
    people: Mapping[int, str] | None = None,
) -> Draft:
    """Gather what a letter is made of. Nothing is written. `version`: {translation, supplier}, both boolean.

    `people` are names by person id where somebody has read them already.
    """
    dated = now.astimezone(LONDON).date()
    to = addressee(case)
    made_by = _made_by(version)
    known: dict[str, Any] = {
        "case": {**case, "client_address": to.address},
        "request": dict(request),
        **_signers(connection, request, people),
        **{key: value for key, value in (facts or {}).items() if value is not None},
        **to.told,
        "made_by": made_by,
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
        _SIZES.get(str(to.print_format or case.get("letter_format")), _ORDINARY),
        to.email,
        (*to.faults, *_copy_faults(case), *_format_faults(case, version)),
    )


def render_draft(files: Mapping[str, bytes], draft: Draft, *, mark: str = "") -> Rendered:
    """Render a draft with the templates of a bundle; `mark` as `letters.render` has it.

    Raises:
        LetterError: every reason why it cannot be made.
    """
    if draft.faults:
        raise LetterError(list(draft.faults))
    return render(
        files,
        draft.letter_id,
        draft.facts,
        draft.slots,
        draft.paragraphs,
        dated=draft.dated,
        text_size=draft.text_size,
        mark=mark,
    )


def _day_after(world: World, start: date, days: int, case: Mapping[str, Any], unit: object) -> date:
    nation = str(case.get("nation"))
    count = calendar(world).working_days_after if unit == "working days" else calendar(world).calendar_days_after
    return count(start, int(days), nation).astimezone(LONDON).date()


def _made_by(version: Mapping[str, Any] | None) -> str:
    if version and version.get("translation"):
        return "translator"
    return "supplier" if version and version.get("supplier") else "us"


def _copy_faults(case: Mapping[str, Any]) -> tuple[str, ...]:
    """Say what keeps a representative's copy from being sent: the writer hears it before the client's letter goes."""
    to: Addressee | None = copy_addressee(case)
    return to.faults if to else ()


def _format_faults(case: Mapping[str, Any], version: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Refuse to print a letter for a client who reads another format; a supplier makes that."""
    chosen = str(case.get("letter_format") or "standard")
    if chosen == "standard" or chosen in _SIZES or (version and version.get("supplier")):
        return ()
    return ("The client cannot read what we print. This format is made by a supplier: hand the letter over to one.",)


def _refused(error: LetterError) -> BpmnError:
    problems = "\n".join(error.faults)
    return BpmnError("letter_refused", problems, {"letter_problems": problems})


def _enclose(context: StepContext, leaflet: str, draft: Draft) -> int:
    enclosed = Draft(leaflet, draft.facts, {}, (), draft.dated, draft.text_size)
    rendered = render_draft(context.definition.letter_files, enclosed)
    return attach(context, letter_in(context, leaflet), rendered, enclosed.words)


def _at_size(context: StepContext, number: int, draft: Draft) -> int:
    """Return the document of a leaflet at a letter's size of print; what else is enclosed goes as it is."""
    found = select(Document.template_id).where(Document.document_id == number, Document.kind == "leaflet")
    leaflet = context.connection.execute(found).scalar()
    return _enclose(context, leaflet, draft) if leaflet else number


def _signers(connection: Connection, request: Mapping[str, Any], people: Mapping[int, str] | None) -> dict[str, str]:
    """Return the names of who may sign a letter of a request."""
    ids = {role: int(str(request[role])) for role in ("caseworker", "team_leader") if request.get(role)}
    if people is None and ids:
        known = select(Person.person_id, Person.name).where(Person.person_id.in_(ids.values()))
        people = {row.person_id: row.name for row in connection.execute(known)}
    return {f"{role}_name": people[person_id] for role, person_id in ids.items() if people and person_id in people}


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
                {"value": option.id, "label": f"{option.label} ({option.id.replace('TM_', 'TM ')})"}
                for option in group.options
            ],
            "validate": {"required": True},
        }
        for group in letter.paragraph_groups
    ]
    components += [{**field, "key": f"slots.{field['key']}"} for field in letter.slot_fields()]
    schema = {"id": letter_id, "type": "default", "schemaVersion": 19, "components": components}
    return json.dumps(schema).encode()
