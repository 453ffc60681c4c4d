"""The address of a worklist: filters, order and place, so that a list survives a reload, the way back and a link.

What an address names that is not there any more, such as a procedure that was withdrawn, narrows nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection

from engine import definitions
from engine.queries.worklists import Filters, Order, Position, days_of
from web.addresses import row_number
from web.case_summary import NATIONS
from web.current import world
from web.groups import titles

SORTS: Mapping[str, str] = {
    "due": "What is due first",
    "newest": "Newest first",
    "oldest": "Oldest first",
    "client": "Client\u2019s name",
    "case": "Case reference",
}
DUES: Mapping[str, str] = {
    "overdue": "Overdue",
    "today": "Today",
    "week": "This week, until Sunday",
    "none": "No due date",
}
SOURCES: Mapping[str, str] = {
    "mp": "A Member of Parliament (MP)",
    "ice": "Independent Case Examiner (ICE)",
    "phso": "Ombudsman (PHSO)",
}
WAITING: Mapping[str, str] = {"us": "Us", "outside": "A manager outside the service"}
_WAITING_OF_CASES: Mapping[str, str] = {
    "client": "The client",
    "other": "Another person or team",
    "outside": WAITING["outside"],
    "service": "A letter or another system",
    "date": "A date",
    "stopped": "Operations, because it has stopped",
}
_LONGEST = 120
_LAST_ROW = 2**31 - 1
_YEARS = range(1900, 2900)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks of a list; empty means all."""

    whose: str = ""
    team: str = ""
    procedure: str = ""
    stage: str = ""
    nation: str = ""
    due: str = ""
    source: str = ""
    waiting: str = ""
    sort: str = ""

    def query(self) -> dict[str, Any]:
        """Return what is asked, for an address."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def order(self) -> Order:
        """Return the order of the list."""
        return cast(Order, self.sort or "due")

    @property
    def narrows(self) -> bool:
        """Tell whether anything is left out."""
        return bool(self.query().keys() - {"sort"})

    def filters(self) -> Filters:
        """Return the filters, with the days of this moment."""
        since, until = days_of(self.due, world().clock.now())
        return Filters(
            procedure=self.procedure,
            stage=self.stage,
            nation=self.nation,
            source=self.source,
            waits_for=self.waiting,
            due_from=since,
            due_before=until,
            is_undated=self.due == "none",
        )


def choices(connection: Connection, groups: Mapping[str, object]) -> dict[str, dict[str, str]]:
    """Return what each filter offers, as {value: words}; `groups` are the teams whose tasks may be seen."""
    ids = definitions.ids_in_force(connection)
    in_force = [definitions.load(world(), connection, definition_id) for definition_id in ids.values()]
    named = titles(connection)
    stages = {
        option.value: option.label
        for definition in in_force
        if (picklist := definition.dictionary.picklists.get("stage_of_complaint")) is not None
        for option in picklist.options
    }
    return {
        "team": {key: named.get(key, key.replace("_", " ").capitalize()) for key in groups},
        "procedure": {definition.key: definition.title for definition in in_force},
        "stage": stages,
        "nation": dict(NATIONS),
        "due": dict(DUES),
        "source": dict(SOURCES),
        "waiting": dict(WAITING),
        "sort": dict(SORTS),
    }


def waiting_of_cases(owner: str) -> dict[str, str]:
    """Return what an open service request may wait for, as {value: words}; `owner` says who has it."""
    return {"owner": owner, **_WAITING_OF_CASES}


def read(args: Mapping[str, str], offered: Mapping[str, Mapping[str, str]]) -> Asked:
    """Return what an address asks that is offered."""
    return Asked(**{name: args[name] for name, known in offered.items() if args.get(name) in known})


def position(text: str | None, order: Order) -> Position | None:
    """Return the place in a list that an address names; None for anything else than we write there."""
    value, mark, number = (text or "").rpartition("~")
    row_id = row_number(number)
    if not mark or row_id is None or row_id > _LAST_ROW or "\0" in value or len(value) > _LONGEST:
        return None
    if order in ("client", "case"):
        return Position(value, row_id)
    if order != "due" or not value:
        return Position(None, row_id)
    try:
        due_at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return Position(due_at, row_id) if due_at.tzinfo and due_at.year in _YEARS else None


def written(place: Position | None) -> str | None:
    """Return a place in a list as addresses have it."""
    if place is None:
        return None
    value = place.value.isoformat() if isinstance(place.value, datetime) else place.value or ""
    return f"{value}~{place.row_id}"
