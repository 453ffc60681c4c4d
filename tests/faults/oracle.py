"""The oracle: what must be true of a database whatever has died while it was written, and what a run has come to.

It reads rows, and never asks the part of the program that wrote them. `faults_in` names everything that is wrong;
`outcome_of` is what two runs of the same flow must agree in, the killed one and the one that was left in peace.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, LargeBinary, func, inspect, or_, select

from engine import definitions, history, instance_row
from engine.models import (
    Base,
    Document,
    History,
    Incident,
    Instant,
    Job,
    Message,
    Outbox,
    Payment,
    ProcessInstance,
    UserTask,
    Wait,
)
from engine.spiff import Stored, Workflow
from engine.step_host import StepHost
from engine.values import loads
from engine.world import WORKER, World

# What differs from run to run and says nothing: tokens, hashes, salts, counts of tries, who held what.
_INCIDENTAL = {"token", "salt", "hash", "previous", "history_hash", "owner", "attempts", "lease_until", "password_hash"}
_TOKEN = re.compile(r"\b[0-9a-f]{8}(?:[0-9a-f]{24})?\b|\b[0-9a-f]{64}\b")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?")
_NUMBER = re.compile(r"\d+")


def faults_in(world: World, *, ended: bool = True) -> list[str]:
    """Return a sentence for everything that is wrong. `ended`: all work that was due has been done."""
    with world.db.read() as connection:
        if not inspect(connection).has_table(ProcessInstance.__tablename__):
            return []
        found = [
            *_histories(connection),
            *_states(world, connection),
            *_tasks(connection),
            *_deliveries(connection),
            *_payments(connection),
            *_messages(connection),
            *_nobody_acts(connection),
            *(_left_behind(world, connection) if ended else ()),
        ]
        if world.db.is_sqlite:
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            whole = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one()
            found += [f"A row refers to nothing: {row}" for row in broken]
            found += [] if whole == "ok" else [f"The database is not whole: {whole}"]
    return found


def _histories(connection: Connection) -> Iterator[str]:
    for row in connection.execute(select(ProcessInstance.instance_id, ProcessInstance.history_seq)).all():
        fault = history.verify(connection, row.instance_id)
        if fault:
            yield f"Instance {row.instance_id}: {fault}"
        rows = select(func.count()).select_from(History).where(History.instance_id == row.instance_id)
        if connection.execute(rows).scalar_one() != row.history_seq:
            yield f"Instance {row.instance_id}: its history is not as long as it says."


def _states(world: World, connection: Connection) -> Iterator[str]:
    """Each state loads, and the rows of tasks and waits are what it has open."""
    for row in connection.execute(select(ProcessInstance.__table__)).all():
        definition = definitions.load(world, connection, row.definition_id)
        facts = instance_row.facts_of(instance_row.read(connection, row.instance_id))
        host = StepHost(
            world,
            connection,
            definition,
            facts,
            instance_id=row.instance_id,
            case_id=row.case_id,
            actor=WORKER,
            now=world.clock.now(),
        )
        workflow = Workflow.restore(definition.program, Stored(row.state, row.variables), host)
        name = f"Instance {row.instance_id}"
        if workflow.is_completed != (row.status in ("completed", "cancelled")):
            yield f"{name} is {row.status}, and its state says otherwise."
        tasks = connection.execute(
            select(UserTask.token).where(UserTask.instance_id == row.instance_id, UserTask.status == "open")
        ).scalars()
        if sorted(tasks) != sorted(task.token for task in workflow.open_tasks()):
            yield f"{name}: its open tasks are not those of its state."
        waits = connection.execute(select(Wait.token, Wait.kind).where(Wait.instance_id == row.instance_id)).all()
        if sorted(map(tuple, waits)) != sorted((wait.token, wait.kind) for wait in workflow.open_waits()):
            yield f"{name}: its waits are not those of its state."


def _tasks(connection: Connection) -> Iterator[str]:
    """A task is completed once: as often as its form was submitted."""
    submitted = Counter(
        (row.instance_id, row.element_id)
        for row in connection.execute(
            select(History.instance_id, History.element_id).where(History.kind == "submitted")
        )
    )
    completed = Counter(
        (row.instance_id, row.element_id)
        for row in connection.execute(
            select(UserTask.instance_id, UserTask.element_id).where(UserTask.status == "completed")
        )
    )
    for key in submitted | completed:
        if submitted[key] != completed[key]:
            yield f"Task {key}: submitted {submitted[key]} times, completed {completed[key]} times."


def _deliveries(connection: Connection) -> Iterator[str]:
    shown = set(connection.execute(select(Incident.outbox_id).where(Incident.resolved_at.is_(None))).scalars())
    waiting = set(connection.execute(select(Wait.token).where(Wait.kind == "job")).scalars())
    owed = set()
    for row in connection.execute(select(Outbox.__table__)).all():
        owed |= {row.token} if row.state != "sent" else set()
        if row.state == "failed" and row.outbox_id not in shown:
            yield f"Delivery {row.key} was given up, and nobody is told."
        if row.state == "busy" and row.lease_until is None:
            yield f"Delivery {row.key} is held for ever."
        if row.state == "sent" and row.token in waiting and row.kind != "signal":
            yield f"Delivery {row.key} was recorded, and its token still waits."
        if row.state == "sent" and row.kind == "letter":
            numbers = [loads(row.payload)["document_id"], *(loads(row.payload).get("enclosures") or ())]
            sent = select(func.count()).where(Document.document_id.in_(numbers), Document.dispatched_at.is_not(None))
            if connection.execute(sent).scalar_one() != len(numbers):
                yield f"Letter {row.key} was sent, and its papers do not say so."
    for token in waiting - owed:
        yield f"Nothing is owed for what waits at token {token}."


def _payments(connection: Connection) -> Iterator[str]:
    for row in connection.execute(select(Payment.__table__)):
        if row.status in ("Instructed", "Paid") and not (row.instructed_at and row.instruction_ref):
            yield f"{row.number} is {row.status}, and does not say when or under which name."
        if row.status in ("Draft", "Approved") and row.instructed_at is not None:
            yield f"{row.number} was instructed, and is {row.status}."


def _messages(connection: Connection) -> Iterator[str]:
    for row in connection.execute(select(Message.__table__)):
        if row.status == "delivered" and row.instance_id is None:
            yield f"Message {row.message_id} was delivered to nobody."


def _nobody_acts(connection: Connection) -> Iterator[str]:
    """Who has stopped has a job or an incident; who is active has somebody or something to wait for."""
    jobs = set(connection.execute(select(Job.instance_id)).scalars())
    stopped = set(connection.execute(select(Incident.instance_id).where(Incident.resolved_at.is_(None))).scalars())
    has_task = set(connection.execute(select(UserTask.instance_id).where(UserTask.status == "open")).scalars())
    has_wait = set(connection.execute(select(Wait.instance_id)).scalars())
    for row in connection.execute(select(ProcessInstance.instance_id, ProcessInstance.status)):
        name = f"Instance {row.instance_id} is {row.status}"
        if row.status == "retrying" and row.instance_id not in jobs:
            yield f"{name}, and there is no job."
        if row.status == "incident" and row.instance_id not in stopped:
            yield f"{name}, and there is no incident."
        if row.status == "active" and row.instance_id not in has_task | has_wait:
            yield f"{name}, and nobody and nothing moves it."
        if row.status == "completed" and row.instance_id in has_task | has_wait | jobs:
            yield f"{name}, and something of it is left."


def _left_behind(world: World, connection: Connection) -> Iterator[str]:
    """Nothing that is due is left: no timer, no job, no delivery, and nothing is held past its lease."""
    now = world.clock.now()
    stopped = select(Incident.instance_id).where(Incident.resolved_at.is_(None), Incident.instance_id.is_not(None))
    late = select(Wait.element_id).where(Wait.kind == "timer", Wait.due_at <= now, Wait.instance_id.not_in(stopped))
    for element_id in connection.execute(late).scalars():
        yield f"The timer {element_id} is due, and has not fired."
    for instance_id in connection.execute(select(Job.instance_id).where(Job.available_at <= now)).scalars():
        yield f"The job of instance {instance_id} is due, and was not tried."
    is_due = or_(
        (Outbox.state == "new") & (Outbox.available_at <= now), (Outbox.state == "busy") & (Outbox.lease_until <= now)
    )
    for row in connection.execute(select(Outbox.key, Outbox.state).where(is_due)):
        yield f"Delivery {row.key} is {row.state}, and was due."


def outcome_of(world: World) -> dict[str, list[str]]:
    """Return what a run has come to, table by table, without what differs from run to run."""
    found: dict[str, list[str]] = {}
    with world.db.read() as connection:
        there = set(inspect(connection).get_table_names())
        for table in Base.metadata.sorted_tables:
            shown = [
                column
                for column in table.c
                if column.name not in _INCIDENTAL
                and not isinstance(column.type, Instant | LargeBinary)
                and (world.db.is_sqlite or not (column.primary_key or column.foreign_keys))
            ]
            if shown and table.name in there:
                # As text: to compile a statement for each table and each run would take longer than all the rest.
                names = ", ".join(f'"{column.name}"' for column in shown)
                order = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
                rows = connection.exec_driver_sql(f'SELECT {names} FROM "{table.name}" ORDER BY {order}')
                found[table.name] = [" | ".join(_plain(world, value) for value in row) for row in rows]
    return found


def differences(peaceful: dict[str, list[str]], killed: dict[str, list[str]]) -> list[str]:
    """Return what is only in one of two outcomes."""
    found = []
    for table in peaceful.keys() | killed.keys():
        one, other = Counter(peaceful.get(table, ())), Counter(killed.get(table, ()))
        found += [f"only in peace: {table}: {line}" for line in one - other]
        found += [f"only when killed: {table}: {line}" for line in other - one]
    return found


def left_the_house(folder: Path, taken: Counter[str]) -> Counter[str]:
    """Return what lies in the spool of a data folder, with anything half done, and what a provider has taken."""
    spool = folder / "spool"
    names = Counter(str(path.relative_to(spool)) for path in spool.rglob("*") if path.is_file())
    return Counter({_TOKEN.sub("(token)", name): count for name, count in (names + taken).items()})


def _plain(world: World, value: Any) -> str:
    text = _INSTANT.sub("(then)", _TOKEN.sub("(token)", str(value)))
    # Numbers that a killed transaction has used up are not given out again by every database.
    return text if world.db.is_sqlite else _NUMBER.sub("#", text)
