"""Jobs: the automatic rest of a step that failed, tried again after a while, and incidents that a person retries."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, or_, select

from engine import definitions, history, instance_row, outbox
from engine.background import BROKEN, is_broken, move
from engine.errors import NotFound
from engine.history import Event
from engine.holds import hold_instance
from engine.models import Incident, Job
from engine.people import Somebody
from engine.projection import Open, Place, redraw_waits
from engine.sent_forms import note_sent
from engine.spiff import Workflow
from engine.step import BACK_OFF, Outcome, intervene, nothing, step
from engine.step_host import StepHost
from engine.world import WORKER, World


def run_due(world: World) -> int:
    """Try every job that is due again; return how many instances moved."""
    with world.db.read() as connection:
        due = due_instances(connection, now=world.clock.now())
    return sum(move(world, instance_id, nothing, actor=WORKER) for instance_id in due)


def due_instances(connection: Connection, *, now: datetime) -> list[int]:
    """Return the instances with a job that is due.

    What lies further ahead than anybody puts it was put off while the clock was wrong, and does not wait for that hour.
    """
    is_due = or_(Job.available_at <= now, Job.available_at > now + BACK_OFF[-1])
    rows = connection.execute(select(Job.instance_id).where(is_due, ~is_broken(Job.instance_id)))
    return [row.instance_id for row in rows]


def retry_incident(world: World, incident_id: int, *, actor: Somebody, sent_key: str | None = None) -> Outcome | None:
    """Try again what an incident stopped: the delivery that it names, or the rest of the instance.

    Raises: NotFound when the incident is not open, SentBefore.
    """
    with world.db.write() as connection:
        note_sent(connection, sent_key, now=world.clock.now())
        stopped = connection.execute(
            select(Incident.instance_id).where(Incident.incident_id == incident_id)
        ).scalar_one_or_none()
        if stopped is not None:
            hold_instance(connection, stopped)
        incident = connection.execute(
            select(Incident.__table__).where(Incident.incident_id == incident_id, Incident.resolved_at.is_(None))
        ).one_or_none()
        if incident is None:
            raise NotFound("This incident is not open any more.")
        if incident.outbox_id is not None:
            now = world.clock.now()
            if outbox.reopen(connection, incident.outbox_id, now=now) and incident.instance_id is not None:
                event = Event("retried", incident.element_id or "")
                history.tell(connection, incident.instance_id, event, at=now, actor=actor.actor.key)
            return None

        if incident.kind == BROKEN:
            _draw_waits_anew(world, connection, incident.instance_id, actor)

        def act(_workflow: Workflow, host: StepHost) -> None:
            host.events.append(Event("retried", incident.element_id or ""))

        return step(world, connection, incident.instance_id, act, actor=actor.actor)


def _draw_waits_anew(world: World, connection: Connection, instance_id: int, actor: Somebody) -> None:
    """Write the waits of an instance that broke as its state has them: what it broke on may be one of them."""
    row = instance_row.lock(connection, instance_id)
    if row.ended_at is not None:
        return
    definition = definitions.load(world, connection, row.definition_id)
    place = Place(instance_id, row.case_id, world.clock.now(), actor.person_id)

    def act(workflow: Workflow, _host: StepHost) -> None:
        redraw_waits(connection, place, definition, Open.of(workflow))

    intervene(world, connection, instance_id, act, actor=actor.actor, status=row.status)
