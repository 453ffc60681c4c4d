"""Events: start, intermediate catch and throw, receive, boundary and end."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.spiff.errors_up import raise_error, raise_escalation
from engine.spiff.host import HappeningKind
from engine.spiff.kernel import LIVE, Node, report, withdraw, withdraw_all
from engine.spiff.scopes import copied
from engine.spiff.tasks import JobNode
from engine.spiff.triggers import Armed, Error, Escalation, Signal, Terminate, Timer, Trigger

_FIRED: dict[str, HappeningKind] = {
    "timer": "timer_fired",
    "message": "message_received",
    "signal": "signal_received",
    "error": "error_caught",
    "escalation": "escalation_caught",
}


class StartEvent(Node):
    """A plain start. What else starts a process (a message, a timer) is the caller's business: see `Program.starts`."""


class Catching(Node):
    """Waits for its trigger."""

    trigger: Trigger = Trigger()
    shown_id = ""
    """The drawn element that stands for this one where people look, if it is not itself drawn."""

    def _update_hook(self, my_task: Any) -> bool:
        if my_task.state != TaskState.FUTURE:
            return False
        self.enter(my_task)
        if "payload" in my_task.internal_data:  # an event-based gateway waited for it
            return True
        self.wait(my_task)
        return False

    def wait(self, task: Any) -> None:
        """Arm the trigger; a timer that is already due fires at once."""
        self.trigger.arm(task)
        task._set_state(TaskState.WAITING)
        due = self.trigger.due(task)
        if due is not None and due <= task.workflow.top_workflow.host.now:
            self.fire_timer(task)

    def armed(self, task: Any) -> list[tuple[str, Trigger, Armed]]:
        """Return what a waiting token waits for from outside: drawn element, trigger, details."""
        armed = self.trigger.armed(task)
        return [] if armed is None else [(self.shown_id or self.element_id, self.trigger, armed)]

    def fire_timer(self, task: Any, element_id: str = "") -> None:
        """Let the token go on because it is due."""
        armed = self.trigger.armed(task)
        detail = {"due_at": armed.due, "rule": armed.rule} if armed else {}
        self.fire(task, {}, detail)

    def fire(self, task: Any, payload: dict[str, Any], detail: dict[str, Any], element_id: str = "") -> None:
        """Let the token go on with what the event brought. `element_id` tells an event-based gateway which it was."""
        task.internal_data["payload"] = copied(payload)
        report(task, _FIRED[self.trigger.kind], element_id=self.shown_id or self.element_id, **detail)
        task._ready()

    def _run_hook(self, my_task: Any) -> bool:
        payload = my_task.internal_data.pop("payload", None)
        self.leave(my_task, payload)
        return True


class CatchEvent(Catching):
    """An intermediate catch event."""


class ReceiveTask(Catching):
    """A receive task: a message catch event in the shape of a task."""


class BoundaryEvent(Catching):
    """Attached to an activity: armed while that runs. Entered, and so counted, only when it fires."""

    is_boundary = True
    interrupting = True
    ends_scope = False
    """Whether it stands for an interrupting event sub-process, which ends everything else in its scope."""

    def attached(self, task: Any) -> Any:
        """Return the activity, while it runs."""
        split = task.parent
        return next((t for t in split.children if not t.task_spec.is_boundary), None) if split is not None else None

    def _update_hook(self, my_task: Any) -> bool:
        """Arm only: a timer that is due already fires when all that is attached beside it is armed."""
        if my_task.state == TaskState.FUTURE:
            self.trigger.arm(my_task)
            my_task._set_state(TaskState.WAITING)
        return False

    def _on_ready_hook(self, my_task: Any) -> None:
        self.enter(my_task)
        if self.interrupting:
            self._interrupt(my_task)
        elif not isinstance(self.trigger, Timer):
            # With the key that it had: the activity was entered once, and is not entered anew.
            self._rearm(my_task, {"keys": my_task.internal_data["keys"]} if "keys" in my_task.internal_data else {})

    def _interrupt(self, task: Any) -> None:
        # At once, not when the token runs: an overdue timer beats a submit that comes in the same step.
        split = task.parent
        for other in split.children:
            if other is not task and (not other.task_spec.is_boundary or other.state == TaskState.WAITING):
                withdraw(other)
        if self.ends_scope:
            withdraw_all(task.workflow, but=task)

    def _rearm(self, task: Any, start: dict[str, Any]) -> None:
        activity = self.attached(task)
        if activity is None or not activity.has_state(LIVE) or "done" in activity.internal_data:
            return
        again = task.parent._add_child(self, TaskState.FUTURE)
        again.internal_data.update(start)
        self.wait(again)

    def _run_hook(self, my_task: Any) -> bool:
        super()._run_hook(my_task)
        if not self.interrupting and isinstance(self.trigger, Timer):
            # On running, not on firing: a long overdue cycle must stay within the step's budget.
            start = self.trigger.next_round(my_task)
            if start is not None:
                self._rearm(my_task, start)
        return True


class Throwing(JobNode):
    """Throws its trigger and goes on, unless what it threw has cancelled it."""

    trigger: Trigger = Trigger()

    def _run_hook(self, my_task: Any) -> bool | None:
        if self.ext.job_type:
            return super()._run_hook(my_task)
        private = copied(my_task.internal_data.get("locals", {}))
        self.leave(my_task)
        if isinstance(self.trigger, Error | Escalation | Signal):
            self.finish(my_task)  # it has happened, even if what it threw ends the scope that it stands in
        if isinstance(self.trigger, Error):
            raise_error(my_task, self.trigger.code, "", private)
        elif isinstance(self.trigger, Escalation):
            raise_escalation(my_task, self.trigger.code, private)
        elif isinstance(self.trigger, Signal):
            throw_signal(my_task, self.trigger.name, private)
        return True


class ThrowEvent(Throwing):
    """An intermediate throw event, or a plain one that only marks a point reached."""


class EndEvent(Throwing):
    """The end of a token's way."""

    def finish(self, task: Any) -> None:
        """End everything else too, if it is a terminate end."""
        super().finish(task)
        if not isinstance(self.trigger, Terminate):
            return
        withdraw_all(task.workflow, but=task)
        if task.workflow.spec.is_body:
            # The scope's event sub-processes run beside the body that we put its own elements in.
            body = task.workflow.parent_task
            withdraw_all(body.workflow, but=body)


def throw_signal(task: Any, name: str, payload: dict[str, Any]) -> None:
    """Reach everyone in this instance who waits for a signal, and keep it for other instances."""
    top = task.workflow.top_workflow
    top.thrown.append((name, copied(payload)))
    catch_signal(top, name, payload)


def catch_signal(top: Any, name: str, payload: dict[str, Any]) -> bool:
    """Fire everything in an instance that waits for a signal; return whether anything did."""
    waiting = [
        (task, element_id)
        for task in top.all_tasks()
        if task.state == TaskState.WAITING and hasattr(task.task_spec, "armed")
        for element_id, trigger, _ in task.task_spec.armed(task)
        if isinstance(trigger, Signal) and trigger.name == name
    ]
    caught = False
    for task, element_id in waiting:
        if task.state == TaskState.WAITING:
            task.task_spec.fire(task, payload, {"name": name}, element_id)
            caught = True
    return caught
