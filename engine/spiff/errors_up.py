"""How errors and escalations rise: from an activity outwards, to the boundary events attached to what they pass.

Stock SpiffWorkflow asks every boundary event in the scope, also of activities that the error did not come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.spiff.host import UnhandledBpmnError
from engine.spiff.kernel import is_instance


def raise_error(task: Any, code: str, message: str, variables: Mapping[str, Any]) -> None:
    """Raise a BPMN error where a token is.

    Raises: UnhandledBpmnError when no error event up to the outermost process catches it.
    """
    detail = {"code": code, "message": message, "raised_by": task.task_spec.element_id}
    if not _rise(task, "error", code, variables, detail):
        raise UnhandledBpmnError(task.task_spec.element_id, code, message)


def raise_escalation(task: Any, code: str, variables: Mapping[str, Any]) -> None:
    """Raise an escalation where a token is. One that nobody catches is no fault. Source: BPMN 2.0 10.5.7"""
    _rise(task, "escalation", code, variables, {"code": code, "raised_by": task.task_spec.element_id})


def _rise(task: Any, kind: str, code: str, variables: Mapping[str, Any], detail: dict[str, Any]) -> bool:
    activity = task
    while activity is not None:
        if is_instance(activity):
            activity = activity.parent
        catcher = _catcher(activity, kind, code) or _beside(activity, kind, code)
        if catcher is not None:
            catcher.task_spec.fire(catcher, dict(variables), detail)
            return True
        activity = activity.workflow.parent_task
    return False


def _beside(activity: Any, kind: str, code: str) -> Any:
    """Return what catches in another event sub-process of the scope, if the activity is one: never its own start.

    Those of a scope are attached to the body that its own elements were put in. Source: BPMN 2.0 10.5.1, 10.5.7
    """
    inside = activity.workflow.top_workflow.subprocesses
    for body in list(activity.workflow.tasks.values()):
        if body is not activity and body.id in inside and inside[body.id].spec.is_body:
            return _catcher(body, kind, code, but=activity)
    return None


def _catcher(activity: Any, kind: str, code: str, *, but: Any = None) -> Any:
    """Return the boundary event that catches: one for this very code before one for all; none that leads to `but`."""
    split = activity.parent
    if split is None or not split.task_spec.is_split:
        return None
    own = "" if but is None else but.task_spec.name
    waiting = [
        t
        for t in split.children
        if t.task_spec.is_boundary
        and t.state == TaskState.WAITING
        and all(branch.target != own for branch in t.task_spec.branches)
    ]
    matching = [t for t in waiting if t.task_spec.trigger.kind == kind and t.task_spec.trigger.code in ("", code)]
    return min(matching, key=lambda t: t.task_spec.trigger.code == "", default=None)
