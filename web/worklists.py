"""Worklists: my tasks and my team's queue."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template

from engine.queries import running, worklist
from engine.queries.worklist import TaskRow
from web.access import sight_of
from web.current import person, world
from web.due_tags import due_tag
from web.words import up_to

pages = Blueprint("worklists", __name__, url_prefix="/tasks")


@dataclass(frozen=True, slots=True)
class Due:
    """When a task is due, in words and by urgency; `tag` is never told by colour alone."""

    row: TaskRow
    tag: str
    colour: str


@pages.get("/")
def mine() -> str:
    """Show a person's own tasks: what is due today and what is late first."""
    with world().db.read() as connection:
        rows = worklist.tasks_of(connection, person().person_id)
        in_queue = worklist.count_queue(connection, person().groups)
        kept = running.kept_for(connection, person_id=person().person_id, groups=person().groups)
    dues = [_due(row) for row in rows]
    waiting = up_to(in_queue, worklist.MOST_COUNTED)
    counts = {tag: sum(due.tag == tag for due in dues) for tag in ("Overdue", "Due today")}
    return render_template("tasks/mine.html", dues=dues, counts=counts, waiting=waiting, kept=kept)


@pages.get("/queue")
def queue() -> str:
    """Show the tasks of a person's groups: free ones to claim, and to leaders who holds the others."""
    with world().db.read() as connection:
        free = worklist.queue_of(connection, sight_of(person()))
        held = worklist.held_in(connection, sight_of(person()))
    return render_template(
        "tasks/queue.html", free=[_due(row) for row in free], held=[_due(row) for row in held], groups=person().groups
    )


def _due(row: TaskRow) -> Due:
    return Due(row, *due_tag(row.due_at))
