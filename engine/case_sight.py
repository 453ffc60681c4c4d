"""Who looked at a case: one row for each person, case, kind of page and hour, for those who have to account for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, String, and_, bindparam, exists, insert, literal, select
from sqlalchemy.types import Integer

from engine.models import CaseSight, Person
from engine.models.base import Instant
from engine.world import World

PAGE = 100
_SIGHT = CaseSight.metadata.tables[CaseSight.__tablename__]
_CASE, _PERSON = (bindparam(name, type_=Integer()) for name in ("b_case", "b_person"))
_WHAT, _AT, _HOUR = (
    bindparam("b_what", type_=String()),
    bindparam("b_at", type_=Instant()),
    bindparam("b_hour", type_=Instant()),
)
_SEEN_THIS_HOUR = exists().where(
    and_(
        _SIGHT.c.person_id == _PERSON,
        _SIGHT.c.at >= _HOUR,
        _SIGHT.c.case_id == _CASE,
        _SIGHT.c.what == _WHAT,
    )
)
_ADD = insert(_SIGHT).from_select(
    ["case_id", "person_id", "what", "at"],
    select(_CASE, _PERSON, _WHAT, _AT).where(~_SEEN_THIS_HOUR),
)


@dataclass(frozen=True, slots=True)
class Look:
    """One row: who looked at what, and when first in that hour."""

    sight_id: int
    person_name: str
    what: str
    at: datetime


def note(world: World, case_id: int, *, person_id: int, what: str) -> None:
    """Write down that somebody looked, unless they looked at the same within this hour. Raises: DatabaseAway."""
    now = world.clock.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    said = {"b_case": case_id, "b_person": person_id, "b_what": what, "b_at": now, "b_hour": hour}
    with world.db.write() as connection:
        connection.execute(_ADD, said)


def looks_at(connection: Connection, case_id: int, *, before: int | None = None) -> list[Look]:
    """Return who looked at a case, the newest first, PAGE at a time; `before` is the last row of the page before."""
    query = (
        select(CaseSight.sight_id, Person.name, CaseSight.what, CaseSight.at)
        .join(Person, Person.person_id == CaseSight.person_id)
        .where(CaseSight.case_id == case_id, CaseSight.sight_id < before if before else literal(True))
    )
    return [Look(*row) for row in connection.execute(query.order_by(CaseSight.sight_id.desc()).limit(PAGE))]
