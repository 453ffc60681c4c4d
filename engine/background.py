"""Background steps: each instance moves in a transaction of its own, and one that breaks holds up no other.

A break is a fault of ours or of what is stored, not of the diagram: it becomes an incident, and the instance is left
alone until a person retries it. So does a step that ended its process three times in a row, such as one that takes all
memory: begun for ever, it would take everybody's server down each time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy import ColumnElement, Connection, exists, update
from sqlalchemy.orm import InstrumentedAttribute

from engine import incidents
from engine.errors import Conflict, DatabaseAway
from engine.holds import hold_instance
from engine.models import Incident, ProcessInstance
from engine.step import Act, StepBlocked, step
from engine.under_way import marked
from engine.world import Actor, World

log = logging.getLogger(__name__)

BROKEN = "StepBroken"
MOST_ENDED = 3


def move(world: World, instance_id: int, act: Act, *, actor: Actor) -> bool:
    """Move an instance by one act; return whether it moved."""

    def work(connection: Connection) -> bool:
        step(world, connection, instance_id, act, actor=actor)
        return True

    return guarded(world, instance_id, work)


def guarded(world: World, instance_id: int, work: Callable[[Connection], bool]) -> bool:
    """Do a piece of work on an instance in a transaction of its own; return what it returns, and False if it failed."""
    with marked(world.settings.data_dir / "under_way", instance_id) as ended:
        if ended < MOST_ENDED:
            return _tried(world, instance_id, work)
        log.error("Background step ended its process each time", extra={"instance_id": instance_id})
        _report(world, instance_id, f"The process that made the next step of this case ended at once, {ended} times.")
        return False


def _tried(world: World, instance_id: int, work: Callable[[Connection], bool]) -> bool:
    try:
        with world.db.write() as connection:
            return work(connection)
    except (Conflict, StepBlocked):
        return False  # the next round finds it as it then is
    except DatabaseAway:
        log.warning("Background step could not be saved", extra={"instance_id": instance_id}, exc_info=True)
        return False  # that passes by itself, and needs nobody
    except Exception as error:
        log.exception("Background step broke", extra={"instance_id": instance_id})
        broke = f"A step of this case broke and was taken back: {type(error).__name__}: {error}"
        _report(world, instance_id, broke)
        return False


def is_broken(instance_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Return the condition that an instance broke and nobody has retried it with success."""
    return exists().where(Incident.instance_id == instance_id, Incident.kind == BROKEN, Incident.resolved_at.is_(None))


def _report(world: World, instance_id: int, message: str) -> None:
    with world.db.write() as connection:
        hold_instance(connection, instance_id)
        incidents.raise_incident(
            connection,
            instance_id=instance_id,
            element_id=None,
            kind=BROKEN,
            message=message,
            now=world.clock.now(),
        )
        connection.execute(
            update(ProcessInstance).where(ProcessInstance.instance_id == instance_id).values(status="incident")
        )
