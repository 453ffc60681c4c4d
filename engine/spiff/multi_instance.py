"""Multi-instance activities: one private instance per item of a list; results come back in the order of the items."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.spiff.extensions import Loop
from engine.spiff.host import EvaluationFailed
from engine.spiff.kernel import Node, ProcessSpec, withdraw
from engine.spiff.scopes import condition_holds, copied, evaluate, located, take_facts, visible_names, write_variables


class MultiInstance(Node):
    """Stands for all instances of an activity; each instance is a token of the activity itself below this one."""

    def __init__(self, process: ProcessSpec, name: str, *, each: str, loop: Loop, **rest: Any) -> None:
        super().__init__(process, name, hidden=True, **rest)
        self.each = each
        self.loop = loop

    def _update_hook(self, my_task: Any) -> bool:
        if my_task.state != TaskState.FUTURE:
            return False
        self.enter(my_task)
        items = evaluate(my_task, self.loop.collection)
        if not isinstance(items, list):
            reason = f"the list to go through is {items!r}"
            raise located(EvaluationFailed(reason), my_task, self.loop.collection)
        my_task.internal_data.update(items=copied(items), results=[None] * len(items), count=0)
        if not items:
            self._close(my_task)
            return True
        my_task._set_state(TaskState.STARTED)
        for index in range(1 if self.loop.sequential else len(items)):
            self._start_instance(my_task, index)
        return False

    def _start_instance(self, task: Any, index: int) -> None:
        spec = task.workflow.spec.task_specs[self.each]
        instance = task._add_child(spec, TaskState.FUTURE)
        private = {"loopCounter": index + 1}
        if self.loop.element:
            private[self.loop.element] = copied(task.internal_data["items"][index])
        instance.internal_data.update(item=index, locals=private)
        spec._update(instance)

    def instance_done(self, task: Any, instance: Any) -> None:
        """Take one instance's result; go on when all are done or the completion condition holds."""
        state = task.internal_data
        state["count"] += 1
        if self.loop.output_element:
            result = copied(evaluate(instance, self.loop.output_element))
            state["results"][instance.internal_data["item"]] = result
        total = len(state["items"])
        running = sum(other is not instance for other in task.children)
        counts = {
            "numberOfInstances": total,
            "numberOfCompletedInstances": state["count"],
            "numberOfActiveInstances": running,
            "numberOfTerminatedInstances": 0,
        }
        enough = self.loop.condition and condition_holds(instance, self.loop.condition, visible_names(instance, counts))
        if enough or state["count"] == total:
            for other in task.children:
                if other is not instance:
                    withdraw(other)
            self._close(task)
            task._ready()
        elif self.loop.sequential:
            self._start_instance(task, state["count"])

    def _close(self, task: Any) -> None:
        results = task.internal_data.pop("results")
        for key in ("items", "count"):
            task.internal_data.pop(key)
        if self.loop.output_collection:
            write_variables(task, take_facts(task, {self.loop.output_collection: results}))

    def _run_hook(self, my_task: Any) -> bool:
        return True
