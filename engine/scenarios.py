"""Scenarios: stories of a case in TOML, told to the real engine with a moved clock, and checked step by step.

A scenario says what a person submits or how much time passes, then which tasks, letters and statuses there are. The
caller lends a world of its own (an empty database, a frozen clock); nothing here is faked.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from engine import cases, messages, people, tasks
from engine.clock import LONDON
from engine.definitions import LoadedDefinition, in_force
from engine.errors import RedressError
from engine.feel import compile_expression
from engine.models import Document, ProcessInstance, ServiceRequest, UserTask, Wait
from engine.people import Somebody
from engine.step import Outcome
from engine.worker import work_until_rest
from engine.world import World

_KEYS = {"title", "process", "at", "start", "as", "case", "request", "earlier", "step", "covers"}
_STEP_KEYS = {"complete", "message", "wait", "wait_until", "as", "with", "then", "hold_deliveries", "note", "nth"}
_THEN_KEYS = {
    "tasks", "letters", "waits", "status", "sub_status", "resolution_code", "ended", "due", "refused", "facts", "kept",
}  # fmt: skip
_LETTERS_WAIT = 30  # rounds of background work after a step


class ScenarioInvalid(RedressError):
    """The scenario's file says something that a scenario cannot say."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One story, as read from its file."""

    file: str
    title: str
    process: str
    at: datetime
    table: Mapping[str, Any]


@dataclass(slots=True)
class Told:
    """How a scenario went: what failed, and every element and flow that it took."""

    scenario: Scenario
    failures: list[str] = field(default_factory=list)
    elements: set[str] = field(default_factory=set)
    flows: set[str] = field(default_factory=set)


def read_scenario(data: bytes, *, file: str) -> Scenario:
    """Read a scenario file. Raises: ScenarioInvalid naming what is wrong."""
    try:
        table = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise ScenarioInvalid(f"{file}: {fault}") from fault
    unknown = [*(table.keys() - _KEYS)]
    for number, entry in enumerate(table.get("step", ()), start=1):
        unknown += [f"step {number}: {key}" for key in entry.keys() - _STEP_KEYS]
        unknown += [f"step {number}: then.{key}" for key in entry.get("then", {}).keys() - _THEN_KEYS]
    if unknown:
        raise ScenarioInvalid(f"{file}: a scenario cannot say {', '.join(sorted(unknown))}.")
    try:
        return Scenario(file, table["title"], table["process"], _instant(table["at"]), table)
    except KeyError as missing:
        raise ScenarioInvalid(f"{file}: {missing} is missing.") from missing


def tell(world: World, scenario: Scenario) -> Told:
    """Tell a scenario to a world whose definitions are deployed and whose clock is frozen before its beginning."""
    teller = _Teller(world, scenario)
    world.observer = teller.took
    try:
        teller.begin()
        for number, entry in enumerate(scenario.table.get("step", ()), start=1):
            if not teller.take(number, entry):
                break
    except RedressError as error:
        teller.told.failures.append(f"{scenario.file}: {type(error).__name__}: {error}")
    return teller.told


class _Teller:
    def __init__(self, world: World, scenario: Scenario) -> None:
        self.world = world
        self.scenario = scenario
        self.told = Told(scenario)
        self.instance_id = 0
        self.case_id = 0
        self.letters_before = 0
        with world.db.read() as connection:
            self.definition: LoadedDefinition = in_force(world, connection, scenario.process)

    def begin(self) -> None:
        """Open the case with its earlier requests and start the procedure."""
        table = self.scenario.table
        self.world.clock.move_to(self.scenario.at)
        with self.world.db.write() as connection:
            self.case_id = _open_case(connection, self.world, table)
        values = {**{f"request.{k}": v for k, v in table.get("request", {}).items()}, **table.get("start", {})}
        actor = self._person(table.get("as", "owning_team"))
        outcome = cases.start(self.world, self.scenario.process, self._typed(values), case_id=self.case_id, actor=actor)
        self.instance_id = outcome.instance_id
        self._work()

    def take(self, number: int, entry: Mapping[str, Any]) -> bool:
        """Take one step and check what it says; return False when the story cannot go on."""
        then = entry.get("then", {})
        self.letters_before = self._letter_count()
        try:
            self._act(entry)
            if not entry.get("hold_deliveries"):
                self._work()
        except RedressError as error:
            if "refused" in then and str(then["refused"]).lower() in str(error).lower():
                return True
            self._fail(number, entry, f"{type(error).__name__}: {error}")
            return False
        if "refused" in then:
            self._fail(number, entry, "it was not refused")
        problems = list(self._check(then))
        for problem in problems:
            self._fail(number, entry, problem)
        return not problems

    def _act(self, entry: Mapping[str, Any]) -> None:
        if "complete" in entry:
            self._complete(entry)
        elif "message" in entry:
            self._send(entry)
        elif "wait" in entry:
            wait = compile_expression(f'duration("{entry["wait"]}")').evaluate({}, now=self.world.clock.now())
            if not isinstance(wait, timedelta):
                raise ScenarioInvalid(f"{entry['wait']!r} is not a duration such as P7D.")
            self._move_to(self.world.clock.now() + wait)
        elif "wait_until" in entry:
            self._move_to(_instant(entry["wait_until"]))

    def _complete(self, entry: Mapping[str, Any]) -> None:
        element_id = entry["complete"]
        with self.world.db.read() as connection:
            found = connection.execute(
                select(UserTask.__table__)
                .where(UserTask.instance_id == self.instance_id, UserTask.status == "open")
                .where(UserTask.element_id == element_id)
                .order_by(UserTask.task_id)
            ).all()
        if not found:
            raise ScenarioInvalid(f"There is no open task {element_id}; open are: {', '.join(self._open_tasks())}.")
        task = found[int(entry.get("nth", 1)) - 1]
        actor = self._actor_for(task, entry.get("as"))
        if task.assignee_id is None:
            tasks.claim(self.world, task.task_id, actor=actor)
        values = self._typed(entry.get("with", {}))
        tasks.complete(self.world, task.task_id, values, actor=actor)

    def _send(self, entry: Mapping[str, Any]) -> None:
        values = dict(self._typed(entry.get("with", {})))
        received_on = values.pop("received_on", self.world.clock.now().astimezone(LONDON).date())
        actor = self._person(entry.get("as", "review_caseworker"))
        with self.world.db.read() as connection:
            key = connection.execute(
                select(ProcessInstance.business_key).where(ProcessInstance.instance_id == self.instance_id)
            ).scalar_one()
        sent = messages.correlate(self.world, entry["message"], str(key), values, received_on=received_on, actor=actor)
        kept = entry.get("then", {}).get("kept", False)
        if (sent.status == "kept") != kept:
            raise ScenarioInvalid(f"The message was {sent.status}. {sent.why}")

    def _move_to(self, instant: datetime) -> None:
        self.world.clock.move_to(instant)

    def _work(self) -> None:
        work_until_rest(self.world, rounds=_LETTERS_WAIT)

    def _check(self, then: Mapping[str, Any]) -> list[str]:
        problems = []
        with self.world.db.read() as connection:
            seen = self._seen(connection)
        for name, expected in then.items():
            if name in ("refused", "kept"):
                continue
            actual: Any = seen[name]
            if name in ("tasks", "waits"):
                expected, actual = sorted(expected), sorted(actual)
            elif name == "facts":
                actual = {key: _fact(actual, key) for key in expected}
            elif name == "due" and isinstance(expected, str):
                expected = date.fromisoformat(expected)
            if actual != expected:
                problems.append(f"{name} should be {expected!r} and is {actual!r}")
        if seen["status_of_instance"] in ("incident", "retrying"):
            problems.append(f"the instance is in {seen['status_of_instance']}: {self._incident()}")
        return problems

    def _seen(self, connection: Connection) -> dict[str, Any]:
        instance: Any = connection.execute(
            select(ProcessInstance.__table__).where(ProcessInstance.instance_id == self.instance_id)
        ).one()
        waits = connection.execute(select(Wait.__table__).where(Wait.instance_id == self.instance_id)).all()
        request: Any = connection.execute(
            select(ServiceRequest.__table__).where(ServiceRequest.request_id == instance.request_id)
        ).one_or_none()
        letters = connection.execute(
            select(Document.template_id)
            .where(Document.case_id == self.case_id, Document.kind == "letter")
            .order_by(Document.document_id)
        ).all()
        dues = [wait.due_at for wait in waits if wait.kind == "timer"]
        from engine.facts import case_fields, request_fields
        from engine.models import Case

        case = connection.execute(select(Case.__table__).where(Case.case_id == self.case_id)).one()
        return {
            "tasks": self._open_tasks(),
            "waits": [wait.element_id for wait in waits if wait.kind != "job"],
            "letters": [row.template_id for row in letters][self.letters_before :],
            "status": request.status if request else None,
            "sub_status": request.sub_status if request else None,
            "resolution_code": request.resolution_code if request else None,
            "ended": instance.status == "completed",
            "due": min(dues).astimezone(LONDON).date() if dues else None,
            "status_of_instance": instance.status,
            "facts": {"case": case_fields(case), "request": request_fields(request) if request else {}},
        }

    def _open_tasks(self) -> list[str]:
        with self.world.db.read() as connection:
            rows = connection.execute(
                select(UserTask.element_id).where(UserTask.instance_id == self.instance_id, UserTask.status == "open")
            )
            return [row.element_id for row in rows]

    def _letter_count(self) -> int:
        with self.world.db.read() as connection:
            return len(
                connection.execute(
                    select(Document.document_id).where(Document.case_id == self.case_id, Document.kind == "letter")
                ).all()
            )

    def _incident(self) -> str:
        from engine.models import Incident, Job

        with self.world.db.read() as connection:
            found = (
                connection.execute(select(Incident.message).where(Incident.instance_id == self.instance_id))
                .scalars()
                .all()
            )
            found = (
                found
                or connection.execute(select(Job.last_error).where(Job.instance_id == self.instance_id)).scalars().all()
            )
        return "; ".join(found)

    def _actor_for(self, task: Any, username: str | None) -> Somebody:
        if username is not None:
            return self._person(username)
        with self.world.db.read() as connection:
            if task.assignee_id is not None:
                return people.get_person(connection, task.assignee_id)
        return self._person(str(task.candidate_group))

    def _person(self, username: str) -> Somebody:
        from engine.models import Person

        with self.world.db.read() as connection:
            person_id = connection.execute(
                select(Person.person_id).where(Person.username == username)
            ).scalar_one_or_none()
            if person_id is None:
                raise ScenarioInvalid(f"There is nobody called {username} in scenarios.")
            return people.get_person(connection, person_id)

    def _typed(self, values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
        """Give values their declared types: text for a date becomes a date, a user name a person."""
        return {key: self._typed_value(prefix + key, value) for key, value in values.items()}

    def _typed_value(self, key: str, value: Any) -> Any:
        declared = self.definition.dictionary.field_for(key)
        kind = declared.type if declared else ""
        if isinstance(value, list):
            return [self._typed(v, f"{key}[].") if isinstance(v, dict) else v for v in value]
        if kind == "person" and isinstance(value, str):
            return self._person(value).person_id
        if kind == "datetime" and isinstance(value, str | datetime):
            return _instant(value)
        if kind == "date" and isinstance(value, str):
            return date.fromisoformat(value)
        return value

    def took(self, outcome: Outcome) -> None:
        """Note every element and flow that a step took."""
        for happening in outcome.happenings:
            (self.told.flows if happening.kind == "flow" else self.told.elements).add(happening.element_id)

    def _fail(self, number: int, entry: Mapping[str, Any], problem: str) -> None:
        what = entry.get("complete") or entry.get("message") or entry.get("wait") or entry.get("wait_until") or ""
        self.told.failures.append(f"{self.scenario.file}: step {number} ({what}): {problem}")


def cast(world: World, groups: list[str]) -> None:
    """Add the people of scenarios: two in each group, called by the group's name and the name with ``.2``."""
    with world.db.write() as connection:
        for group in groups:
            for username in (group, f"{group}.2"):
                name = f"Scenario {username.replace('_', ' ')}"
                people.add_person(
                    connection, username=username, name=name, job_title="", password=username, groups=[group]
                )


def _open_case(connection: Connection, world: World, table: Mapping[str, Any]) -> int:
    facts: dict[str, Any] = {
        "reference": "CM-0000001",
        "client_name": "Robin Example",
        "nation": "england_wales",
        "client_address": "1 Sample Street\nExampletown\nEX1 1EX",
        "language": "en",
        "letter_format": "standard",
        "phone": "01632 960001",
        **table.get("case", {}),
    }
    case_id = cases.open_case(
        connection,
        world,
        reference=facts.pop("reference"),
        client_name=facts.pop("client_name"),
        nation=facts.pop("nation"),
        facts=facts,
    )
    for earlier in table.get("earlier", [{}]):
        _open_earlier(connection, world, case_id, earlier)
    return case_id


def _open_earlier(connection: Connection, world: World, case_id: int, earlier: Mapping[str, Any]) -> None:
    """Add a request of the past: by default a Resolution request that was closed a month ago."""
    given = dict(earlier)
    closed_on = given.pop("closed_on", (world.clock.now() - timedelta(days=30)).date())
    fields = {
        "kind": "resolution",
        "status": "Closed",
        "sub_status": "Complete",
        "resolution_code": "No Action Taken",
        "area": "Complaints",
        "sub_area": "Resolution",
        **given,
        "closed_at": datetime.combine(closed_on, datetime.min.time(), tzinfo=LONDON) if closed_on else None,
        "closed_on": closed_on,
    }
    number = fields.pop("number", "SR-000900")
    cases.open_request(connection, world, case_id=case_id, number=number, fields=fields)


def _instant(value: Any) -> datetime:
    """Read an instant; one without an offset is London time."""
    instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(instant, datetime):
        raise ScenarioInvalid(f"{value!r} is not a date and time such as 2026-11-02T09:30.")
    return (instant if instant.tzinfo else instant.replace(tzinfo=LONDON)).astimezone(UTC)


def _fact(facts: Mapping[str, Any], key: str) -> Any:
    value: Any = facts
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


__all__ = ["Scenario", "ScenarioInvalid", "Told", "cast", "read_scenario", "tell"]
