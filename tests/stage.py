"""A stage for small plays: a world of its own on a real database, with people, a case, and handlers that a test adds.

What a test wants to see is read from the tables, as a page would read it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import event, inspect, select

from engine import bank_holidays, cases, definitions, scenarios, tasks
from engine.bundle import read_bundle
from engine.lint import JobInputs
from engine.models import Base, History, Incident, Job, Outbox, ProcessInstance, UserTask, Wait
from engine.people import Somebody
from engine.step import Outcome
from engine.worker import work_until_rest
from engine.world import DEPLOYMENT
from tests import tiny
from tests.scratch import scratch
from tests.world import close_whole, copy_database, make_world, open_world, somebody

GROUPS = ["owning_team", "review_caseworker", "review_team_leader"]
DICTIONARY = """
[fields.answer]
type = "text"
label = "Answer"
[fields.agreed]
type = "boolean"
label = "Agreed"
[fields.count]
type = "number"
label = "Count"
minimum = 1
maximum = 9
[fields.amount]
type = "money"
label = "Amount"
[fields.colour]
type = "choice"
label = "Colour"
picklist = "colour"
[fields."request.outcome"]
type = "text"
label = "Outcome"
[fields.result]
type = "context"
label = "Result"
[fields.letter]
type = "context"
label = "Letter"
[picklists.colour]
title = "Colour"
values = [{ value = "Red" }, { value = "Green" }]
"""
ASK = tiny.form("ask", {"type": "textfield", "key": "answer", "label": "Answer"})


@lru_cache(maxsize=1)
def _empty_database() -> Path:
    """Return a database with the schema, the bank holidays and people, made once per test run."""
    folder = scratch("stage")
    world = make_world(folder, processes=folder / "processes")
    bank_holidays.seed(world)
    scenarios.cast(world, GROUPS)
    close_whole(world)
    return folder


class Stage:
    """A world with one case and the people of three groups; diagrams are deployed as the process ``tiny``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        copy_database(_empty_database(), folder)
        self.world = open_world(folder, processes=folder / "processes")
        self.caseworker = somebody(self.world, "review_caseworker")
        self.colleague = somebody(self.world, "review_caseworker.2")
        self.leader = somebody(self.world, "review_team_leader")
        self.outsider = somebody(self.world, "owning_team")
        self.case_id = self.open_case("CM-1")

    def open_case(self, reference: str) -> int:
        """Add a case of a client in England."""
        with self.world.db.write() as connection:
            return cases.open_case(
                connection,
                self.world,
                reference=reference,
                client_name="Robin Example",
                nation="england_wales",
                facts={"client_address": "1 Sample Street\nExampletown", "language": "en"},
            )

    def add_handler(self, job_type: str, handler: Callable[..., Any]) -> None:
        """Let diagrams use one more job type."""
        self.world.handlers = {**self.world.handlers, job_type: handler}
        known = self.world.known
        self.world.known = dataclasses.replace(
            known,
            job_types=(known.job_types or frozenset()) | {job_type},
            job_inputs={**(known.job_inputs or {}), job_type: JobInputs.of(handler)},
        )

    def write_folder(
        self,
        *body: str,
        forms: Mapping[str, str] | None = None,
        dictionary: str = "",
        roots: str = "",
        key: str = "tiny",
    ) -> Path:
        """Write a process folder and return it."""
        files = tiny.folder(
            tiny.diagram(*body, process_id=key, roots=roots),
            {"ask": ASK, **(forms or {})},
            dictionary=DICTIONARY + dictionary,
        )
        for path, text in files.items():
            target = (
                self.folder
                / "processes"
                / path.replace("tiny/tiny.bpmn", f"{key}/{key}.bpmn").replace("tiny/", f"{key}/")
            )
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text.replace('"tiny"', f'"{key}"') if path.endswith("process.toml") else text)
        return self.folder / "processes" / key

    def deploy(self, *body: str, unchecked: bool = False, **folder: Any) -> definitions.Deployed:
        """Write a process folder and put it in force; `unchecked` lets through what the check would refuse."""
        written = self.write_folder(*body, **folder)
        if not unchecked:
            return definitions.deploy(self.world, written, actor=DEPLOYMENT)
        bundle = read_bundle(written, processes_root=written.parent, extra=self.world.letter_files)
        with self.world.db.write() as connection:
            return definitions.put_in_force(self.world, connection, bundle, actor=DEPLOYMENT)

    def start(
        self, values: Mapping[str, object] | None = None, *, key: str = "tiny", case_id: int | None = None
    ) -> Outcome:
        """Start the process on the case."""
        return cases.start(self.world, key, values or {}, case_id=case_id or self.case_id, actor=self.caseworker)

    def task_id(self, element_id: str) -> int:
        """Return the newest task of an element."""
        return int(max(row.task_id for row in self.rows(UserTask) if row.element_id == element_id))

    def task(self, element_id: str) -> Any:
        """Return the row of the newest task of an element."""
        return next(row for row in self.rows(UserTask) if row.task_id == self.task_id(element_id))

    def complete(
        self, element_id: str, values: Mapping[str, object] | None = None, *, by: Somebody | None = None
    ) -> Outcome:
        """Claim and complete the newest task of an element."""
        actor = by or self.caseworker
        tasks.claim(self.world, self.task_id(element_id), actor=actor)
        return tasks.complete(self.world, self.task_id(element_id), values or {}, actor=actor)

    def open_tasks(self) -> list[str]:
        """Return the elements with an open task, in order of their names."""
        return sorted(row.element_id for row in self.rows(UserTask) if row.status == "open")

    def waits(self) -> list[str]:
        """Return the elements that wait, in order of their names."""
        return sorted(row.element_id for row in self.rows(Wait))

    def status(self, instance_id: int = 1) -> str:
        """Return the status of an instance."""
        return next(str(row.status) for row in self.rows(ProcessInstance) if row.instance_id == instance_id)

    def told(self, instance_id: int = 1) -> list[tuple[str, str]]:
        """Return the kind and the element of each history row."""
        return [(row.kind, row.element_id) for row in self.rows(History) if row.instance_id == instance_id]

    def incidents(self) -> list[Any]:
        """Return the open incidents."""
        return [row for row in self.rows(Incident) if row.resolved_at is None]

    def jobs(self) -> list[Any]:
        """Return what is to be tried again."""
        return self.rows(Job)

    def outbox(self) -> list[Any]:
        """Return what is or was owed."""
        return self.rows(Outbox)

    def rows(self, model: type[Base]) -> list[Any]:
        """Return every row of a table, the oldest first."""
        with self.world.db.read() as connection:
            return list(connection.execute(select(model.__table__).order_by(*inspect(model).primary_key)))

    def wait(self, time: timedelta) -> None:
        """Let time pass, without any background work."""
        self.world.clock.move_to(self.world.clock.now() + time)

    def wait_and_work(self, time: timedelta = timedelta(0)) -> int:
        """Let time pass, then do all background work that is due."""
        self.wait(time)
        return work_until_rest(self.world)

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """Note every SQL statement that is sent meanwhile."""
        sent: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            sent.append(statement)

        event.listen(self.world.db.engine, "before_cursor_execute", note)
        try:
            yield sent
        finally:
            event.remove(self.world.db.engine, "before_cursor_execute", note)
