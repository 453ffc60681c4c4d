"""Whether an instance can stand on another version of its diagrams: what a live token has armed must be the same there.

What a token armed on arrival is stored with it. A version that attaches another event to an activity, or offers another
after an event-based gateway, would never arm it for the tokens that are there already.
"""

from __future__ import annotations

from typing import Any

from engine.spiff.gateways import EventGateway
from engine.spiff.instance import Instance
from engine.spiff.program import Program


def misfits(instance: Instance, other: Program) -> list[str]:
    """Return the elements with live tokens that wait for other events in the other version, each once."""
    found: dict[str, None] = {}
    for workflow in instance.workflows():
        here, there = workflow.spec.task_specs, other.specs[workflow.spec.name].task_specs
        for task in workflow.tasks.values():
            if task is not workflow.task_tree and _armed_at(here, task) != _armed_at(there, task):
                found[task.task_spec.element_id] = None
    return list(found)


def _armed_at(specs: Any, task: Any) -> set[tuple[str, str]]:
    spec = specs[task.task_spec.name]
    triggers = spec.triggers if isinstance(spec, EventGateway) else ()
    split = specs.get(f"{spec.element_id}#split")
    attached = [] if split is None or spec.is_boundary else [specs[branch.target] for branch in split.branches]
    events = {(one.name, one.trigger.kind) for one in attached if one.is_boundary}
    return events | {(trigger.element_id, trigger.kind) for trigger in triggers}
