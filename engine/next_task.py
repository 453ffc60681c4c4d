"""The next task: the free one of a person's own teams that the rules of `processes/next_task.toml` put first.

Two people who ask at the same time get two tasks: whoever is later to claim one goes on to the one after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine import tasks
from engine.errors import NotAllowed, RedressError, TaskAlreadyClaimed, TaskAlreadyCompleted, TaskWithdrawn
from engine.next_rules import DEFAULT, FILE, NextRule, parse_rules
from engine.people import Somebody
from engine.queries import worklists
from engine.queries.worklists import Filters, Scope, days_of
from engine.world import World

_PAGES = 4
_PASSED_OVER = (TaskAlreadyClaimed, TaskAlreadyCompleted, TaskWithdrawn, NotAllowed)


class RulesRefused(RedressError):
    """The rules of the next task cannot be read. Nothing was claimed; take a task from the queue instead."""


def read_rules(folder: Path) -> list[NextRule]:
    """Return the rules of a processes folder, in order; without the file, what is due first comes first.

    Raises: RulesRefused, with the rule and what may stand there.
    """
    try:
        rules, faults = parse_rules((folder / FILE).read_bytes())
    except FileNotFoundError:
        return [DEFAULT]
    if faults:
        raise RulesRefused(f"{FILE} cannot be used. {faults[0].message} `make check` says all that is wrong.")
    return rules


def claim_next(world: World, *, actor: Somebody, sent_key: str | None = None) -> tuple[int, str] | None:
    """Claim the task that comes first; return it with why it does, or None when there is none for this person.

    Raises: RulesRefused, SentBefore.
    """
    groups = tuple(key for key in world.groups if key in actor.groups)
    for rule in read_rules(world.settings.processes_dir):
        for task_id in _fitting(world, rule, Scope("free", actor.person_id, groups)):
            try:
                tasks.claim(world, task_id, actor=actor, sent_key=sent_key)
            except _PASSED_OVER:
                continue  # somebody was quicker, or has to keep off this one
            return task_id, rule.why
    return None


def _fitting(world: World, rule: NextRule, scope: Scope) -> Iterator[int]:
    since, until = days_of(rule.due, world.clock.now())
    filters = Filters(
        procedure=rule.procedure,
        stage=rule.stage,
        nation=rule.nation,
        source=rule.source,
        due_from=since,
        due_before=until,
        is_undated=rule.due == "none",
    )
    after = None
    for _ in range(_PAGES):
        with world.db.read() as connection:
            found = worklists.find(connection, scope, filters, after=after)
        yield from found.ids
        after = found.after
        if after is None:
            return
