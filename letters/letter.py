"""The shapes of a letter: what the catalogue says of it, in frozen dataclasses.

Refuses nothing itself: `letters.catalogue` builds these from `letters.toml`; `letters.facts` holds a case against them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

Json: TypeAlias = Mapping[str, object]
Kind: TypeAlias = Literal["letter", "leaflet", "form"]
Sender: TypeAlias = Literal["team", "caseworker", "team_leader"]
FactType: TypeAlias = Literal["text", "lines", "number", "date", "boolean", "choice", "rows"]


class LetterError(Exception):
    """The letter cannot be made."""

    def __init__(self, faults: list[str]) -> None:
        """Keep every fault: a person who has to put them right wants them all at once."""
        self.faults = tuple(faults)
        super().__init__(" ".join(faults) or type(self).__doc__)


@dataclass(frozen=True, slots=True)
class Brand:
    """The body that writes in a nation: its names and how to reach it."""

    id: str
    name: str
    short: str
    nations: tuple[str, ...]
    welsh_nations: tuple[str, ...]  # where the client may have letters in Welsh
    details: Json = field(compare=False)  # the whole table, for the template


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that a letter is told about its case; `name` is dotted as in the dictionary (`case.reference`)."""

    name: str
    type: FactType
    label: str
    required: bool
    values: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict, compare=False)
    required_columns: tuple[str, ...] = ()
    example: object = field(default=None, compare=False)
    example_days: int | None = None  # a date's example: days after the letter's own date
    remedy: str = ""  # what to do where it is missing

    def as_optional(self) -> Fact:
        """Return the same fact for a letter that can do without it."""
        return replace(self, required=False)


@dataclass(frozen=True, slots=True)
class Slot:
    """A box that a person fills: `form_field` is the form-js field object that the task page shows."""

    key: str
    type: str
    label: str
    heading: str | None
    required: bool
    max_length: int | None
    least: int | None
    most: int | None
    is_money: bool
    form_field: Json = field(compare=False)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One of the paragraphs of a group; `untrue_when` names facts under which its words would be false."""

    id: str
    label: str
    text: str
    untrue_when: Mapping[str, object] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class ParagraphGroup:
    """Paragraphs of which a letter carries exactly one; `default` is the one that the page shows as chosen."""

    id: str
    label: str
    default: str
    options: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter, leaflet or form of the catalogue."""

    id: str
    title: str
    purpose: str
    source: str
    kind: Kind
    sender: Sender | None
    team: str
    template: str  # path in the bundle
    nations: tuple[str, ...]  # where it may be used
    closure_letter: bool  # a service request may be closed on it
    automatic: bool  # issued without anybody's words or preview
    facts: tuple[Fact, ...]
    slots: tuple[Slot, ...]
    paragraph_groups: tuple[ParagraphGroup, ...]
    enclosures: tuple[str, ...]
    brands: tuple[Brand, ...]

    def brand(self, nation: str) -> Brand:
        """Return who writes in a nation.

        Raises:
            LetterError: the letter is not used in that nation.
        """
        for brand in self.brands:
            if nation in brand.nations and nation in self.nations:
                return brand
        raise LetterError([f"{self.id} is not used in the nation “{nation}”."])

    def slot_fields(self) -> list[Json]:
        """Return the boxes as form-js field objects, for the page on which the letter is written."""
        return [slot.form_field for slot in self.slots]
