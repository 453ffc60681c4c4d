"""Dispatch: hands over what the outbox owes, then lets the waiting token go on.

Claim, deliver and record are three separate moments: a process that dies between them leaves a row whose lease runs
out, and the receiver refuses a second copy by its key. So nothing is lost and nothing is sent twice.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from sqlalchemy import Connection, select

from engine import incidents, notifications, outbox, starts
from engine.failpoints import failpoint
from engine.history import Event
from engine.measures import DELIVERIES
from engine.models import Document, ProcessInstance, ServiceRequest
from engine.outbox import BACK_OFF, Owed
from engine.people import is_active
from engine.signals import broadcast
from engine.spiff import Workflow
from engine.step import step
from engine.step_host import StepHost
from engine.world import WORKER, World

log = logging.getLogger(__name__)

BATCH = 20
OPERATIONS = "operations"
_INSIDE = ("signal", "start")
"""What leaves nothing to a receiver outside: the step that is owed is made as it is recorded, and so once."""
_ENDED_EACH_TIME = (
    "whoever handed it over ended each time before saying what became of it. It may have left. "
    "Trying again sends no letter or payment twice; an email may come twice."
)


def deliver_due(world: World) -> int:
    """Deliver what is due, one after the other; return how many deliveries were tried.

    Each is claimed when its turn comes: held in a row, the last ones would wait through their lease behind a slow one.
    """
    tried = 0
    while tried < BATCH and _is_due(world) and deliver_one(world):
        tried += 1
    return tried


def deliver_one(world: World, outbox_id: int | None = None) -> bool:
    """Deliver what is due longest, or what is named; return whether a delivery was tried."""
    with world.db.write() as connection:
        owed = outbox.claim(connection, now=world.clock.now(), outbox_id=outbox_id)
    if owed is None:
        return False
    failpoint("delivery_claimed")
    if owed.attempts > world.settings.delivery_attempts:
        _give_up(world, owed, owed.attempts - 1, _ENDED_EACH_TIME)
    else:
        _deliver(world, owed)
    return True


def _is_due(world: World) -> bool:
    """Tell whether there is anything to claim: an idle round takes no lock from people who work."""
    with world.db.read() as connection:
        return outbox.is_due(connection, now=world.clock.now())


def _deliver(world: World, owed: Owed) -> None:
    try:
        result = {} if owed.kind in _INSIDE else world.deliveries[owed.kind](world, owed)
        failpoint("delivery_done")
        _record(world, owed, result)
        DELIVERIES.labels(owed.kind, "sent").inc()
        log.info("Handed over", extra={"outbox_id": owed.outbox_id, "instance_id": owed.instance_id})
    except Exception as error:  # noqa: BLE001 - the edge of the worker: every failure becomes a retry or an incident
        # What was handed over but not recorded is tried again too: its receiver refuses a second copy by the key.
        log.warning("Delivery failed", extra={"outbox_id": owed.outbox_id, "error": type(error).__name__})
        failpoint("delivery_failed")
        _failed(world, owed, f"{type(error).__name__}: {error}")


def _record(world: World, owed: Owed, result: Mapping[str, object]) -> None:
    with world.db.write() as connection:
        outbox.hold(connection, owed)
        now = world.clock.now()
        if not outbox.mark_sent(connection, owed, result, now=now):
            return
        incidents.resolve_delivery(connection, outbox_id=owed.outbox_id, now=now, by=WORKER.key)
        _go_on(world, connection, owed, result)
        failpoint("delivery_before_commit")


def _go_on(world: World, connection: Connection, owed: Owed, result: Mapping[str, object]) -> None:
    """Make the step that is owed, or complete the deferred job that waits for this delivery, if one still does."""
    if owed.kind == "start":
        starts.make(world, connection, owed.element_id, owed.payload)
    elif owed.kind == "signal":
        _signal(world, connection, owed)
    if owed.token is None or owed.instance_id is None:
        return
    token = owed.token

    def act(workflow: Workflow, host: StepHost) -> None:
        waiting = next((wait for wait in workflow.open_waits() if wait.kind == "job" and wait.token == token), None)
        if waiting is not None:
            workflow.complete_job(token, dict(result))
            told = {"type": owed.kind}
            host.record(owed.element_id or "", "job_done", values=result, data=told, callers=waiting.callers)

    step(world, connection, owed.instance_id, act, actor=WORKER)


def _failed(world: World, owed: Owed, error: str) -> None:
    if owed.attempts >= world.settings.delivery_attempts:
        _give_up(world, owed, owed.attempts, error)
        return
    wait = BACK_OFF[min(owed.attempts, len(BACK_OFF)) - 1]
    with world.db.write() as connection:
        outbox.hold(connection, owed)
        outbox.mark_for_retry(connection, owed, error, at=world.clock.now() + wait)
    DELIVERIES.labels(owed.kind, "retried").inc()


def _give_up(world: World, owed: Owed, tries: int, error: str) -> None:
    """Leave a delivery to a person. A claim counts as a try before anything leaves, so that deaths count too."""
    with world.db.write() as connection:
        outbox.hold(connection, owed)
        if not outbox.mark_failed(connection, owed, error):
            return
        DELIVERIES.labels(owed.kind, "failed").inc()
        incidents.raise_incident(
            connection,
            instance_id=owed.instance_id,
            element_id=owed.element_id,
            kind="DeliveryFailed",
            message=f"It could not be handed over after {tries} tries. The last reason was: {error}",
            now=world.clock.now(),
            outbox_id=owed.outbox_id,
        )
        _tell_holder(world, connection, owed)


def _tell_holder(world: World, connection: Connection, owed: Owed) -> None:
    """Tell whoever holds the request, else its team, that what it owes has not left: operations put that right."""
    about = connection.execute(
        select(ServiceRequest.number, ServiceRequest.case_id, ServiceRequest.owner_id, ServiceRequest.owner_group)
        .join(ProcessInstance, ProcessInstance.request_id == ServiceRequest.request_id)
        .where(ProcessInstance.instance_id == owed.instance_id)
    ).one_or_none()
    if about is None:
        return
    named = select(Document.document_id, Document.template_id).where(
        Document.document_id == owed.payload.get("document_id"), Document.template_id.is_not(None)
    )
    letters = {row.document_id: str(row.template_id) for row in connection.execute(named)}
    has_left = about.owner_id is not None and not is_active(connection, about.owner_id)
    what = outbox.described(owed.kind, owed.payload, letters)
    notifications.tell(
        connection,
        subject=f"{what} about {about.number} could not be handed over"[:200],
        text="Operations have an incident about it and try it again when the reason is put right. Nothing is lost.",
        at=world.clock.now(),
        person_id=None if has_left else about.owner_id,
        group_key=about.owner_group or OPERATIONS,
        case_id=about.case_id,
        instance_id=owed.instance_id,
    )


def _signal(world: World, connection: Connection, owed: Owed) -> None:
    """Let one instance hear a signal, unless it has ended meanwhile."""
    name = str(owed.payload["name"])
    if "values" not in owed.payload:  # owed to nobody in particular, as it was before signals carried anything
        broadcast(connection, name, {}, key=owed.key, sender=owed.instance_id, now=world.clock.now())
        return
    values = dict(owed.payload["values"])

    def act(workflow: Workflow, host: StepHost) -> None:
        if workflow.deliver_signal(name, values) and values:
            host.events.append(Event("signal", element_name=name, data={"name": name}, values=values))

    ended = select(ProcessInstance.ended_at).where(ProcessInstance.instance_id == owed.instance_id)
    if owed.instance_id is not None and connection.execute(ended).scalar_one() is None:
        step(world, connection, owed.instance_id, act, actor=WORKER)
