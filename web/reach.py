"""What a rule of access is: how far each role reaches, and what somebody is told who does not reach there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from engine import roles
from engine.dictionary import Role
from engine.errors import NotAllowed, NotFound
from engine.people import Somebody
from web.current import world

Theirs = Callable[[Connection, Somebody, Mapping[str, Any]], bool]
Find = Callable[[Connection, Mapping[str, Any]], None]


class Reach(StrEnum):
    """How far a role reaches with a page."""

    ALL = "yes"
    OWN = "theirs"
    NO = "no"


ALL, OWN, NO = Reach.ALL, Reach.OWN, Reach.NO


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may open what is under a rule. A person may do what any of their roles may.

    `find` reads the object first, where the page needs it too; it refuses what does not exist. `is_theirs` finds out
    whose the object is that the address names; it is asked of those who reach their own alone. `other` is told about an
    object that is not theirs: in the words for one that does not exist, where nobody is to guess what others work on.
    `refused` is told to who reaches nothing here. What `is_of_a_case` shows something of one: who opens it is noted.
    """

    what: str
    reach: Mapping[Role, Reach]
    refused: str = "Your role does not include this page."
    find: Find | None = None
    is_theirs: Theirs | None = None
    theirs: str = ""
    is_of_a_case: bool = False
    other: NotFound | NotAllowed | None = None

    def __call__(self, connection: Connection, person: Somebody, args: Mapping[str, Any]) -> None:
        """Refuse who may not. Raises: NotAllowed, NotFound."""
        if self.find is not None:
            self.find(connection, args)
        reaches = self._reaches(person)
        if ALL in reaches:
            return
        if OWN not in reaches or self.is_theirs is None:
            raise NotAllowed(self.refused)
        if not self.is_theirs(connection, person, args):
            raise type(self.other)(str(self.other)) if self.other else NotAllowed(self.refused)

    def includes(self, person: Somebody) -> bool:
        """Tell whether a person's role reaches anything under this rule."""
        return self._reaches(person) != {NO}

    def _reaches(self, person: Somebody) -> set[Reach]:
        return {self.reach.get(role, NO) for role in roles.roles_of(world().groups, person.groups)}


def row(
    caseworker: Reach, leader: Reach, manager: Reach, analyst: Reach, operations: Reach, auditor: Reach
) -> Mapping[Role, Reach]:
    """Return how far each role reaches, written as one row of a table."""
    return dict(zip(Role, (caseworker, leader, manager, analyst, operations, auditor), strict=True))
