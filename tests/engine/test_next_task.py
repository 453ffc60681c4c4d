"""The next task: by rules that an analyst writes, one for each who asks, and never one that somebody is kept from."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import update

from engine.models import UserTask
from engine.next_task import RulesRefused, claim_next, read_rules
from engine.settings import ROOT
from tests.engine.test_listed import one_task
from tests.stage import Stage

RULES = """
[[rule]]
due = "overdue"
why = "it is late"
[[rule]]
source = "mp"
why = "an MP raised it"
[[rule]]
why = "it is what is left"
"""


@pytest.fixture
def queue(stage: Stage) -> Stage:
    """A stage with four free tasks, of which one is overdue, one an MP's, and one due later; and rules."""
    stage.deploy(*one_task())
    for _ in range(4):
        stage.start()
    now = stage.world.clock.now()
    change(stage, 2, due_at=now + timedelta(days=3))
    change(stage, 3, source="mp")
    change(stage, 4, due_at=now - timedelta(hours=1))
    write(stage, RULES)
    return stage


def change(stage: Stage, task_id: int, **values: object) -> None:
    with stage.world.db.write() as connection:
        connection.execute(update(UserTask).where(UserTask.task_id == task_id).values(values))


def write(stage: Stage, rules: str) -> None:
    (stage.world.settings.processes_dir / "next_task.toml").write_text(rules)


def test_the_first_rule_that_any_task_fits_decides_and_says_why(queue):
    got = [claim_next(queue.world, actor=queue.caseworker) for _ in range(5)]
    left = "it is what is left"
    assert got == [(4, "it is late"), (3, "an MP raised it"), (2, left), (1, left), None]


def test_an_analyst_changes_what_comes_first(queue):
    write(queue, '[[rule]]\ndue = "none"\nwhy = "x"\n')
    assert claim_next(queue.world, actor=queue.caseworker) == (1, "x")
    (queue.world.settings.processes_dir / "next_task.toml").unlink()
    assert claim_next(queue.world, actor=queue.caseworker)[0] == 4


def test_somebody_of_another_team_gets_nothing(queue):
    assert claim_next(queue.world, actor=queue.outsider) is None


def test_a_task_that_somebody_is_kept_from_is_passed_over(queue):
    change(queue, 4, properties=f'{{"not_by":{queue.caseworker.person_id}}}')
    assert claim_next(queue.world, actor=queue.caseworker)[0] == 3
    assert claim_next(queue.world, actor=queue.colleague)[0] == 4


def test_two_who_press_at_once_get_two_tasks(queue):
    together = Barrier(2)

    def press(actor) -> int:
        together.wait()
        return claim_next(queue.world, actor=actor)[0]

    with ThreadPoolExecutor(2) as pool:
        got = list(pool.map(press, (queue.caseworker, queue.colleague)))
    assert sorted(got) == [3, 4]


def test_the_rules_of_the_product_can_be_read():
    assert [rule.due or rule.source for rule in read_rules(ROOT / "processes")][:1] == ["overdue"]


@pytest.mark.parametrize("rules", ["[[rule]]\n", '[[rule]]\nwhy = "x"\ndue = "soon"\n', "[[rule"])
def test_rules_that_cannot_be_meant_are_refused_and_give_nothing(queue, rules):
    write(queue, rules)
    with pytest.raises(RulesRefused, match=r"next_task.toml cannot be used\. .* `make check` says all that is wrong\."):
        claim_next(queue.world, actor=queue.caseworker)
