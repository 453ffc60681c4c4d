"""Worklists a page at a time: each task once, in order, whatever the filters; and no page reads more than it needs."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, insert

from engine.models import UserTask
from engine.queries import worklists
from engine.queries.worklists import Filters, Found, Position, Scope, find
from tests.engine.test_listed import one_task
from tests.plans import explain
from tests.stage import Stage

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
GROUPS = ("owning_team", "review_caseworker", "review_team_leader")
ORDERS = ("due", "newest", "oldest", "client", "case")
TASKS = 150


@pytest.fixture(scope="module")
def crowd(tmp_path_factory) -> Iterator[Stage]:
    """A stage with many open tasks, alike in much: of three groups, some held, some without a date."""
    stage = Stage(tmp_path_factory.mktemp("crowd"))
    stage.deploy(*one_task())
    stage.start()
    chance = random.Random(6)
    people = (stage.caseworker.person_id, stage.colleague.person_id)
    model = {name: value for name, value in stage.task("ask")._mapping.items() if name != "task_id"}
    rows = []
    for number in range(TASKS):
        rows.append(
            {
                **model,
                "token": str(number),
                "status": "completed" if chance.random() < 0.1 else "open",
                "candidate_group": chance.choice((*GROUPS, None)),
                "assignee_id": chance.choice((None, None, *people)),
                "due_at": chance.choice((None, *(NOON + timedelta(hours=12 * n) for n in range(5)))),
                "nation": chance.choice(("scotland", "england_wales")),
                "stage": chance.choice(("Plan", "Close")),
                "source": chance.choice((None, None, "mp")),
                "client_sort": chance.choice("abc"),
                "reference": chance.choice("xyz"),
            }
        )
    with stage.world.db.write() as connection:
        sqlite = stage.world.db.is_sqlite
        # What the database fills in by itself would make them all alike.
        connection.exec_driver_sql(
            "DROP TRIGGER user_task_is_listed" if sqlite else "ALTER TABLE user_task DISABLE TRIGGER USER"
        )
        connection.execute(insert(UserTask), rows)
    yield stage
    stage.world.db.close()


@cache
def all_tasks(stage: Stage) -> list[Any]:
    return stage.rows(UserTask)


def expected(stage: Stage, scope: Scope, filters: Filters, order: str) -> list[int]:
    """Return the ids of a list as one would write it down, without any index."""

    def is_in(task: Any) -> bool:
        is_mine = task.assignee_id == scope.person_id
        in_team = task.candidate_group in scope.groups
        held = task.assignee_id is not None
        whose = {"mine": is_mine, "free": in_team and not held, "held": in_team and held, "any": in_team or is_mine}
        due = task.due_at
        return (
            task.status == "open"
            and whose[scope.holding]
            and (not filters.nation or task.nation == filters.nation)
            and (not filters.stage or task.stage == filters.stage)
            and (not filters.source or task.source == filters.source)
            and (filters.due_from is None or (due is not None and due >= filters.due_from))
            and (filters.due_before is None or (due is not None and due < filters.due_before))
            and (not filters.is_undated or due is None)
        )

    found = [task for task in all_tasks(stage) if is_in(task)]
    keys = {
        "due": lambda task: (task.due_at is None, task.due_at or NOON, task.task_id),
        "newest": lambda task: -task.task_id,
        "oldest": lambda task: task.task_id,
        "client": lambda task: (task.client_sort, task.task_id),
        "case": lambda task: (task.reference, task.task_id),
    }
    return [task.task_id for task in sorted(found, key=keys[order])]


scopes = st.builds(
    Scope,
    st.sampled_from(("mine", "free", "held", "any")),
    st.just(1),
    st.sampled_from((GROUPS, GROUPS[:1], GROUPS[1:])),
)
filters = st.builds(
    Filters,
    nation=st.sampled_from(("", "", "scotland")),
    stage=st.sampled_from(("", "", "Plan")),
    source=st.sampled_from(("", "", "mp")),
) | st.sampled_from(
    (
        Filters(due_before=NOON + timedelta(days=1)),
        Filters(due_from=NOON + timedelta(hours=6), due_before=NOON + timedelta(days=1), nation="scotland"),
        Filters(is_undated=True),
    )
)


@settings(max_examples=40, deadline=None)
@given(scope=scopes, filters=filters, order=st.sampled_from(ORDERS), window=st.sampled_from((5, 1_000)))
def test_pages_hold_each_task_once_and_in_order_there_and_back(crowd, scope, filters, order, window):
    scope = Scope(scope.holding, crowd.caseworker.person_id, scope.groups)
    whole = expected(crowd, scope, filters, order)
    was = worklists.WINDOW
    worklists.WINDOW = window
    try:
        with crowd.world.db.read() as connection:
            there = walk(lambda at: find(connection, scope, filters, order, after=at, most=4), Found.after.__get__)
            assert [task_id for page in there for task_id in page.ids] == whole
            assert there[0].before is None
            end = Position(sorted_by(crowd, whole[-1], order), whole[-1]) if whole else None
            if end is None:
                return
            back = walk(
                lambda at: find(connection, scope, filters, order, before=at or end, most=4), Found.before.__get__
            )
            assert [task_id for page in reversed(back) for task_id in page.ids] == whole[:-1]
    finally:
        worklists.WINDOW = was


def walk(turn, onward) -> list[Found]:
    """Return the pages from the first to the last."""
    pages = [turn(None)]
    while (at := onward(pages[-1])) is not None:
        pages.append(turn(at))
        assert len(pages) < TASKS
    return pages


def sorted_by(stage: Stage, task_id: int, order: str) -> object:
    task = next(row for row in all_tasks(stage) if row.task_id == task_id)
    return {"due": task.due_at, "client": task.client_sort, "case": task.reference}.get(order)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("holding", ["mine", "free", "held", "any"])
def test_every_list_is_read_from_its_own_index_in_its_order(crowd, holding, order):
    scope = Scope(holding, crowd.caseworker.person_id, GROUPS)
    later = Position(NOON if order == "due" else None if order in ("newest", "oldest") else "b", 20)
    for filters in (Filters(), Filters(source="mp"), Filters(nation="scotland"), Filters(due_before=NOON)):
        for at in (None, later):
            for plan in plans(crowd, lambda at=at, f=filters: lambda c: find(c, scope, f, order, after=at)):
                assert not walks_through(plan), plan
                if holding != "mine" and not (holding == "any" and order != "due"):
                    assert not sorts(plan), plan


def test_counting_reads_one_index_for_each_count(crowd):
    wanted = {
        "mine": (Scope("mine", crowd.caseworker.person_id), Filters()),
        "held": (Scope("held", crowd.caseworker.person_id, GROUPS), Filters()),
        "free": (Scope("free", crowd.caseworker.person_id, GROUPS), Filters()),
        "due": (Scope("any", crowd.caseworker.person_id, GROUPS), Filters(due_before=NOON)),
    }
    [plan] = plans(crowd, lambda: lambda connection: worklists.count(connection, wanted))
    assert not walks_through(plan), plan
    read = set(re.findall(r"ix_user_task_\w+", plan))
    assert read == {"ix_user_task_mine", "ix_user_task_held", "ix_user_task_free"}, plan


def plans(stage: Stage, make) -> list[str]:
    """Return the plans of what a reading sends."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if "FROM" in statement:
            sent.append((statement, parameters))

    event.listen(stage.world.db.engine, "before_cursor_execute", note)
    try:
        with stage.world.db.read() as connection:
            make()(connection)
    finally:
        event.remove(stage.world.db.engine, "before_cursor_execute", note)
    return [explain(stage.world, *one) for one in sent]


def sorts(plan: str) -> bool:
    """Tell whether a plan sorts what it has read."""
    return "B-TREE FOR ORDER BY" in plan or "Sort" in plan


def walks_through(plan: str) -> bool:
    """Tell whether a plan reads a whole table."""
    return "Seq Scan" in plan or any(line.startswith("SCAN user_task") for line in plan.splitlines())
