"""History in words: who did what, when, and with which answers. What only a machine needs is left to operations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.definitions import LoadedDefinition
from engine.dictionary import Dictionary
from engine.forms import Form
from engine.queries.told import HistoryRow
from web.labels import label_of, lines, say
from web.procedure_text import form_names, message_title
from web.words import due, in_words

_SYSTEM = {
    "system:timers": "The clock",
    "system:worker": "The service",
    "system:deployment": "A deployment",
}
_PHRASES = {
    "started": "started the procedure {title}, version {version}",
    "submitted": "completed “{name}”",
    "attached": "attached to “{name}”",
    "claimed": "claimed “{name}”",
    "released": "gave “{name}” back to the team",
    "assigned": "gave “{name}” to {to}",
    "handed_over": "handed “{name}” over from {from_whom} to {to}",
    "covered": "took “{name}” while standing in for its holder",
    "owner_changed": "handed the service request over from {from_whom} to {to}",
    "request_handed_over": "handed {name} over from {from_whom} to {to}",
    "chose": "took “{name}”",
    "message": "recorded “{name}”",
    "message_handled": "marked “{name}” as dealt with",
    "signal": "heard “{name}”",
    "timer_fired": "“{name}” came due",
    "error_caught": "“{name}”",
    "decision": "looked up the table “{name}”",
    "failed": "could not finish “{name}” (try {attempt})",
    "retried": "tried “{name}” again",
    "process_ended": "ended the procedure",
    "job_done": "did “{name}”",
    "completed": "went through “{name}”",
    "suspended": "suspended the procedure",
    "resumed": "let the procedure go on",
    "instance_cancelled": "cancelled the procedure",
    "value_corrected": "corrected the value “{value}”",
    "moved_to_version": "moved the procedure to version {to_version}",
    "clock": "set the date {date} for “{name}”",
    "escalation_caught": "“{name}”",
    "message_received": "received “{name}”",
    "signal_received": "heard “{name}”",
    "resent": "sent the letter {name} again, as a second copy",
    "took_off": "recorded that the {name} is released",
    "reopened": "reopened {name}",
    "corrected": "corrected {name}",
}
_DECIDED = {
    ("plan", "approved"): "approved",
    ("plan", "rejected"): "rejected",
    ("disagreement", "approved"): "goes ahead unchanged",
    ("disagreement", "rejected"): "must change",
}
QUIET = frozenset({"completed", "process_started", "message_received", "decision", "chose", "clock"})
# What these jobs do is on the case page already, or in the answer that led to them.
QUIET_JOBS = frozenset({"add_note", "log_contact_attempt", "notify_group", "set_fields"})


@dataclass(frozen=True, slots=True)
class Told:
    """One line of a case's history; `answers` are what was given, as rows of a summary list.

    `number` is the service request's, `ran_on` the procedure with the version of its diagrams; `letter` is the id and
    the document of a letter that was issued, or sent again.
    """

    title: str
    at: datetime
    step: str
    answers: list[dict[str, Any]]
    seq: int
    hash: str
    number: str
    ran_on: str
    letter: tuple[str, int] | None = None


def tell(
    rows: list[HistoryRow],
    people: Mapping[int, str],
    loaded: Mapping[int, LoadedDefinition],
    *,
    most: int | None = None,
) -> list[Told]:
    """Return what people want to read of history, in the order given: `most` lines of it at most."""
    return _tell([row for row in rows if not _is_noise(row)][:most], people, loaded)


def tell_everything(
    rows: list[HistoryRow], people: Mapping[int, str], loaded: Mapping[int, LoadedDefinition]
) -> list[Told]:
    """Return every row of history in words, in the order given."""
    return _tell(rows, people, loaded)


def who(actor: str, people: Mapping[int, str]) -> str:
    """Return the name of who acted."""
    kind, _, number = actor.partition(":")
    if kind == "person" and number.isdecimal():
        return people.get(int(number), "Somebody who has left")
    return _SYSTEM.get(actor, "The service")


def _tell(rows: list[HistoryRow], people: Mapping[int, str], loaded: Mapping[int, LoadedDefinition]) -> list[Told]:
    return [
        Told(
            _title(row, people, loaded.get(row.definition_id)),
            row.at,
            row.step,
            _answers(row, people, loaded.get(row.definition_id)),
            row.seq,
            row.hash,
            row.number or "",
            f"{row.title}, version {row.version}",
            _letter(row),
        )
        for row in rows
    ]


def _is_noise(row: HistoryRow) -> bool:
    return row.kind in QUIET or (row.kind == "job_done" and row.data.get("type") in QUIET_JOBS)


def _title(row: HistoryRow, people: Mapping[int, str], definition: LoadedDefinition | None) -> str:
    phrase = _PHRASES.get(row.kind, f"{row.kind.replace('_', ' ')} “{{name}}”")
    to, due_at = row.data.get("to"), row.data.get("due_at")
    whom = row.data.get("from")
    said = phrase.format(
        from_whom=people.get(whom, "somebody") if isinstance(whom, int) else "the team",
        name=_name(row, definition),
        date=due(due_at) if isinstance(due_at, datetime) else "",
        title=row.title,
        version=row.version,
        to=people.get(to, "somebody") if isinstance(to, int) else "the team",
        attempt=row.data.get("attempt", 1),
        value=row.data.get("name", ""),
        to_version=row.data.get("version", ""),
    )
    if row.kind in ("timer_fired", "error_caught", "escalation_caught"):
        return said
    if letter := _issued(row):
        return f"The procedure issued {letter}"
    if decision := _decision(row):
        said = _DECIDED.get((str(decision.get("subject")), str(decision["decision"])), str(decision["decision"]))
        return f"Decision on version {decision.get('plan_version')} of the plan: {said}"
    if row.kind in ("chose", "job_done", "process_ended", "completed", "clock", "message_received"):
        return f"The procedure {said}"
    return f"{who(row.actor, people)} {said}"


def _name(row: HistoryRow, definition: LoadedDefinition | None) -> str:
    """Return what a row is about: a message by its title, a field by its label, an element by its name."""
    name = row.element_name or row.element_id
    if row.kind in ("message", "message_handled", "signal"):
        title = message_title(definition, name, "") if definition is not None else ""
        return title if title and title != name else name.replace("_", " ").capitalize()
    if row.kind == "clock" and not row.element_id and definition is not None:
        return label_of(definition.dictionary, name)
    return name


def _answers(row: HistoryRow, people: Mapping[int, str], definition: LoadedDefinition | None) -> list[dict[str, Any]]:
    dictionary = definition.dictionary if definition is not None else None
    values = row.values or {}
    if rule := row.data.get("rule"):
        return [{"key": {"text": "Why this date"}, "value": {"html": lines(str(rule))}}]
    if _issued(row):
        values = {"letter.dispatched_at": values["letter"]["dispatched_at"]}
    if decision := _decision(row):
        return _decision_answers(decision, people)
    return answers_in(values, dictionary, people, form=_form_of(values, definition))


def answers_in(
    values: Mapping[str, Any],
    dictionary: Dictionary | None,
    people: Mapping[int, str],
    *,
    form: Form | None = None,
    leave_out: Collection[str] = (),
) -> list[dict[str, Any]]:
    """Return what was given as rows of a summary list; a form may word its own choices."""
    answers = []
    for key, value in values.items():
        text = "" if key in leave_out else _choice(form, key, value) or say(dictionary, key, value, people)
        if text:
            answers.append({"key": {"text": label_of(dictionary, key)}, "value": {"html": lines(text)}})
    return answers


def _letter(row: HistoryRow) -> tuple[str, int] | None:
    if row.kind == "resent":
        return row.element_name, int(row.data["document"])
    return (_issued(row), int((row.values or {})["letter"]["document"])) if _issued(row) else None


def _issued(row: HistoryRow) -> str:
    """Return which letter a job issued; the number of its document is for machines, the case page has the document."""
    letter = (row.values or {}).get("letter")
    is_issue = row.kind == "job_done" and row.data.get("type") == "letter" and isinstance(letter, dict)
    return str(letter["id"]) if is_issue and letter else ""


def _decision(row: HistoryRow) -> Mapping[str, Any]:
    """Return what was decided on a plan; empty for every other row."""
    record = (row.values or {}).get("decision_record")
    return record if isinstance(record, dict) else {}


def _decision_answers(decision: Mapping[str, Any], people: Mapping[int, str]) -> list[dict[str, Any]]:
    by = decision.get("decided_by")
    is_approved = decision["decision"] == "approved"
    told = {
        "Decided by": people.get(by, "Somebody who has left") if isinstance(by, int) else by,
        "Amount approved": in_words(decision.get("amount"), is_money=True) if is_approved else "",
        "Comments": decision.get("comments"),
    }
    return [{"key": {"text": key}, "value": {"html": lines(str(text))}} for key, text in told.items() if text]


def _form_of(values: Mapping[str, object], definition: LoadedDefinition | None) -> Form | None:
    """Return the form that these answers fit best: two forms may word the same choice differently."""
    if definition is None:
        return None
    names = form_names(definition)
    return max(
        definition.forms.values(),
        key=lambda form: (len(names[form.id] & values.keys()), -len(names[form.id])),
        default=None,
    )


def _choice(form: Form | None, key: str, value: object) -> str:
    """Return the words of a chosen option that is written in the form itself, not in a picklist; else nothing."""
    inputs = form.inputs if form is not None else ()
    return next((c.label for part in inputs if part.key == key for c in part.choices if c.value == value), "")
