"""The next task: the free one of a person's own teams that the rules of `processes/next_task.toml` put first.

Two people who ask at the same time get two tasks: whoever is later to claim one goes on to the one after it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine import tasks
from engine.errors import NotAllowed, RedressError, TaskAlreadyClaimed, TaskAlreadyCompleted, TaskWithdrawn
from engine.people import Somebody
from engine.queries import worklists
from engine.queries.worklists import Filters, Scope, days_of
from engine.world import World

FILE = "next_task.toml"
_DUES = ("overdue", "today", "week", "none")
_SOURCES = ("mp", "ice", "phso")
_TEXTS = ("procedure", "stage", "nation", "source")
_PAGES = 4
_PASSED_OVER = (TaskAlreadyClaimed, TaskAlreadyCompleted, TaskWithdrawn, NotAllowed)


class RulesRefused(RedressError):
    """The rules of the next task cannot be read. Nothing was claimed; take a task from the queue instead."""


@dataclass(frozen=True, slots=True)
class NextRule:
    """What tasks have to be, and why such a task comes first, as the end of a sentence."""

    why: str
    due: str = ""
    source: str = ""
    procedure: str = ""
    stage: str = ""
    nation: str = ""


def read_rules(folder: Path) -> list[NextRule]:
    """Return the rules of a processes folder, in order; without the file, what is due first comes first.

    Raises: RulesRefused, with the rule and what may stand there.
    """
    path = folder / FILE
    if not path.exists():
        return [NextRule("of the free tasks of your teams it is due first, or has waited longest")]
    try:
        entries = tomllib.loads(path.read_text()).get("rule", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise RulesRefused(f"{FILE} cannot be read: {fault}.") from fault
    return [_rule(number, entry) for number, entry in enumerate(entries, start=1)]


def claim_next(world: World, *, actor: Somebody) -> tuple[int, str] | None:
    """Claim the task that comes first; return it with why it does, or None when there is none for this person.

    Raises: RulesRefused.
    """
    groups = tuple(key for key in world.groups if key in actor.groups)
    for rule in read_rules(world.settings.processes_dir):
        for task_id in _fitting(world, rule, Scope("free", actor.person_id, groups)):
            try:
                tasks.claim(world, task_id, actor=actor)
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
        yield from found.task_ids
        after = found.after
        if after is None:
            return


def _rule(number: int, entry: object) -> NextRule:
    known = ("why", "due", *_TEXTS)
    if not isinstance(entry, dict) or not all(isinstance(value, str) for value in entry.values()):
        raise RulesRefused(f"Rule {number} of {FILE} has to hold texts: {', '.join(known)}.")
    if unknown := sorted(set(entry) - set(known)):
        raise RulesRefused(f"Rule {number} of {FILE} asks for {', '.join(unknown)}; it may ask for {', '.join(known)}.")
    for name, values in (("due", _DUES), ("source", _SOURCES)):
        if entry.get(name, values[0]) not in values:
            raise RulesRefused(f"Rule {number} of {FILE}: {name} has to be one of {', '.join(values)}.")
    if not entry.get("why"):
        raise RulesRefused(f"Rule {number} of {FILE} has to say why, for whoever gets the task.")
    return NextRule(**entry)
