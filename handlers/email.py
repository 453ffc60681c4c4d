"""E-mail: owed through the outbox, and handed over by the delivery that the installation has."""

from __future__ import annotations

from engine.context import Deferred, StepContext


def send_email(context: StepContext, *, to: str, subject: str, text: str) -> Deferred:
    """Owe an e-mail; the token waits until it was handed over.

    Raises: ValueError when the address or the subject could break out of its header.
    """
    if "@" not in to or any(character in to + subject for character in "\r\n"):
        raise ValueError(f"{to!r} with the subject {subject!r} cannot be sent.")
    return context.enqueue("email", {"to": to, "subject": subject, "text": text})
