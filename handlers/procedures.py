"""What starts another procedure: hand_over, with the fields that process.toml carries over, and reopen_request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import definitions, reopening
from engine.context import BpmnError, StepContext
from engine.errors import NotFound, RedressError
from engine.people import get_person
from engine.spiff.host import RunFailed
from engine.step import begin


class ProcedureNotInForce(RunFailed):
    """A hand-over leads to a procedure that was withdrawn, or was never deployed."""

    def __init__(self, to: str, what: str) -> None:
        super().__init__(
            f"The procedure {to!r} is not in force, so {what} could not be handed over to it. What was submitted is "
            "kept and nothing was started. Put the procedure in force with the command deploy, then try again."
        )


def hand_over(context: StepContext, *, to: str, **values: object) -> Mapping[str, object]:
    """Start the procedure `to` on this case, in this step's transaction.

    Its first facts are the fields listed under ``[[hand_overs]]`` of this procedure's process.toml, taken from this
    service request, and whatever else the diagram passes: an input ``request_received_on`` becomes
    ``request.received_on``.
    Raises: ValueError when process.toml declares no such hand-over; ProcedureNotInForce.
    """
    declared = context.definition.hand_over_to(to)
    if declared is None:
        raise ValueError(f"process.toml of {context.definition.key} declares no hand-over to {to!r}.")
    carried: dict[str, Any] = {
        target: _look_up(context.facts.values, source)
        for target, source in declared.items()
        if _look_up(context.facts.values, source) is not None
    }
    given = {f"request.{name.removeprefix('request_')}": value for name, value in values.items()}
    try:
        definition = definitions.in_force(context.world, context.connection, to)
    except NotFound as withdrawn:
        raise ProcedureNotInForce(to, str(context.request.get("number") or "the case")) from withdrawn
    outcome = begin(
        context.world,
        context.connection,
        definition,
        {**carried, **given},
        case_id=context.case_id,
        actor=context.actor,
    )
    return {"handed_over_to": outcome.instance_id}


def reopen_request(context: StepContext, *, reason: str) -> Mapping[str, object]:
    """Reopen the closed request that this instance works on, as the person who completed the last task.

    Raises: BpmnError ``reopening_refused`` with the sentence that says why, in `reopening_problem`.
    """
    if context.request_id is None or context.actor.person_id is None:
        raise ValueError("Reopening needs a service request, and a person who decided on it.")
    actor = get_person(context.connection, context.actor.person_id)
    try:
        reopening.reopen_in(
            context.world,
            context.connection,
            context.request_id,
            reason=reason,
            actor=actor,
            besides=context.instance_id,
        )
    except RedressError as refused:
        raise BpmnError("reopening_refused", str(refused), {"reopening_problem": str(refused)}) from refused
    return {}


def _look_up(facts: Mapping[str, Any], name: str) -> Any:
    value: Any = facts
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
