"""What a transaction leaves for a worker, noted as it is written and handed over as the transaction ends.

Embedded, nobody asks: the scheduler finds what is due by looking. At scale `engine.worker` makes a job of each note, in
the very transaction: what was rolled back leaves none, what was committed leaves one.
"""

from __future__ import annotations

from sqlalchemy import Connection

Work = tuple[str, int]
"""(deliver, outbox id) or (fire, instance id)."""


def note(connection: Connection, kind: str, number: int) -> None:
    """Note a piece of work for a worker."""
    work: list[Work] | None = connection.info.get("work")
    if work is not None:
        work.append((kind, number))
