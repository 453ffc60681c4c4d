"""What a running diagram may ask of the world during one step: time, facts, expressions, decisions, jobs.

It collects what happened, for history, and can be taken back to a mark when the automatic part of a step fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, NestedTransaction

from engine.bank_holidays import calendar
from engine.context import StepContext
from engine.counted import clocks_told, note_uses
from engine.definitions import LoadedDefinition
from engine.due import work_out_due
from engine.evaluation import holds, values_read
from engine.facts import Facts, FactsMark
from engine.feel import compile_expression
from engine.history import Event
from engine.projection import Open
from engine.spiff.host import Deferred, Due, EvaluationFailed, Happening, Job, TimerKind
from engine.values import plain
from engine.world import Actor, World

_NEVER_TOLD = frozenset({"entered", "flow", "cancelled"})


@dataclass(frozen=True, slots=True)
class Mark:
    """A point to go back to: how many events and happenings there were, and the facts."""

    events: int
    happenings: int
    facts: FactsMark


class StepHost:
    """Lent to `engine.spiff` for one step of one instance (see its `Host` protocol)."""

    def __init__(
        self,
        world: World,
        connection: Connection,
        definition: LoadedDefinition,
        facts: Facts,
        *,
        instance_id: int,
        case_id: int | None,
        actor: Actor,
        now: datetime,
    ) -> None:
        self.now = now
        self.facts = facts.values
        self.events: list[Event] = []
        self.happenings: list[Happening] = []
        self._world = world
        self._connection = connection
        self._definition = definition
        self._facts = facts
        self._instance_id = instance_id
        self._case_id = case_id
        self._actor = actor
        self._calendar = calendar(world)
        self._savepoint: NestedTransaction | None = None
        self._retries: dict[str, int] = {}
        self.counted: dict[datetime, str] = {}

    def retries_of(self, element_id: str) -> int:
        """Return how often the diagram allows a job that ran in this step to be tried again."""
        return self._retries.get(element_id, 0)

    def mark(self) -> Mark:
        """Remember this point, with everything that handlers wrote before it."""
        self.keep()
        return Mark(len(self.events), len(self.happenings), self._facts.mark())

    def rewind(self, mark: Mark) -> None:
        """Go back to a mark: events, facts and the rows that handlers wrote since."""
        if self._savepoint is not None:
            self._savepoint.rollback()
            self._savepoint = None
        del self.events[mark.events :]
        del self.happenings[mark.happenings :]
        self._facts.rewind(mark.facts)

    def keep(self) -> None:
        """Keep what handlers wrote."""
        if self._savepoint is not None:
            self._savepoint.commit()
            self._savepoint = None

    def evaluate(self, expression: str, names: Mapping[str, object]) -> object:
        """Evaluate an expression of a mapping; null where FEEL says null."""
        evaluated = compile_expression(expression).explain(names, now=self.now, calendar=self._calendar)
        if evaluated.calendar_uses:
            note_uses(self.counted, evaluated.value, evaluated.calendar_uses)
        return evaluated.value

    def condition(self, expression: str, names: Mapping[str, object]) -> bool:
        """Evaluate a condition.

        Raises: EvaluationFailed when it is neither true nor false, with why it is null.
        """
        return holds(expression, names, now=self.now, calendar=self._calendar)

    def reading(self, texts: Sequence[str], names: Mapping[str, object]) -> str:
        """Return what expressions read, for operations to see."""
        return values_read(texts, names)

    def due(self, kind: TimerKind, text: str, names: Mapping[str, object]) -> Due:
        """Work out when a timer is due, and the rule that says so. Raises: EvaluationFailed."""
        return work_out_due(kind, text.strip(), names, now=self.now, calendar=self._calendar)

    def decide(self, decision_id: str, names: Mapping[str, object]) -> object:
        """Evaluate a decision of the bundle."""
        decisions = self._definition.decisions
        if decision_id not in decisions:
            raise EvaluationFailed(f"There is no decision {decision_id!r} in this version.")
        decision = decisions[decision_id]
        result = decision.evaluate(names, now=self.now, calendar=self._calendar, decisions=decisions)
        self.events.append(Event("decision", decision_id, decision.name, data={"result": plain(result)}))
        return result

    def run_job(self, job: Job) -> Mapping[str, object] | Deferred:
        """Run a service task's handler in the step's transaction, behind a savepoint."""
        self._retries[job.element_id] = job.retries
        if self._savepoint is None:
            self._savepoint = self._connection.begin_nested()
        context = StepContext(
            world=self._world,
            connection=self._connection,
            definition=self._definition,
            facts=self._facts,
            job=job,
            instance_id=self._instance_id,
            case_id=self._case_id,
            actor=self._actor,
            now=self.now,
        )
        handler = self._world.handlers.get(job.type)
        if handler is None:
            raise EvaluationFailed(f"There is no handler for the job type {job.type!r}.")
        result = handler(context, **plain(job.inputs))
        if not isinstance(result, Deferred):
            told = {"type": job.type}
            self.record(job.element_id, "job_done", values=result or None, data=told, callers=job.callers)
        return result

    def happened(self, happening: Happening) -> None:
        """Take note of what the diagram did; what people want to read goes to history."""
        self.happenings.append(happening)
        kind, element_id = happening.kind, happening.element_id
        if kind == "flow":
            self._chose(element_id)
        elif kind not in _NEVER_TOLD and kind != "job_done":
            element = self._definition.program.elements.get(element_id)
            if element is not None and kind == "completed" and element.kind == "businessRuleTask":
                self._place_decision(happening)
            if element is not None and not (kind == "completed" and _goes_without_saying(element.kind)):
                data = happening.detail if kind == "timer_fired" else None
                self.record(element_id, kind, data=data, callers=happening.callers)

    def told(self, before: Open, after: Open) -> list[Event]:
        """Return what happened for history, and then the dates that were set meanwhile."""
        waits = [wait for key, wait in after.waits.items() if key not in before.waits]
        tasks = [task for token, task in after.tasks.items() if token not in before.tasks]
        told = clocks_told(self._definition, self.counted, waits=waits, tasks=tasks, facts=self.facts["request"])
        return [*self.events, *told]

    def _place_decision(self, happening: Happening) -> None:
        """Say of the decision that a task has just made at which step it was: the decision alone does not know."""
        for place in range(len(self.events) - 1, -1, -1):
            made = self.events[place]
            if made.kind == "decision" and not made.step:
                step = self._definition.step_of(happening.element_id, happening.callers)
                data = {**(made.data or {}), "element": happening.element_id}
                self.events[place] = replace(made, step=step, data=data)
                return

    def _chose(self, flow_id: str) -> None:
        """Tell which way a named flow went, with the question that its gateway asks.

        Only a step of its own counts: the call that it is inside may stand for a whole part of the procedure.
        """
        program = self._definition.program
        flow = program.flows.get(flow_id)
        if flow is None or not flow.name:
            return
        source = program.elements.get(flow.source)
        question = f"{source.name} {flow.name}" if source is not None and source.name else flow.name
        self.events.append(Event("chose", flow_id, question, self._definition.step_of(flow_id)))

    def record(
        self,
        element_id: str,
        kind: str,
        *,
        values: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        callers: tuple[str, ...] = (),
    ) -> None:
        """Note for history something that an element did; `values` are stored apart from the chain.

        `callers` are the activities that the element is inside, the nearest first.
        """
        element = self._definition.program.elements.get(element_id)
        name = element.name if element is not None else ""
        step = self._definition.step_of(element_id, callers)
        self.events.append(Event(kind, element_id, name or element_id, step, data=data, values=values))


def _goes_without_saying(element_kind: str) -> bool:
    """A gateway is told by the flow that it chose, a task by what was submitted, done or decided there."""
    return element_kind.endswith("Gateway") or element_kind in ("userTask", "serviceTask", "businessRuleTask")
