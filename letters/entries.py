"""One table of a TOML file, read key by key: wrong or missing values become faults on a list, not exceptions.

Owns the sentences for what is wrong with a value. Refuses nothing by itself: whoever made the list raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from letters.letter import Json

T = TypeVar("T")


class Entry:
    """A table with a name to speak of it by; remembers which keys were asked for."""

    def __init__(self, key: str, table: Json, faults: list[str]) -> None:
        self.key = key
        self.table = table
        self.faults = faults
        self._asked: set[str] = {"same_as"}

    def fault(self, sentence: str) -> None:
        """Put a fault of this entry on the list."""
        self.faults.append(f"{self.key}: {sentence}.")

    def refuse_unknown(self) -> None:
        """Make a fault of every key that nobody asked for: a misspelt key would otherwise be ignored in silence."""
        for key in self.table:
            if key not in self._asked:
                self.fault(f"has the unknown key “{key}”")

    def anything(self, key: str) -> object:
        """Return a value whatever its type."""
        self._asked.add(key)
        return self.table.get(key)

    def text(self, key: str, *, required: bool = True) -> str:
        """Return a text, or "" where there is none."""
        value = self._typed(key, str, "")
        if required and not value.strip():
            self.fault(f"has no {key}")
        return value

    def choice(self, key: str, values: tuple[str, ...], *, required: bool = True) -> str:
        """Return a text that must be one of `values`."""
        value = self.text(key, required=required)
        if value and value not in values:
            self.fault(f"has the {key} “{value}”; it must be one of {', '.join(values)}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        values = self._typed(key, list, [])
        if not all(isinstance(value, str) for value in values):
            self.fault(f"“{key}” must be a list of texts")
        return tuple(str(value) for value in values)

    def flag(self, key: str) -> bool:
        """Return true or false; false where the key is missing."""
        return self._typed(key, bool, False)

    def whole_number(self, key: str) -> int | None:
        """Return a whole number, or None where the key is missing."""
        return self._typed(key, int, 0) if key in self.table else None

    def mapping(self, key: str) -> Json:
        """Return a table as it is."""
        return self._typed(key, dict, {})

    def entry(self, key: str, *, required: bool = True) -> Entry:
        """Return a table below this one."""
        if required and key not in self.table:
            self.fault(f"has no [{key}]")
        return Entry(self._name_below(key), self.mapping(key), self.faults)

    def named_entries(self, key: str) -> list[Entry]:
        """Return the tables below `key`, each called by its own name."""
        return [
            Entry(name, table if isinstance(table, Mapping) else {}, self.faults)
            for name, table in self.mapping(key).items()
        ]

    def entries(self, key: str) -> list[Entry]:
        """Return a list of tables, each called by its id, its key or its position."""
        tables = self._typed(key, list, [])
        return [
            Entry(self._name_below(str(table.get("id") or table.get("key") or f"{key} {n}")), table, self.faults)
            for n, table in enumerate(tables, 1)
            if isinstance(table, dict)
        ]

    def _name_below(self, name: str) -> str:
        return f"{self.key}, {name}"

    def _typed(self, key: str, kind: type[T], missing: T) -> T:
        self._asked.add(key)
        value = self.table.get(key, missing)
        if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
            return value
        self.fault(f"“{key}” must be {_A[kind]}")
        return missing


_A: Mapping[type, str] = {
    str: "a text",
    list: "a list",
    bool: "true or false",
    int: "a whole number",
    dict: "a table",
}
