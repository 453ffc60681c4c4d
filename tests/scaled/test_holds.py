"""Two who change one case at the same time take turns on PostgreSQL; two who change two cases do not wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import Connection, text, update

from engine import history, instance_row, interventions, lock_flag, tasks
from engine.errors import RedressError
from engine.history import Chain, Event
from engine.holds import hold_case
from engine.models import Case, ProcessInstance
from tests import tiny
from tests.stage import Stage

ASK = (
    tiny.node("startEvent", "begin"),
    tiny.user_task("ask", form="ask"),
    tiny.node("endEvent", "done"),
    tiny.chain("begin", "ask", "done"),
)


def at_once(*acts: Callable[[], object]) -> list[BaseException]:
    """Do several things at the same time; return what was refused."""
    refused: list[BaseException] = []
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        gate.wait(timeout=10)
        try:
            act()
        except RedressError as error:
            refused.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return refused


def test_of_people_who_claim_one_task_at_once_one_has_it(queued: Stage) -> None:
    queued.deploy(*ASK)
    queued.start()
    task_id = queued.task_id("ask")
    refused = at_once(
        *(
            lambda who=who: tasks.claim(queued.world, task_id, actor=who)
            for who in (queued.caseworker, queued.colleague)
        )
    )
    assert [type(error).__name__ for error in refused] == ["TaskAlreadyClaimed"]
    with queued.world.db.read() as connection:
        assert history.verify(connection, 1) is None


def test_of_two_submits_of_one_task_one_counts(queued: Stage) -> None:
    queued.deploy(*ASK)
    queued.start()
    task_id, who = queued.task_id("ask"), queued.caseworker
    tasks.claim(queued.world, task_id, actor=who)
    refused = at_once(*[lambda: tasks.complete(queued.world, task_id, {"answer": "x"}, actor=who)] * 4)
    assert [type(error).__name__ for error in refused] == ["TaskAlreadyCompleted"] * 3
    assert [kind for kind, _ in queued.told()].count("submitted") == 1


def test_instances_of_one_case_that_move_at_once_all_keep_their_history(queued: Stage) -> None:
    queued.deploy(*ASK)
    started = [queued.start().instance_id for _ in range(6)]
    work = {row.instance_id: row.task_id for row in queued.rows(tasks.UserTask)}

    def answer(instance_id: int) -> None:
        tasks.claim(queued.world, work[instance_id], actor=queued.caseworker)
        tasks.complete(queued.world, work[instance_id], {"answer": "x"}, actor=queued.caseworker)

    assert at_once(*(lambda number=number: answer(number) for number in started)) == []
    with queued.world.db.read() as connection:
        assert [history.verify(connection, number) for number in started] == [None] * 6
    assert {row.status for row in queued.rows(ProcessInstance)} == {"completed"}


def test_one_case_held_does_not_hold_up_another(queued: Stage) -> None:
    other = queued.open_case("CM-2")
    queued.deploy(*ASK)
    with queued.world.db.write() as connection:
        hold_case(connection, queued.case_id)
        done: list[object] = []
        thread = threading.Thread(target=lambda: done.append(queued.start(case_id=other)))
        thread.start()
        thread.join(timeout=30)
        assert done


def until_somebody_waits(connection: Connection) -> None:
    """Wait until another transaction wants what this one holds."""
    for _ in range(1000):
        if connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one():
            return
        connection.execute(text("SELECT pg_sleep(0.01)"))
    raise AssertionError("Nobody waited for what is held here.")


def claim(stage: Stage) -> None:
    tasks.claim(stage.world, stage.task_id("ask"), actor=stage.caseworker)


def assign(stage: Stage) -> None:
    to = stage.colleague.person_id
    tasks.assign(stage.world, stage.task_id("ask"), to=to, actor=stage.leader)


def take_off_the_flag(stage: Stage) -> None:
    lock_flag.release(stage.world, stage.case_id, actor=stage.outsider)


def suspend(stage: Stage) -> None:
    interventions.suspend(stage.world, 1, reason="x", actor=stage.leader)


def cancel(stage: Stage) -> None:
    interventions.cancel(stage.world, 1, reason="x", actor=stage.leader)


@pytest.mark.parametrize("act", [claim, assign, take_off_the_flag, suspend, cancel])
def test_whoever_writes_history_waits_for_whoever_moves_the_instance(
    queued: Stage, act: Callable[[Stage], None]
) -> None:
    queued.deploy(*ASK)
    queued.start()
    queued.task_id("ask")
    with queued.world.db.write() as connection:
        connection.execute(Case.__table__.update().values(lock_flag=True))
    refused: list[BaseException] = []
    thread = threading.Thread(target=lambda: refused.extend(at_once(partial(act, queued))))
    with queued.world.db.write() as connection:
        row = instance_row.lock(connection, 1)
        thread.start()
        until_somebody_waits(connection)
        chain = Chain(row.history_seq, row.history_hash)
        written = {"instance_id": 1, "case_id": row.case_id, "at": row.started_at, "actor": "system"}
        history.append(connection, chain, [Event("retried")], **written)
        instance_row.save(connection, row, {"history_seq": chain.seq, "history_hash": chain.hash})
    thread.join(timeout=60)
    assert refused == []
    with queued.world.db.read() as connection:
        assert history.verify(connection, 1) is None
    assert len(queued.told()) == chain.seq + 1


def test_history_of_an_instance_that_nobody_holds_is_not_written(queued: Stage) -> None:
    queued.deploy(*ASK)
    queued.start()
    at = queued.world.clock.now()
    with queued.world.db.write() as connection, pytest.raises(RuntimeError, match="nobody holds"):
        history.append(connection, Chain(), [Event("retried")], instance_id=1, case_id=None, at=at, actor="system")


def test_who_waits_too_long_for_a_case_is_told_so_and_has_changed_nothing(queued: Stage) -> None:
    queued.deploy(*ASK)
    queued.start()
    before = queued.rows(ProcessInstance)
    with queued.world.db.write() as connection:
        hold_case(connection, queued.case_id)

        def impatient() -> None:
            with queued.world.db.write() as other:
                other.execute(update(ProcessInstance).values(business_key="x"))
                other.exec_driver_sql("SET LOCAL lock_timeout = 50")
                hold_case(other, queued.case_id)

        assert [type(error).__name__ for error in at_once(impatient)] == ["DatabaseBusy"]
    assert queued.rows(ProcessInstance) == before
