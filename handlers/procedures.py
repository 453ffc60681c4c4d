"""hand_over: starts another procedure on the same case, with the fields that process.toml says are carried over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import definitions
from engine.context import StepContext
from engine.step import begin


def hand_over(context: StepContext, *, to: str, **values: object) -> Mapping[str, object]:
    """Start the procedure `to` on this case, in this step's transaction.

    Its first facts are the fields listed under ``[[hand_overs]]`` of this procedure's process.toml, taken from this
    service request, and whatever else the diagram passes: an input ``request_received_on`` becomes
    ``request.received_on``.
    Raises: ValueError when process.toml declares no such hand-over; NotFound when the procedure is not deployed.
    """
    declared = context.definition.hand_over_to(to)
    if declared is None:
        raise ValueError(f"process.toml of {context.definition.key} declares no hand-over to {to!r}.")
    carried: dict[str, Any] = {
        target: _look_up(context.facts.values, source)
        for source, target in declared.items()
        if _look_up(context.facts.values, source) is not None
    }
    given = {f"request.{name.removeprefix('request_')}": value for name, value in values.items()}
    definition = definitions.in_force(context.world, context.connection, to)
    outcome = begin(
        context.world,
        context.connection,
        definition,
        {**carried, **given},
        case_id=context.case_id,
        actor=context.actor,
    )
    return {"handed_over_to": outcome.instance_id}


def _look_up(facts: Mapping[str, Any], name: str) -> Any:
    value: Any = facts
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
