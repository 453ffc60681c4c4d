"""Scenarios: stories of a case in TOML, told to the real engine with a moved clock, and checked step by step.

A story says what a person submits or how much time passes, then which tasks, letters and statuses there are. What is
the same in most stories stands once, in ``scenarios/usual/answers.toml``: a story tells only what is its own. The
caller lends a world of its own (an empty database, a frozen clock); nothing here is faked. A step may turn to another
procedure of the case that took over (``in = "resolution"``); the story goes on there.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from engine import cases, dispatch, jobs, messages, people, reopening, tasks, timers
from engine.clock import LONDON
from engine.definitions import LoadedDefinition, in_force, load
from engine.documents import Upload, attach_to_task
from engine.errors import RedressError
from engine.feel import compile_expression
from engine.file_kinds import specimen
from engine.models import Definition, Message, Person, ProcessInstance, UserTask
from engine.people import Somebody
from engine.scenario_answers import AnswerInvalid, Answers
from engine.scenario_cases import add_person, open_case, open_earlier
from engine.scenario_sight import THEN_KEYS, Sight, problems_of
from engine.step import Outcome
from engine.task_names import names_at
from engine.values import loads
from engine.world import World

USUAL = "usual/answers.toml"
_KEYS = {"title", "process", "at", "start", "as", "case", "request", "earlier", "people", "step", "note"}
_ACTS = ("complete", "message", "deal_with", "reopen", "correct", "wait", "wait_until")
_STEP_KEYS = {*_ACTS, "as", "with", "then", "hold_deliveries", "note", "nth", "in"}
_USUAL_KEYS = {"at", "start", "case", "people", "answers", "letters", "messages", "actor"}
_ROUNDS = 50  # of background work after a step; more means that something never comes to rest


class ScenarioInvalid(RedressError):
    """The scenario's file says something that a scenario cannot say."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One story, as read from its file. `usual` holds what most stories of the folder say."""

    file: str
    title: str
    process: str
    at: datetime
    table: Mapping[str, Any]
    usual: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Told:
    """How a scenario went: what failed, and every element and flow that it took."""

    scenario: Scenario
    failures: list[str] = field(default_factory=list)
    elements: set[str] = field(default_factory=set)
    flows: set[str] = field(default_factory=set)


def story_files(folder: Path) -> list[Path]:
    """Return the files of a process folder's stories, in order."""
    return sorted(folder.glob("scenarios/*.toml"))


def read_story(path: Path) -> Scenario:
    """Read a story with what is usual beside it. Raises: ScenarioInvalid naming what is wrong."""
    usual = path.parent / USUAL
    return read_scenario(path.read_bytes(), file=path.name, usual=usual.read_bytes() if usual.is_file() else b"")


def read_scenario(data: bytes, *, file: str, usual: bytes = b"") -> Scenario:
    """Read a scenario file. Raises: ScenarioInvalid naming what is wrong."""
    table, common = _table(data, file), _table(usual, USUAL)
    unknown = [*(table.keys() - _KEYS), *(f"usual {key}" for key in common.keys() - _USUAL_KEYS)]
    for number, entry in enumerate(table.get("step", ()), start=1):
        unknown += [f"step {number}: {key}" for key in entry.keys() - _STEP_KEYS]
        unknown += [f"step {number}: then.{key}" for key in entry.get("then", {}).keys() - THEN_KEYS]
        if sum(act in entry for act in _ACTS) > 1:
            unknown.append(f"step {number}: more than one of {', '.join(_ACTS)}")
        if isinstance(entry.get("complete"), list) and entry.keys() & {"with", "as", "nth"}:
            unknown.append(f"step {number}: one answer for several tasks")
    if unknown:
        raise ScenarioInvalid(f"{file}: a scenario cannot say {', '.join(sorted(unknown))}.")
    try:
        at = _instant(table.get("at", common.get("at")))
        return Scenario(file, table["title"], table["process"], at, table, common)
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
    finally:
        world.observer = None
    return teller.told


def cast(world: World, groups: list[str]) -> None:
    """Add the people of scenarios: two in each group, called by the group's name and the name with ``.2``."""
    with world.db.write() as connection:
        for group in groups:
            for username in (group, f"{group}.2"):
                add_person(connection, username, [group])


class _Teller:
    def __init__(self, world: World, scenario: Scenario) -> None:
        self.world = world
        self.scenario = scenario
        self.told = Told(scenario)
        self.instance_id = 0
        self.case_id = 0
        with world.db.read() as connection:
            self.definition: LoadedDefinition = in_force(world, connection, scenario.process)
        self.answers = Answers(self.definition, scenario.usual, person=lambda name: self._person(name).person_id)

    def begin(self) -> None:
        """Open the case with its earlier requests and start the procedure."""
        table, usual = self.scenario.table, self.scenario.usual
        self.world.clock.move_to(self.scenario.at)
        with self.world.db.write() as connection:
            self.case_id = open_case(connection, self.world, {**usual.get("case", {}), **table.get("case", {})})
            for earlier in table.get("earlier", [{}]):
                known = self.answers.typed(earlier, self._now(), "request.")
                if earlier.get("closed_on") == "":
                    known["closed_on"] = None
                open_earlier(connection, self.world, self.case_id, known)
        told = {f"request.{key}": value for key, value in table.get("request", {}).items()}
        for username, groups in {**usual.get("people", {}), **table.get("people", {})}.items():
            with self.world.db.write() as connection:
                add_person(connection, username, groups)
        values = self.answers.typed({**usual.get("start", {}), **told, **table.get("start", {})}, self._now())
        actor = self._person(table.get("as", "owning_team"))
        outcome = cases.start(self.world, self.scenario.process, values, case_id=self.case_id, actor=actor)
        self.instance_id = outcome.instance_id
        self._work()

    def take(self, number: int, entry: Mapping[str, Any]) -> bool:
        """Take one step and check what it says; return False when the story cannot go on."""
        then = dict(entry.get("then", {}))
        refused = then.pop("refused", None)
        if "in" in entry:
            self._turn_to(entry["in"])
        with self.world.db.read() as connection:
            before = Sight.marks(connection, self.case_id)
        problems: list[str] = []
        try:
            self._act(entry)
            if not entry.get("hold_deliveries"):
                self._work()
        except RedressError as error:
            if refused is None or str(refused).lower() not in str(error).lower():
                problems.append(f"{type(error).__name__}: {error}")
        else:
            if refused is not None:
                problems.append("it was not refused")
        if not problems:
            with self.world.db.read() as connection:
                sight = Sight(connection, self.instance_id, self.case_id, before)
                problems += problems_of(sight, then)
        what = next((str(entry[act]) for act in _ACTS if act in entry), "looking on")
        self.told.failures += [f"{self.scenario.file}: step {number} ({what}): {problem}" for problem in problems]
        return not problems

    def took(self, outcome: Outcome) -> None:
        """Note every element and flow that a step took."""
        for happening in outcome.happenings:
            (self.told.flows if happening.kind == "flow" else self.told.elements).add(happening.element_id)

    def _turn_to(self, key: str) -> None:
        """Go on with the procedure that was started last on the case under this key: the one that took over."""
        with self.world.db.read() as connection:
            found = connection.execute(
                select(func.max(ProcessInstance.instance_id))
                .join(Definition, Definition.definition_id == ProcessInstance.definition_id)
                .where(ProcessInstance.case_id == self.case_id, Definition.key == key)
            ).scalar_one()
        if found is None:
            raise ScenarioInvalid(f"No procedure {key} was started on the case.")
        self._turn_to_instance(found)

    def _turn_to_instance(self, instance_id: int) -> None:
        self.instance_id = instance_id
        with self.world.db.read() as connection:
            definition_id = connection.execute(
                select(ProcessInstance.definition_id).where(ProcessInstance.instance_id == instance_id)
            ).scalar_one()
            self.definition = load(self.world, connection, definition_id)
        self.answers = self._answers()

    def _answers(self) -> Answers:
        usual = self.scenario.usual
        return Answers(self.definition, usual, person=lambda name: self._person(name).person_id)

    def _act(self, entry: Mapping[str, Any]) -> None:
        if "complete" in entry:
            named = entry["complete"]
            for element_id in named if isinstance(named, list) else [named]:
                self._complete(element_id, entry)
                if not entry.get("hold_deliveries"):
                    self._work()
        elif "message" in entry:
            self._send(entry)
        elif "deal_with" in entry:
            self._deal_with(entry)
        elif "reopen" in entry:
            self._reopen(entry)
        elif "correct" in entry:
            self._correct(entry)
        elif "wait" in entry:
            self.world.clock.move_to(self._now() + _duration(entry["wait"], self._now()))
        elif "wait_until" in entry:
            self.world.clock.move_to(_instant(entry["wait_until"]))

    def _complete(self, element_id: str, entry: Mapping[str, Any]) -> None:
        with self.world.db.read() as connection:
            opened = select(UserTask.__table__).where(
                UserTask.instance_id == self.instance_id, UserTask.status == "open"
            )
            rows = connection.execute(opened.order_by(UserTask.task_id)).all()
        found = [row for row in rows if row.element_id == element_id]
        nth = int(entry.get("nth", 1))
        if len(found) < nth:
            there = ", ".join(row.element_id for row in rows) or "none"
            raise ScenarioInvalid(f"There is no open task {element_id}. Open are: {there}.")
        task = found[nth - 1]
        actor = self._actor_for(task, entry.get("as"))
        with self.world.db.read() as connection:
            names = names_at(self.world, connection, tasks.get_task(connection, task.task_id))
        letter = loads(task.properties).get("letter")
        values = self.answers.for_task(
            element_id, task.form_id, letter, entry.get("with", {}), names=names, now=self._now()
        )
        if task.assignee_id is None:
            tasks.claim(self.world, task.task_id, actor=actor)
        proved = replace(actor, proved_at=self.world.clock.now())  # whoever acts in a story has given their password
        tasks.complete(self.world, task.task_id, self._attached(task, values, actor), actor=proved)

    def _attached(self, task: Any, values: Mapping[str, Any], actor: Somebody) -> dict[str, Any]:
        """Attach the files that a story names, each with the smallest content of its kind; return the values."""
        kept = dict(values)
        for key, value in values.items():
            field = self.definition.dictionary.field_for(key)
            if field is not None and field.type == "documents" and value:
                uploads = [Upload(name, specimen(name)) for name in value]
                kept[key] = attach_to_task(self.world, task.task_id, key, uploads, actor=actor)
        return kept

    def _send(self, entry: Mapping[str, Any]) -> None:
        usual = self.scenario.usual.get("messages", {}).get(entry["message"], {})
        values = self.answers.typed({**usual, **entry.get("with", {})}, self._now())
        received_on: Any = values.pop("received_on", self._now().astimezone(LONDON).date())
        actor = self._person(entry.get("as", self.scenario.usual.get("actor", "review_caseworker")))
        with self.world.db.read() as connection:
            key = connection.execute(
                select(ProcessInstance.business_key).where(ProcessInstance.instance_id == self.instance_id)
            ).scalar_one()
        sent = messages.correlate(self.world, entry["message"], str(key), values, received_on=received_on, actor=actor)
        if (sent.status == "kept") != entry.get("then", {}).get("kept", False):
            raise ScenarioInvalid(f"The message was {sent.status}. {sent.why}")

    def _deal_with(self, entry: Mapping[str, Any]) -> None:
        with self.world.db.read() as connection:
            kept = select(Message.message_id).where(Message.case_id == self.case_id, Message.status == "kept")
            found = connection.execute(kept.where(Message.name == entry["deal_with"])).scalars().all()
        if not found:
            raise ScenarioInvalid(f"No {entry['deal_with']} is kept on the case.")
        actor = self._person(entry.get("as", self.scenario.usual.get("actor", "review_caseworker")))
        for message_id in found:
            messages.mark_handled(self.world, message_id, actor=actor)

    def _reopen(self, entry: Mapping[str, Any]) -> None:
        """Reopen the request with this reason, and go on with the procedure that starts anew."""
        actor = self._leader(entry)
        begun = reopening.reopen(self.world, self._request_id(), reason=entry["reopen"], actor=actor)
        self._turn_to_instance(begun.instance_id)

    def _correct(self, entry: Mapping[str, Any]) -> None:
        changes = self.answers.typed(entry.get("with", {}), self._now())
        actor = self._leader(entry)
        reopening.correct(self.world, self._request_id(), changes=changes, reason=entry["correct"], actor=actor)

    def _leader(self, entry: Mapping[str, Any]) -> Somebody:
        allowed = self.definition.reopening
        return self._person(entry.get("as", allowed.by if allowed is not None else self.definition.key))

    def _request_id(self) -> int:
        with self.world.db.read() as connection:
            found = connection.execute(
                select(ProcessInstance.request_id).where(ProcessInstance.instance_id == self.instance_id)
            ).scalar_one()
        if found is None:
            raise ScenarioInvalid("The procedure has no service request yet.")
        return int(found)

    def _work(self) -> None:
        # Unlike the worker's own round, a failure here is not logged and passed over: it fails the story.
        for _ in range(_ROUNDS):
            if not sum(work(self.world) for work in (timers.fire_due, jobs.run_due, dispatch.deliver_due)):
                return
        raise ScenarioInvalid(f"There was still work to do after {_ROUNDS} rounds.")

    def _now(self) -> datetime:
        return self.world.clock.now()

    def _actor_for(self, task: Any, username: str | None) -> Somebody:
        if username is not None:
            return self._person(username)
        if task.assignee_id is not None:
            with self.world.db.read() as connection:
                return people.get_person(connection, task.assignee_id)
        return self._person(str(task.candidate_group))

    def _person(self, username: str) -> Somebody:
        with self.world.db.read() as connection:
            found = connection.execute(select(Person.person_id).where(Person.username == username))
            person_id = found.scalar_one_or_none()
            if person_id is None:
                raise AnswerInvalid(f"There is nobody called {username} in scenarios.")
            return people.get_person(connection, person_id)


def _table(data: bytes, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode())
    except ValueError as fault:  # not TOML, not UTF-8, or a number of too many digits
        raise ScenarioInvalid(f"{file}: {fault}") from fault
    except RecursionError:
        raise ScenarioInvalid(f"{file}: lists or tables are nested too deep.") from None


def _instant(value: Any) -> datetime:
    """Read an instant; one without an offset is London time."""
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        instant = None
    if not isinstance(instant, datetime):
        raise ScenarioInvalid(f"{value!r} is not a date and time such as 2026-11-02T09:30.")
    return (instant if instant.tzinfo else instant.replace(tzinfo=LONDON)).astimezone(UTC)


def _duration(text: str, now: datetime) -> timedelta:
    wait = compile_expression(f'duration("{text}")').evaluate({}, now=now)
    if not isinstance(wait, timedelta):
        raise ScenarioInvalid(f"{text!r} is not a duration such as P7D.")
    return wait


__all__ = ["Scenario", "ScenarioInvalid", "Told", "cast", "read_scenario", "read_story", "story_files", "tell"]
