"""Which letters there are, and what each needs: `letters.toml`, read and checked.

Works on the files of a deployed bundle (path -> bytes), never on the repository's, so that a case keeps the letters it
was deployed with. Refuses a catalogue with any fault and names them all. Knows nothing of cases, people or storage.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from letters.entries import Entry
from letters.letter import Brand, Fact, Json, Letter, LetterError, Paragraph, ParagraphGroup, Slot

__all__ = ["CATALOGUE", "TEMPLATES", "Letter", "LetterError", "letter_files", "load_letters", "only_letter_files"]

CATALOGUE = "letters/letters.toml"
TEMPLATES = "letters/templates/"
_KINDS = ("letter", "leaflet", "form")
_SENDERS = ("team", "caseworker", "team_leader")
_SENDER_FACTS = {"caseworker": ["caseworker_name"], "team_leader": ["team_leader_name"]}
_FACT_TYPES = ("text", "lines", "number", "date", "boolean", "choice", "rows")
_SLOT_TYPES = ("textarea", "textfield", "number", "datetime")
_INHERITED = ("kind", "source", "facts", "optional_facts", "slots", "paragraph_groups", "enclosures")


def letter_files() -> dict[str, bytes]:
    """Return this package's own catalogue and templates, as they are put into a bundle when it is deployed."""
    folder = Path(__file__).parent
    paths = [folder / "letters.toml", *sorted((folder / "templates").glob("*.typ"))]
    return {f"letters/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in paths}


def load_letters(files: Mapping[str, bytes]) -> dict[str, Letter]:
    """Read the letters of a bundle; its other files are ignored.

    Raises:
        LetterError: every fault of the catalogue, each a sentence that names the letter.
    """
    return dict(_load(only_letter_files(files)))


def only_letter_files(files: Mapping[str, bytes]) -> tuple[tuple[str, bytes], ...]:
    """Return the catalogue and templates of a bundle, sorted: all that a letter depends on besides its facts."""
    return tuple(
        sorted(
            (path, content)
            for path, content in files.items()
            if path == CATALOGUE or (path.startswith(TEMPLATES) and path.endswith(".typ"))
        )
    )


@lru_cache(maxsize=32)  # a bundle never changes, and one step may render several letters of it
def _load(files: tuple[tuple[str, bytes], ...]) -> dict[str, Letter]:
    faults: list[str] = []
    letters = _read(dict(files), faults)
    if faults:
        raise LetterError([f"{CATALOGUE}: {fault}" for fault in faults])
    return letters


def _read(files: Mapping[str, bytes], faults: list[str]) -> dict[str, Letter]:
    if CATALOGUE not in files:
        faults.append("The file is missing. Put it into the bundle beside its templates.")
        return {}
    try:
        table = tomllib.loads(files[CATALOGUE].decode())
    except (ValueError, RecursionError) as error:
        faults.append(f"The file is not TOML in UTF-8: {error}.")
        return {}
    whole = Entry("The catalogue", table, faults)
    hint = whole.entry("writing").text("hint")
    standard = whole.entry("standard")
    brands = tuple(_brand(entry) for entry in whole.named_entries("brands"))
    facts = {entry.key: _fact(entry) for entry in whole.named_entries("facts")}
    entries = {entry.key: _with_inherited(entry, whole) for entry in whole.named_entries("letters")}
    letters = {id: _letter(entry, standard, facts, brands, hint, files) for id, entry in entries.items()}
    whole.refuse_unknown()
    for letter in letters.values():
        for enclosure in letter.enclosures:
            if enclosure not in letters or letters[enclosure].kind != "leaflet":
                faults.append(f"{letter.id}: encloses {enclosure}, which is not a leaflet of the catalogue.")
    faults.extend(_template_faults(files))
    return letters


def _with_inherited(entry: Entry, whole: Entry) -> Entry:
    """Let `same_as` lend a letter everything but its title, purpose and nations; the template is lent too."""
    other = entry.text("same_as", required=False)
    if not other:
        return entry
    lender = next((known for known in whole.named_entries("letters") if known.key == other), None)
    if lender is None:
        entry.fault(f"is the same as {other}, which is not in the catalogue")
        return entry
    lent = {key: lender.table[key] for key in _INHERITED if key in lender.table}
    return Entry(entry.key, {**lent, **entry.table, "template": other}, entry.faults)


def _letter(
    entry: Entry,
    standard: Entry,
    known_facts: Mapping[str, Fact],
    brands: tuple[Brand, ...],
    hint: str,
    files: Mapping[str, bytes],
) -> Letter:
    kind = entry.choice("kind", _KINDS)
    is_letter = kind == "letter"
    sender = entry.choice("sender", _SENDERS, required=is_letter) or None
    required = [
        *(standard.texts("facts") if is_letter else ()),
        *_SENDER_FACTS.get(sender or "", ()),
        *entry.texts("facts"),
    ]
    optional = [*entry.texts("optional_facts"), *(standard.texts("optional_facts") if is_letter else ())]
    template = f"{TEMPLATES}{entry.text('template', required=False) or entry.key}.typ"
    if template not in files:
        entry.fault(f"has no template: {template} is missing")
    nations = tuple(nation for brand in brands for nation in brand.nations)
    letter = Letter(
        id=entry.key,
        title=entry.text("title"),
        purpose=entry.text("purpose"),
        source=entry.text("source"),
        kind=kind,  # type: ignore[arg-type]  # one of _KINDS, or the fault is on the list
        sender=sender,  # type: ignore[arg-type]
        team=entry.text("team", required=False) or standard.text("team"),
        template=template,
        nations=entry.texts("nations") or nations,
        closure_letter=entry.flag("closure_letter"),
        automatic=entry.flag("automatic"),
        facts=tuple(_facts(entry, required, optional, known_facts)),
        slots=tuple(_slot(slot, hint if is_letter else "") for slot in entry.entries("slots")),
        paragraph_groups=tuple(_paragraph_group(group) for group in entry.entries("paragraph_groups")),
        enclosures=entry.texts("enclosures"),
        brands=brands,
    )
    entry.refuse_unknown()
    _refuse_contradictions(letter, nations, entry)
    return letter


def _refuse_contradictions(letter: Letter, nations: tuple[str, ...], entry: Entry) -> None:
    for nation in letter.nations:
        if nation not in nations:
            entry.fault(f"is for the nation {nation}, in which no brand writes")
    if letter.automatic and (letter.slots or letter.paragraph_groups):
        entry.fault("is automatic and yet asks a person for something: remove its slots and paragraph groups")
    keys = [slot.key for slot in letter.slots] + [group.id for group in letter.paragraph_groups]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        entry.fault(f"declares {key} more than once")


def _facts(entry: Entry, required: list[str], optional: list[str], known: Mapping[str, Fact]) -> list[Fact]:
    facts = []
    for name in dict.fromkeys([*required, *optional]):
        if name not in known:
            entry.fault(f"needs the fact {name}, which [facts] does not declare")
            continue
        facts.append(known[name] if name in required else known[name].as_optional())
    return facts


def _brand(entry: Entry) -> Brand:
    brand = Brand(
        id=entry.key,
        name=entry.text("name"),
        short=entry.text("short"),
        nations=entry.texts("nations"),
        welsh_nations=entry.texts("welsh_nations"),
        details=dict(entry.table),
    )
    for key in ("phone", "relay", "hours", "website"):
        entry.text(key)
    examiner = entry.entry("examiner")
    for key in ("name", "phone", "post", "website"):
        examiner.text(key)
    for key in ("letterhead", "post"):
        if not entry.texts(key):
            entry.fault(f"has no {key}: list its lines")
    entry.refuse_unknown()
    if not brand.nations:
        entry.fault("writes in no nation: list its nations")
    return brand


def _fact(entry: Entry) -> Fact:
    kind = entry.choice("type", _FACT_TYPES)
    fact = Fact(
        name=entry.key,
        type=kind,  # type: ignore[arg-type]
        label=entry.text("label"),
        required=True,
        values=entry.texts("values"),
        columns={key: str(value) for key, value in entry.mapping("columns").items()},
        required_columns=entry.texts("required_columns"),
        example=entry.anything("example"),
        example_days=entry.whole_number("example_days"),
        remedy=entry.text("remedy", required=False),
    )
    if fact.type == "choice" and not fact.values:
        entry.fault("is a choice without values")
    if fact.type == "rows" and not fact.columns:
        entry.fault("is a list of rows without columns")
    entry.refuse_unknown()
    return fact


def _slot(entry: Entry, hint: str) -> Slot:
    checks = entry.entry("validate", required=False)
    kind = entry.choice("type", _SLOT_TYPES)
    label = entry.text("label")
    slot = Slot(
        key=entry.text("key"),
        type=kind,
        label=label,
        heading=entry.text("heading", required=False) or None,
        required=checks.flag("required"),
        max_length=checks.whole_number("maxLength"),
        least=checks.whole_number("min"),
        most=checks.whole_number("max"),
        is_money=entry.mapping("properties").get("money") == "true",
        form_field=_form_field(entry.table, kind, label, hint),
    )
    for shown_only in ("description", "subtype", "decimalDigits"):
        entry.anything(shown_only)
    if kind in ("textarea", "textfield") and slot.max_length is None:
        entry.fault("is free text without validate.maxLength")
    checks.refuse_unknown()
    entry.refuse_unknown()
    return slot


def _form_field(table: Json, kind: str, label: str, hint: str) -> Json:
    """Return a slot as form-js writes a field: a date has a `dateLabel`, and free text carries the common hint."""
    shown = {key: value for key, value in table.items() if key != "heading"}
    if kind == "datetime":
        shown["dateLabel"] = label
    if kind == "textarea":
        shown["description"] = " ".join(filter(None, (str(table.get("description", "")), hint)))
    return shown


def _paragraph_group(entry: Entry) -> ParagraphGroup:
    options = tuple(_paragraph(option) for option in entry.entries("options"))
    group = ParagraphGroup(
        id=entry.text("id"), label=entry.text("label"), default=entry.text("default"), options=options
    )
    if group.default not in [option.id for option in options]:
        entry.fault(f"has the default {group.default}, which is not one of its paragraphs")
    if len(options) < 2:
        entry.fault("leaves no choice: a paragraph group has two paragraphs or more")
    entry.refuse_unknown()
    return group


def _paragraph(entry: Entry) -> Paragraph:
    for note in ("ours", "source"):
        entry.anything(note)
    paragraph = Paragraph(
        id=entry.text("id"),
        label=entry.text("label"),
        text=entry.text("text"),
        untrue_when=dict(entry.mapping("untrue_when")),
    )
    entry.refuse_unknown()
    return paragraph


def _template_faults(files: Mapping[str, bytes]) -> list[str]:
    """Refuse templates that name a package: Typst would fetch it over the network in the middle of a step."""
    return [
        f"{path}: names a package (“@…”). Templates use only the files beside them."
        for path, content in files.items()
        if path.startswith(TEMPLATES) and b'"@' in content
    ]
