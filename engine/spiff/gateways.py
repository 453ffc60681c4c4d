"""Gateways: exclusive, inclusive, parallel, event-based."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.spiff.events import Catching
from engine.spiff.host import EvaluationFailed
from engine.spiff.kernel import Branch, Node, report
from engine.spiff.scopes import condition_holds, located, visible_names
from engine.spiff.triggers import Armed, Trigger


class Choosing(Node):
    """A gateway with conditions on its way out."""

    default_flow = ""

    def taken(self, task: Any) -> list[Branch]:
        """Return the branches chosen when the token ran."""
        chosen = task.internal_data["chosen"]
        return [self.branches[index] for index in chosen]

    def choose(self, task: Any) -> list[int]:
        """Return the positions of the branches to take, by their conditions in the order of the diagram."""
        raise NotImplementedError

    def _run_hook(self, my_task: Any) -> bool:
        my_task.internal_data["chosen"] = self.choose(my_task) or self._default(my_task)
        self.leave(my_task)
        return True

    def _default(self, task: Any) -> list[int]:
        for index, branch in enumerate(self.branches):
            if branch.flow_id == self.default_flow:
                return [index]
        reason = "no condition is true and there is no default flow"
        conditions = [branch.condition for branch in self.branches]
        raise located(EvaluationFailed(reason), task, "; ".join(conditions), reads=conditions)

    def _holds(self, task: Any, branch: Branch, names: Any) -> bool:
        if branch.flow_id == self.default_flow:
            return False
        return not branch.condition or condition_holds(task, branch.condition, names)


class ExclusiveGateway(Choosing):
    """Takes the first branch whose condition is true."""

    def choose(self, task: Any) -> list[int]:
        """Return the first position that holds."""
        names = visible_names(task)
        for index, branch in enumerate(self.branches):
            if self._holds(task, branch, names):
                return [index]
        return []


class Joining(Node):
    """A gateway at which tokens meet. Arrivals wait; one of them goes on for all and is the gateway's only visit."""

    sources: tuple[str, ...] = ()
    """The nodes with a flow to this one. With at most one there is nothing to wait for."""

    def _update_hook(self, my_task: Any) -> bool:
        if my_task.state == TaskState.FUTURE:
            if len(self.sources) > 1:
                my_task._set_state(TaskState.WAITING)
                return self.arrived(my_task)
            return True
        return False

    def arrived(self, task: Any) -> bool:
        """Say whether the new arrival goes on at once."""
        raise NotImplementedError

    def may_go_on(self, task: Any) -> bool:
        """Say whether a waiting arrival may go on now that everything else rests."""
        return False

    def _on_ready_hook(self, my_task: Any) -> None:
        consumed = {my_task.internal_data.get("via")}
        for other in self.arrivals(my_task):
            via = other.internal_data["via"]
            if via not in consumed:
                consumed.add(via)
                my_task.workflow.forget(other)
        self.enter(my_task)

    def arrivals(self, task: Any) -> list[Any]:
        """Return the tokens that wait here."""
        return [t for t in task.workflow.tasks.values() if t.task_spec is self and t.state == TaskState.WAITING]


class ParallelGateway(Joining):
    """Waits for one token on every flow that leads here, then takes every flow out. Tokens in excess stay."""

    is_join = True

    def arrived(self, task: Any) -> bool:
        """Say whether every flow has its token."""
        return {t.internal_data["via"] for t in self.arrivals(task)} >= set(self.sources)


class InclusiveGateway(Joining, Choosing):
    """Waits until no other token can still come; takes every branch whose condition is true."""

    is_join = True
    upstream: Mapping[str, frozenset[str]] = MappingProxyType({})
    """Source node -> all nodes from which a token can reach it without passing this gateway."""

    def arrived(self, task: Any) -> bool:
        """Never at once: other tokens of the same step may be on their way."""
        return False

    def may_go_on(self, task: Any) -> bool:
        """Say whether no token can reach a flow that has none yet. Source: BPMN 2.0, table 13.3."""
        filled = {t.internal_data["via"] for t in self.arrivals(task)}
        empty = set(self.sources) - filled
        for other in task.workflow.tasks.values():
            if other.task_spec is self or other.state == TaskState.COMPLETED:
                continue
            name = other.task_spec.name
            can_come = any(name in self.upstream[source] for source in empty)
            if can_come and not any(name in self.upstream[source] for source in filled):
                return False
        return True

    def choose(self, task: Any) -> list[int]:
        """Return every position that holds."""
        names = visible_names(task)
        return [index for index, branch in enumerate(self.branches) if self._holds(task, branch, names)]


class EventGateway(Catching):
    """Waits for the first of several events; the token goes on through that event's own node.

    Stock shares one due time among all its timers and cannot say what it waits for.
    """

    triggers: tuple[Trigger, ...] = ()

    def wait(self, task: Any) -> None:
        """Arm every event; the earliest timer that is already due wins."""
        for trigger in self.triggers:
            trigger.arm(task)
        task._set_state(TaskState.WAITING)
        now = task.workflow.top_workflow.host.now
        dues = [(due, trigger.element_id) for trigger in self.triggers if (due := trigger.due(task)) and due <= now]
        if dues:
            self.fire_timer(task, min(dues)[1])

    def armed(self, task: Any) -> list[tuple[str, Trigger, Armed]]:
        """Return what each event waits for, under the event's own id."""
        found = [(trigger, trigger.armed(task)) for trigger in self.triggers]
        return [(trigger.element_id, trigger, armed) for trigger, armed in found if armed is not None]

    def fire_timer(self, task: Any, element_id: str = "") -> None:
        """Take the way of a timer."""
        armed = next(armed for event_id, _, armed in self.armed(task) if event_id == element_id)
        self.fire(task, {}, {"due_at": armed.due, "rule": armed.rule}, element_id)

    def fire(self, task: Any, payload: dict[str, Any], detail: dict[str, Any], element_id: str = "") -> None:
        """Take the way of the event that came."""
        task.internal_data["fired"] = element_id
        task.internal_data["payload"] = payload
        for key in ("due", "keys"):
            task.internal_data.pop(key, None)
        kind = next(trigger.kind for trigger in self.triggers if trigger.element_id == element_id)
        report(task, _KINDS[kind], element_id=element_id, **detail)
        task._ready()

    def taken(self, task: Any) -> list[Branch]:
        """Return the way of the event that came."""
        return [branch for branch in self.branches if branch.target == task.internal_data["fired"]]

    def _run_hook(self, my_task: Any) -> bool:
        return True

    def _follow(self, task: Any, branch: Branch) -> Any:
        child = super()._follow(task, branch)
        child.internal_data["payload"] = task.internal_data["payload"]
        return child


_KINDS: dict[str, Any] = {"timer": "timer_fired", "message": "message_received", "signal": "signal_received"}
