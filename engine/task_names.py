"""What a user task's page may refer to: the variables and facts that are visible from its token.

The one read that restores an instance; nothing moves and nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from engine import definitions, instance_row
from engine.errors import TaskWithdrawn
from engine.spiff import Stored, Workflow
from engine.spiff.host import TokenNotOpen
from engine.step_host import StepHost
from engine.world import Actor, World

_READER = Actor("reader")


def names_at(world: World, connection: Connection, task: Any) -> Mapping[str, Any]:
    """Return the names visible from an open task's token; `task` is a row of `tasks.get_task`.

    Raises: TaskWithdrawn when the token is gone.
    """
    row = task.instance
    definition = definitions.load(world, connection, row.definition_id)
    facts = instance_row.facts_of(row)
    host = StepHost(
        world,
        connection,
        definition,
        facts,
        instance_id=row.instance_id,
        case_id=row.case_id,
        actor=_READER,
        now=world.clock.now(),
    )
    workflow = Workflow.restore(definition.program, Stored(row.state, row.variables), host)
    try:
        return workflow.names(task.token)
    except TokenNotOpen as gone:
        raise TaskWithdrawn from gone
