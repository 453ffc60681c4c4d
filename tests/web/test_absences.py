"""Absences: recorded by oneself or one's leader, shown where somebody is chosen, and work taken by who stands in."""

import dataclasses
from datetime import date

import pytest
from sqlalchemy import select

from engine import absences, tasks
from engine.errors import NotAllowed, ValuesRefused
from engine.models import Absence, UserTask
from tests.web.conftest import person_id
from tests.web.journeys import refer
from tests.world import somebody

FIRST, LAST = date(2026, 9, 30), date(2026, 10, 9)  # it is 1 October 2026
DAYS = {
    "first_on-day": "30", "first_on-month": "9", "first_on-year": "2026",
    "last_on-day": "9", "last_on-month": "10", "last_on-year": "2026",
}  # fmt: skip


@pytest.fixture
def call(visitor, case_id, deployed):
    """A call of the owning team that one of its two caseworkers holds."""
    refer(visitor("owning_team"), case_id)
    with deployed.db.read() as connection:
        task_id = connection.execute(select(UserTask.task_id).where(UserTask.status == "open")).scalar_one()
    tasks.claim(deployed, task_id, actor=somebody(deployed, "owning_team"))
    return task_id


def away(world, username, *, cover=None, by=None, first_on=FIRST, last_on=LAST):
    who = somebody(world, username)
    cover_id = somebody(world, cover).person_id if cover else None
    actor = somebody(world, by) if by else who
    absences.record(world, who.person_id, first_on=first_on, last_on=last_on, cover_id=cover_id, actor=actor)


def holder(world, task_id):
    with world.db.read() as connection:
        return connection.execute(select(UserTask.assignee_id).where(UserTask.task_id == task_id)).scalar_one()


def test_a_person_records_their_absence_and_their_leader_sees_it(visitor, deployed):
    person = visitor("owning_team").visit("/absences/")
    assert person.press("Record the absence", {}).status == 422
    assert "Enter the first day" in person.text
    assert "Enter the last day" in person.text
    cover = person_id(deployed, "owning_team.2")
    person.press("Record the absence", DAYS | {"last_on-month": "2", "last_on-day": "30"})
    assert "The last day must be a real date" in person.text
    person.press("Record the absence", DAYS | {"cover_id": cover})
    assert person.status == 200
    name = somebody(deployed, "owning_team").name
    assert f"{name} Away now 30 September 2026 9 October 2026" in person.text
    assert name in visitor("owning_team_leader").visit("/absences/").text
    assert name not in visitor("review_team_leader").visit("/absences/").text
    assert visitor("owning_team_leader").visit("/absences/").press("Remove the absence of").status == 200
    with deployed.db.read() as connection:
        assert connection.execute(select(Absence.absence_id)).all() == []


@pytest.mark.parametrize(
    ("day", "month", "year"),
    [("30", "Sept", "26"), (" 30 9 2026", "", ""), ("30/9/26", "", ""), ("30th September 2026", "", "")],
)
def test_the_days_are_read_in_every_way_that_the_forms_of_tasks_read_one(visitor, day, month, year):
    first = {"first_on-day": day, "first_on-month": month, "first_on-year": year}
    person = visitor("owning_team").visit("/absences/").press("Record the absence", DAYS | first)
    assert "30 September 2026 to 9 October 2026" in person.text


def test_a_leader_or_manager_records_it_for_their_people_and_nobody_else_does(deployed):
    away(deployed, "owning_team", by="owning_team_leader")
    away(deployed, "owning_team.2", by="manager")
    for stranger in ("owning_team.2", "review_team_leader", "operations"):
        with pytest.raises(NotAllowed):
            away(deployed, "owning_team", by=stranger, first_on=date(2026, 12, 1), last_on=date(2026, 12, 2))


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"last_on": date(2026, 9, 29)}, "last_on"),
        ({"first_on": date(2026, 9, 1), "last_on": date(2026, 9, 2)}, "last_on"),
        ({"last_on": date(2031, 1, 1)}, "last_on"),
        ({"cover": "owning_team"}, "cover_id"),
        ({"cover": "review_caseworker"}, "cover_id"),
    ],
)
def test_an_absence_that_makes_no_sense_is_refused_beside_its_question(deployed, changes, name):
    with pytest.raises(ValuesRefused) as refused:
        away(deployed, "owning_team", **changes)
    assert list(refused.value.problems) == [name]


def test_days_are_not_recorded_twice(deployed):
    away(deployed, "owning_team")
    with pytest.raises(ValuesRefused, match="recorded already"):
        away(deployed, "owning_team", first_on=LAST, last_on=date(2026, 10, 20))


def test_whoever_stands_in_sees_the_work_and_takes_it(visitor, deployed, call):
    cover = visitor("owning_team.2")
    assert "You stand in" not in cover.visit("/absences/").text
    away(deployed, "owning_team", cover="owning_team.2")
    cover.visit("/absences/")
    assert f"You stand in for {somebody(deployed, 'owning_team').name}" in cover.text
    cover.follow("Call the client")
    assert "Take this task over" in cover.text
    cover.press("Take this task over")
    assert holder(deployed, call) == somebody(deployed, "owning_team.2").person_id
    assert "while standing in" in cover.visit("/cases/1/history").text


def test_nobody_takes_work_of_somebody_for_whom_they_do_not_stand_in(deployed, call):
    with pytest.raises(NotAllowed, match="do not stand in"):
        absences.take(deployed, call, actor=somebody(deployed, "owning_team.2"))
    away(deployed, "owning_team", cover="owning_team.2", first_on=date(2026, 11, 1), last_on=date(2026, 11, 2))
    with pytest.raises(NotAllowed, match="do not stand in"):
        absences.take(deployed, call, actor=somebody(deployed, "owning_team.2"))
    away(deployed, "owning_team", cover="owning_team.2")
    other_team = dataclasses.replace(somebody(deployed, "owning_team.2"), groups=frozenset({"analyst"}))
    with pytest.raises(NotAllowed, match="another team"):
        absences.take(deployed, call, actor=other_team)


def test_lists_of_people_say_who_is_away_and_assigning_to_them_warns(visitor, deployed, call):
    away(deployed, "owning_team.2", cover="owning_team")
    leader = visitor("owning_team_leader").visit(f"/tasks/{call}")
    assert "away until 9 October 2026" in leader.text
    leader.press("Assign", {"to": person_id(deployed, "owning_team.2")})
    assert "But" in leader.text
    assert "is away until 9 October 2026" in leader.text
    assert "Until 9 October 2026" in leader.visit("/hand-over/").text
