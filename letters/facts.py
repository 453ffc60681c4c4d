"""What a letter must be told before it can be true, and whether it was: checked before every preview and issue.

Returns sentences for the person who can put it right; raises nothing. Reads only the facts that the letter declares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeGuard

from letters.letter import Fact, Json, Letter, Slot
from letters.plain_text import tidy
from letters.typesetting import can_print

_ADDRESS_LINES = 6
_ENVELOPE_LINES = 7  # with the name: what the window of an envelope shows
_ADDRESS_LINE_LENGTH = 60


def needed_facts(letter: Letter) -> tuple[Fact, ...]:
    """Return the facts that a letter is told, required ones first; `Fact.required` says which those are."""
    return tuple(sorted(letter.facts, key=lambda fact: not fact.required))


def fact_value(facts: Json, name: str) -> object:
    """Return a fact by its dotted name, from nested tables ({"case": {"reference": ...}}) or flat; None if missing."""
    if name in facts:
        return facts[name]
    value: object = facts
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def told(letter: Letter, facts: Json) -> dict[str, object]:
    """Return the facts that a letter reads, by dotted name, and no others: what to keep with it to render it again."""
    found = {fact.name: fact_value(facts, fact.name) for fact in letter.facts}
    return {name: value for name, value in found.items() if value is not None}


def check_facts(
    letter: Letter, facts: Json, slots: Json, paragraphs: Sequence[str], *, dated: date | None = None
) -> list[str]:
    """Return what keeps a letter from being made, a sentence each; an empty list means that it can be made.

    `dated` is the letter's own date: with it, days and dates are held against each other too.
    """
    return [
        *_fact_faults(letter, facts),
        *_slot_faults(letter, slots),
        *_paragraph_faults(letter, facts, paragraphs),
        *(_date_faults(facts, slots, dated) if dated else ()),
    ]


def address_lines(value: object) -> list[str]:
    """Return the lines of an address (or another list of lines) given as a list or as one text."""
    texts = tidy(value).split("\n") if isinstance(value, str) else value if isinstance(value, list | tuple) else ()
    return [tidy(str(line)) for line in texts if str(line).strip()]


def _fact_faults(letter: Letter, facts: Json) -> Iterator[str]:
    for fact in letter.facts:
        value = fact_value(facts, fact.name)
        if value is None or value == "" or value == []:
            if fact.required:
                yield f"{letter.id} needs “{fact.label}” ({fact.name}). {fact.remedy}".rstrip()
        elif not _is_of_type(fact.type, value):
            yield f"“{fact.label}” ({fact.name}) must be {_A[fact.type]}, not {value!r}."
        elif fact.type == "number" and isinstance(value, int | Decimal) and (value < 0 or value != int(value)):
            yield f"“{fact.label}” ({fact.name}) must be a whole number of 0 or more, not {value}."
        elif fact.values and value not in fact.values:
            yield f"“{fact.label}” ({fact.name}) must be one of {', '.join(fact.values)}, not {value!r}."
        else:
            yield from _row_faults(fact, value)
            yield from _unprintable(fact.label, value)
    yield from _address_faults(facts)
    nation = fact_value(facts, "case.nation")
    if isinstance(nation, str) and nation not in letter.nations:
        yield f"{letter.id} is not used in the nation “{nation}”; it is for {', '.join(letter.nations)}."
    yield from _language_faults(letter, facts)


def _language_faults(letter: Letter, facts: Json) -> Iterator[str]:
    """Refuse English to who asked for Welsh, unless it is the text that a translator is given."""
    if letter.kind != "letter" or fact_value(facts, "case.language") != "cy":
        return
    nation = fact_value(facts, "case.nation")
    if nation in letter.nations and nation not in letter.brand(str(nation)).welsh_nations:
        yield (
            "The client's letters are to be in Welsh, which is not offered in this nation. Agree with the client on "
            "another language and correct the client's details."
        )
    elif fact_value(facts, "made_by") != "translator":
        yield f"{letter.id} must be translated first: the client asked for Welsh, not English."


def _row_faults(fact: Fact, value: object) -> Iterator[str]:
    if fact.type != "rows" or not isinstance(value, list | tuple):
        return
    for number, row in enumerate(value, 1):
        for column in fact.columns:
            cell = row.get(column)
            if cell is None or cell == "":
                if column in fact.required_columns:
                    yield f"“{fact.label}”, row {number}, has no {column}."
            elif not _is_of_type(fact.columns[column], cell):
                yield f"“{fact.label}”, row {number}: {column} must be {_A[fact.columns[column]]}, not {cell!r}."
        yield from _unprintable(f"{fact.label}, row {number}", [row.get(column) for column in fact.columns])


def _address_faults(facts: Json) -> Iterator[str]:
    lines = address_lines(fact_value(facts, "case.client_address"))
    if len(lines) > _ADDRESS_LINES:
        yield f"The address has {len(lines)} lines; {_ADDRESS_LINES} fit into the window of the envelope."
    envelope = address_lines(fact_value(facts, "envelope"))
    if len(envelope) > _ENVELOPE_LINES:
        yield f"The representative's name and address have {len(envelope)} lines; {_ENVELOPE_LINES} fit the window."
    for line in envelope or lines:
        if len(line) > _ADDRESS_LINE_LENGTH:
            yield f"The address line “{line}” is longer than {_ADDRESS_LINE_LENGTH} characters."


def _slot_faults(letter: Letter, slots: Json) -> Iterator[str]:
    for slot in letter.slots:
        value = slots.get(slot.key)
        if value is None or (isinstance(value, str) and not value.strip()):
            if slot.required:
                yield f"Fill in “{slot.label}”."
        else:
            yield from _value_faults(slot, value)
    known = {slot.key for slot in letter.slots}
    for key in slots:
        if key not in known and slots[key] not in (None, ""):
            yield f"{letter.id} has no place for “{key}”: what is written there would be lost."


def _value_faults(slot: Slot, value: object) -> Iterator[str]:
    kind = {"number": "number", "datetime": "date"}.get(slot.type, "text")
    if not _is_of_type(kind, value):
        yield f"“{slot.label}” must be {_A[kind]}, not {value!r}."
        return
    if isinstance(value, str) and slot.max_length is not None and len(value) > slot.max_length:
        yield f"“{slot.label}” has {len(value)} characters; at most {slot.max_length} fit."
    if isinstance(value, int | Decimal):
        if value != int(value):
            yield f"“{slot.label}” must be a whole number{' of pence' if slot.is_money else ''}."
        if slot.least is not None and value < slot.least:
            yield f"“{slot.label}” must be {slot.least} or more."
        if slot.most is not None and value > slot.most:
            yield f"“{slot.label}” must be {slot.most} or less."
    yield from _unprintable(slot.label, value)


def _paragraph_faults(letter: Letter, facts: Json, paragraphs: Sequence[str]) -> Iterator[str]:
    known = {option.id for group in letter.paragraph_groups for option in group.options}
    for unknown in sorted(set(paragraphs) - known):
        yield f"{letter.id} has no paragraph {unknown}."
    for group in letter.paragraph_groups:
        picked = [option for option in group.options if option.id in paragraphs]
        if len(picked) != 1:
            ids = " or ".join(option.id for option in group.options)
            yield f"Choose exactly one paragraph for “{group.label}”: {ids}. {len(picked) or 'None'} chosen."
        for option in picked:
            if any(fact_value(facts, name) == value for name, value in option.untrue_when.items()):
                yield f"{option.id} (“{option.label}”) would be untrue in this case: choose the other paragraph."


def _date_faults(facts: Json, slots: Json, dated: date) -> Iterator[str]:
    for days_name, by_name in (("reply_days", "reply_by"), ("contact_days", "contact_by")):
        days, by = fact_value(facts, days_name), fact_value(facts, by_name)
        if isinstance(days, int | Decimal) and _is_day(by) and by < dated + timedelta(days=int(days)):
            yield f"{by_name} is {by}, which gives fewer than {days} days from the date of the letter, {dated}."
    days, due_on = slots.get("days"), slots.get("due_on")
    if not _is_day(due_on):
        return
    if due_on < dated:
        yield f"The due date {due_on} is before the date of the letter, {dated}."
    elif (
        isinstance(days, int | Decimal) and abs(int(days) - (due_on - dated).days) > 1
    ):  # written one evening, issued the next morning
        yield f"{days} days do not lead to the due date {due_on}: that is {(due_on - dated).days} days from {dated}."
    rows = fact_value(facts, "plan_actions")
    due_days = [row.get("due_on") for row in rows if isinstance(row, Mapping)] if isinstance(rows, list | tuple) else []
    latest = max((day for day in due_days if _is_day(day)), default=None)
    if latest is not None and latest > due_on:
        yield f"The last action of the plan is due on {latest}, after the due date {due_on}."


def _unprintable(label: str, value: object) -> Iterator[str]:
    text = "\n".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    for character in sorted({character for character in tidy(text) if not can_print(character)}):
        code = f"U+{ord(character):04X}"
        yield f"“{label}” has a character that the letter's font cannot print: “{character}” ({code}). Replace it."


def _is_day(value: object) -> TypeGuard[date]:
    return isinstance(value, date) and not isinstance(value, datetime)


def _is_of_type(kind: str, value: object) -> bool:
    if kind == "number" or kind == "money":
        return isinstance(value, int | Decimal) and not isinstance(value, bool)
    if kind == "date":
        return _is_day(value)
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "lines":
        return isinstance(value, str) or (isinstance(value, list | tuple) and all(isinstance(v, str) for v in value))
    if kind == "rows":
        return isinstance(value, list | tuple) and all(isinstance(row, Mapping) for row in value)
    return isinstance(value, str)


_A = {
    "text": "a text",
    "lines": "a list of lines",
    "number": "a number",
    "money": "a whole number of pence",
    "date": "a date",
    "boolean": "true or false",
    "choice": "a text",
    "rows": "a list of rows",
}
