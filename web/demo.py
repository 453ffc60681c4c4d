"""The demonstration: fictional people, cases that show the procedure's edges, and a few reviews under way.

Cases lie in demo_cases.toml. Reviews under way were really taken there, by the same verbs that pages call, with the
clock some days back; answers that a story does not give itself are the usual ones of the procedure's scenarios.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from engine import cases, definitions, people, tasks, worker
from engine.clock import LONDON, MovableClock
from engine.context import next_number
from engine.definitions import LoadedDefinition
from engine.errors import RedressError
from engine.feel import compile_expression
from engine.models import Person, UserTask
from engine.people import Somebody
from engine.scenario_answers import Answers
from engine.task_names import names_at
from engine.values import loads
from engine.world import World
from web.demo_people import PASSWORD, PEOPLE

_CASES = Path(__file__).with_name("demo_cases.toml")
_SERIES = "service_request"
# The usual answers name people of the scenarios.
_CAST = {
    "review_caseworker": "cara",
    "review_team_leader": "rita",
    "owning_team": "olive",
    "owning_team_leader": "theo",
    "complaint_resolution_caseworker": "casey",
    "complaint_resolution_team_leader": "remy",
}


def seed(world: World, *, say: Callable[[str], object]) -> None:
    """Fill an empty database; one that has people is left alone. `say` tells the operator what is being done."""
    with world.db.read() as connection:
        if connection.execute(select(Person.person_id).limit(1)).first() is not None:
            return
    say("Filling the demonstration with fictional people and cases ...")
    with world.db.write() as connection:
        for person in PEOPLE:
            people.add_person(
                connection,
                username=person.username,
                name=person.name,
                job_title=person.job_title,
                password=PASSWORD,
                groups=person.groups,
            )
    for entry in tomllib.loads(_CASES.read_text())["case"]:
        case_id = _open(world, entry)
        if "story" in entry:
            trouble = _tell(world, case_id, entry["story"])
            if trouble:
                say(f"A review of the demonstration could not be taken as far as planned: {trouble}")
    worker.work_until_rest(world)  # what came due since the days of the stories


def _open(world: World, entry: Mapping[str, Any]) -> int:
    """Open a case with its closed Resolution service request, if it has one, and its notes."""
    facts = dict(entry["facts"])
    now = world.clock.now()
    with world.db.write() as connection:
        case_id = cases.open_case(
            connection,
            world,
            reference=facts.pop("reference"),
            client_name=facts.pop("client_name"),
            nation=facts.pop("nation"),
            facts=facts,
        )
        request_id = None
        if "resolution" in entry:
            request_id = _open_resolution(
                connection, world, case_id, entry["resolution"], today=now.astimezone(LONDON).date()
            )
        for text in entry.get("notes", ()):
            cases.add_note(connection, world, case_id=case_id, request_id=request_id, text=text, author_id=None)
    return case_id


def _open_resolution(
    connection: Connection, world: World, case_id: int, entry: Mapping[str, Any], *, today: date
) -> int:
    fields = dict(entry)
    closed_on = _day(str(fields.pop("closed")), today)
    opened_on = closed_on - timedelta(days=20)
    return cases.open_request(
        connection,
        world,
        case_id=case_id,
        number=f"SR-{next_number(connection, _SERIES):06d}",
        fields={
            "kind": "Resolution",
            "process": "Complaints",
            "area": "Complaints",
            "sub_area": "Resolution",
            "status": "Closed",
            "sub_status": "Complete",
            "resolution_code": "No Action Taken",
            "owner_group": "owning_team",
            "opened_at": _at(opened_on, 10),
            "closed_at": _at(closed_on, 15),
            **fields,
        },
    )


def _tell(world: World, case_id: int, story: Mapping[str, Any]) -> str:
    """Take a review as far as its story goes, with the clock at the story’s own days; return what was in the way."""
    real = world.clock
    try:
        _Storyteller(world, case_id, story, now=real.now()).tell()
    except RedressError as error:
        # A demonstration without one of its stories is better than none; the procedure may have been changed.
        return str(error)
    finally:
        world.clock = real
    return ""


class _Storyteller:
    def __init__(self, world: World, case_id: int, story: Mapping[str, Any], *, now: datetime) -> None:
        self.world = world
        self.case_id = case_id
        self.story = story
        self.start_at = _working_morning(now - timedelta(days=int(story["days_ago"])))
        world.clock = MovableClock(frozen_at=self.start_at)
        with world.db.read() as connection:
            self.definition: LoadedDefinition = definitions.in_force(world, connection, story["procedure"])
        usual = world.settings.processes_dir / story["procedure"] / "scenarios" / "usual" / "answers.toml"
        known = tomllib.loads(usual.read_text()) if usual.is_file() else {}
        self.usual = known
        self.answers = Answers(self.definition, known, person=self._person_id)

    def tell(self) -> None:
        """Start the procedure, then complete one task after the other."""
        with self.world.db.read() as connection:
            earlier = _earlier(connection, self.case_id) if self.story["procedure"] == "review" else {}
        given = {**self.usual.get("start", {}), **earlier, **self.story.get("start", {})}
        values = self.answers.typed(given, self.world.clock.now())
        starter = self._person(self.story.get("as", "olive"))
        instance_id = cases.start(
            self.world, self.story["procedure"], values, case_id=self.case_id, actor=starter
        ).instance_id
        worker.work_until_rest(self.world)
        for step in self.story.get("step", ()):
            self.world.clock.move_to(self.world.clock.now() + timedelta(minutes=int(step.get("after_minutes", 25))))
            worker.work_until_rest(self.world)  # what came due meanwhile
            self._complete(instance_id, step)
            worker.work_until_rest(self.world)

    def _complete(self, instance_id: int, step: Mapping[str, Any]) -> None:
        with self.world.db.read() as connection:
            row = connection.execute(
                select(UserTask.task_id).where(
                    UserTask.instance_id == instance_id,
                    UserTask.element_id == step["complete"],
                    UserTask.status == "open",
                )
            ).first()
            if row is None:
                raise RedressError(f"There is no open task {step['complete']}.")
            task = tasks.get_task(connection, row.task_id)
            names = names_at(self.world, connection, task)
        actor = self._person(step["as"])
        if task.assignee_id is None:
            tasks.claim(self.world, task.task_id, actor=actor)
        letter = loads(task.properties).get("letter")
        values = self.answers.for_task(
            task.element_id, task.form_id, letter, step.get("with", {}), names=names, now=self.world.clock.now()
        )
        proved = replace(actor, proved_at=self.world.clock.now())  # as if the password had just been given
        tasks.complete(self.world, task.task_id, values, actor=proved)

    def _person(self, username: str) -> Somebody:
        with self.world.db.read() as connection:
            person = people.get_person(connection, self._person_id(username))
        return replace(person, proved_at=self.world.clock.now())  # who tells the story is who they say they are

    def _person_id(self, username: str) -> int:
        with self.world.db.read() as connection:
            known = select(Person.person_id).where(Person.username == _CAST.get(username, username))
            found = connection.execute(known).scalar_one_or_none()
        if found is None:
            raise RedressError(f"There is nobody called {username} in the demonstration.")
        return found


def _earlier(connection: Connection, case_id: int) -> dict[str, Any]:
    from engine.queries.cases import requests_of

    return {"request.resolution_number": requests_of(connection, case_id)[0].number}


def _working_morning(instant: datetime) -> datetime:
    """Return 9:30 in London on the day of an instant, or on the Friday before a weekend."""
    day = instant.astimezone(LONDON).date()
    day -= timedelta(days=max(day.weekday() - 4, 0))
    return _at(day, 9, 30)


def _day(text: str, today: date) -> date:
    """Return a day written as an ISO duration before today: P40D or P6M."""
    found = compile_expression(f'today - duration("{text}")').evaluate({"today": today}, now=datetime.now(UTC))
    if not isinstance(found, date):
        raise RedressError(f"{text!r} in demo_cases.toml is not a duration like P40D or P6M.")
    return found


def _at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), LONDON).astimezone(UTC)
