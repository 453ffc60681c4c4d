"""Deliveries: how what the outbox owes leaves the house. Each is idempotent by the outbox key.

The default writes to a spool folder, from which a print room or a mail gateway takes it. A file appears whole or not at
all, and once: it is written beside its place, flushed to disk, then linked under the name that its key gives; a link
that exists already means that an earlier try got this far.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
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
    """Hand over a letter with its enclosures as PDF files, and mark the document as dispatched.

    Returns letter: {id, document, dispatched_at, dispatched_on}.
    """
    with world.db.read() as connection:
        document = connection.execute(
            select(Document.document_id, Document.template_id, Blob.content)
            .join(Blob, Blob.sha256 == Document.sha256)
            .where(Document.document_id == owed.payload["document_id"])
        ).one()
    path = put_once(world.settings.spool_dir / "letters", f"{owed.key}.pdf", document.content)
    now = world.clock.now()
    with world.db.write() as connection:
        connection.execute(
            update(Document)
            .where(Document.document_id == document.document_id, Document.dispatched_at.is_(None))
            .values(dispatched_at=now, dispatch_ref=path.name)
        )
        found = connection.execute(select(Document.dispatched_at).where(Document.document_id == document.document_id))
        dispatched_at = found.scalar_one() or now
    letter = {
        "id": document.template_id,
        "document": document.document_id,
        "dispatched_at": dispatched_at,
        "dispatched_on": dispatched_at.astimezone(LONDON).date(),
    }
    return {"letter": letter}


def spool_email(world: World, owed: Owed) -> Mapping[str, Any]:
    """Hand over an e-mail as a file for the mail gateway; its Message-ID comes from the key, so a copy can be told."""
    message = EmailMessage(policy=SMTP)
    message["To"] = str(owed.payload["to"])
    message["Subject"] = str(owed.payload["subject"])
    message["Message-ID"] = f"<{hashlib.sha256(owed.key.encode()).hexdigest()[:32]}@redress.invalid>"
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
