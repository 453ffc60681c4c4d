"""Two who change one case at the same time take turns on PostgreSQL; two who change two cases do not wait."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine import history, tasks
from engine.errors import RedressError
from engine.holds import hold_case
from engine.models import ProcessInstance
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
