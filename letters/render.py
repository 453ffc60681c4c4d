"""A letter out of a bundle's templates and a case's facts: pure, and the same bytes for the same input.

    files = bundle or letter_files()            # path -> bytes; only letters.toml and the templates are read
    letter = load_letters(files)["CMSL5806"]
    needed_facts(letter)                        # what to gather
    check_facts(letter, facts, slots, paragraphs)       # what is missing, in sentences
    render(files, "CMSL5806", facts, slots, paragraphs, dated=date(2026, 11, 22)).pdf

**facts**: a mapping of the names in `letters.toml` [facts], nested or dotted. Whatever else is in it is not looked at,
so a handler may hand over a case's whole table and the process's variables: a template is given what its letter lists.

    every letter   case.reference, case.nation ("england_wales" | "scotland" | "northern_ireland"), case.client_name,
                   case.client_address (list of lines, or one text; at most 6 lines), request.number;
                   caseworker_name or team_leader_name, whichever signs (a name, not an id)
                   optional: enclosures (ids; without it, the letter's own), case.language ("cy" is refused unless
                   made_by is "translator"), made_by ("us" | "translator" | "supplier": who makes the version that the
                   client reads; made by others it is sent later than it is dated, so it promises no calendar date),
                   envelope (lines, where not the client's name and address), copy_for or care_of (a representative)
    CMSL5829       contact_days, contact_by (date), optional contact_unit ("days" | "working days")
    CMSL5800, 5805 reply_days, reply_by (date)
    CMSL5801       optional reply_days and reply_by (a reply is asked for only with the date), reached_by_phone (guards
                   LM_00008 and LM_00009), plan_actions: list of {action, due_on (date), approved_amount (pence; the
                   approved one, never the requested one)}
    CMSL5803       optional plan_actions
    CMSL5804       team_leader_name (signs)
    CMSL5806       agreed_by ("phone" | "post" | "email")
    CMSB0011       case.nation only
    CMSF5551(_NI)  case.reference, case.nation, request.number, team_leader_name

**slots**: what the person wrote, by slot key: texts as typed, dates as `date`, numbers as int or Decimal, pence.
**paragraphs**: ids, exactly one of each group ("LM_00009").
**dated**: the date that the letter bears, day 0 of what it promises.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from letters import typesetting
from letters.catalogue import TEMPLATES, load_letters, only_letter_files
from letters.facts import address_lines, check_facts, fact_value, needed_facts
from letters.letter import Fact, Json, Letter, LetterError, Slot
from letters.plain_text import blocks_of, text_of_html, tidy

__all__ = ["LetterError", "Rendered", "check_facts", "needed_facts", "preview", "render"]

TextSize: TypeAlias = Literal[12, 16, 18, 24]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A letter as it is kept: with its digest and its templates' digest a later rendering proves it."""

    pdf: bytes
    sha256: str  # of the PDF
    pages: int
    text: str  # the same words as plain text, for email and for the page that shows the preview
    template_sha256: str  # of all letter files of the bundle


def render(
    files: Mapping[str, bytes],
    letter_id: str,
    facts: Json,
    slots: Json,
    paragraphs: Sequence[str],
    *,
    dated: date,
    text_size: TextSize = 12,
    mark: str = "",
) -> Rendered:
    """Return a letter as tagged PDF and as plain text. `mark` is printed on top of every page: one that is not sent.

    Raises:
        LetterError: something is missing, too long or untrue (all that `check_facts` says), or the template is wrong.
    """
    letter, values = _prepare(files, letter_id, facts, slots, paragraphs, dated, text_size, mark)
    templates = _templates(files)
    pdf = typesetting.as_pdf(templates, letter.template, values, dated=dated)
    html = typesetting.as_html(templates, letter.template, values, dated=dated)
    return Rendered(
        pdf=pdf,
        sha256=hashlib.sha256(pdf).hexdigest(),
        pages=typesetting.page_count(pdf),
        text=text_of_html(html),
        template_sha256=_digest(files),
    )


def preview(
    files: Mapping[str, bytes],
    letter_id: str,
    facts: Json,
    slots: Json,
    paragraphs: Sequence[str],
    *,
    dated: date,
    text_size: TextSize = 12,
    mark: str = "",
) -> list[bytes]:
    """Return one SVG for each page, as the PDF will look: sharp at any zoom, no fonts, scripts or links needed.

    Show them as `<img>` and give the page `Rendered.text` or a link to the PDF besides: a picture has no words.

    Raises:
        LetterError: as `render`.
    """
    letter, values = _prepare(files, letter_id, facts, slots, paragraphs, dated, text_size, mark)
    return typesetting.as_pictures(_templates(files), letter.template, values, dated=dated)


def words(day: date) -> str:
    """Return a date as letters write it: 22 November 2026."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def pounds(pence: int | Decimal) -> str:
    """Return pence as letters write an amount: £1,250.00."""
    return f"£{Decimal(pence) / 100:,.2f}"


def number_of(count: int, unit: str) -> str:
    """Return a number of days as letters write it: 1 day, 7 working days."""
    return f"{count} {unit.removesuffix('s') if count == 1 else unit}"


def _prepare(
    files: Mapping[str, bytes],
    letter_id: str,
    facts: Json,
    slots: Json,
    paragraphs: Sequence[str],
    dated: date,
    text_size: TextSize,
    mark: str,
) -> tuple[Letter, str]:
    letters = load_letters(files)
    if letter_id not in letters:
        raise LetterError([f"There is no letter {letter_id} in this version of the process."])
    letter = letters[letter_id]
    faults = check_facts(letter, facts, slots, paragraphs, dated=dated)
    enclosures = address_lines(fact_value(facts, "enclosures")) or list(letter.enclosures)
    leaflets = [known.id for known in letters.values() if known.kind == "leaflet"]
    faults += [f"{letter_id} cannot enclose {id}: there is no such leaflet." for id in enclosures if id not in leaflets]
    if faults:
        raise LetterError(faults)
    values = {
        "id": letter.id,
        "label": letter.id.replace("_NI", " (NI)"),
        "title": letter.title,
        "team": letter.team,
        "sender": letter.sender,
        "sender_name": _sender_name(letter, facts),
        "brand": letter.brand(str(fact_value(facts, "case.nation"))).details,
        "dated": words(dated),
        "text_size": text_size,
        "facts": _facts_for_template(letter, facts),
        "slots": _slots_for_template(
            letter, slots, dated, is_sent_later=fact_value(facts, "made_by") in ("translator", "supplier")
        ),
        "headings": {slot.key: slot.heading for slot in letter.slots if slot.heading},
        "paragraphs": {
            group.id: option.text
            for group in letter.paragraph_groups
            for option in group.options
            if option.id in paragraphs
        },
        "enclosed": [f"{letters[id].title} ({id})" for id in enclosures],
        "mark": mark,
    }
    return letter, json.dumps(values, sort_keys=True)


def _sender_name(letter: Letter, facts: Json) -> str | None:
    """Return the name that signs; a letter of the team bears the team's name alone."""
    name = fact_value(facts, f"{letter.sender}_name")
    return tidy(str(name)) if letter.sender in ("caseworker", "team_leader") else None


def _facts_for_template(letter: Letter, facts: Json) -> dict[str, object]:
    shown: dict[str, object] = {}
    for fact in letter.facts:
        value = fact_value(facts, fact.name)
        if value is not None:
            shown[fact.name] = _fact_for_template(fact, value)
    for name, unit in (("reply_days", "days"), ("contact_days", str(shown.get("contact_unit", "days")))):
        if name in shown:
            shown[name] = number_of(int(str(shown[name])), unit)
    return shown


def _fact_for_template(fact: Fact, value: object) -> object:
    if fact.type == "lines":
        return address_lines(value)
    if fact.type == "rows" and isinstance(value, list | tuple):
        return [
            {
                column: _as_words(kind, row[column])
                for column, kind in fact.columns.items()
                if row.get(column) is not None
            }
            for row in value
        ]
    return _as_words(fact.type, value)


def _slots_for_template(letter: Letter, slots: Json, dated: date, *, is_sent_later: bool) -> dict[str, object]:
    shown = {slot.key: _slot_for_template(slot, slots.get(slot.key)) for slot in letter.slots}
    due_on = slots.get("due_on")
    if "days" in shown and isinstance(due_on, date):
        days = (due_on - dated).days  # counted from the letter's own date, whenever the number was typed
        shown["days"] = number_of(days, "days") if days and not is_sent_later else None
    return shown


def _slot_for_template(slot: Slot, value: object) -> object:
    if slot.type == "textarea":
        return blocks_of(str(value or ""))
    if value is None:
        return None
    kind = "money" if slot.is_money else {"number": "number", "datetime": "date"}.get(slot.type, "text")
    return _as_words(kind, value)


def _as_words(kind: str, value: object) -> object:
    """Return a value as text, ready to be set: dates and amounts in words; a boolean stays as it is."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return words(value)
    if kind == "money" and isinstance(value, int | Decimal):
        return pounds(value)
    if kind == "number" and isinstance(value, int | Decimal):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    return tidy(str(value)) if isinstance(value, str) else value


def _templates(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {path: content for path, content in only_letter_files(files) if path.startswith(TEMPLATES)}


def _digest(files: Mapping[str, bytes]) -> str:
    whole = hashlib.sha256()
    for path, content in only_letter_files(files):
        whole.update(f"{path}\0{len(content)}\0".encode() + content)
    return whole.hexdigest()


_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
