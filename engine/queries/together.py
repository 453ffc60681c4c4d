"""Several lists in one statement, for pages that show many of them: each statement is a way to the server and back.

Columns of the lists lie beside each other by their types; a row says which list it belongs to, and at which place.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, Integer, Select, String, cast, func, literal_column, null, select, union_all
from sqlalchemy.types import TypeEngine


@dataclass(frozen=True, slots=True)
class Listed:
    """One list: what it selects, in which order, and how many rows at most."""

    query: Select[*tuple[Any, ...]]
    order: tuple[Any, ...]
    most: int | None = None

    @property
    def alone(self) -> Select[*tuple[Any, ...]]:
        """The list as a statement of its own."""
        ordered = self.query.order_by(*self.order)
        return ordered if self.most is None else ordered.limit(self.most)


class Together:
    """Lists that are read in one statement, by their names. Built once: only the parameters differ."""

    def __init__(self, **lists: Listed) -> None:
        self._names = list(lists)
        self._keys: list[list[str]] = []
        self._slots: list[list[int]] = []
        types: list[TypeEngine[Any]] = []
        parts = []
        for one in lists.values():
            place = func.row_number().over(order_by=one.order).label("place")
            part = Listed(one.query.add_columns(place), one.order, one.most).alone.subquery()
            columns = list(part.c)[:-1]
            self._keys.append([column.key for column in columns])
            self._slots.append(_slots_of([column.type for column in columns], types))
            parts.append((part, columns))
        self._statement = union_all(
            *(
                select(
                    literal_column(str(number), Integer).label("list"),
                    part.c.place.label("place"),
                    *_laid_out(columns, self._slots[number], types),
                )
                for number, (part, columns) in enumerate(parts)
            )
        ).order_by("list", "place")

    def read(self, connection: Connection, **parameters: object) -> dict[str, list[SimpleNamespace]]:
        """Return the rows of every list by its name, each with its columns by their names."""
        found: dict[str, list[SimpleNamespace]] = {name: [] for name in self._names}
        for row in connection.execute(self._statement, parameters):
            number = row[0]
            values = (row[slot + 2] for slot in self._slots[number])
            found[self._names[number]].append(SimpleNamespace(**dict(zip(self._keys[number], values, strict=True))))
        return found


def _slots_of(wanted: list[TypeEngine[Any]], types: list[TypeEngine[Any]]) -> list[int]:
    """Return the slots that columns of these types take, each once; `types` grows by what is not there yet."""
    taken: list[int] = []
    for kind in wanted:
        free = (n for n, known in enumerate(types) if n not in taken and _is_alike(known, kind))
        slot = next(free, len(types))
        if slot == len(types):
            types.append(kind)
        taken.append(slot)
    return taken


def _is_alike(one: TypeEngine[Any], other: TypeEngine[Any]) -> bool:
    return type(one) is type(other) or (isinstance(one, String) and isinstance(other, String))


def _laid_out(columns: list[Any], slots: list[int], types: list[TypeEngine[Any]]) -> list[Any]:
    there = dict(zip(slots, columns, strict=True))
    return [
        (there[slot] if slot in there else cast(null(), kind)).label(f"slot_{slot}") for slot, kind in enumerate(types)
    ]
