"""Who is told what changed for them without their doing: assigned, overdue, replied, approved; the morning's email."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from engine import messages, people, reminders, tasks
from engine.clock import LONDON
from engine.models import Notification, Outbox, Person, ServiceRequest, UserTask
from engine.values import loads
from engine.worker import work_until_rest
from tests.web.test_hand_over import review
from tests.world import somebody


@pytest.fixture
def world(deployed):
    """A review that its caseworker holds, on a Thursday morning at 10."""
    review(deployed)
    now = deployed.clock.now().astimezone(LONDON)
    morning = (now + timedelta(days=(3 - now.weekday()) % 7 + 7)).replace(hour=10, minute=0)
    with deployed.db.write() as connection:
        connection.execute(update(UserTask).values(due_at=None))
    deployed.clock.move_to(morning)
    reminders.remind(deployed)
    return deployed


def told(world, kind):
    with world.db.read() as connection:
        rows = connection.execute(
            select(Notification).where(Notification.kind == kind).order_by(Notification.notification_id)
        )
        return rows.all()


def open_task(world):
    with world.db.read() as connection:
        return connection.execute(
            select(UserTask).where(
                UserTask.status == "open",
                UserTask.assignee_id == somebody(world, "review_caseworker").person_id,
            )
        ).one()


def make_due(world, task, at):
    with world.db.write() as connection:
        connection.execute(update(UserTask).where(UserTask.task_id == task.task_id).values(due_at=at))


def test_who_becomes_the_holder_is_told_and_who_takes_it_is_not(world):
    task, caseworker = open_task(world), somebody(world, "review_caseworker")
    assert [row.person_id for row in told(world, "assigned")] == [caseworker.person_id]  # allocated by the leader
    leader = somebody(world, "review_team_leader")
    tasks.release(world, task.task_id, actor=leader)
    tasks.claim(world, task.task_id, actor=caseworker)
    assert len(told(world, "assigned")) == 1
    tasks.release(world, task.task_id, actor=caseworker)
    tasks.assign(world, task.task_id, to=caseworker.person_id, actor=leader)
    newest = told(world, "assigned")[-1]
    assert (newest.person_id, newest.task_id) == (caseworker.person_id, task.task_id)
    assert newest.subject == f"A task for you: {task.name}"


def test_what_becomes_overdue_is_told_once_to_who_holds_it_or_to_the_group(world):
    task = open_task(world)
    make_due(world, task, world.clock.now() + timedelta(minutes=1))
    reminders.remind(world)
    assert told(world, "overdue") == []
    world.clock.move_to(world.clock.now() + timedelta(minutes=6))
    for _ in range(2):
        reminders.remind(world)
        world.clock.move_to(world.clock.now() + timedelta(minutes=6))
    [row] = told(world, "overdue")
    assert (row.person_id, row.group_key, row.task_id) == (task.assignee_id, None, task.task_id)
    tasks.release(world, task.task_id, actor=somebody(world, "review_team_leader"))
    with world.db.write() as connection:
        connection.execute(Notification.__table__.delete().where(Notification.kind == "overdue"))
    make_due(world, task, world.clock.now() + timedelta(minutes=1))
    world.clock.move_to(world.clock.now() + timedelta(minutes=6))
    reminders.remind(world)
    [row] = told(world, "overdue")
    assert (row.person_id, row.group_key) == (None, task.candidate_group)


def test_a_clock_that_goes_back_tells_nobody_twice(world):
    task, before = open_task(world), world.clock.now()
    make_due(world, task, before + timedelta(minutes=1))
    world.clock.move_to(before + timedelta(hours=1))
    reminders.remind(world)
    world.clock.move_to(before)
    reminders.remind(world)
    world.clock.move_to(before + timedelta(hours=1))
    reminders.remind(world)
    assert len(told(world, "overdue")) == 1


def e_mails(world):
    with world.db.read() as connection:
        rows = connection.execute(select(Outbox).where(Outbox.key.like("digest-%")).order_by(Outbox.outbox_id)).all()
    return [loads(row.payload) for row in rows]


def test_the_e_mail_of_the_morning_says_what_is_due_without_names_of_clients(world):
    task, caseworker = open_task(world), somebody(world, "review_caseworker")
    with world.db.write() as connection:
        connection.execute(
            update(Person).where(Person.person_id == caseworker.person_id).values(email="cara@example.com")
        )
    make_due(world, task, world.clock.now().replace(hour=16))
    monday = world.clock.now() + timedelta(days=4)
    for hours in (-5, 0, 1):  # 5am is too early; then once
        world.clock.move_to(monday + timedelta(hours=hours))
        reminders.remind(world)
        assert len(e_mails(world)) == (0 if hours < 0 else 1)
    [mail] = e_mails(world)
    assert mail["to"] == "cara@example.com"
    assert f"Overdue: 1\n- {task.name}, CM-3000000" in mail["text"]
    assert "Robin" not in mail["text"]
    people.choose_digest(world, caseworker.person_id, is_sent=False)
    world.clock.move_to(monday + timedelta(days=1))
    reminders.remind(world)
    assert len(e_mails(world)) == 1


def test_no_e_mail_comes_at_a_weekend_or_when_there_is_nothing_to_say(world):
    caseworker = somebody(world, "review_caseworker")
    with world.db.write() as connection:
        connection.execute(
            update(Person).where(Person.person_id == caseworker.person_id).values(email="cara@example.com")
        )
        connection.execute(update(Notification).values(seen_at=world.clock.now()))
    world.clock.move_to(world.clock.now() + timedelta(days=1))
    reminders.remind(world)
    make_due(world, open_task(world), world.clock.now())
    world.clock.move_to(world.clock.now() + timedelta(days=1))  # Saturday
    work_until_rest(world)
    assert e_mails(world) == []


def test_who_holds_the_request_is_told_of_a_reply_that_a_colleague_records(world):
    caseworker, colleague = (somebody(world, name) for name in ("review_caseworker", "review_team_leader"))
    with world.db.read() as connection:
        request = connection.execute(
            select(ServiceRequest).where(ServiceRequest.owner_id == caseworker.person_id)
        ).one()
    today = world.clock.now().astimezone(LONDON).date()
    said = {"redress_reason": "The client bore a cost of ours."}
    messages.correlate(world, "redress_needed", request.number, said, received_on=today, actor=colleague)
    [row] = told(world, "replied")
    assert (row.person_id, row.case_id) == (caseworker.person_id, request.case_id)


def test_two_workers_in_the_same_morning_owe_one_e_mail(world):
    caseworker = somebody(world, "review_caseworker")
    with world.db.write() as connection:
        connection.execute(
            update(Person).where(Person.person_id == caseworker.person_id).values(email="cara@example.com")
        )
    with ThreadPoolExecutor(4) as workers:
        told_by = list(workers.map(reminders.remind, [world] * 4))
    assert sorted(told_by) == [0, 0, 0, 1]
    assert len(e_mails(world)) == 1
