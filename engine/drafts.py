"""Drafts: what somebody has typed into a task and not submitted. A draft moves no case and is in no history.

Each saving has a number. A page says which one it started from, so that an older window of the same task does not
overwrite what was saved since: it is refused, and its person chooses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import update

from engine.errors import DraftIsNewer, TaskNotYours
from engine.holds import hold_task
from engine.models import UserTask
from engine.people import Somebody
from engine.tasks import get_open_task
from engine.values import dumps, loads
from engine.world import World

Typed = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed, by whom and when. `seen` is what the page knew of the case, as fingerprints by question."""

    typed: Typed
    number: int
    window: str = ""
    seen: Mapping[str, str] = field(default_factory=dict)
    by_id: int | None = None
    saved_at: datetime | None = None

    def is_newer_than(self, base: Base, typed: Typed) -> bool:
        """Tell whether somebody who started from `base` has not seen this, and would lose it."""
        return self.number != base.number and self.window != base.window and self.typed != typed


@dataclass(frozen=True, slots=True)
class Base:
    """What a page started from: the number of the draft that it showed, 0 for none, and which window it is."""

    number: int = 0
    window: str = ""


def draft_of(task: Any) -> Draft | None:
    """Return the draft of a task's row; None where nothing was saved."""
    stored = loads(task.draft) if task.draft else None
    if not isinstance(stored, dict) or not isinstance(stored.get("typed"), dict):
        return None
    return Draft(
        typed=stored["typed"],
        number=stored.get("number", 1),
        window=stored.get("window", ""),
        seen=stored.get("seen", {}),
        by_id=stored.get("by"),
        saved_at=task.draft_saved_at,
    )


def save_draft(
    world: World,
    task_id: int,
    typed: Typed,
    *,
    actor: Somebody,
    base: Base | None = None,
    seen: Mapping[str, str] | None = None,
) -> Draft:
    """Keep what was typed so far; nothing is checked and the case does not move.

    Without a base whatever was saved before is replaced.
    Raises: NotFound, TaskNotYours, TaskAlreadyCompleted, TaskWithdrawn, DraftIsNewer.
    """
    with world.db.write() as connection:
        hold_task(connection, task_id)
        task = get_open_task(connection, task_id)
        if task.assignee_id != actor.person_id:
            raise TaskNotYours
        there = draft_of(task)
        if base is not None and there is not None and there.is_newer_than(base, typed):
            raise DraftIsNewer(at=there.saved_at)
        saved = Draft(
            typed=typed,
            number=(there.number if there else 0) + 1,
            window=base.window if base else "",
            seen=dict(seen or {}),
            by_id=actor.person_id,
            saved_at=world.clock.now(),
        )
        stored = {
            "typed": typed,
            "number": saved.number,
            "window": saved.window,
            "seen": saved.seen,
            "by": saved.by_id,
        }
        changes = {"draft": dumps(stored), "draft_saved_at": saved.saved_at}
        connection.execute(update(UserTask).where(UserTask.task_id == task_id).values(changes))
    return saved
