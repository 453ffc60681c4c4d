"""Random walks through the procedures: a story tells what is expected, a walk finds what nobody thought of.

Chance chooses what happens next on a case: a task is completed with one of the answers that the stories give to it, a
message arrives, a closed request is reopened, or time passes. After each step the case must be sound.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import select

from engine import cases, definitions, history, messages, people, reopening, tasks
from engine.clock import LONDON
from engine.documents import Upload, attach_to_task
from engine.errors import NotFound, RedressError
from engine.file_kinds import specimen
from engine.models import (
    Definition,
    Document,
    Incident,
    Job,
    Outbox,
    Payment,
    Person,
    ProcessInstance,
    RequestLink,
    ServiceRequest,
    UserTask,
    Wait,
)
from engine.people import Somebody
from engine.scenario_answers import Answers
from engine.scenario_cases import open_case, open_earlier
from engine.task_names import names_at
from engine.values import loads
from engine.worker import work_until_rest
from engine.world import World
from tests.world import PROCESSES, somebody

PROCEDURES = ("log", "resolution", "review")
KINDS = ("Dissatisfaction", "Resolution", "Review")
MESSAGES = ("client_reply", "client_withdraws", "redress_needed")
PAUSES = (timedelta(hours=3), timedelta(days=1), timedelta(days=3), timedelta(days=8), timedelta(days=16))
FORMATS = ({}, {}, {}, {"language": "cy"}, {"letter_format": "braille"}, {"letter_format": "large_print_18"})
NATIONS = ("england_wales", "scotland", "northern_ireland")
# What is still done for a request that is closed.
AFTERWARDS = {
    "contact_about_late_reply", "decide_reopening", "record_new_issue", "notify_ice", "record_in_respond", "use_duty",
    "do_duty", "take_back_case", "take_back_resolution", "give_feedback", "ask_for_review",
}  # fmt: skip


@cache
def usual(key: str) -> Mapping[str, Any]:
    """Return what most stories of a procedure say."""
    path = PROCESSES / key / "scenarios" / "usual" / "answers.toml"
    return tomllib.loads(path.read_text())


@cache
def stories(key: str) -> tuple[Mapping[str, Any], ...]:
    """Return the stories of a procedure."""
    return tuple(tomllib.loads(path.read_text()) for path in sorted((PROCESSES / key / "scenarios").glob("*.toml")))


@cache
def starts(key: str) -> list[Mapping[str, Any]]:
    """Return how the stories of a procedure begin, where they need no earlier request of their own."""
    own = [story for story in stories(key) if story["process"] == key and not {"start", "at"} & story.keys()]
    said = [{f"request.{name}": value for name, value in story.get("request", {}).items()} for story in own]
    return [start for start in said if not any("_number" in name or "open_request" in name for name in start)]


@cache
def answers_told(key: str, name: str) -> list[Mapping[str, Any]]:
    """Return every answer that the stories of a procedure give to a task, or as a message."""
    found: list[Mapping[str, Any]] = [{}]
    for entry in (entry for story in stories(key) for entry in story.get("step", ())):
        named = entry.get("complete") or entry.get("message") or []
        if name in ([named] if isinstance(named, str) else named) and entry.get("with", {}) not in found:
            found.append(entry["with"])
    return found


class Walk:
    """One case on its way; `said` is what happened, a line for each step."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.chance = random.Random(seed)
        self.said: list[str] = []
        key = PROCEDURES[seed % len(PROCEDURES)]
        world.clock.move_to(world.clock.now().replace(month=11, day=2, hour=9, minute=30))
        client = {**usual(key)["case"], **self.chance.choice(FORMATS), "nation": self.chance.choice(NATIONS)}
        with world.db.write() as connection:
            self.case_id = open_case(connection, world, client)
            open_earlier(connection, world, self.case_id, {})
        flag = {"request.ice_gateway": self.chance.random() < 0.4}
        start = {**usual(key).get("start", {}), **self.chance.choice(starts(key)), **flag}
        values = self._answers(key).typed(start, world.clock.now())
        cases.start(world, key, values, case_id=self.case_id, actor=somebody(world, "owning_team"))
        self._happened(f"start {key} with {start}")

    def step(self) -> bool:
        """Let one thing happen; return False when nothing is left to do."""
        luck = self.chance.random()
        opened = self._rows(UserTask, UserTask.status == "open")
        if luck < 0.06:
            self._send()
        elif luck < 0.08:
            self._reopen()
        elif opened and luck > 0.16:
            self._complete(self.chance.choice(opened))
        elif opened or self._rows(Wait):
            pause = self.chance.choice(PAUSES)
            self.world.clock.move_to(self.world.clock.now() + pause)
            self._happened(f"wait {pause}")
        else:
            return False
        return True

    def faults(self) -> Iterator[str]:
        """Say what is not sound about the case now."""
        for incident in self._rows(Incident, Incident.resolved_at.is_(None)):
            yield f"incident at {incident.element_id}: {incident.message}"
        for owed in self._rows(Outbox, Outbox.state.not_in(("new", "sent"))):
            yield f"{owed.key} is {owed.state}: {owed.last_error}"
        instances = self._rows(ProcessInstance)
        left = {row.instance_id: self._left_in(row.instance_id) for row in instances}
        for row in instances:
            yield from self._faults_of_instance(row, *left[row.instance_id])
        for request in self._rows(ServiceRequest):
            theirs = [left[i.instance_id] for i in instances if i.request_id == request.request_id and not i.ended_at]
            yield from self._faults_of_request(request, theirs)

    def faults_at_the_end(self) -> Iterator[str]:
        """Say what is owed though nothing is left to do."""
        for letter in self._rows(Document, Document.kind == "letter", Document.dispatched_at.is_(None)):
            yield f"{letter.template_id} was never dispatched"
        requests = self._rows(ServiceRequest, ServiceRequest.kind.in_(KINDS))
        # Resolution closes the dissatisfaction that it came of: it is the same complaint to ICE.
        together = {row.closed_at for row in requests if row.kind == "Resolution"}
        for row in requests:
            told = self._ice_was_told(row) or (row.kind == "Dissatisfaction" and row.closed_at in together)
            if row.closed_at is None:
                yield f"{row.number} ({row.kind}) is {row.status} for ever"
            elif loads(row.facts).get("ice_gateway") and not told:
                yield f"ICE was not told of {row.number} ({row.kind})"

    def _left_in(self, instance_id: int) -> tuple[list[Any], list[Any], list[Any]]:
        """Return the open tasks, the waits and the jobs of an instance."""
        opened = self._rows(UserTask, UserTask.status == "open", UserTask.instance_id == instance_id)
        waits = self._rows(Wait, Wait.instance_id == instance_id)
        return opened, waits, self._rows(Job, Job.instance_id == instance_id)

    def _faults_of_instance(self, row: Any, opened: list[Any], waits: list[Any], jobs: list[Any]) -> Iterator[str]:
        what = f"procedure {row.instance_id}"
        if row.ended_at is not None and (opened or waits or jobs):
            yield f"{what} has ended, and something of it is left to do"
        if row.ended_at is None and not opened and not jobs and all(wait.kind == "message" for wait in waits):
            yield f"{what} goes on with nobody who holds it and nothing that is due"
        now = self.world.clock.now()
        yield from (f"{w.element_id} was due at {w.due_at}" for w in waits if w.due_at and w.due_at < now)
        yield from (f"{t.element_id} is nobody's" for t in opened if not (t.assignee_id or t.candidate_group))
        with self.world.db.read() as connection:
            broken = history.verify(connection, row.instance_id)
        if broken:
            yield f"history of {what}: {broken}"

    def _faults_of_request(self, row: Any, theirs: list[tuple[list[Any], list[Any], list[Any]]]) -> Iterator[str]:
        what = f"{row.number} ({row.kind}, {row.status})"
        if (row.closed_at is None) == (row.status == "Closed"):
            yield f"{what} was closed at {row.closed_at}"
        if row.closed_at is None:
            if not theirs and row.kind in ("Resolution", "Review"):
                yield f"{what} is open, and no procedure works on it"
            return
        for payment in self._rows(Payment, Payment.request_id == row.request_id):
            if payment.status not in ("Paid", "Withdrawn"):
                yield f"{what} has a payment that is {payment.status}"
        children = self._rows(
            RequestLink, RequestLink.from_request_id == row.request_id, RequestLink.relation == "child"
        )
        for link in children:
            yield from (
                f"{what} has the open child {child.number}"
                for child in self._rows(ServiceRequest, ServiceRequest.request_id == link.to_request_id)
                if child.closed_at is None
            )
        for opened, _, _ in theirs:
            yield from (f"{what} has {task.element_id} open" for task in opened if task.element_id not in AFTERWARDS)

    def _ice_was_told(self, request: Any) -> bool:
        if request.closed_at is None:
            return False
        instances = self._rows(ProcessInstance, ProcessInstance.request_id == request.request_id)
        ids = [row.instance_id for row in instances]
        told = self._rows(UserTask, UserTask.instance_id.in_(ids), UserTask.element_id.like("notify_ice%"))
        return any(task.status == "completed" and task.ended_at >= request.closed_at for task in told)

    def _complete(self, task: Any) -> None:
        """Complete a task with one of its answers: the first that is taken."""
        key = self._key(task.instance_id)
        told = answers_told(key, task.element_id)
        refused = []
        for own in self.chance.sample(told, len(told)):
            try:
                self._submit(task, key, own)
            except RedressError as fault:
                refused.append(f"{fault}")
                continue
            return self._happened(f"complete {task.element_id} with {own}")
        return self._happened(f"no answer to {task.element_id} is taken: {refused}")

    def _submit(self, task: Any, key: str, own: Mapping[str, Any]) -> None:
        actor = self._actor(task)
        with self.world.db.read() as connection:
            row = tasks.get_task(connection, task.task_id)
            names = names_at(self.world, connection, row)
            definition = definitions.load(self.world, connection, row.definition_id)
        letter = loads(task.properties).get("letter")
        values = self._answers(key).for_task(
            task.element_id, task.form_id, letter, own, names=names, now=self.world.clock.now()
        )
        tasks.claim(self.world, task.task_id, actor=actor)
        for name, value in values.items():
            field = definition.dictionary.field_for(name)
            if field is not None and field.type == "documents":
                chosen = [each for each in value or () if isinstance(each, str)]  # the others are attached already
                uploads = [Upload(file_name, specimen(file_name)) for file_name in chosen]
                ids = attach_to_task(self.world, task.task_id, name, uploads, actor=actor) if uploads else value
                values[name] = ids
        proved = replace(actor, proved_at=self.world.clock.now())
        tasks.complete(self.world, task.task_id, values, actor=proved)

    def _send(self) -> None:
        """Let a message about any of the requests arrive; one that is kept is marked as dealt with."""
        request = self.chance.choice(self._rows(ServiceRequest))
        name, key = self.chance.choice(MESSAGES), self.chance.choice(PROCEDURES)
        given = {**usual(key).get("messages", {}).get(name, {}), **self.chance.choice(answers_told(key, name))}
        values = self._answers(key).typed(given, self.world.clock.now())
        today = self.world.clock.now().astimezone(LONDON).date()
        actor = somebody(self.world, "owning_team")
        values.pop("received_on", None)
        try:
            sent = messages.correlate(self.world, name, request.number, values, received_on=today, actor=actor)
        except RedressError as refused:
            return self._happened(f"{name} about {request.number}: {refused}")
        if sent.status == "kept":
            messages.mark_handled(self.world, sent.message_id, actor=actor)
        return self._happened(f"{name} about {request.number} with {given}: {sent.status}")

    def _reopen(self) -> None:
        request = self.chance.choice(self._rows(ServiceRequest))
        leaders = {
            "Dissatisfaction": "owning_team_leader",
            "Resolution": "complaint_resolution_team_leader",
            "Review": "review_team_leader",
        }
        leader = somebody(self.world, leaders.get(request.kind, "owning_team_leader"))
        try:
            reopening.reopen(self.world, request.request_id, reason="It turned out wrong.", actor=leader)
        except RedressError as refused:
            return self._happened(f"reopen {request.number}: {refused}")
        return self._happened(f"reopen {request.number}")

    def _happened(self, what: str) -> None:
        self.said.append(what)
        work_until_rest(self.world)

    def _actor(self, task: Any) -> Somebody:
        if task.assignee_id is not None:
            with self.world.db.read() as connection:
                return people.get_person(connection, task.assignee_id)
        team = [somebody(self.world, name) for name in (task.candidate_group, f"{task.candidate_group}.2")]
        with self.world.db.read() as connection:
            row = tasks.get_task(connection, task.task_id)
            free = [who for who in team if tasks.exclusion(self.world, connection, row, who.person_id) is None]
        return free[0]

    def _answers(self, key: str) -> Answers:
        with self.world.db.read() as connection:
            definition = definitions.in_force(self.world, connection, key)
        return Answers(definition, usual(key), person=self._person_id)

    def _person_id(self, name: str) -> int:
        with self.world.db.read() as connection:
            found = connection.execute(select(Person.person_id).where(Person.username == name)).scalar_one_or_none()
        if found is None:
            raise NotFound(f"{name} is somebody of one story only.")
        return int(found)

    def _key(self, instance_id: int) -> str:
        with self.world.db.read() as connection:
            return connection.execute(
                select(Definition.key)
                .join(ProcessInstance, ProcessInstance.definition_id == Definition.definition_id)
                .where(ProcessInstance.instance_id == instance_id)
            ).scalar_one()

    def _rows(self, model: Any, *conditions: Any) -> list[Any]:
        with self.world.db.read() as connection:
            return list(connection.execute(select(model.__table__).where(*conditions)))
