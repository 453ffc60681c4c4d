"""Tasks: user, manual and undefined tasks, jobs, decisions and scripts, sub-processes and call activities."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from SpiffWorkflow.bpmn.specs.mixins import UserTaskMixin
from SpiffWorkflow.util.task import TaskState

from engine.clock import LONDON
from engine.spiff.errors_up import raise_error
from engine.spiff.host import BpmnError, Deferred, EvaluationFailed, HandlerFailed, Job, RunFailed
from engine.spiff.kernel import Node, report
from engine.spiff.scopes import copied, evaluate, located, private_scope, visible_names, visible_variables


class PlainTask(Node):
    """A task without a type, or a manual task: done outside the engine, so the token passes through."""


class UserTask(UserTaskMixin, Node):
    """A task for a person. What depends on expressions (assignee, dates ...) is fixed on entry."""

    def entered(self, task: Any) -> None:
        """Evaluate who may do the task, by when, and the properties written as expressions."""
        texts = {**self.ext.work, **{f"property:{key}": value for key, value in self.ext.properties.items()}}
        worked_out = {key: copied(evaluate(task, text)) for key, text in texts.items() if text.startswith("=")}
        for key, read in (("dueDate", as_instant), ("followUpDate", as_instant), ("priority", as_priority)):
            try:
                read(worked_out.get(key, texts.get(key)))
            except (ValueError, TypeError) as error:
                raise located(EvaluationFailed(f"{key}: {error}"), task, texts[key]) from error
        if worked_out:
            task.internal_data["work"] = worked_out

    def submit(self, task: Any, values: Mapping[str, Any]) -> None:
        """Assign what a person submitted. The token stays here, done, until the engine runs."""
        task.internal_data.pop("work", None)
        self.leave(task, dict(values))
        self.finish(task)


def as_instant(value: object) -> datetime | None:
    """Return a date or a date and time as an instant in UTC; a day without a time ends at midnight in London.

    Raises: ValueError.
    """
    if isinstance(value, str) and value:
        value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=LONDON)).astimezone(UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(23, 59, 59), LONDON).astimezone(UTC)
    if value:
        raise ValueError(f"{value!r} is not a date")
    return None


def as_priority(value: Any) -> int:
    """Return a priority; 50 where none is given. Raises: ValueError or TypeError."""
    return 50 if value in (None, "") else int(value)


class JobNode(Node):
    """Whatever calls a handler: service, send, script and rule tasks, message throw and end events."""

    def _run_hook(self, my_task: Any) -> bool | None:
        try:
            result = self.work(my_task)
        except BpmnError as error:
            raise_error(my_task, error.code, error.message, error.variables)
            return None
        if isinstance(result, Deferred):
            my_task.internal_data["job"] = 1
            return None
        report(my_task, "job_done", type=self.ext.job_type)
        self.leave(my_task, dict(result))
        return True

    def work(self, task: Any) -> Mapping[str, object] | Deferred:
        """Call the handler, with the mapped inputs only.

        Raises: BpmnError for the diagram to catch, HandlerFailed for everything else.
        """
        private = task.internal_data.get("locals", {})
        names = dict.fromkeys(target.split(".", 1)[0] for _, target in self.ext.inputs)
        job = Job(
            type=self.ext.job_type,
            element_id=self.element_id,
            token=task.id.hex,
            visit=task.internal_data["visit"],
            inputs={name: copied(private.get(name)) for name in names},
            headers=dict(self.ext.headers),
            retries=self.ext.retries,
            properties=dict(self.ext.properties),
            callers=task.workflow.callers,
        )
        try:
            return task.workflow.top_workflow.host.run_job(job)
        except BpmnError:
            raise
        except RunFailed as error:
            error.element_id = error.element_id or self.element_id  # a handler need not know where it stands
            raise
        except Exception as error:
            raise HandlerFailed(self.element_id, error) from error

    def complete(self, task: Any, result: Mapping[str, Any]) -> None:
        """Take the result of a deferred job. The token stays here, done, until the engine runs."""
        del task.internal_data["job"]
        report(task, "job_done", type=self.ext.job_type)
        self.leave(task, dict(result))
        self.finish(task)
        task._set_state(TaskState.READY)


class RuleTask(JobNode):
    """A business rule task that calls a decision."""

    def work(self, task: Any) -> Mapping[str, object]:
        """Evaluate the decision."""
        try:
            result = task.workflow.top_workflow.host.decide(self.ext.decision_id, visible_names(task))
        except Exception as error:
            raise located(error, task, f"decision {self.ext.decision_id}") from error
        return {self.ext.result_variable: result}


class ScriptTask(JobNode):
    """A script task that is one FEEL expression."""

    def work(self, task: Any) -> Mapping[str, object]:
        """Evaluate the expression."""
        return {self.ext.result_variable: evaluate(task, self.ext.script)}


class SubProcess(Node):
    """An embedded sub-process: shares the variables around it; only its own inputs are private."""

    inner = ""
    """The id of the specification that runs inside."""

    def _update_hook(self, my_task: Any) -> bool:
        self.enter(my_task)
        if my_task.state == TaskState.FUTURE:
            my_task._set_state(TaskState.STARTED)
            workflow = my_task.workflow.top_workflow.create_subprocess(my_task, self.inner)
            self.prepare(my_task, workflow)
            workflow.begin()
        return False

    def prepare(self, task: Any, workflow: Any) -> None:
        """Give the inside its variables: one dict is the activity's private scope and the inside's own."""
        workflow.data = private_scope(task)

    def inner_ended(self, task: Any, workflow: Any) -> None:
        """Take note that no token is left inside."""
        del task.workflow.top_workflow.subprocesses[task.id]
        task._set_state(TaskState.READY)

    def withdrawn(self, task: Any) -> None:
        """Cancel what runs inside."""
        workflow = task.workflow.top_workflow.subprocesses.pop(task.id, None)
        if workflow is not None:
            workflow.abandon()


class CallActivity(SubProcess):
    """A call of another process of the bundle, which has variables of its own."""

    starts_a_root = True

    def prepare(self, task: Any, workflow: Any) -> None:
        """Copy in what the call passes: all that is visible, or the inputs only."""
        passed = visible_variables(task) if self.ext.all_from_parent else task.internal_data.get("locals", {})
        workflow.data = copied(passed)
        task.workflow.top_workflow.tell("process_started", workflow.process_id)

    def inner_ended(self, task: Any, workflow: Any) -> None:
        """Keep the called process's variables until the token leaves."""
        task.internal_data["result"] = workflow.data
        super().inner_ended(task, workflow)

    def _run_hook(self, my_task: Any) -> bool:
        result = my_task.internal_data.pop("result", {})
        self.leave(my_task, result, propagate=self.ext.all_from_child)
        return True
