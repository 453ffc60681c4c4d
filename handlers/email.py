"""Email: owed through the outbox, and handed over by the delivery that the installation has."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.context import Deferred, StepContext

_ONE_ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\\\"]+@[^\s@,;:<>()\[\]\\\"]+")


def send_email(
    context: StepContext, *, to: str, subject: str, text: str, documents: Sequence[int] | None = None
) -> Deferred:
    """Owe an email with documents of the case attached; the token waits until it was handed over.

    Raises: ValueError when the address is not exactly one, or the subject could break out of its header.
    """
    if not _ONE_ADDRESS.fullmatch(to) or len(subject.splitlines()) > 1:
        raise ValueError(f"{to!r} with the subject {subject!r} cannot be sent.")
    return context.enqueue("email", {"to": to, "subject": subject, "text": text, "documents": list(documents or ())})
