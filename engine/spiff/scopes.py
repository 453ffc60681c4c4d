"""Variables: one set for a process instance, private copies where inputs make them, facts outermost.

SpiffWorkflow's own task data stay empty: they hand every token a copy, so that an event's handler would see old values.
Source: the scopes of Camunda 8. Deviation: everything in one instance of a multi-instance activity is private to it.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.spiff.host import EvaluationFailed, RunFailed

_ONLY_IN_EXPRESSIONS = {"Range": "range", "Function": "function"}


def copied(value: Any) -> Any:
    """Return a value that shares no list or context with the original; everything else is immutable."""
    if isinstance(value, Mapping):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [copied(item) for item in value]
    return value


def visible_variables(task: Any) -> ChainMap[str, Any]:
    """Return the variables that a token sees, innermost first, without the facts."""
    return ChainMap(*_scopes(task))


def visible_names(task: Any, *inner: dict[str, Any]) -> ChainMap[str, Any]:
    """Return everything that an expression at a token sees: the inner maps, its variables, then the facts."""
    return ChainMap(*inner, *_scopes(task), task.workflow.top_workflow.host.facts)


def private_scope(task: Any) -> dict[str, Any]:
    """Return the token's private variables, made if there are none: its inputs and the item of a multi-instance."""
    scope: dict[str, Any] = task.internal_data.setdefault("locals", {})
    return scope


def evaluate(task: Any, text: str, names: Mapping[str, Any] | None = None) -> Any:
    """Return what a text of the diagram stands for: with ``=`` the expression's value, else the text itself."""
    if not text.startswith("="):
        return text
    host = task.workflow.top_workflow.host
    try:
        return host.evaluate(text[1:], visible_names(task) if names is None else names)
    except Exception as error:
        raise located(error, task, text, names) from error


def condition_holds(task: Any, text: str, names: Mapping[str, Any] | None = None) -> bool:
    """Return whether a condition holds.

    Raises: EvaluationFailed when it is neither true nor false, even where a default flow could be taken.
    """
    host = task.workflow.top_workflow.host
    try:
        value = host.condition(text.removeprefix("="), visible_names(task) if names is None else names)
    except Exception as error:
        raise located(error, task, text, names) from error
    if value is True or value is False:
        return value
    raise located(EvaluationFailed(f"gave {value!r} instead of true or false"), task, text, names)


def located(
    error: Exception, task: Any, text: str, names: Mapping[str, Any] | None = None, *, reads: Sequence[str] = ()
) -> RunFailed:
    """Return the error as one that names the element, the expression and the values that it read.

    `reads` are the expressions that were read, where they are not the text itself.
    """
    if isinstance(error, RunFailed) and error.element_id:
        return error
    reason = error.reason if isinstance(error, EvaluationFailed) else str(error)
    texts = list(reads) or ([text] if text.startswith("=") else [])
    values = task.workflow.top_workflow.host.reading(texts, visible_names(task) if names is None else names)
    if values:
        reason = f"{reason.rstrip('.')}. It read {values}."
    return EvaluationFailed(reason, element_id=task.task_spec.element_id, expression=text)


def write_variables(task: Any, values: Mapping[str, Any]) -> None:
    """Assign values: each in the nearest enclosing scope that has the name, else in the process's own.

    Raises: EvaluationFailed for a range or a function, which no variable can hold: it could not be stored.
    """
    for name, value in values.items():
        if unfit := _unfit(value):
            reason = f"The variable {name} would hold a {unfit}, which cannot be stored."
            raise EvaluationFailed(reason, element_id=task.task_spec.element_id, expression=name)
        _holder(task.workflow, name)[name] = copied(value)


def _unfit(value: Any) -> str:
    """Return the kind of the first part of a value that only an expression can hold; empty where there is none."""
    if isinstance(value, Mapping):
        return next((found for item in value.values() if (found := _unfit(item))), "")
    if isinstance(value, list | tuple):
        return next((found for item in value if (found := _unfit(item))), "")
    return _ONLY_IN_EXPRESSIONS.get(type(value).__name__, "")


def take_facts(task: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Write those values whose first name is a fact's, such as ``request.status``, to the facts; return the others.

    Dotted names of variables come back nested, beside what the variable already holds.
    """
    facts = task.workflow.top_workflow.host.facts
    rest: dict[str, Any] = {}
    for name, value in values.items():
        root = name.split(".", 1)[0]
        if root in facts:
            assign_fact(task, name, value)
        else:
            set_path(rest, name, copied(value), visible_variables(task))
    return rest


def assign_fact(task: Any, target: str, value: Any) -> None:
    """Write one fact. A whole group, ``request``, is assigned name by name, so that no variable can hide the facts."""
    facts = task.workflow.top_workflow.host.facts
    root, _, rest = target.partition(".")
    if not isinstance(facts[root], dict):
        raise EvaluationFailed(f"{root} cannot be written", element_id=task.task_spec.element_id)
    if rest:
        set_path(facts[root], rest, copied(value), facts[root])
        return
    if not isinstance(value, Mapping):
        raise EvaluationFailed(
            f"{root} is a group of facts and cannot be {value!r}", element_id=task.task_spec.element_id
        )
    for name, item in value.items():
        facts[root][name] = copied(item)


def set_path(target: dict[str, Any], path: str, value: Any, base: Mapping[str, Any]) -> None:
    """Set a dotted path in a dict, keeping what the context of that name holds in `base` beside it."""
    first, *rest = path.split(".")
    if not rest:
        target[first] = value
        return
    existing = target.get(first, base.get(first))
    inner: dict[str, Any] = copied(existing) if isinstance(existing, Mapping) else {}
    target[first] = inner
    for name in rest[:-1]:
        deeper = inner.get(name)
        inner[name] = deeper if isinstance(deeper, dict) else {}
        inner = inner[name]
    inner[rest[-1]] = value


def _scopes(task: Any) -> Iterator[dict[str, Any]]:
    if "locals" in task.internal_data:
        yield task.internal_data["locals"]
    attached = task.task_spec.attached(task)
    if attached is not None and "locals" in attached.internal_data:
        yield attached.internal_data["locals"]
    workflow = task.workflow
    while True:
        yield workflow.data
        parent = workflow.parent_task
        if parent is None or parent.task_spec.starts_a_root:
            return
        workflow = parent.workflow


def _holder(workflow: Any, name: str) -> dict[str, Any]:
    while name not in workflow.data:
        parent = workflow.parent_task
        if parent is None or parent.task_spec.starts_a_root or "item" in parent.internal_data:
            break
        workflow = parent.workflow
    data: dict[str, Any] = workflow.data
    return data
