"""Lists that belong to a service request, such as the reasons and actions of a plan, as tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.dictionary import Dictionary
from web.labels import label_of, say


@dataclass(frozen=True, slots=True)
class FactTable:
    """A list that belongs to the service request, such as the actions of a plan."""

    key: str
    caption: str
    head: list[dict[str, str]]
    rows: list[list[dict[str, str]]]


def tables_of(fields: Mapping[str, object], dictionary: Dictionary, people: Mapping[int, str]) -> list[FactTable]:
    """Return a table for every list of contexts among the fields of a service request."""
    tables = []
    for name, value in fields.items():
        key = f"request.{name}"
        field = dictionary.field_for(key)
        if field is None or not isinstance(value, list) or not value or not isinstance(value[0], Mapping):
            continue
        columns = [n for n in dictionary.items_of(key) if any(row.get(n) is not None for row in value)]
        head = [{"text": label_of(dictionary, f"{key}[].{n}")} for n in columns]
        rows = [[{"text": say(dictionary, f"{key}[].{n}", row.get(n), people)} for n in columns] for row in value]
        tables.append(FactTable(key, field.label, head, rows))
    return tables
