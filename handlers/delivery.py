"""Deliveries: how what the outbox owes leaves the house. Each is idempotent by the outbox key.

By default files go into the spool, from which a print room or a mail gateway takes them. Where the settings name a
provider or a mail server, they go there instead, under the same names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from sqlalchemy import select, update

from engine.clock import LONDON
from engine.models import Blob, Document
from engine.outbox import Owed
from engine.world import World
from handlers import gateway
from handlers.spool import put_once, safe_name


def deliver_letter(world: World, owed: Owed) -> Mapping[str, Any]:
    """Hand over a letter with its enclosures, for print or by email, and mark them as dispatched.

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
    name = _mail_papers(world, owed, str(email), papers) if email else _print_papers(world, owed, papers)
    document, now = papers[0], world.clock.now()
    with world.db.write() as connection:
        connection.execute(
            update(Document)
            .where(Document.document_id.in_(numbers), Document.dispatched_at.is_(None))
            .values(dispatched_at=now, dispatch_ref=name)
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


def deliver_email(world: World, owed: Owed) -> Mapping[str, Any]:
    """Hand over an email with its documents."""
    message = _message(world, owed, str(owed.payload["to"]), str(owed.payload["subject"]))
    if owed.payload.get("automatic"):
        message["Auto-Submitted"] = "auto-generated"  # nobody who is away answers it (RFC 3834)
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
    _mail(world, owed, message)
    return {"emailed_at": world.clock.now()}


def hand_over(world: World, folder: str, name: str, content: bytes) -> str:
    """Put a file where the settings say, once by its name; return that name. Raises: OSError, GatewayRefused."""
    settings = world.settings
    if settings.gateway_url:
        gateway.put(settings.gateway_url, folder, safe_name(name), content, seconds=settings.gateway_seconds)
        return safe_name(name)
    return put_once(settings.spool_dir / folder, name, content).name


def handed_over(world: World, folder: str, name: str) -> bytes | None:
    """Return the file of a name that has left, None when none has. Raises: OSError, GatewayRefused."""
    settings = world.settings
    if settings.gateway_url:
        return gateway.held(settings.gateway_url, folder, safe_name(name), seconds=settings.gateway_seconds)
    path = settings.spool_dir / folder / safe_name(name)
    return path.read_bytes() if path.exists() else None


def _print_papers(world: World, owed: Owed, papers: Sequence[Any]) -> str:
    """Put a letter for the print room, after what is enclosed with it: who finds the letter finds all of it."""
    for number, paper in enumerate(papers[1:], 1):
        hand_over(world, "letters", f"{owed.key}-enclosure-{number}.pdf", paper.content)
    return hand_over(world, "letters", f"{owed.key}.pdf", papers[0].content)


def _mail_papers(world: World, owed: Owed, to: str, papers: Sequence[Any]) -> str:
    """Email a letter, as the client asked: its words are in the PDF and not in the open."""
    title, is_second = papers[0].title, bool(owed.payload.get("second_copy"))
    message = _message(world, owed, to, f"{title} (second copy)" if is_second else title)
    again = "This is a second copy of a letter that we sent to you before. " if is_second else ""
    message.set_content(f"{title}\n\n{again}Our letter is attached as a PDF. Please read it and keep it.\n")
    for paper in papers:
        name = f"{paper.template_id or 'enclosure'}-{paper.document_id}.pdf"
        message.add_attachment(paper.content, maintype="application", subtype="pdf", filename=name)
    return _mail(world, owed, message)


def _message(world: World, owed: Owed, to: str, subject: str) -> EmailMessage:
    """Begin an email whose Message-ID comes from the key, so that a copy can be told: every try is the very same."""
    message = EmailMessage(policy=SMTP)
    if world.settings.mail_server:
        message["From"] = world.settings.mail_from
    message["To"] = to
    message["Subject"] = subject
    owed_at = owed.owed_at or world.clock.now()
    message["Date"] = format_datetime(owed_at.astimezone(LONDON))
    message["Message-ID"] = f"<{hashlib.sha256(owed.key.encode()).hexdigest()[:32]}@redress.invalid>"
    return message


def _mail(world: World, owed: Owed, message: EmailMessage) -> str:
    """Hand an email to the mail server, or put it where the settings say; return its name."""
    settings, name = world.settings, f"{owed.key}.eml"
    if not settings.mail_server:
        return hand_over(world, "email", name, message.as_bytes())
    gateway.mail(settings.mail_server, settings.mail_from, message, seconds=settings.gateway_seconds)
    return safe_name(name)
