"""Deliveries: how what the outbox owes leaves the house. Each is idempotent by the outbox key.

The default writes to a spool folder, from which a print room or a mail gateway takes it. A file appears whole or not at
all, and once: it is written beside its place, flushed to disk, then linked under the name that its key gives; a link
that exists already means that an earlier try got this far.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from engine.clock import LONDON
from engine.models import Blob, Document
from engine.outbox import Owed
from engine.world import World


def spool_letter(world: World, owed: Owed) -> Mapping[str, Any]:
    """Hand over a letter with its enclosures, for print or for the mail gateway, and mark them as dispatched.

    Returns letter: {id, document, dispatched_at, dispatched_on}.
    """
    numbers = [int(owed.payload["document_id"]), *map(int, owed.payload.get("enclosures") or ())]
    with world.db.read() as connection:
        found = connection.execute(
            select(Document.document_id, Document.template_id, Document.title, Blob.content)
            .join(Blob, Blob.sha256 == Document.sha256)
            .where(Document.document_id.in_(numbers))
        ).all()
    papers = sorted(found, key=lambda paper: numbers.index(paper.document_id))
    email = owed.payload.get("email")
    path = _mail_papers(world, owed, str(email), papers) if email else _print_papers(world, owed, papers)
    document, now = papers[0], world.clock.now()
    with world.db.write() as connection:
        connection.execute(
            update(Document)
            .where(Document.document_id.in_(numbers), Document.dispatched_at.is_(None))
            .values(dispatched_at=now, dispatch_ref=path.name)
        )
        held = connection.execute(select(Document.dispatched_at).where(Document.document_id == document.document_id))
        dispatched_at = held.scalar_one() or now
    letter = {
        "id": document.template_id,
        "document": document.document_id,
        "dispatched_at": dispatched_at,
        "dispatched_on": dispatched_at.astimezone(LONDON).date(),
    }
    return {"letter": letter}


def _print_papers(world: World, owed: Owed, papers: Sequence[Any]) -> Path:
    """Put a letter for the print room, after what is enclosed with it: who finds the letter finds all of it."""
    folder = world.settings.spool_dir / "letters"
    for number, paper in enumerate(papers[1:], 1):
        put_once(folder, f"{owed.key}-enclosure-{number}.pdf", paper.content)
    return put_once(folder, f"{owed.key}.pdf", papers[0].content)


def _mail_papers(world: World, owed: Owed, to: str, papers: Sequence[Any]) -> Path:
    """Put a letter for the mail gateway, as the client asked: its words are in the PDF and not in the open."""
    message = _message(owed, to, papers[0].title)
    message.set_content(f"{papers[0].title}\n\nOur letter is attached as a PDF. Please read it and keep it.\n")
    for paper in papers:
        name = f"{paper.template_id or 'enclosure'}-{paper.document_id}.pdf"
        message.add_attachment(paper.content, maintype="application", subtype="pdf", filename=name)
    return put_once(world.settings.spool_dir / "email", f"{owed.key}.eml", message.as_bytes())


def _message(owed: Owed, to: str, subject: str) -> EmailMessage:
    """Begin an e-mail whose Message-ID comes from the key, so that a copy can be told."""
    message = EmailMessage(policy=SMTP)
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = f"<{hashlib.sha256(owed.key.encode()).hexdigest()[:32]}@redress.invalid>"
    return message


def spool_email(world: World, owed: Owed) -> Mapping[str, Any]:
    """Hand over an e-mail as a file for the mail gateway."""
    message = _message(owed, str(owed.payload["to"]), str(owed.payload["subject"]))
    message.set_content(str(owed.payload["text"]))
    with world.db.read() as connection:
        attached = connection.execute(
            select(Document.template_id, Blob.content)
            .join(Blob, Blob.sha256 == Document.sha256)
            .where(Document.document_id.in_(owed.payload.get("documents") or [0]))
        ).all()
    for document in attached:
        name = f"{document.template_id or 'document'}.pdf"
        message.add_attachment(document.content, maintype="application", subtype="pdf", filename=name)
    put_once(world.settings.spool_dir / "email", f"{owed.key}.eml", message.as_bytes())
    return {"emailed_at": world.clock.now()}


def put_once(folder: Path, name: str, content: bytes) -> Path:
    """Put a file into a folder under a name, once; a second try with the same name changes nothing.

    Raises: OSError when the disk refuses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / re.sub(r"[^\w.-]", "_", name)
    if target.exists():
        return target
    beside = folder / f".{target.name}.{os.getpid()}"
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(beside, target)
    except FileExistsError:
        return target
    finally:
        beside.unlink(missing_ok=True)
    _flush_folder(folder)
    return target


def _flush_folder(folder: Path) -> None:
    """Make the new name survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
