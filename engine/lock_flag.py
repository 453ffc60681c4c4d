"""The Lock Assignment Flag of the master case: set by a task while a decision is awaited, released by the owning team.

Releasing is recorded here with who did it; it closes nothing and moves no procedure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, select, update

from engine import history
from engine.cases import add_note
from engine.dictionary import Group
from engine.errors import Conflict, NotAllowed, NotFound
from engine.history import Event
from engine.holds import hold_case
from engine.models import Case, ProcessInstance
from engine.people import Somebody
from engine.world import World

OWNERS = "owning_team"


def release(world: World, case_id: int, *, actor: Somebody) -> None:
    """Record that the flag was released on the master case.

    Raises: NotFound; NotAllowed for other teams; Conflict when it is not set, perhaps because of a colleague.
    """
    with world.db.write() as connection:
        hold_case(connection, case_id)
        case: Any = connection.execute(
            select(Case.reference, Case.lock_flag).where(Case.case_id == case_id)
        ).one_or_none()
        if case is None:
            raise NotFound("There is no such case.")
        if not may_release(world.groups, actor):
            raise NotAllowed("The owning team releases the Lock Assignment Flag.")
        if not case.lock_flag:
            raise Conflict("The Lock Assignment Flag is not set, perhaps because a colleague has just released it.")
        connection.execute(update(Case).where(Case.case_id == case_id).values(lock_flag=False))
        text = "The Lock Assignment Flag is released on the master case."
        add_note(connection, world, case_id=case_id, request_id=None, text=text, author_id=actor.person_id)
        _record(world, connection, case_id, actor)


def may_release(groups: Mapping[str, Group], actor: Somebody) -> bool:
    """Tell whether somebody is of the owning team, or leads it."""
    led = {groups[key].leads for key in actor.groups if key in groups}
    return OWNERS in actor.groups | led


def _record(world: World, connection: Connection, case_id: int, actor: Somebody) -> None:
    """Add it to the history of the procedure that was started last on the case, if there is any."""
    newest = connection.execute(
        select(func.max(ProcessInstance.instance_id)).where(ProcessInstance.case_id == case_id)
    ).scalar()
    if newest is None:
        return
    event = Event("took_off", element_name="Lock Assignment Flag")
    history.tell(connection, newest, event, at=world.clock.now(), actor=actor.actor.key)
