"""The one way to move an instance: start or restore it, let something happen, run to rest, store it.

Nothing here reads a clock or a database: the host of the step lends both. After a `RunFailed` the object is half-run;
discard it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from SpiffWorkflow.util.task import TaskState

from engine.spiff import codec
from engine.spiff.codec import Stored
from engine.spiff.errors_up import raise_error
from engine.spiff.events import Catching, catch_signal
from engine.spiff.host import Host, StateMismatch, TokenNotOpen
from engine.spiff.instance import Instance, is_automatic
from engine.spiff.kernel import withdraw_all
from engine.spiff.moving import misfits
from engine.spiff.program import Program
from engine.spiff.scopes import copied, take_facts, visible_names
from engine.spiff.triggers import Message
from engine.spiff.views import OpenTask, OpenWait, is_open_job, is_open_task, open_tasks, open_waits


class Workflow:
    """A process instance in memory, for one step."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    @classmethod
    def start(
        cls,
        program: Program,
        variables: Mapping[str, Any],
        host: Host,
        *,
        process_id: str | None = None,
        start_element: str | None = None,
        start_values: Mapping[str, Any] | None = None,
    ) -> Workflow:
        """Begin an instance; it stands at its start event until `run_to_rest`.

        `start_element` is the event that happened, of a process with several starts.
        `start_values` are the answers of a start form: keys of facts (``request.reason``) write facts.
        """
        instance = Instance(program, process_id or program.process_id, host)
        instance.data = copied(variables)
        instance.tell("process_started", instance.process_id)
        instance.begin(start_element or "")
        if start_values:
            token = next(task for task in instance.tasks.values() if task is not instance.task_tree)
            instance.data.update(take_facts(token, start_values))
        return cls(instance)

    @classmethod
    def restore(cls, program: Program, stored: Stored, host: Host) -> Workflow:
        """Read an instance back from its stored state.

        Raises: StateMismatch when the program lacks an element that the state names.
        """
        return cls(codec.restore(program, stored, host))

    def moved_to(self, program: Program) -> Workflow:
        """Return this instance on another version of its diagrams, standing where it stands; use the result alone.

        Raises: StateMismatch when that version lacks an element with a token, or would have it wait for other events.
        """
        moved = codec.restore(program, self.store(), self._instance.host)
        unlike = misfits(self._instance, program)
        if unlike:
            raise StateMismatch(unlike)
        return Workflow(moved)

    def store(self) -> Stored:
        """Write the instance down: at rest, or right after something happened and before `run_to_rest`."""
        return codec.store(self._instance)

    # What may happen

    def fire_due_timers(self, *, most: int | None = None) -> int:
        """Fire the timers that are due by the host's clock, the earliest first; return how many. Does not run further.

        With `most` no more than that: after an outage the effect of one overdue timer may withdraw the next.

        An interrupting one withdraws its activity at once, so that it beats a submit of the same step.
        """
        fired = 0
        for _, _, task, element_id in sorted(self._due_timers(), key=lambda item: item[:2]):
            if task.state == TaskState.WAITING:  # an earlier one may have withdrawn it
                task.task_spec.fire_timer(task, element_id)
                fired += 1
            if fired == most:
                break
        return fired

    @property
    def has_due_timers(self) -> bool:
        """Whether a timer is due by the host's clock."""
        return next(self._due_timers(), None) is not None

    def _due_timers(self) -> Iterator[tuple[datetime, int, Any, str]]:
        now = self._instance.host.now
        for order, task in enumerate(self._instance.all_tasks()):
            if task.state == TaskState.WAITING and isinstance(task.task_spec, Catching):
                for element_id, _, armed in task.task_spec.armed(task):
                    if armed.due is not None and armed.due <= now:
                        yield armed.due, order, task, element_id

    def complete_task(self, token: str, values: Mapping[str, Any]) -> None:
        """Take what a person submitted: values are assigned, never merged. Does not run further.

        Raises: TokenNotOpen when the task was completed or withdrawn before.
        """
        if not self.is_open(token):
            raise TokenNotOpen()
        task = self._task(token)
        task.task_spec.submit(task, values)

    def complete_job(self, token: str, result: Mapping[str, Any]) -> None:
        """Take the result of a deferred job. Does not run further.

        Raises: TokenNotOpen when nothing waits for it any more.
        """
        task = self._open_job(token)
        task.task_spec.complete(task, result)

    def throw_error(
        self, token: str, code: str, variables: Mapping[str, Any] | None = None, *, message: str = ""
    ) -> None:
        """Let a deferred job end in a BPMN error. Does not run further.

        Raises: TokenNotOpen; UnhandledBpmnError when the diagram does not catch it.
        """
        raise_error(self._open_job(token), code, message, dict(variables or {}))

    def deliver_message(self, name: str, key: str, payload: Mapping[str, Any]) -> bool:
        """Give a message to the first token that waits for this name and key; return whether one does."""
        for task in self._instance.all_tasks():
            if task.state == TaskState.WAITING and isinstance(task.task_spec, Catching):
                for element_id, trigger, armed in task.task_spec.armed(task):
                    if isinstance(trigger, Message) and (armed.name, armed.key) == (name, key):
                        task.task_spec.fire(task, dict(payload), {"name": name, "key": key}, element_id)
                        return True
        return False

    def deliver_signal(self, name: str, payload: Mapping[str, Any]) -> bool:
        """Give a signal to every token that waits for it; return whether any does."""
        return catch_signal(self._instance, name, dict(payload))

    # What operations may do to it

    def delay_timers(self, by: timedelta) -> None:
        """Put off every timer that is armed, so that the time it had left is what it has left again."""
        for task in self._instance.all_tasks():
            for armed in task.internal_data.get("due", {}).values():
                armed[0] = (datetime.fromisoformat(armed[0]) + by).isoformat()

    def cancel(self) -> None:
        """End it where it stands: what is open is withdrawn, and nothing goes on."""
        withdraw_all(self._instance)
        self._instance.completed = True

    @property
    def scopes(self) -> dict[str, dict[str, Any]]:
        """Every set of variables by its address, the process's own first: what expressions read, not a copy.

        The address of a called process is the token of its call, that of what belongs to one token is that token.
        """
        found = {"": self._instance.data}
        for workflow in self._instance.workflows():
            if workflow.parent_task is not None and workflow.parent_task.task_spec.starts_a_root:
                found[workflow.parent_task.id.hex] = workflow.data
        for task in self._instance.all_tasks():
            if task.internal_data.get("locals"):
                found.setdefault(task.id.hex, task.internal_data["locals"])
        return found

    def run_to_rest(self, *, budget: int = 2000) -> None:
        """Run until nothing automatic is ready.

        Raises: StepBudgetExceeded, EvaluationFailed, HandlerFailed, UnhandledBpmnError: discard this object.
        """
        self._instance.run(budget)

    # What it shows

    def open_tasks(self) -> list[OpenTask]:
        """Return the user tasks that wait for a person."""
        return list(open_tasks(self._instance))

    def is_open(self, token: str) -> bool:
        """Tell whether a token is a user task that waits for a person."""
        task = self._task(token)
        return task is not None and is_open_task(task)

    def open_waits(self) -> list[OpenWait]:
        """Return the timers, messages, signals and deferred jobs that tokens wait for."""
        return list(open_waits(self._instance))

    def names(self, token: str) -> Mapping[str, Any]:
        """Return everything that an expression or a form at a token sees, facts included.

        Raises: TokenNotOpen.
        """
        task = self._task(token)
        if task is None:
            raise TokenNotOpen()
        return dict(visible_names(task))

    @property
    def process_id(self) -> str:
        """The process that this is an instance of."""
        return self._instance.process_id

    @property
    def variables(self) -> dict[str, Any]:
        """The process's own variables."""
        return self._instance.data

    @property
    def thrown_signals(self) -> list[str]:
        """The names of the signals thrown since this object was made, for other instances to hear."""
        return [name for name, _ in self._instance.thrown]

    @property
    def thrown(self) -> list[tuple[str, dict[str, Any]]]:
        """The signals thrown since this object was made, each with what it carries: the thrower's inputs."""
        return [(name, copied(payload)) for name, payload in self._instance.thrown]

    @property
    def visits(self) -> Mapping[str, int]:
        """How often each element was entered so far."""
        return self._instance.visits

    @property
    def is_completed(self) -> bool:
        """Whether the process has ended."""
        return self._instance.completed

    @property
    def is_stuck(self) -> bool:
        """Whether nothing can ever move this instance: it has not ended, nothing is ready and nothing is waited for."""
        if self._instance.completed:
            return False
        tasks = self._instance.all_tasks()
        return not any(map(is_automatic, tasks)) and not any(map(is_open_task, tasks)) and not self.open_waits()

    @property
    def stuck_at(self) -> str:
        """The join of a stuck instance at which tokens wait for others that cannot come; empty where there is none."""
        joins = (
            t.task_spec for t in self._instance.all_tasks() if t.state == TaskState.WAITING and t.task_spec.is_join
        )
        return next((str(join.element_id).partition("#")[0] for join in joins), "")

    def _task(self, token: str) -> Any:
        try:
            token_id = UUID(hex=token)
        except ValueError:
            return None
        return next((w.tasks[token_id] for w in self._instance.workflows() if token_id in w.tasks), None)

    def _open_job(self, token: str) -> Any:
        task = self._task(token)
        if task is None or not is_open_job(task):
            raise TokenNotOpen()
        return task
