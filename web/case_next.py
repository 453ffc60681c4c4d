"""What is next on the whole case: what, by when, why, and who holds it. The soonest overdue comes first.

Something to do comes before something that is waited for, unless that is overdue: nobody can do a wait. A task without
a date of its own is as urgent as the next date of its request. Payments and child requests serve another one and come
after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from engine.queries.worklist import TaskRow
from web.holders import NextDue, task_holder
from web.request_cards import RequestCard

_NEVER = datetime.max.replace(tzinfo=UTC)
Rules = Mapping[tuple[int, datetime], str]
"""The rule that a date of an instance was counted by."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """One thing that is to happen: `of` is its service request in words, `date_of` what else its date belongs to."""

    what: str
    of: str
    anchor: str
    holder: str
    due_at: datetime | None
    date_of: str
    rule: str
    is_overdue: bool
    task_id: int | None
    assignee_id: int | None = None


def ahead(cards: list[RequestCard], groups: Mapping[str, str], rules: Rules, now: datetime) -> list[Ahead]:
    """Return what is next on each open request, the most urgent first."""
    found = []
    for place, card in enumerate(card for card in cards if card.is_open):
        task = min(card.tasks, key=lambda one: one.due_at or _NEVER, default=None)
        one = _of_task(card, task, groups, rules, now) if task is not None else _of_wait(card, now)
        if one is not None:
            is_dated_wait = task is None and one.due_at is not None
            rank = (not one.is_overdue, card.is_lesser, 1 if is_dated_wait else 0 if task is not None else 2)
            found.append((*rank, one.due_at or _NEVER, place, one))
    return [entry[-1] for entry in sorted(found, key=lambda entry: entry[:-1])]


def _of_task(card: RequestCard, task: TaskRow, groups: Mapping[str, str], rules: Rules, now: datetime) -> Ahead:
    date = card.next_due if task.due_at is None else None
    due_at = task.due_at or (date.due_at if date is not None else None)
    rule = rules.get((task.instance_id, task.due_at), "") if task.due_at is not None else date.rule if date else ""
    return Ahead(
        what=task.name,
        of=card.title,
        anchor=card.anchor,
        holder=task_holder(task, groups),
        due_at=due_at,
        date_of=date.what if date is not None else "",
        rule=rule,
        is_overdue=due_at is not None and due_at < now,
        task_id=task.task_id,
        assignee_id=task.assignee_id,
    )


def _of_wait(card: RequestCard, now: datetime) -> Ahead | None:
    date: NextDue | None = card.next_due
    due_at = date.due_at if date is not None else None
    return Ahead(
        what=date.what if date is not None else card.holder,
        of=card.title,
        anchor=card.anchor,
        holder=card.holder,
        due_at=due_at,
        date_of="",
        rule=date.rule if date is not None else "",
        is_overdue=due_at is not None and due_at < now,
        task_id=None,
    )
