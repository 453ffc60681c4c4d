"""Forms that were sent twice, as by a double click, where nothing else tells that the second press is no second wish.

The key of a form is noted in the very transaction that acts on it: what is rolled back was not sent, and may be sent
again. Rows are kept for a day; a page that lies open for longer says what it does by its own rules.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from engine.errors import SentBefore
from engine.models import SentForm
from engine.upserts import upsert

KEPT = timedelta(days=1)


def note_sent(connection: Connection, sent_key: str | None, *, now: datetime) -> None:
    """Note that a form is acted upon in this transaction; one without a key always is.

    Raises: SentBefore, which takes the transaction back: what the form asks for has been done.
    """
    if sent_key is None:
        return
    connection.execute(delete(SentForm).where(SentForm.sent_at < now - KEPT))
    row = upsert(connection, SentForm).values(sent_key=sent_key, sent_at=now)
    noted = row.on_conflict_do_nothing(index_elements=["sent_key"]).returning(SentForm.sent_key)
    if connection.execute(noted).one_or_none() is None:
        raise SentBefore


def was_sent(connection: Connection, sent_key: str | None) -> bool:
    """Tell whether a form was acted upon: for pages that would refuse it now because of what its first press did."""
    found = select(SentForm.sent_key).where(SentForm.sent_key == sent_key)
    return sent_key is not None and connection.execute(found).first() is not None
