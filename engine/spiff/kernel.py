"""The base of every specification, and SpiffWorkflow's workflow classes cut to what we run on.

A SpiffWorkflow instance is a tree of tasks that grows with every lap, predicts what may come, and loses sight of tasks
below a depth of 1,000. Here a finished task leaves the tree at once and nothing is predicted: the tree holds the live
tokens only. So a state's size never depends on what went before, and joins cannot count arrivals of an earlier lap.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.mixins import BpmnSpecMixin
from SpiffWorkflow.specs import WorkflowSpec
from SpiffWorkflow.util.task import TaskState

from engine.spiff.extensions import PLAIN, Extensions
from engine.spiff.host import Happening, HappeningKind
from engine.spiff.scopes import (
    assign_fact,
    copied,
    evaluate,
    private_scope,
    set_path,
    take_facts,
    visible_names,
    write_variables,
)

LIVE = TaskState.FUTURE | TaskState.WAITING | TaskState.READY | TaskState.STARTED

# SpiffWorkflow logs every change of state with the task's data, and below WARNING walks the whole tree to do so.
for _name in ("spiff", "spiff.task", "spiff.workflow"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Branch:
    """One way out of a node. `flow_id` is empty for a flow that nobody drew."""

    flow_id: str
    target: str
    condition: str = ""


class NoScripts(PythonScriptEngine):
    """Stands where SpiffWorkflow keeps its Python engine: nothing of a diagram is ever executed as Python."""

    def __init__(self) -> None:
        super().__init__(environment=object())

    def evaluate(self, task: Any, expression: Any, external_context: Any = None) -> Any:
        """Refuse."""
        raise AssertionError("diagrams are never evaluated as Python")

    def execute(self, task: Any, script: Any, external_context: Any = None) -> Any:
        """Refuse."""
        raise AssertionError("diagrams are never executed as Python")

    call_service = execute


class ProcessSpec(BpmnProcessSpec):
    """A process or sub-process. Without stock's end join: a process ends when no token is left."""

    def __init__(self, name: str, *, is_body: bool = False) -> None:
        WorkflowSpec.__init__(self, name=name)
        self.start = Root(self, "#start")
        self.begins_at = ""
        """The start event at which it begins when nothing else is said: the plain one."""
        self.data_objects: dict[str, Any] = {}
        self.is_body = is_body
        """The synthetic body that the desugaring of event sub-processes puts a scope's own elements in."""


class Node(BpmnSpecMixin):
    """A node of a diagram: inputs on entry, outputs on exit, then its flows. Subclasses say what lies between."""

    starts_a_root = False
    """Whether the variables inside start afresh (a called process)."""
    is_join = False
    is_boundary = False

    def __init__(
        self,
        process: ProcessSpec,
        name: str,
        *,
        element_id: str = "",
        ext: Extensions = PLAIN,
        hidden: bool = False,
        **stock: Any,
    ) -> None:
        super().__init__(process, name, **stock)
        self.element_id = element_id or name
        self.signature = f"{name}|{type(self).__name__}"
        """What states name it by: an id that now stands for another kind of element is not the same element."""
        self.ext = ext
        self.hidden = hidden
        self.branches: list[Branch] = []

    # What subclasses say

    def entered(self, task: Any) -> None:
        """Do what belongs to the entry, after the inputs were made."""

    def taken(self, task: Any) -> list[Branch]:
        """Return the ways on that this token takes."""
        return self.branches

    def withdrawn(self, task: Any) -> None:
        """Clean up after a token that was cancelled here."""

    def attached(self, task: Any) -> Any:
        """Return the activity that a boundary event's token is attached to."""
        return None

    # Entry and exit

    def enter(self, task: Any) -> None:
        """Count the visit, make the inputs; once per token."""
        if "visit" in task.internal_data:
            return
        task.internal_data["visit"] = task.workflow.top_workflow.count_visit(self) if not self.hidden else 0
        report(task, "entered")
        for source, target in self.ext.inputs:
            value = copied(evaluate(task, source))
            set_path(private_scope(task), target, value, visible_names(task))
        self.entered(task)

    def leave(self, task: Any, result: dict[str, Any] | None = None, *, propagate: bool = True) -> None:
        """Let results out of the private scope.

        With output mappings only what they name; without, everything returned but the names of inputs. Facts always.
        """
        result = take_facts(task, result or {})
        if self.ext.outputs:
            new = self._map_outputs(task, result)
        else:
            private = task.internal_data.get("locals", {})
            private.update({name: value for name, value in result.items() if name in private})
            new = {name: value for name, value in result.items() if name not in private} if propagate else {}
        if "item" in task.internal_data:
            private_scope(task).update(new)
        else:
            write_variables(task, new)
            task.internal_data.pop("locals", None)

    def _map_outputs(self, task: Any, result: dict[str, Any]) -> dict[str, Any]:
        new: dict[str, Any] = {}
        names = visible_names(task, new, result)
        facts = task.workflow.top_workflow.host.facts
        for source, target in self.ext.outputs:
            value = copied(evaluate(task, source, names))
            if target.split(".", 1)[0] in facts:
                assign_fact(task, target, value)
            else:
                set_path(new, target, value, names)
        return new

    # SpiffWorkflow's hooks

    def test(self) -> None:
        """Skip stock's check of the connections at every visit: the compiler has made it."""

    def _predict(self, my_task: Any, seen: Any = None, looked_ahead: int = 0, mask: int = 0) -> None:
        """Predict nothing: children are made when they are reached."""

    def _update_hook(self, my_task: Any) -> bool:
        self.enter(my_task)
        return True

    def _on_ready_hook(self, my_task: Any) -> None:
        pass

    def _run_hook(self, my_task: Any) -> bool | None:
        self.leave(my_task)
        return True

    def finish(self, task: Any) -> None:
        """Note that the token is done here, once: nothing attached to the activity can interrupt it any more."""
        if "done" in task.internal_data:
            return
        task.internal_data["done"] = 1
        report(task, "completed")
        if task.parent is not None and task.parent.task_spec.is_split and not self.is_boundary:
            for boundary in [
                t for t in task.parent.children if t.task_spec.is_boundary and t.state == TaskState.WAITING
            ]:
                withdraw(boundary)

    is_split = False

    def _on_complete(self, my_task: Any) -> None:
        self.finish(my_task)
        workflow = my_task.workflow
        if is_instance(my_task):
            my_task.parent.task_spec.instance_done(my_task.parent, my_task)
            workflow.forget(my_task)
            return
        reached = [self._follow(my_task, branch) for branch in self.taken(my_task)]
        workflow.forget(my_task)
        for child in reached:
            if child.id in workflow.tasks and child.state == TaskState.FUTURE:
                child.task_spec._update(child)
        workflow.end_if_empty()

    def _follow(self, task: Any, branch: Branch) -> Any:
        workflow = task.workflow
        if branch.flow_id:
            report(task, "flow", element_id=branch.flow_id)
        child = workflow.task_tree._add_child(workflow.spec.task_specs[branch.target], TaskState.FUTURE)
        if child.task_spec.is_join:
            child.internal_data["via"] = self.name
        return child


class Root(Node):
    """The root of a task tree: every live token hangs below it. It stays when all others have gone."""

    def __init__(self, process: ProcessSpec, name: str) -> None:
        super().__init__(process, name, hidden=True)

    def taken(self, task: Any) -> list[Branch]:
        """Return the way to the start event at which the process begins."""
        return [Branch("", task.internal_data.pop("begins_at"))]

    def _connect_notify(self, taskspec: Any) -> None:
        raise AssertionError("nothing leads to a process's root")


class Split(Node):
    """Stands before an activity with boundary events: enters the activity, then arms the events."""

    is_split = True

    def _update_hook(self, my_task: Any) -> bool:
        return True

    def _run_hook(self, my_task: Any) -> bool:
        return True

    def _on_complete(self, my_task: Any) -> None:
        specs = my_task.workflow.spec.task_specs
        reached = [my_task._add_child(specs[branch.target], TaskState.FUTURE) for branch in self.branches]
        for child in reached:
            child.task_spec._update(child)
        # Only when all are armed: what is due already withdraws the others, the earliest first.
        due = [(child.task_spec.trigger.due(child), child) for child in reached if child.task_spec.is_boundary]
        now = my_task.workflow.top_workflow.host.now
        for _, child in sorted((pair for pair in due if pair[0] and pair[0] <= now), key=lambda pair: pair[0]):
            if child.state == TaskState.WAITING:
                child.task_spec.fire_timer(child)


def report(task: Any, kind: HappeningKind, *, element_id: str = "", **detail: Any) -> None:
    """Tell the host, unless nobody drew the element."""
    spec = task.task_spec
    if spec.hidden and not element_id:
        return
    task.workflow.top_workflow.host.happened(
        Happening(
            kind=kind,
            element_id=element_id or spec.element_id,
            process_id=task.workflow.process_id,
            token=task.id.hex,
            visit=task.internal_data.get("visit", 0),
            detail=detail,
            callers=task.workflow.callers,
        )
    )


def is_instance(task: Any) -> bool:
    """Say whether a token is one instance of a multi-instance activity, or one lap of a loop."""
    return "item" in task.internal_data or "lap" in task.internal_data


def withdraw(task: Any) -> None:
    """Cancel a live token and all that runs inside it.

    Stock `Task.cancel` removes the instances of a multi-instance untold, so that their sub-processes run on.
    """
    if not task.has_state(LIVE):
        return
    for child in task.children:
        withdraw(child)
    task._set_state(TaskState.CANCELLED)
    task.task_spec.withdrawn(task)
    if "visit" in task.internal_data and "done" not in task.internal_data:
        report(task, "cancelled")
    task.workflow.forget(task)


def withdraw_all(workflow: Any, *, but: Any = None) -> None:
    """Cancel every live token of a process or sub-process."""
    for task in list(workflow.tasks.values()):
        if task is not but and task.id in workflow.tasks:
            withdraw(task)
