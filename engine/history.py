"""History: append-only rows, chained by hash per instance, enough to tell and to replay a case.

Personal data stays out of the chain: what a person typed lies in `submission`, and the chain holds its salted hash.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from engine.holds import hold_instance, is_held
from engine.models import History, ProcessInstance, Submission
from engine.prepared import Prepared
from engine.values import dumps

START = "0" * 64
_ADD_ROW, _ADD_VALUES = (
    Prepared(insert(model.metadata.tables[model.__tablename__])) for model in (History, Submission)
)
_INSTANCE = ProcessInstance.metadata.tables[ProcessInstance.__tablename__]
_END = select(_INSTANCE.c.case_id, _INSTANCE.c.history_seq, _INSTANCE.c.history_hash).where(
    _INSTANCE.c.instance_id == bindparam("b_instance")
)
_MOVE_END = update(_INSTANCE).where(_INSTANCE.c.instance_id == bindparam("b_instance"))


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `values` is what a person or a handler gave; it is stored apart from the chain."""

    kind: str
    element_id: str = ""
    element_name: str = ""
    step: str = ""
    data: Mapping[str, object] | None = None
    values: Mapping[str, object] | None = None


@dataclass(slots=True)
class Chain:
    """The end of an instance's chain: how many rows there are and the hash of the last."""

    seq: int = 0
    hash: str = START


def tell(connection: Connection, instance_id: int, event: Event, *, at: datetime, actor: str) -> None:
    """Add to an instance's history what happened outside a step, such as that somebody took a task."""
    hold_instance(connection, instance_id)
    end = connection.execute(_END, {"b_instance": instance_id}).one()
    chain = Chain(end.history_seq, end.history_hash)
    append(connection, chain, [event], instance_id=instance_id, case_id=end.case_id, at=at, actor=actor)
    changes = {"history_seq": chain.seq, "history_hash": chain.hash}
    connection.execute(_MOVE_END, {"b_instance": instance_id, **changes})


def append(
    connection: Connection,
    chain: Chain,
    events: list[Event],
    *,
    instance_id: int,
    case_id: int | None,
    at: datetime,
    actor: str,
) -> None:
    """Write events to the end of an instance's chain, and move the chain's end.

    The caller held the instance before it read that end; it saves the end that `chain` then is.
    """
    if not is_held(connection, instance_id):
        raise RuntimeError("History was about to be written for an instance that nobody holds: two chains could cross.")
    rows: list[dict[str, object]] = []
    submissions: list[dict[str, object]] = []
    for event in events:
        data = dict(event.data or {})
        chain.seq += 1
        if event.values is not None:
            text, salt = dumps(event.values), secrets.token_hex(16)
            data["values_hash"] = _sha256(salt + text)
            submissions.append({"instance_id": instance_id, "seq": chain.seq, "salt": salt, "values": text})
        row: dict[str, object] = {
            "instance_id": instance_id,
            "case_id": case_id,
            "seq": chain.seq,
            "at": at,
            "actor": actor,
            "kind": event.kind,
            "element_id": event.element_id,
            "element_name": event.element_name,
            "step": event.step,
            "data": dumps(data),
            "previous": chain.hash,
        }
        chain.hash = row["hash"] = _row_hash(row)
        rows.append(row)
    if rows:
        _ADD_ROW.change_each(connection, rows)
    if submissions:
        _ADD_VALUES.change_each(connection, submissions)


def verify(connection: Connection, instance_id: int) -> str | None:
    """Check an instance's chain and the submissions that it covers.

    Returns None when whole, else a sentence that names the first row at fault.
    """
    previous = START
    submissions = {
        row.seq: row
        for row in connection.execute(
            select(Submission.seq, Submission.salt, Submission.values.label("text")).where(
                Submission.instance_id == instance_id
            )
        )
    }
    end = connection.execute(
        select(ProcessInstance.history_seq, ProcessInstance.history_hash).where(
            ProcessInstance.instance_id == instance_id
        )
    ).one()
    seq = 0
    rows = connection.execute(select(History.__table__).where(History.instance_id == instance_id).order_by(History.seq))
    for seq, row in enumerate(rows, start=1):
        values = dict(row._mapping)
        if row.seq != seq:
            return f"Row {seq} is missing."
        if row.previous != previous or row.hash != _row_hash(values):
            return f"Row {row.seq} was changed."
        submission = submissions.get(row.seq)
        if submission is not None and submission.text is not None:
            digest = _sha256(submission.salt + submission.text)
            if f'"values_hash":"{digest}"' not in row.data:
                return f"The values of row {row.seq} were changed."
        previous = row.hash
    if seq < end.history_seq:
        return f"Row {seq + 1} is missing."
    if previous != end.history_hash:
        return "The last row is not the one that the instance was saved with."
    return None


def _row_hash(row: Mapping[str, object]) -> str:
    at = row["at"]
    parts = [
        row["previous"],
        row["instance_id"],
        row["seq"],
        at.isoformat(timespec="microseconds") if isinstance(at, datetime) else at,
        row["actor"],
        row["kind"],
        row["element_id"],
        row["element_name"],
        row["step"],
        row["case_id"],
        row["data"],
    ]
    return _sha256("\x1f".join(str(part) for part in parts))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
