"""Activities that run more than once: multi-instance ones, and those with a standard loop.

Each instance of a multi-instance activity is private; its results come back in the order of the items. The laps of a
loop share the variables around it, as if the activity were drawn with a gateway behind it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.spiff.extensions import Loop, Repeat
from engine.spiff.host import EvaluationFailed
from engine.spiff.kernel import Node, ProcessSpec, withdraw
from engine.spiff.scopes import condition_holds, copied, evaluate, located, take_facts, visible_names, write_variables

MAX_INSTANCES = 10_000


class Many(Node):
    """Stands for all instances of an activity; each instance is a token of the activity itself below this one."""

    def __init__(self, process: ProcessSpec, name: str, *, each: str, **rest: Any) -> None:
        super().__init__(process, name, hidden=True, **rest)
        self.each = each

    def instance_done(self, task: Any, instance: Any) -> None:
        """Take note of an instance that has ended, and go on."""
        raise NotImplementedError

    def _start(self, task: Any, flags: dict[str, Any]) -> None:
        spec = task.workflow.spec.task_specs[self.each]
        instance = task._add_child(spec, TaskState.FUTURE)
        instance.internal_data.update(flags)
        spec._update(instance)

    def _run_hook(self, my_task: Any) -> bool:
        return True


class MultiInstance(Many):
    """One instance for each item of a list, or as many as a number says."""

    def __init__(self, process: ProcessSpec, name: str, *, loop: Loop, **rest: Any) -> None:
        super().__init__(process, name, **rest)
        self.loop = loop

    def _update_hook(self, my_task: Any) -> bool:
        if my_task.state != TaskState.FUTURE:
            return False
        self.enter(my_task)
        items = self._items(my_task)
        my_task.internal_data.update(items=copied(items), results=[None] * len(items), count=0)
        if not items:
            return True
        my_task._set_state(TaskState.STARTED)
        for index in range(1 if self.loop.sequential else len(items)):
            self._start_instance(my_task, index)
        return False

    def _items(self, task: Any) -> list[Any]:
        if self.loop.cardinality:
            number = evaluate(task, self.loop.cardinality)
            if not _is_count(number):
                reason = f"the number of instances is {number!r}, not a whole number from 0 to {MAX_INSTANCES:,}"
                raise located(EvaluationFailed(reason), task, self.loop.cardinality)
            return [None] * int(number)
        items = evaluate(task, self.loop.collection)
        if not isinstance(items, list):
            reason = f"the list to go through is {items!r}"
            raise located(EvaluationFailed(reason), task, self.loop.collection)
        return items

    def _start_instance(self, task: Any, index: int) -> None:
        private = {"loopCounter": index + 1}
        if self.loop.element:
            private[self.loop.element] = copied(task.internal_data["items"][index])
        self._start(task, {"item": index, "locals": private})

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
            task._ready()
        elif self.loop.sequential:
            self._start_instance(task, state["count"])

    def _run_hook(self, my_task: Any) -> bool:
        # Only now: until it runs, an event can still interrupt it, and then it has no results.
        results = my_task.internal_data.pop("results")
        for key in ("items", "count"):
            my_task.internal_data.pop(key)
        if self.loop.output_collection:
            write_variables(my_task, take_facts(my_task, {self.loop.output_collection: results}))
        return True


class StandardLoop(Many):
    """One lap after the other while the condition holds. Source: BPMN 2.0, 10.3.8 and 13.3.6."""

    def __init__(self, process: ProcessSpec, name: str, *, repeat: Repeat, **rest: Any) -> None:
        super().__init__(process, name, **rest)
        self.repeat = repeat

    def _update_hook(self, my_task: Any) -> bool:
        if my_task.state != TaskState.FUTURE:
            return False
        self.enter(my_task)
        if self.repeat.tests_before and not self._goes_on(my_task, 0):
            return True
        my_task._set_state(TaskState.STARTED)
        self._start_lap(my_task, 1)
        return False

    def instance_done(self, task: Any, instance: Any) -> None:
        """Begin the next lap, or go on."""
        laps = instance.internal_data["lap"]
        if self._goes_on(task, laps):
            self._start_lap(task, laps + 1)
        else:
            task._ready()

    def _start_lap(self, task: Any, number: int) -> None:
        self._start(task, {"lap": number, "locals": {"loopCounter": number}})

    def _goes_on(self, task: Any, laps: int) -> bool:
        if self.repeat.maximum and laps >= self.repeat.maximum:
            return False
        if not self.repeat.condition:
            return True
        return condition_holds(task, self.repeat.condition, visible_names(task, {"loopCounter": laps}))


def _is_count(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return False
    return 0 <= value <= MAX_INSTANCES and value == int(value)
