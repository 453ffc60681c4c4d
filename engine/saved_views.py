"""Saved views: a worklist with its filters and its order, under a name of its owner's.

Whoever has the address of a view opens the same list with their own eyes: the view holds no tasks and no rights.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from engine.errors import Conflict, NotFound
from engine.models import Person, SavedView
from engine.people import Somebody
from engine.world import World

MOST_VIEWS = 50
_ADDRESS = re.compile(r"[\w-]{1,40}", re.ASCII)
_NO_VIEW = "There is no such saved view. Its owner may have deleted it."


@dataclass(frozen=True, slots=True)
class View:
    """A saved view. `query` is the list and what its address asked, such as ``queue?nation=scotland``."""

    view_id: int
    address: str
    name: str
    query: str
    owner_id: int
    owner_name: str


def save_view(world: World, name: str, query: str, *, owner: Somebody) -> str:
    """Save a view and return its address. Raises: Conflict when the name is taken, or there are too many."""
    address = secrets.token_urlsafe(9)
    values = {"address": address, "person_id": owner.person_id, "name": name, "query": query}
    try:
        with world.db.write() as connection:
            of_owner = select(func.count()).where(SavedView.person_id == owner.person_id)
            if connection.execute(of_owner).scalar_one() >= MOST_VIEWS:
                raise Conflict(f"You have {MOST_VIEWS} saved views. Delete one before you save another.")
            connection.execute(insert(SavedView).values(created_at=world.clock.now(), **values))
    except IntegrityError as taken:
        raise Conflict(f"You have a saved view called “{name}” already. Choose another name.") from taken
    return address


def rename_view(world: World, view_id: int, name: str, *, owner: Somebody) -> None:
    """Give a view of one's own another name. Raises: NotFound; Conflict when the name is taken."""
    own = update(SavedView).where(SavedView.view_id == view_id, SavedView.person_id == owner.person_id)
    try:
        with world.db.write() as connection:
            if connection.execute(own.values(name=name)).rowcount != 1:
                raise NotFound(_NO_VIEW)
    except IntegrityError as taken:
        raise Conflict(f"You have a saved view called “{name}” already. Choose another name.") from taken


def delete_view(world: World, view_id: int, *, owner: Somebody) -> None:
    """Delete a view of one's own. Raises: NotFound."""
    own = delete(SavedView).where(SavedView.view_id == view_id, SavedView.person_id == owner.person_id)
    with world.db.write() as connection:
        if connection.execute(own).rowcount != 1:
            raise NotFound(_NO_VIEW)


def views_of(connection: Connection, person_id: int) -> list[View]:
    """Return a person's own views by name."""
    return _views(connection, SavedView.person_id == person_id)


def view_at(connection: Connection, address: str) -> View:
    """Return the view at an address. Raises: NotFound."""
    found = _views(connection, SavedView.address == address) if _ADDRESS.fullmatch(address) else []
    if not found:
        raise NotFound(_NO_VIEW)
    return found[0]


def _views(connection: Connection, which: object) -> list[View]:
    columns = (SavedView.view_id, SavedView.address, SavedView.name, SavedView.query, SavedView.person_id, Person.name)
    rows = select(*columns).join(Person, Person.person_id == SavedView.person_id).where(which)  # type: ignore[arg-type]
    return [View(*row) for row in connection.execute(rows.order_by(SavedView.name, SavedView.view_id))]
