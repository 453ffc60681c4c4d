"""record_decision: a decision of a leader or a manager, kept with the plan version and the amount that it covers."""

from __future__ import annotations

from collections.abc import Mapping

from engine.context import StepContext


def record_decision(
    context: StepContext,
    *,
    subject: str,
    decision: str,
    amount: int | None = None,
    plan_version: int | None = None,
    comments: str | None = None,
    decided_by: str | int | None = None,
) -> Mapping[str, object]:
    """Return the decision as a record; the step writes it to history as this job's result.

    `decided_by` names a manager outside the system; without it the person who acted decided.
    """
    return {
        "decision_record": {
            "subject": subject,
            "decision": decision,
            "amount": amount,
            "plan_version": plan_version,
            "comments": comments,
            "decided_by": decided_by or context.actor.person_id,
            "decided_at": context.now,
        }
    }
