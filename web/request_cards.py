"""Each service request of a case as its page shows it: status, links, who holds it, what is due, the path so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from engine.queries.cases import Link, RequestRow
from engine.queries.paths import StepTaken
from engine.queries.running import InstanceRow
from engine.queries.worklist import TaskRow
from web.case_summary import Standing
from web.holders import NextDue, Work, holder_of, next_due

MOST_STEPS = 30
_PAYMENT = "Payment - Non Standard"
# What a link is in words, seen from the request that it was made from (True) and from the other one.
_TIES = {
    ("child", True): "Has the child request",
    ("child", False): "Child of",
    ("raised_from", True): "Raised from",
    ("raised_from", False): "Led to",
    ("related", True): "Related to",
    ("related", False): "Related to",
    ("closed_by", True): "Closed by",
    ("closed_by", False): "Closes",
}


@dataclass(frozen=True, slots=True)
class Tie:
    """A link to another request of the case, in words."""

    words: str
    number: str
    kind: str


@dataclass(frozen=True, slots=True)
class PathStep:
    """A step on the way so far: `number` as in the procedure, its title, and when it was reached."""

    number: str
    title: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RequestCard:
    """A service request; or, without a `row`, a procedure under way that has not made its request yet."""

    row: RequestRow | None
    title: str
    is_open: bool
    holder: str
    next_due: NextDue | None
    ties: list[Tie]
    procedure: str
    path: list[PathStep]
    now: str
    tasks: list[TaskRow]
    instances: list[InstanceRow]
    is_lesser: bool
    """A payment, or another request that serves one of the case, and has no work of its own without it."""
    steps_before: int
    """How many steps of the path are not told here: the diagram's page has them all."""

    @property
    def anchor(self) -> str:
        """Where the case page shows it."""
        return self.row.number if self.row is not None else "requests"


def cards_of(standing: Standing, taken: Mapping[int, list[StepTaken]]) -> list[RequestCard]:
    """Return the requests of a case: the open ones first, then the closed ones, the newest of each on top.

    What only serves another request, such as a payment, comes after those.

    `taken` are the steps taken by each instance. Work that has no request yet comes before all others.
    """
    cards = [_card(standing, standing.work_on(request), taken) for request in standing.requests]
    before = [_card(standing, work, taken) for work in _without_request(standing)]
    if len(before) > 1:
        before = [replace(card, title=f"{card.title} ({n} of {len(before)})") for n, card in enumerate(before, start=1)]
    cards = before + cards
    return sorted(cards, key=lambda card: (not card.is_open, card.is_lesser))


def _without_request(standing: Standing) -> list[Work]:
    """Return what is open on each procedure that has no request yet: two issues of one contact are two."""
    before = standing.work_on(None)
    return [
        Work(
            None,
            [task for task in before.tasks if task.instance_id == instance.instance_id],
            [wait for wait in before.waits if wait.instance_id == instance.instance_id],
            [instance],
        )
        for instance in before.instances
    ]


def _card(standing: Standing, work: Work, taken: Mapping[int, list[StepTaken]]) -> RequestCard:
    row = work.request
    wanted = {instance.instance_id for instance in work.instances}
    instances = [
        one
        for one in reversed(standing.instances)
        if (one.request_id == row.request_id if row is not None else one.instance_id in wanted)
    ]
    path = [step for instance in instances for step in _path(standing, instance, taken)]
    is_child = row is not None and any(link.relation == "child" and not link.is_outward for link in row.links)
    return RequestCard(
        row=row,
        title=f"{row.kind} {row.number}" if row is not None else _before(instances),
        is_open=work.is_open,
        holder=_holder(standing, work),
        next_due=next_due(work),
        ties=[_tie(link) for link in row.links] if row is not None else [],
        procedure=_procedure(standing, instances),
        path=path[-MOST_STEPS:],
        now=_now(work, path),
        tasks=work.tasks,
        instances=instances,
        is_lesser=is_child or (row is not None and row.kind == _PAYMENT),
        steps_before=max(0, len(path) - MOST_STEPS),
    )


def _before(instances: list[InstanceRow]) -> str:
    titles = list(dict.fromkeys(instance.title for instance in instances))
    return f"{', '.join(titles)}: no service request yet"


def _holder(standing: Standing, work: Work) -> str:
    """Return who holds a request; one without a procedure of its own is worked on with the request that it serves."""
    row = work.request
    if row is None or not row.is_open or work.tasks or work.instances or row.owner_name:
        return holder_of(work, standing.groups)
    parents = {link.number for link in row.links if link.relation == "child" and not link.is_outward}
    parent = next((one for one in standing.requests if one.number in parents and one.is_open), None)
    if parent is None:
        return holder_of(work, standing.groups)
    return f"{holder_of(standing.work_on(parent), standing.groups)}, with {parent.number}"


def _tie(link: Link) -> Tie:
    words = _TIES.get((link.relation, link.is_outward), link.relation.replace("_", " ").capitalize())
    return Tie(words, link.number, link.kind)


def _path(standing: Standing, instance: InstanceRow, taken: Mapping[int, list[StepTaken]]) -> list[PathStep]:
    titles = standing.loaded[instance.definition_id].procedure
    return [
        PathStep(step.step.rpartition(" ")[2], titles.get(step.step, ""), step.at)
        for step in taken.get(instance.instance_id, [])
    ]


def _procedure(standing: Standing, instances: list[InstanceRow]) -> str:
    """Return the name that the numbered steps go by, such as Review."""
    steps = standing.loaded[instances[-1].definition_id].procedure if instances else {}
    return next(iter(steps), "").rpartition(" ")[0]


def _now(work: Work, path: list[PathStep]) -> str:
    """Return the number of the step that is to be done now, where the path has not reached it yet."""
    steps = [task.step for task in work.tasks] + [wait.step for wait in work.waits if wait.kind != "message"]
    reached = path[-1].number if path else ""
    first = next((step for step in steps if step), "")
    numbers = [step.strip().rpartition(" ")[2] for step in first.split(",")] if first else []
    return "" if not numbers or reached in numbers else numbers[0]
