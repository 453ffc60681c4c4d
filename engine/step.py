"""The step: the one way an instance moves.

Lock the instance, restore it, fire overdue timers, act, keep, run to rest, project, save: one transaction, which the
caller opens. An exception discards what is in memory, so that a half-run instance is never saved. If an automatic part
fails after the act, the act is kept and the rest becomes a job with retries, then an incident.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from engine import definitions, history, incidents, instance_row
from engine.definitions import LoadedDefinition
from engine.errors import Conflict, InstanceSuspended, RedressError
from engine.failpoints import failpoint
from engine.history import Chain, Event
from engine.instance_row import SUSPENDED
from engine.measures import STEP_SECONDS
from engine.models import Job, ProcessInstance
from engine.notifications import tell_new_holders
from engine.projection import Open, Place, nobody_holds, project
from engine.signals import broadcast
from engine.spiff import Stored, Workflow
from engine.spiff.host import HandlerFailed, Happening, RunFailed
from engine.step_host import StepHost
from engine.values import dumps
from engine.world import Actor, World

log = logging.getLogger(__name__)

_FAILED, _ENDED = ("retrying", "incident"), ("completed", "cancelled")
BACK_OFF = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=5))

Act = Callable[[Workflow, StepHost], None]


class StepBlocked(RedressError):
    """An overdue automatic step of this case failed first. Operations can see it; nothing of yours was changed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step did: the instance's status after it, every element and flow that it touched, its new tasks' rows."""

    instance_id: int
    status: str
    happenings: list[Happening] = field(default_factory=list)
    opened: list[dict[str, Any]] = field(default_factory=list)


def nothing(_workflow: Workflow, _host: StepHost) -> None:
    """Act by doing nothing: overdue timers fire and the automatic rest runs."""


def step(
    world: World,
    connection: Connection,
    instance_id: int,
    act: Act,
    *,
    actor: Actor,
    completes: str | None = None,
    held: Any = None,
) -> Outcome:
    """Move an instance by one act, inside the caller's transaction.

    `completes` is the token of the user task that the act completes, `held` the instance's row where the caller holds
    it and has read it since.
    An instance that has ended stays as it is; a suspended one keeps what arrives and goes no further.
    Raises: NotFound; StepBlocked; InstanceSuspended; Conflict; whatever the act raises (nothing has changed then).
    """
    row = held or instance_row.lock(connection, instance_id)
    if row.ended_at is not None or (row.status == SUSPENDED and act is nothing):
        return Outcome(instance_id, row.status)
    if row.status == SUSPENDED and completes is not None:
        raise InstanceSuspended
    run = _Run(world, connection, row, actor=actor, completes=completes)
    workflow = Workflow.restore(run.definition.program, Stored(row.state, row.variables), run.host)
    if row.status == SUSPENDED:
        return run.hold(workflow, act, SUSPENDED)
    return run.advance(workflow, act)


def intervene(
    world: World,
    connection: Connection,
    instance_id: int,
    act: Act,
    *,
    actor: Actor,
    status: str,
    definition: LoadedDefinition | None = None,
) -> Outcome:
    """Let operations act on an instance and save it in a status, inside the caller's transaction; nothing runs on.

    With `definition` it stands on that version from then on.
    Raises: NotFound; StateMismatch when it cannot stand there; Conflict; whatever the act raises.
    """
    row = instance_row.lock(connection, instance_id)
    if row.ended_at is not None:
        raise Conflict("This instance has ended. Nothing was changed.")
    run = _Run(world, connection, row, actor=actor, completes=None)
    workflow = Workflow.restore(run.definition.program, Stored(row.state, row.variables), run.host)
    if definition is not None:
        run.definition = definition
        workflow = workflow.moved_to(definition.program)
    return run.hold(workflow, act, status)


def begin(
    world: World,
    connection: Connection,
    definition: LoadedDefinition,
    values: dict[str, object],
    *,
    case_id: int | None,
    request_id: int | None = None,
    business_key: str | None = None,
    actor: Actor,
    start_element: str | None = None,
    because: Mapping[str, str] | None = None,
) -> Outcome:
    """Create an instance of a definition with the values of its start form, and run it to rest.

    `start_element` is the event that happened and `because` its name, for history, where an event started it.
    """
    now = world.clock.now()
    instance_id = connection.execute(
        insert(ProcessInstance)
        .values(
            definition_id=definition.definition_id,
            case_id=case_id,
            request_id=request_id,
            business_key=business_key,
            status="active",
            version=0,
            state=b"",
            variables="{}",
            pending_facts="{}",
            history_seq=0,
            history_hash=history.START,
            started_at=now,
        )
        .returning(ProcessInstance.instance_id)
    ).scalar_one()
    run = _Run(world, connection, instance_row.lock(connection, instance_id), actor=actor, completes=None)
    version = {"definition": definition.key, "version": definition.version, "sha256": definition.sha256}
    data = {**version, **(because or {})}
    run.host.events.append(Event("started", data=data, values=values))
    workflow = Workflow.start(definition.program, {}, run.host, start_values=values, start_element=start_element)
    return run.advance(workflow, nothing)


class _Run:
    """One step of one instance, from the locked row to the saved one."""

    def __init__(self, world: World, connection: Connection, row: Any, *, actor: Actor, completes: str | None) -> None:
        self.began = perf_counter()
        self.world = world
        self.connection = connection
        self.row = row
        self.actor = actor
        self.completes = completes
        self.now: datetime = world.clock.now()
        self.thrown: list[tuple[str, dict[str, Any]]] = []
        self.definition = definitions.load(world, connection, row.definition_id)
        self.facts = instance_row.facts_of(row)
        # A retry belongs to the person whose submit it goes on with, and not to who or what set it off.
        # An instance that was never saved has had no submit.
        earlier = None if completes or not row.version else instance_row.last_submitter(connection, row.instance_id)
        self.submitter = earlier or actor
        self.facts.values["actor"] = self.submitter.person_id
        self.host = StepHost(
            world,
            connection,
            self.definition,
            self.facts,
            instance_id=row.instance_id,
            case_id=row.case_id,
            actor=self.submitter if row.status in _FAILED else actor,
            now=self.now,
        )

    def advance(self, workflow: Workflow, act: Act) -> Outcome:
        """Fire, act, keep, run, save."""
        self.before = self.after = Open.of(workflow)
        self._catch_up(workflow, act)
        act(workflow, self.host)
        failpoint("step_after_act")
        kept, mark = _stored(workflow), self.host.mark()
        self.thrown = workflow.thrown
        try:
            kept = self._run(workflow)
        except RunFailed as failure:
            self.host.rewind(mark)
            workflow = Workflow.restore(self.definition.program, kept, self.host)
            self.after = Open.of(workflow)
            self._save_facts()
            status = self._set_aside(failure)
        else:
            self.host.keep()
            status = "completed" if workflow.is_completed else "active"
            self._at_rest()
        opened = self._save(workflow, kept, status)
        self._measure(status)
        outcome = Outcome(self.row.instance_id, status, self.host.happenings, opened)
        if self.world.observer is not None:
            self.world.observer(outcome)
        return outcome

    def _measure(self, status: str) -> None:
        seconds = perf_counter() - self.began
        STEP_SECONDS.labels(status).observe(seconds)
        about = {"instance_id": self.row.instance_id, "case_id": self.row.case_id, "status": status}
        log.info("Took a step", extra={**about, "milliseconds": round(seconds * 1000, 1)})

    def hold(self, workflow: Workflow, act: Act, status: str) -> Outcome:
        """Act and save, and run nothing."""
        self.before = Open.of(workflow)
        act(workflow, self.host)
        self.host.keep()
        stored = _stored(workflow)
        self._save_facts()
        self.after = Open.of(workflow)
        self._save(workflow, stored, status)
        return Outcome(self.row.instance_id, status, self.host.happenings)

    def _catch_up(self, workflow: Workflow, act: Act) -> None:
        """Let overdue timers take their course before the act, so that a late submit meets the case as it now is.

        One after the other: what one of them leads to may end what another waits for. The poll fires one a step.
        """
        if act is nothing:
            workflow.fire_due_timers(most=1)
            return
        if not workflow.has_due_timers:
            return
        start = self.host.mark()
        try:
            while workflow.fire_due_timers(most=1):
                workflow.run_to_rest(budget=self.world.settings.step_budget)
        except RunFailed as failure:
            self.host.rewind(start)
            raise StepBlocked from failure

    def _run(self, workflow: Workflow) -> Stored:
        """Run to rest and return the state there, with the facts saved. Raises: RunFailed."""
        workflow.run_to_rest(budget=self.world.settings.step_budget)
        if workflow.is_stuck:
            why = "The instance has nothing to do and nothing to wait for, and has not ended."
            raise RunFailed(why, element_id=workflow.stuck_at)
        self.after = Open.of(workflow)
        for token, task in self.after.tasks.items():
            if token not in self.before.tasks and (why := nobody_holds(task, self.definition)):
                raise RunFailed(why, element_id=task.element_id)
        stored = _stored(workflow)
        self._save_facts()
        self.thrown = workflow.thrown
        return stored

    def _save_facts(self) -> None:
        self.facts.save(self.connection, case_id=self.row.case_id, instance_id=self.row.instance_id)

    def _set_aside(self, failure: RunFailed) -> str:
        """Keep the act; make the failed rest a job to retry, or an incident."""
        tried = self.connection.execute(select(Job).where(Job.instance_id == self.row.instance_id)).one_or_none()
        element_id = failure.element_id
        attempts = (tried.attempts if tried and tried.element_id == element_id else 0) + 1
        self.host.events.append(Event("failed", element_id, data={"attempt": attempts}))
        self.connection.execute(delete(Job).where(Job.instance_id == self.row.instance_id))
        retries = self.host.retries_of(element_id)
        if isinstance(failure, HandlerFailed) and attempts <= retries:
            self.connection.execute(
                insert(Job).values(
                    instance_id=self.row.instance_id,
                    element_id=element_id,
                    attempts=attempts,
                    retries=retries,
                    available_at=self.now + BACK_OFF[min(attempts, len(BACK_OFF)) - 1],
                    last_error=str(failure),
                )
            )
            return "retrying"
        incidents.raise_incident(
            self.connection,
            instance_id=self.row.instance_id,
            element_id=element_id,
            kind=type(failure).__name__,
            message=str(failure),
            now=self.now,
        )
        return "incident"

    def _at_rest(self) -> None:
        """Clear what an earlier failure left, now that the instance runs again."""
        if self.row.status not in _FAILED:
            return
        self.connection.execute(delete(Job).where(Job.instance_id == self.row.instance_id))
        incidents.resolve_all(self.connection, instance_id=self.row.instance_id, now=self.now, by=self.actor.key)

    def _save(self, workflow: Workflow, stored: Stored, status: str) -> list[dict[str, Any]]:
        """Write everything down; return the rows of the tasks that are new."""
        place = Place(self.row.instance_id, self.row.case_id, self.now, self.actor.person_id)
        opened = project(
            self.connection, place, self.definition, before=self.before, after=self.after, completed=self.completes
        )
        tell_new_holders(self.connection, self.row.instance_id, opened, actor_id=self.submitter.person_id, at=self.now)
        for number, (name, values) in enumerate(self.thrown):
            key = f"{self.row.instance_id}-signal-{self.row.version + 1}-{number}"
            broadcast(self.connection, name, values, key=key, sender=self.row.instance_id, now=self.now)
        chain = Chain(self.row.history_seq, self.row.history_hash)
        history.append(
            self.connection,
            chain,
            self.host.told(self.before, self.after),
            instance_id=self.row.instance_id,
            case_id=self.row.case_id,
            at=self.now,
            actor=self.actor.key,
        )
        failpoint("step_before_commit")
        changes = {
            "state": stored.state,
            "variables": stored.variables,
            "status": status,
            "history_seq": chain.seq,
            "history_hash": chain.hash,
            "definition_id": self.definition.definition_id,
            "ended_at": (self.row.ended_at or self.now) if status in _ENDED else None,
            "suspended_at": (self.row.suspended_at or self.now) if status == SUSPENDED else None,
            "request_id": self.facts.request_id,
            "business_key": self.facts.values["request"].get("number") or self.row.business_key,
        }
        instance_row.save(self.connection, self.row, changes)
        return opened


def _stored(workflow: Workflow) -> Stored:
    """Write an instance down. Raises: RunFailed when a variable holds what cannot be stored, such as a range."""
    try:
        for _, values in workflow.thrown:
            dumps(values)
        return workflow.store()
    except ValueError as fault:
        raise RunFailed(f"A variable holds what cannot be stored: {fault}.") from fault
