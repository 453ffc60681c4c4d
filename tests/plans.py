"""Query plans: how the database would find what a statement asks for, whichever database it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from engine.world import World


def plan_of(world: World, act: Callable[[], object], *, about: str) -> str:
    """Do something, and return the plan of the one statement in it that contains a text."""
    sent: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if about in statement:
            sent[statement] = parameters

    event.listen(world.db.engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(world.db.engine, "before_cursor_execute", note)
    [(statement, parameters)] = sent.items()
    return explain(world, statement, parameters)


def explain(world: World, statement: str, parameters: Any = None) -> str:
    """Return the plan of a statement. PostgreSQL walks through a small table, unless it is told that this is dear."""
    with world.db.read() as connection:
        if world.db.is_sqlite:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            return "\n".join(row.detail for row in rows)
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        rows = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).all()
        return "\n".join(row[0] for row in rows)
