"""History in words: who did what, when, and with which answers. What only a machine needs is left to operations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.definitions import LoadedDefinition
from engine.queries.told import HistoryRow
from web.words import in_words

_SYSTEM = {
    "system:timers": "The clock",
    "system:worker": "The service",
    "system:deployment": "A deployment",
}
_PHRASES = {
    "started": "started the procedure {title}, version {version}",
    "submitted": "completed “{name}”",
    "claimed": "claimed “{name}”",
    "released": "gave “{name}” back to the team",
    "assigned": "gave “{name}” to {to}",
    "chose": "took the path “{name}”",
    "message": "recorded “{name}”",
    "timer_fired": "“{name}” came due",
    "error_caught": "“{name}”",
    "decision": "looked up the table “{name}”",
    "failed": "could not finish “{name}” (try {attempt})",
    "retried": "tried “{name}” again",
    "process_ended": "ended the procedure",
    "job_done": "did “{name}”",
}
_QUIET = frozenset({"completed", "process_started", "message_received", "decision"})


@dataclass(frozen=True, slots=True)
class Told:
    """One line of a case's history; `answers` are what was given, as rows of a summary list."""

    title: str
    at: datetime
    step: str
    answers: list[dict[str, Any]]
    seq: int
    hash: str


def tell(
    rows: list[HistoryRow],
    people: Mapping[int, str],
    definitions: Mapping[int, LoadedDefinition],
    *,
    quiet: bool = True,
) -> list[Told]:
    """Return history in words, in the order given; `quiet` leaves out what only says that a step went through."""
    return [
        Told(_title(row, people), row.at, row.step, _answers(row, people, definitions), row.seq, row.hash)
        for row in rows
        if not (quiet and _is_noise(row))
    ]


def who(actor: str, people: Mapping[int, str]) -> str:
    """Return the name of who acted."""
    kind, _, number = actor.partition(":")
    if kind == "person" and number.isdecimal():
        return people.get(int(number), "Somebody who has left")
    return _SYSTEM.get(actor, "The service")


def _is_noise(row: HistoryRow) -> bool:
    return row.kind in _QUIET or (row.kind == "process_ended" and row.element_name != "" and row.seq < 3)


def _title(row: HistoryRow, people: Mapping[int, str]) -> str:
    phrase = _PHRASES.get(row.kind, f"{row.kind.replace('_', ' ')} “{{name}}”")
    to = row.data.get("to")
    said = phrase.format(
        name=row.element_name or row.element_id,
        title=row.title,
        version=row.version,
        to=people.get(to, "somebody") if isinstance(to, int) else "the team",
        attempt=row.data.get("attempt", 1),
    )
    subject = who(row.actor, people)
    if row.kind in ("timer_fired", "error_caught"):
        return said
    if row.kind in ("chose", "job_done", "process_ended"):
        return f"The procedure {said}"
    return f"{subject} {said}"


def _answers(
    row: HistoryRow, people: Mapping[int, str], definitions: Mapping[int, LoadedDefinition]
) -> list[dict[str, Any]]:
    dictionary = definitions[row.definition_id].dictionary if row.definition_id in definitions else None
    answers = []
    for key, value in (row.values or {}).items():
        field = dictionary.field_for(key) if dictionary is not None else None
        label = field.label if field is not None else key.rpartition(".")[2].replace("_", " ").capitalize()
        if field is not None and field.type == "person" and isinstance(value, int):
            value = people.get(value, "Somebody who has left")
        text = in_words(value, is_money=field is not None and field.type == "money")
        if text:
            answers.append({"key": {"text": label}, "value": {"text": text}})
    return answers
