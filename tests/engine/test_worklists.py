"""Worklists a page at a time: each row once, in order, whatever the filters; and no page reads more than it needs."""

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
from sqlalchemy import event, insert, select, update

from engine.models import ListedRequest, ServiceRequest, UserTask
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
    open_requests(stage, chance)
    yield stage
    stage.world.db.close()


def open_requests(stage: Stage, chance: random.Random) -> None:
    """Open as many service requests, alike in as much: of three groups, some nobody's, some served with another."""
    known = {"case_id": stage.case_id, "kind": "Review", "status": "Open", "opened_at": NOON, "facts": "{}"}
    blank = {"process": "", "area": "", "sub_area": ""}
    with stage.world.db.write() as connection:
        connection.execute(
            insert(ServiceRequest), [{**known, **blank, "number": f"SR-{number}"} for number in range(TASKS)]
        )
        for request_id in connection.execute(select(ListedRequest.request_id)).scalars().all():
            values = {
                "owner_group": chance.choice((*GROUPS, None)),
                "owner_id": chance.choice((None, stage.caseworker.person_id, stage.colleague.person_id)),
                "due_at": chance.choice((None, *(NOON + timedelta(hours=12 * n) for n in range(5)))),
                "waits_for": chance.choice(("owner", "owner client", "client", "date", "served", "")),
                "nation": chance.choice(("scotland", "england_wales")),
                "stage": chance.choice(("Plan", "Close")),
                "source": chance.choice((None, None, "mp")),
                "client_sort": chance.choice("abc"),
                "reference": chance.choice("xyz"),
            }
            connection.execute(update(ListedRequest).where(ListedRequest.request_id == request_id).values(**values))


@cache
def all_tasks(stage: Stage) -> list[Any]:
    return stage.rows(UserTask)


@cache
def all_requests(stage: Stage) -> list[Any]:
    return stage.rows(ListedRequest)


OF_REQUESTS = ("owned", "team")


def rows_of(stage: Stage, scope: Scope) -> list[tuple[int, Any]]:
    """Return every row that a list is made of, with its id."""
    if scope.holding in OF_REQUESTS:
        return [(row.request_id, row) for row in all_requests(stage)]
    return [(row.task_id, row) for row in all_tasks(stage)]


def expected(stage: Stage, scope: Scope, filters: Filters, order: str) -> list[int]:
    """Return the ids of a list as one would write it down, without any index."""

    def is_whose(row: Any) -> bool:
        if scope.holding in OF_REQUESTS:
            in_team = row.owner_group in scope.groups
            whose = {"team": in_team, "owned": row.owner_id == scope.person_id and in_team}
            return row.waits_for != "served" and whose[scope.holding]
        is_mine = row.assignee_id == scope.person_id
        in_team = row.candidate_group in scope.groups
        held = row.assignee_id is not None
        whose = {"mine": is_mine, "free": in_team and not held, "held": in_team and held, "any": in_team or is_mine}
        return row.status == "open" and whose[scope.holding]

    def is_in(row: Any) -> bool:
        due, waits = row.due_at, row.waits_for.split()
        return (
            is_whose(row)
            and (not filters.nation or row.nation == filters.nation)
            and (not filters.stage or row.stage == filters.stage)
            and (not filters.source or row.source == filters.source)
            and (not filters.waits_for or filters.waits_for in waits)
            and (filters.due_from is None or (due is not None and due >= filters.due_from))
            and (filters.due_before is None or (due is not None and due < filters.due_before))
            and (not filters.is_undated or due is None)
        )

    found = [(row_id, row) for row_id, row in rows_of(stage, scope) if is_in(row)]
    keys = {
        "due": lambda one: (one[1].due_at is None, one[1].due_at or NOON, one[0]),
        "newest": lambda one: -one[0],
        "oldest": lambda one: one[0],
        "client": lambda one: (one[1].client_sort, one[0]),
        "case": lambda one: (one[1].reference, one[0]),
    }
    return [row_id for row_id, _ in sorted(found, key=keys[order])]


scopes = st.builds(
    Scope,
    st.sampled_from(("mine", "free", "held", "any", *OF_REQUESTS)),
    st.just(1),
    st.sampled_from((GROUPS, GROUPS[:1], GROUPS[1:])),
)
filters = st.builds(
    Filters,
    nation=st.sampled_from(("", "", "scotland")),
    stage=st.sampled_from(("", "", "Plan")),
    source=st.sampled_from(("", "", "mp")),
    waits_for=st.sampled_from(("", "", "client")),
) | st.sampled_from(
    (
        Filters(due_before=NOON + timedelta(days=1)),
        Filters(due_from=NOON + timedelta(hours=6), due_before=NOON + timedelta(days=1), nation="scotland"),
        Filters(is_undated=True),
    )
)


@settings(max_examples=60, deadline=None)
@given(scope=scopes, filters=filters, order=st.sampled_from(ORDERS), window=st.sampled_from((5, 1_000)))
def test_pages_hold_each_row_once_and_in_order_there_and_back(crowd, scope, filters, order, window):
    scope = Scope(scope.holding, crowd.caseworker.person_id, scope.groups)
    whole = expected(crowd, scope, filters, order)
    was = worklists.WINDOW
    worklists.WINDOW = window
    try:
        with crowd.world.db.read() as connection:
            there = walk(lambda at: find(connection, scope, filters, order, after=at, most=4), Found.after.__get__)
            assert [row_id for page in there for row_id in page.ids] == whole
            assert there[0].before is None
            end = Position(sorted_by(crowd, scope, whole[-1], order), whole[-1]) if whole else None
            if end is None:
                return
            back = walk(
                lambda at: find(connection, scope, filters, order, before=at or end, most=4), Found.before.__get__
            )
            assert [row_id for page in reversed(back) for row_id in page.ids] == whole[:-1]
    finally:
        worklists.WINDOW = was


def walk(turn, onward) -> list[Found]:
    """Return the pages from the first to the last."""
    pages = [turn(None)]
    while (at := onward(pages[-1])) is not None:
        pages.append(turn(at))
        assert len(pages) < TASKS
    return pages


def sorted_by(stage: Stage, scope: Scope, row_id: int, order: str) -> object:
    row = next(row for known, row in rows_of(stage, scope) if known == row_id)
    return {"due": row.due_at, "client": row.client_sort, "case": row.reference}.get(order)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("holding", ["mine", "free", "held", "any", *OF_REQUESTS])
def test_every_list_is_read_from_its_own_index_in_its_order(crowd, holding, order):
    scope = Scope(holding, crowd.caseworker.person_id, GROUPS)
    later = Position(NOON if order == "due" else None if order in ("newest", "oldest") else "b", 20)
    for filters in (Filters(), Filters(source="mp"), Filters(nation="scotland"), Filters(due_before=NOON)):
        for at in (None, later):
            for plan in plans(crowd, lambda at=at, f=filters: lambda c: find(c, scope, f, order, after=at)):
                assert not walks_through(plan), plan
                if holding not in ("mine", "owned") and not (holding == "any" and order != "due"):
                    assert not sorts(plan), plan


def test_counting_reads_one_index_for_each_count(crowd):
    wanted = {
        "mine": (Scope("mine", crowd.caseworker.person_id), Filters()),
        "held": (Scope("held", crowd.caseworker.person_id, GROUPS), Filters()),
        "free": (Scope("free", crowd.caseworker.person_id, GROUPS), Filters()),
        "due": (Scope("any", crowd.caseworker.person_id, GROUPS), Filters(due_before=NOON)),
        "cases": (Scope("owned", crowd.caseworker.person_id), Filters()),
        "team_cases": (Scope("team", 0, GROUPS), Filters()),
    }
    [plan] = plans(crowd, lambda: lambda connection: worklists.count(connection, wanted))
    assert not walks_through(plan), plan
    read = set(re.findall(r"ix_user_task_\w+", plan))
    assert read == {"ix_user_task_mine", "ix_user_task_held", "ix_user_task_free"}, plan
    assert set(re.findall(r"ix_listed_request_\w+", plan)) == {"ix_listed_request_owner", "ix_listed_request_due"}, plan
    of_teams = Scope("team", 0, GROUPS)
    [counted] = plans(crowd, lambda: lambda connection: worklists.count_waits(connection, of_teams))
    for found in (plan, counted, *plans(crowd, lambda: lambda c: find(c, of_teams, Filters(waits_for="client")))):
        asked = [line for line in found.splitlines() if "ix_listed_request_due" in line]
        assert asked, found
        assert all("COVERING" in line or "Index Only" in line for line in asked), found


def test_what_cases_wait_for_is_counted_by_word_and_not_beyond_a_page_can_say(crowd, monkeypatch):
    scope = Scope("team", 0, GROUPS)
    mine = [row for row in all_requests(crowd) if row.owner_group in GROUPS and row.waits_for != "served"]
    with crowd.world.db.read() as connection:
        found = worklists.count_waits(connection, scope)
        monkeypatch.setattr(worklists, "MOST_COUNTED", 20)
        assert worklists.count_waits(connection, scope) == {}
    assert found == {word: sum(word in row.waits_for.split() for row in mine) for word in ("owner", "client", "date")}


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
    return "Seq Scan" in plan or any(
        line.startswith(("SCAN user_task", "SCAN listed_request")) for line in plan.splitlines()
    )
