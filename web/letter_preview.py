"""A letter before it is issued, exactly as it will be: made by the function that issues it, from the same facts.

It can be looked at in another size of print, and as the body of another nation would write it; on every page such a
version says that it is not what will be sent. And the papers that a task works from, such as the text that a translator
is to be given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, select

from engine.definitions import LoadedDefinition
from engine.models import Document
from engine.queries.told import names_of_people
from handlers.letters import Draft, draft_letter, render_draft
from letters.catalogue import load_letters
from letters.letter import Letter
from letters.render import Rendered, preview
from web.current import world
from web.labels import option_label

SIZES = {12: "Ordinary print", 16: "Large print, 16 point", 18: "Large print, 18 point", 24: "Large print, 24 point"}
NOT_SENT = "Not what will be sent"


@dataclass(frozen=True, slots=True)
class Asked:
    """In which version somebody wants to see a letter; None is the client's own."""

    size: int | None = None
    brand: str | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """A letter in the version that somebody looks at. `brands` says for whom each body writes, by its id."""

    draft: Draft
    own_size: int
    brand: str
    own_brand: str
    brands: Mapping[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """The size of print that is shown."""
        return int(self.draft.text_size)

    @property
    def is_sent(self) -> bool:
        """Whether this is the version that will be sent."""
        return (self.size, self.brand) == (self.own_size, self.own_brand)

    @property
    def mark(self) -> str:
        """What is printed on every page of a version that will not be sent."""
        return "" if self.is_sent else NOT_SENT

    @property
    def words(self) -> str:
        """The version that is shown, in words."""
        return _in_words(self.size, self.brands.get(self.brand))

    @property
    def own_words(self) -> str:
        """The version that will be sent, in words."""
        return _in_words(self.own_size, self.brands.get(self.own_brand))


@dataclass(frozen=True, slots=True)
class Paper:
    """A document of the case that a task works from."""

    document_id: int
    title: str


def draft_from(connection: Connection, definition: LoadedDefinition, letter_id: str, names: Mapping[str, Any]) -> Draft:
    """Gather a letter from what is visible at its task, as the shared process that issues it does.

    Its variables are `slots`, `paragraph`, `enclosures` and `letter_facts`: what only the diagram knows.
    """
    given = names.get("letter_facts")
    paragraph = names.get("paragraph")
    return draft_letter(
        world(),
        connection,
        letter_id,
        case=names.get("case") or {},
        request=names.get("request") or {},
        slots=names.get("slots"),
        paragraphs=[str(paragraph)] if paragraph else [],
        enclosures=names.get("enclosures"),
        facts=given if isinstance(given, Mapping) else {},
        now=world().clock.now(),
        version=_version(definition, names),
        people=names_of_people(connection),
    )


def _version(definition: LoadedDefinition, names: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return who makes what the client reads, decided as the process decides it before it issues the letter."""
    decision = definition.decisions.get("letter_version")
    found = decision.evaluate(names, now=world().clock.now()) if decision else None
    return found if isinstance(found, Mapping) else None


def version_from(
    connection: Connection, definition: LoadedDefinition, letter_id: str, names: Mapping[str, Any], asked: Asked
) -> Version:
    """Gather a letter as `draft_from` does, in the version asked for; what is not offered is the client's own."""
    letter = load_letters(definition.letter_files).get(letter_id)
    case = dict(names.get("case") or {})
    nations = _nations(letter)
    own_brand = next((brand for brand, where in nations.items() if case.get("nation") in where), "")
    brand = asked.brand if asked.brand in nations else own_brand
    if brand != own_brand:  # in English: whether a body offers Welsh is its own rule, and not what is looked at
        names = {**names, "case": {**case, "nation": nations[brand][0], "language": "en"}}
    draft = draft_from(connection, definition, letter_id, names)
    return Version(
        draft=replace(draft, text_size=asked.size) if asked.size in SIZES else draft,
        own_size=draft.text_size,
        brand=brand,
        own_brand=own_brand,
        brands={id: _for_whom(letter, id, definition) for id in nations},
    )


def pictures(definition: LoadedDefinition, version: Version) -> list[bytes]:
    """Return the letter's pages as SVG. Raises: LetterError."""
    draft = version.draft
    return preview(
        definition.letter_files,
        draft.letter_id,
        draft.facts,
        draft.slots,
        draft.paragraphs,
        dated=draft.dated,
        text_size=draft.text_size,
        mark=version.mark,
    )


def rendered(definition: LoadedDefinition, version: Version) -> Rendered:
    """Return the letter as PDF and as words. Raises: LetterError."""
    return render_draft(definition.letter_files, version.draft, mark=version.mark)


def _nations(letter: Letter | None) -> dict[str, list[str]]:
    """Return the nations in which each body writes a letter, by the body's id."""
    found = {
        brand.id: [nation for nation in brand.nations if letter is not None and nation in letter.nations]
        for brand in (letter.brands if letter is not None else ())
    }
    return {id: nations for id, nations in found.items() if nations}


def _for_whom(letter: Letter | None, brand_id: str, definition: LoadedDefinition) -> str:
    brand = next(brand for brand in (letter.brands if letter is not None else ()) if brand.id == brand_id)
    names = [option_label(definition.dictionary, "nation", nation) for nation in brand.nations]
    return f"{', '.join(names)} ({brand.short})"


def _in_words(size: int, for_whom: str | None) -> str:
    print_ = SIZES.get(size, f"{size} point")
    return f"{print_}, for {for_whom}" if for_whom else print_


def papers(connection: Connection, case_id: int | None, numbers: object) -> list[Paper]:
    """Return the documents that a task's property ``documents`` names, in its order; those of another case are not."""
    wanted = [int(str(number)) for number in numbers] if isinstance(numbers, list) else []
    if not wanted:
        return []
    known = select(Document.document_id, Document.title).where(Document.document_id.in_(wanted))
    found = connection.execute(known.where(Document.case_id == case_id))
    titles = {row.document_id: row.title for row in found}
    return [Paper(number, titles[number]) for number in wanted if number in titles]
