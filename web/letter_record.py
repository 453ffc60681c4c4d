"""What is known of a letter that was issued: what it was made of, who wrote, checked and confirmed it, when it left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from engine import definitions, resending
from engine.definitions import LoadedDefinition
from engine.errors import NotFound
from engine.models import Case, Document, ProcessInstance, ServiceRequest
from engine.people import Somebody
from engine.queries import told
from engine.queries.told import HistoryRow
from engine.values import loads
from letters.catalogue import load_letters
from letters.letter import Letter
from web import history_words
from web.case_summary import CaseSummary, summary_of
from web.current import world
from web.labels import label_of, lines, say
from web.words import day, moment

_KINDS = {"letter": "Letter to the client", "copy": "Copy for the representative"}
_NEVER_SHOWN = frozenset({"made_by", "envelope", "enclosures"})
_ORDINARY = 12


@dataclass(frozen=True, slots=True)
class LetterRecord:
    """A letter as its page shows it: `made` says who did what, `used` what it was made of, in rows of summary lists."""

    row: Any
    summary: CaseSummary
    name: str
    made: list[dict[str, Any]]
    used: list[dict[str, Any]]
    enclosed: list[Any]
    copies: list[list[dict[str, Any]]]
    may_resend: bool
    why_not: str
    address: str
    has_moved: bool
    """The client's letters go elsewhere by now than this one did."""


def letter_on_case(connection: Connection, case_id: int, document_id: int) -> Any:
    """Return a letter of a case. Raises: NotFound."""
    row = connection.execute(
        select(Document.__table__, ServiceRequest.number, ProcessInstance.definition_id)
        .outerjoin(ServiceRequest, ServiceRequest.request_id == Document.request_id)
        .join(ProcessInstance, ProcessInstance.instance_id == Document.instance_id)
        .where(Document.document_id == document_id, Document.case_id == case_id, Document.kind.in_(list(_KINDS)))
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such letter on this case.")
    return row


def read_letter(connection: Connection, case_id: int, document_id: int, reader: Somebody) -> LetterRecord:
    """Return what is known of a letter. Raises: NotFound."""
    row = letter_on_case(connection, case_id, document_id)
    definition = definitions.load(world(), connection, row.definition_id)
    people = told.names_of_people(connection)
    words = loads(row.facts)
    first = resending.first_delivery(connection, row)
    numbers = (loads(first.payload).get("enclosures") or []) if first is not None else []
    printed = words["facts"].get("case.client_address") or []
    return LetterRecord(
        row=row,
        summary=summary_of(connection, case_id),
        name=f"{str(row.template_id).replace('_NI', ' (NI)')} {row.title}",
        made=_made(connection, row, words, people, first),
        used=_used(words, str(row.template_id), definition, people),
        enclosed=_enclosed(connection, numbers),
        copies=[_copy(copy, people) for copy in resending.second_copies(connection, row)],
        may_resend=resending.may_resend(world(), connection, row, reader),
        why_not=resending.why_not(row, first),
        address=", ".join(words["facts"].get("envelope") or printed),
        has_moved=row.kind == "letter"
        and "envelope" not in words["facts"]
        and printed != _address(connection, case_id),
    )


def version_of(words: Mapping[str, Any]) -> str:
    """Return in which version a letter was made: print, language, nation, and what a supplier made of it."""
    facts = words["facts"]
    size = words.get("text_size")
    parts = []
    if size is not None and not words.get("version"):
        parts.append("Standard print" if size == _ORDINARY else f"Large print, {size} point")
    parts += [str(made) for made in words.get("version") or ()]
    if facts.get("case.nation") == "northern_ireland":
        parts.append("Northern Ireland (NICMS)")
    return ", ".join(parts)


def _made(
    connection: Connection, row: Any, words: Mapping[str, Any], people: Mapping[int, str], first: Any | None
) -> list[dict[str, Any]]:
    wrote, checks = _writers(connection, row, words)
    pairs = [
        ("What it is", _KINDS[row.kind]),
        ("Service request", row.number),
        ("Version", version_of(words)),
        ("Dated", day(words["dated"])),
        ("Written by", _act(wrote, people) if wrote else "Nobody: the procedure issues it without manual input"),
        *((_CHECKED.get(_answer(check), "Checked by"), _act(check, people)) for check in checks),
        ("Made", moment(row.created_at)),
        ("Dispatched", moment(row.dispatched_at) if row.dispatched_at else "Not yet"),
        ("How it was sent", _way(words, first)),
        ("Delivery", _delivery(words, first)),
        ("Reference of the dispatch", row.dispatch_ref),
        ("Fingerprint of the PDF (SHA-256)", row.sha256),
    ]
    return [_row(key, text) for key, text in pairs if text]


def _way(words: Mapping[str, Any], first: Any | None) -> str:
    if first is None:
        return "By the supplier who made it"
    return f"By email to {words['email']}" if words.get("email") else "By post"


def _delivery(words: Mapping[str, Any], first: Any | None) -> str:
    """Return what became of a letter's delivery, as far as it is known here."""
    if first is None:
        return "The supplier said when it was sent"
    if first.state == "sent":
        return "Handed over to be emailed" if words.get("email") else "Handed over for print"
    if first.state == "failed":
        return "Could not be handed over. Operations have an incident about it"
    if first.state == "withdrawn":
        return "Withdrawn before it left"
    tries = {0: "", 1: ": tried once"}.get(first.attempts, f": tried {first.attempts} times")
    return f"Waits to be handed over{tries}" + (f", next on {moment(first.available_at)}" if tries else "")


_CHECKED = {"confirm": "Checked and confirmed by", "change": "Sent back by"}


def _answer(check: HistoryRow) -> str:
    return str((check.values or {}).get("letter_check"))


def _writers(connection: Connection, row: Any, words: Mapping[str, Any]) -> tuple[HistoryRow | None, list[HistoryRow]]:
    """Return the submission that the letter's words come from, and the checks of it that followed."""
    rows = [
        one
        for one in told.submissions_with(connection, row.instance_id, ["slots", "letter_check"])
        if one.at <= row.created_at
    ]
    written = [n for n, one in enumerate(rows) if "slots" in (one.values or {})]
    same = [n for n in written if _boxes(rows[n].values or {}) == _boxes(words)]
    if not written or not words["slots"]:
        return None, []
    place = (same or written)[-1]
    return rows[place], [one for one in rows[place + 1 :] if "letter_check" in (one.values or {})][:1]


def _boxes(words: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was written; the number of days is worked out again when the letter is made."""
    return {key: value for key, value in (words["slots"] or {}).items() if key != "days" and value not in (None, "")}


def _act(row: HistoryRow, people: Mapping[int, str]) -> str:
    return f"{history_words.who(row.actor, people)}, {moment(row.at)}: “{row.element_name}”"


def _used(
    words: Mapping[str, Any], letter_id: str, definition: LoadedDefinition, people: Mapping[int, str]
) -> list[dict[str, Any]]:
    """Return what a letter was told and what was written in its boxes, in words."""
    letter: Letter | None = load_letters(definition.letter_files).get(letter_id)
    boxes = {slot.key: slot.label for slot in letter.slots} if letter is not None else {}
    options = {
        option.id: option.label for group in (letter.paragraph_groups if letter else ()) for option in group.options
    }
    dictionary = definition.dictionary
    pairs = [(boxes.get(key, key), say(dictionary, key, value, people)) for key, value in words["slots"].items()]
    pairs += [("Paragraph", f"{options.get(one, '')} ({one.replace('TM_', 'TM ')})") for one in words["paragraphs"]]
    labels = {fact.name: fact.label for fact in letter.facts} if letter is not None else {}
    pairs += [
        (labels.get(key) or label_of(dictionary, key), say(dictionary, key, value, people))
        for key, value in words["facts"].items()
        if key not in _NEVER_SHOWN
    ]
    return [_row(key, text) for key, text in pairs if text]


def _enclosed(connection: Connection, numbers: list[int]) -> list[Any]:
    rows = connection.execute(
        select(Document.document_id, Document.template_id, Document.title).where(Document.document_id.in_(numbers))
    )
    return list(rows.all())


def _copy(copy: resending.SecondCopy, people: Mapping[int, str]) -> list[dict[str, Any]]:
    left = moment(copy.dispatched_at) if copy.dispatched_at else "Not yet"
    pairs = [
        ("Asked for by", f"{history_words.who(copy.actor, people)}, {moment(copy.asked_at)}"),
        ("Why", copy.reason),
        ("Dispatched", left),
        ("Reference of the dispatch", copy.reference),
    ]
    return [_row(key, text) for key, text in pairs if text]


def _address(connection: Connection, case_id: int) -> list[str]:
    """Return where the client's letters go now."""
    facts = loads(connection.execute(select(Case.facts).where(Case.case_id == case_id)).scalar_one())
    text = str(facts.get("correspondence_address") or facts.get("client_address") or "")
    return [line.strip() for line in text.split("\n") if line.strip()]


def _row(key: str, text: object) -> dict[str, Any]:
    return {"key": {"text": key}, "value": {"html": lines(str(text))}}
