"""The instances of a run: each moves by one act at a time and is stored and restored in between, as in the product."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from engine.errors import RedressError
from engine.runner.answers import Answers, Thrown
from engine.runner.files import Bundle
from engine.runner.host import Clock, Host
from engine.runner.script import NotDone
from engine.spiff import Job, OpenTask, OpenWait, RunFailed, Stored, TokenNotOpen, Workflow

MAX_INSTANCES = 500

Undo = Callable[[Exception], None]


@dataclass(slots=True)
class Instance:
    """One instance. `is_blocked` when it could not even take what happened to it: until a retry it is left alone."""

    number: int
    process_id: str
    host: Host
    stored: Stored | None = None
    incident: Mapping[str, str] | None = None
    is_completed: bool = False
    is_blocked: bool = False
    waits: tuple[OpenWait, ...] = ()
    tasks: tuple[OpenTask, ...] = ()

    @property
    def is_live(self) -> bool:
        """Whether something can still happen to it."""
        return self.stored is not None and not self.is_completed and not self.is_blocked


@dataclass(slots=True)
class Note:
    """Something that happened between instances or stopped one; `instance` is its number, 0 for the script."""

    number: int
    at: datetime
    instance: int
    kind: str
    detail: dict[str, Any] = field(default_factory=dict)


class Instances:
    """All instances of a run."""

    def __init__(self, bundle: Bundle, clock: Clock, answers: Answers, *, budget: int) -> None:
        self.all: list[Instance] = []
        self.notes: list[Note] = []
        self._program = bundle.program
        self._decisions = bundle.decisions
        self._clock = clock
        self._answers = answers
        self._budget = budget

    def live(self) -> Iterator[Instance]:
        """Return those to which something can still happen, the oldest first."""
        return iter([instance for instance in self.all if instance.is_live])

    def start(self, process_id: str, variables: Mapping[str, Any], *, at: str | None = None) -> Instance:
        """Start one more instance, `at` the start event that happened, and run it to rest.

        Raises: NotDone when there are too many.
        """
        if len(self.all) >= MAX_INSTANCES:
            raise NotDone(f"more than {MAX_INSTANCES:,} instances were started.")
        number = len(self.all) + 1

        def run_job(host: Host, job: Job) -> Any:
            return self._answers.run_job(host, job, sender=number)

        instance = Instance(number, process_id, Host(self._clock, self._decisions, run_job))
        self.all.append(instance)
        begun = Workflow.start(self._program, variables, instance.host, process_id=process_id, start_element=at)
        self._run(instance, begun)
        return instance

    def move(self, instance: Instance, act: Callable[[Workflow], object]) -> None:
        """Let something happen to an instance and run it to rest. Raises: NotDone."""
        workflow = self.workflow(instance)
        undo = partial(self._undo, instance, len(instance.host.happenings), len(self._answers.thrown))
        try:
            act(workflow)
        except TokenNotOpen as fault:
            raise NotDone("the task was withdrawn before.") from fault
        except Exception as failure:  # noqa: BLE001 - the edge: whatever a diagram provokes is an incident
            undo(failure)
            instance.is_blocked = True
            return
        self._run(instance, workflow, undo_act=undo)

    def retry(self, instance: Instance) -> None:
        """Try again what failed."""
        instance.is_blocked = False
        self.move(instance, lambda workflow: None)

    def workflow(self, instance: Instance) -> Workflow:
        """Return an instance as it was stored."""
        if instance.stored is None:
            raise NotDone(f"instance {instance.number} could not be stored.")
        return Workflow.restore(self._program, instance.stored, instance.host)

    def _run(self, instance: Instance, workflow: Workflow, undo_act: Undo | None = None) -> None:
        """Run to rest; when that fails, what was done before stays and the rest is an incident."""
        undo = partial(self._undo, instance, len(instance.host.happenings), len(self._answers.thrown))
        try:
            instance.stored = workflow.store()
        except ValueError as failure:
            (undo_act or undo)(failure)
            return
        try:
            workflow.run_to_rest(budget=self._budget)
            instance.stored = workflow.store()
        except Exception as failure:  # noqa: BLE001 - the edge: whatever a diagram provokes is an incident
            undo(failure)
            self._look(instance)
            return
        instance.incident = None
        self._answers.thrown += [
            Thrown("signal", name, None, payload, instance.number) for name, payload in workflow.thrown
        ]
        self._look(instance, workflow)
        if workflow.is_stuck:
            message = "The instance has nothing to do and nothing to wait for, and has not ended."
            self._stop(instance, workflow.stuck_at, message)

    def _look(self, instance: Instance, workflow: Workflow | None = None) -> None:
        """Note what an instance waits for."""
        if instance.stored is None:
            return
        workflow = workflow or self.workflow(instance)
        instance.is_completed = workflow.is_completed
        instance.waits = () if workflow.is_completed else tuple(workflow.open_waits())
        instance.tasks = () if workflow.is_completed else tuple(workflow.open_tasks())

    def _undo(self, instance: Instance, mark: int, thrown: int, failure: Exception) -> None:
        del instance.host.happenings[mark:]
        del self._answers.thrown[thrown:]
        element = failure.element_id if isinstance(failure, RunFailed) else ""
        why = str(failure) if isinstance(failure, RedressError) else f"{type(failure).__name__}: {failure}"
        if isinstance(failure, ValueError):
            why = f"A variable holds what cannot be stored: {failure}."
        self._stop(instance, element, why)

    def _stop(self, instance: Instance, element: str, message: str) -> None:
        instance.incident = {"element": element, "message": message}
        self.note(instance.number, "incident", element=element, message=message)

    def note(self, instance: int, kind: str, **detail: Any) -> None:
        """Put something into the trace that no element did."""
        self.notes.append(Note(self._clock.next(), self._clock.now, instance, kind, detail))
