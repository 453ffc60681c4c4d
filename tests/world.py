"""Worlds for tests: a real database, the real engine, handlers and letters, and a clock that stands still.

The database is SQLite in the world's folder; with TEST_DATABASE_URL it is one of that PostgreSQL server
(`tests.postgres` tells how). Nothing here is faked. A database that is ready (migrated, holidays seeded, the product's
processes deployed, people in every group) is made once per test run and copied, because making it takes longer than
most tests.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from engine import bank_holidays, definitions, scenarios
from engine.clock import MovableClock
from engine.db import Database
from engine.dictionary import Group, read_groups
from engine.lint.finding import Known
from engine.people import Somebody, get_person
from engine.schema import migrate
from engine.settings import ROOT, Settings
from engine.world import DEPLOYMENT, World
from handlers import DELIVERIES, HANDLERS
from handlers.known import known_to_diagrams
from handlers.letters import letter_form
from letters.catalogue import letter_files
from letters.specimen import check_templates
from tests import postgres
from tests.scratch import scratch

START = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
PROCESSES = ROOT / "processes"


def make_world(folder: Path, *, at: datetime = START, processes: Path = PROCESSES, demo: bool = False) -> World:
    """Return a world on the database of a folder; one that is not there yet is made, empty and migrated."""
    world = open_world(folder, at=at, processes=processes, demo=demo)
    migrate(world.db)
    return world


def open_world(folder: Path, *, at: datetime = START, processes: Path = PROCESSES, demo: bool = False) -> World:
    """Return a world on the database of a folder as it is."""
    if is_postgres():
        postgres.make_database(folder)
    settings = Settings(data_dir=folder, server_url=postgres.url_of(folder), processes_dir=processes, demo=demo)
    return World(
        settings=settings,
        db=Database(settings.database_url),
        clock=MovableClock(frozen_at=at),
        handlers=HANDLERS,
        deliveries=DELIVERIES,
        known=dataclasses.replace(_known(), root=processes),
        letter_form=letter_form,
        letter_faults=check_templates,
        groups=dict(_groups()),
        letter_files=dict(_letter_files()),
    )


# What is read from the product's own files is the same for every world of a run.
_letter_files = cache(letter_files)


@cache
def _known() -> Known:
    return known_to_diagrams(PROCESSES)


@cache
def _groups() -> Mapping[str, Group]:
    return read_groups((PROCESSES / "groups.toml").read_bytes())[0]


def is_postgres() -> bool:
    """Tell whether the tests run on PostgreSQL."""
    return bool(postgres.server_url())


def copy_world(source: Path, target: Path) -> None:
    """Copy the folder of a world that is closed, with its database if it has one, to a place that is not there yet."""
    shutil.copytree(source, target)
    if is_postgres() and postgres.has_database(source):
        postgres.make_database(target, like=source)


def copy_database(source: Path, target: Path) -> None:
    """Copy the database of a world that is closed into a folder."""
    if is_postgres():
        postgres.make_database(target, like=source)
    else:
        shutil.copyfile(source / "redress.db", target / "redress.db")


def put_database_back(source: Path, target: Path) -> None:
    """Copy the database of a world that is closed over that of another one that is closed too."""
    for file in target.glob("redress.db-*"):
        file.unlink()
    postgres.drop_databases(target)
    copy_database(source, target)


def close_whole(world: World) -> None:
    """Close a world so that its database can be copied."""
    if world.db.is_sqlite:
        with world.db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    world.db.close()


def deployed_world(folder: Path, *, at: datetime = START) -> World:
    """Return a world with the product's processes in force and two people in every group."""
    copy_database(_ready_database(), folder)
    world = open_world(folder, at=at)
    world.definitions = dict(_DEFINITIONS)  # what a test deploys is its own
    return world


_DEFINITIONS: dict[int, definitions.LoadedDefinition] = {}


@cache
def _ready_database() -> Path:
    folder = scratch("tests")
    world = make_world(folder, at=START)
    bank_holidays.seed(world)
    scenarios.cast(world, list(world.groups))
    for process in definitions.process_folders(PROCESSES):
        definitions.deploy(world, process, actor=DEPLOYMENT)
        with world.db.read() as connection:
            definitions.in_force(world, connection, process.name)
    _DEFINITIONS.update(world.definitions)
    close_whole(world)
    return folder


def empty_world(folder: Path, *, at: datetime = START) -> World:
    """Return a world on an empty, migrated database: `make_world`, but the tables are copied and not made."""
    copy_database(_empty_database(), folder)
    return open_world(folder, at=at)


@cache
def _empty_database() -> Path:
    folder = scratch("tests")
    close_whole(make_world(folder))
    return folder


def somebody(world: World, username: str) -> Somebody:
    """Return a person of the scenarios' cast, by user name: a group's name, or the name with ``.2``."""
    from sqlalchemy import select

    from engine.models import Person

    with world.db.read() as connection:
        person_id = connection.execute(select(Person.person_id).where(Person.username == username)).scalar_one()
        return get_person(connection, person_id)


def deploy_text(world: World, folder: Path, files: Mapping[str, str], *, key: str = "tiny") -> str:
    """Write a small process folder (paths under ``processes/``), put it in force, and return its key."""
    for path, text in files.items():
        target = folder / "processes" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    definitions.deploy(world, folder / "processes" / key, actor=DEPLOYMENT)
    return key
