"""Versions of a letter that somebody else makes: a translator, or a supplier of braille, audio, BSL, coloured paper.

They are made from the English text that was checked. The letter counts as issued when the client can read it: the day
on which the translation is dispatched, or on which the supplier sent it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import select

from engine.clock import LONDON
from engine.context import Deferred, StepContext
from engine.models import Document
from engine.values import loads
from handlers.letter_papers import attach, attach_stored, letter_in, numbers
from handlers.letters import enclose, owe_copy, render_for_step
from letters.facts import address_lines


def make_letter_text(
    context: StepContext,
    *,
    letter: str,
    slots: Mapping[str, Any] | None = None,
    paragraphs: Sequence[str] | None = None,
    enclosures: Sequence[str] | None = None,
    facts: Mapping[str, Any] | None = None,
    version: Mapping[str, Any] | None = None,
) -> Mapping[str, object]:
    """Make the English text of a letter and its leaflets, for a translator or a supplier. Nothing is sent.

    Returns letter_text: {letter, title, document, enclosed, documents (numbers to download), send_to, format, made_on}.
    Raises: BpmnError ``letter_refused``, as `issue_letter`.
    """
    draft, rendered = render_for_step(
        context, letter, slots=slots, paragraphs=paragraphs, enclosures=enclosures, facts=facts, version=version
    )
    known = letter_in(context, letter)
    title = f"{known.title}: English text"
    document_id = attach(context, known, rendered, draft.words, kind="text", title=title)
    enclosed = enclose(context, letter, draft, enclosures)
    case = draft.facts["case"]
    lines = draft.facts.get("envelope") or [case["client_name"], *address_lines(case["client_address"])]
    text = {
        "letter": letter,
        "title": known.title,
        "document": document_id,
        "enclosed": enclosed,
        "documents": [document_id, *enclosed],
        "send_to": ", ".join(lines),
        "format": _format_name(context),
        "made_on": draft.dated,
    }
    return {"letter_text": text}


def issue_translation(
    context: StepContext,
    *,
    text: Mapping[str, Any],
    translation: Sequence[object],
    enclosures: Sequence[object] | None = None,
) -> Deferred:
    """Issue a letter in its translation, with the English text enclosed, and owe its dispatch; the token waits for it.

    `text` is what `make_letter_text` returned; `translation` and `enclosures` are numbers of uploaded documents.
    """
    english = _document(context, text["document"])
    words = loads(english.facts)
    document_id = _attach_made(context, text, _document(context, numbers(translation)[0]), ["Welsh"])
    leaflets = numbers(text.get("enclosed"))
    enclosed = [*numbers(enclosures), english.document_id, *leaflets]
    # The representative reads what the client reads, with the English text as their own copy.
    owe_copy(context, text["letter"], words, [*numbers(translation), *leaflets])
    return context.enqueue("letter", {"document_id": document_id, "enclosures": enclosed, "email": words.get("email")})


def record_supplier_dispatch(
    context: StepContext,
    *,
    text: Mapping[str, Any],
    dispatched_on: date,
    reference: str,
    translation: Sequence[object] | None = None,
) -> Mapping[str, object]:
    """Record that a supplier sent a letter: from that day it counts as issued. A representative's copy is owed apart.

    Returns letter: {id, document, dispatched_at, dispatched_on}.
    """
    english = _document(context, text["document"])
    translated = numbers(translation)
    source = _document(context, translated[0]) if translated else english
    dispatched_at = _moment(dispatched_on, context.now)
    made = [*(["Welsh"] if translated else []), str(text["format"])]
    document_id = _attach_made(context, text, source, made, dispatched_at=dispatched_at, reference=reference)
    owe_copy(context, text["letter"], loads(english.facts), numbers(text.get("enclosed")))
    letter = {
        "id": text["letter"],
        "document": document_id,
        "dispatched_at": dispatched_at,
        "dispatched_on": dispatched_on,
    }
    return {"letter": letter}


def _attach_made(
    context: StepContext,
    text: Mapping[str, Any],
    source: Any,
    made: Sequence[str],
    *,
    dispatched_at: datetime | None = None,
    reference: str | None = None,
) -> int:
    """Attach the letter as the client gets it, with the words of the English text and what was made of it."""
    english = _document(context, text["document"])
    letter = letter_in(context, str(text["letter"]))
    return attach_stored(
        context,
        letter,
        {**loads(english.facts), "version": list(made), "english_text": english.document_id},
        sha256=source.sha256,
        template_sha256=english.template_sha256,
        title=f"{letter.title}: {', '.join(made)}",
        dispatched_at=dispatched_at,
        dispatch_ref=reference,
    )


def _document(context: StepContext, document_id: object) -> Any:
    """Return a document of the step's own case. Raises: ValueError when it is not there."""
    found = context.connection.execute(
        select(Document.__table__).where(
            Document.document_id == int(str(document_id)), Document.case_id == context.case_id
        )
    ).one_or_none()
    if found is None:
        raise ValueError(f"Document {document_id} is not on this case.")
    return found


def _moment(day: date, now: datetime) -> datetime:
    """Return an instant of a day that the supplier named; of today, no later than now."""
    noon = datetime.combine(day, time(12), LONDON)
    return min(noon, now)


def _format_name(context: StepContext) -> str:
    picklist = context.definition.dictionary.picklists.get("letter_format")
    chosen = context.case.get("letter_format")
    return next((option.label for option in picklist.options if option.value == chosen), "") if picklist else ""
