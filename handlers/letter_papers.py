"""The papers of a letter: rendered once, stored by their content, attached to the case and its service request.

Kinds of document: letter (what the client was sent), copy (the same for a representative), text (English, from which a
translator or a supplier makes the letter), leaflet, form.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from engine.context import StepContext
from engine.models import Blob, Document
from engine.upserts import upsert
from engine.values import dumps
from letters.catalogue import load_letters
from letters.facts import told
from letters.letter import Letter
from letters.render import Rendered


def attach(
    context: StepContext,
    letter: Letter,
    rendered: Rendered,
    words: Mapping[str, Any],
    *,
    kind: str | None = None,
    title: str | None = None,
) -> int:
    """Store a rendered letter, form or leaflet with what it was told. `words`: {facts, slots, paragraphs, dated}."""
    store(context.connection, rendered.sha256, rendered.pdf)
    kept = {**words, "facts": told(letter, words["facts"])}
    return attach_stored(
        context, letter, kept, sha256=rendered.sha256, template_sha256=rendered.template_sha256, kind=kind, title=title
    )


def attach_stored(
    context: StepContext,
    letter: Letter,
    kept: Mapping[str, Any],
    *,
    sha256: str,
    template_sha256: str | None,
    kind: str | None = None,
    title: str | None = None,
    dispatched_at: datetime | None = None,
    dispatch_ref: str | None = None,
) -> int:
    """Attach a PDF that is stored already; return the number of its document."""
    if context.case_id is None:
        raise ValueError("A letter needs a case.")
    return context.connection.execute(
        insert(Document)
        .values(
            case_id=context.case_id,
            request_id=context.request_id,
            instance_id=context.instance_id,
            kind=kind or letter.kind,
            template_id=letter.id,
            template_sha256=template_sha256,
            title=title or letter.title,
            media_type="application/pdf",
            sha256=sha256,
            facts=dumps(kept),
            created_at=context.now,
            created_by_id=context.actor.person_id,
            dispatched_at=dispatched_at,
            dispatch_ref=dispatch_ref,
        )
        .returning(Document.document_id)
    ).scalar_one()


def store(connection: Connection, sha256: str, content: bytes) -> None:
    """Store bytes once, by their content."""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError("The letter's bytes do not match their digest.")
    connection.execute(
        upsert(connection, Blob)
        .values(sha256=sha256, content=content)
        .on_conflict_do_nothing(index_elements=["sha256"])
    )


def letter_in(context: StepContext, letter_id: str) -> Letter:
    """Return a letter of the version that the instance runs on."""
    return load_letters(context.definition.letter_files)[letter_id]


def numbers(values: Sequence[object] | None) -> list[int]:
    """Return the numbers of documents that an expression handed over."""
    return [int(str(value)) for value in values or ()]
