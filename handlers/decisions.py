"""record_decision: a decision of a leader or a manager, kept with the plan version and the amount that it covers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

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
    decided_on: date | None = None,
    evidence: Sequence[int] | None = None,
) -> Mapping[str, object]:
    """Return the decision as a record; the step writes it to history as this job's result.

    `decided_by` names a manager outside the system; without it the person who acted decided. The person who acted then
    recorded that decision, which was made on the day `decided_on`, with the documents `evidence`.
    Raises: ValueError for a decision of somebody outside that no document proves.
    """
    if isinstance(decided_by, str) and not evidence:
        raise ValueError(f"The decision of {decided_by} has no evidence. Attach their email or the signed form.")
    return {
        "decision_record": {
            "subject": subject,
            "decision": decision,
            "amount": amount,
            "plan_version": plan_version,
            "comments": comments,
            "decided_by": decided_by or context.actor.person_id,
            "decided_at": context.now,
            "decided_on": decided_on,
            "recorded_by": context.actor.person_id,
            "evidence": list(evidence or ()),
        }
    }
