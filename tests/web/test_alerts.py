"""Alerts show of a case what their reader may see of it now, and not what they saw when it was sent."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from engine import people, reminders, tasks
from engine.models import Person, UserTask
from engine.notifications import tell
from tests.engine.test_reminders import e_mails, open_task, world  # noqa: F401 - a fixture
from tests.world import somebody


@pytest.fixture
def moved_away(world):  # noqa: F811
    """A caseworker who was given a task and told of a reply, and works for another team now."""
    task, holder = open_task(world), somebody(world, "review_caseworker.2")
    tasks.assign(world, task.task_id, to=holder.person_id, actor=somebody(world, "review_team_leader"))
    with world.db.write() as connection:
        told = {"subject": "A reply about SR-000001", "text": "Robin wrote.", "at": world.clock.now()}
        tell(connection, kind="replied", person_id=holder.person_id, case_id=task.case_id, **told)
        connection.execute(update(UserTask).where(UserTask.task_id == task.task_id).values(assignee_id=None))
        connection.execute(
            update(Person).where(Person.person_id == holder.person_id).values(email="colin@redress.example")
        )
    return world, holder.person_id, task


def test_an_alert_shows_the_case_to_whoever_may_see_it(moved_away, visitor):
    _, _, task = moved_away
    page = visitor("review_caseworker.2").visit("/alerts")
    assert "A reply about SR-000001" in page.text
    assert f"/cases/{task.case_id}" in page.body.decode()
    assert f"/tasks/{task.task_id}" in page.body.decode()


def test_an_alert_of_before_names_nobody_to_whoever_may_not_see_the_case_any_more(moved_away, visitor):
    deployed, person_id, task = moved_away
    with deployed.db.write() as connection:
        people.set_groups(connection, person_id, ["legacy_team"])
    page = visitor("review_caseworker.2").visit("/alerts")
    assert "A client replied" in page.text
    assert "Work was given to you" in page.text
    assert "A case that your teams no longer work on" in page.text
    for hidden in ("SR-000001", "CM-3000000", "Robin", f"/cases/{task.case_id}", f"/tasks/{task.task_id}", task.name):
        assert hidden not in page.body.decode()
    page.press("Mark as seen")
    assert page.heading == "Alerts"


def test_nor_does_the_email_of_the_morning(moved_away):
    deployed, person_id, _ = moved_away
    deployed.clock.move_to(deployed.clock.now() + timedelta(days=1))
    reminders.remind(deployed)
    assert "A reply about SR-000001, CM-3000000" in e_mails(deployed)[-1]["text"]
    with deployed.db.write() as connection:
        people.set_groups(connection, person_id, ["legacy_team"])
    before = len(e_mails(deployed))
    deployed.clock.move_to(deployed.clock.now() + timedelta(days=3))
    reminders.remind(deployed)
    assert [mail["to"] for mail in e_mails(deployed)[before:]] == []
