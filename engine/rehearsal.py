"""A rehearsal: every story of a process folder told, each in a world of its own, as the diagrams stand on disk.

A database that is ready (migrated, bank holidays, people, the procedure in force) is made once, then copied for each.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from engine import bank_holidays, definitions, scenarios
from engine.clock import MovableClock
from engine.definitions import LoadedDefinition
from engine.dictionary import read_groups, read_sheet
from engine.scenarios import Scenario, Told
from engine.schema import migrate
from engine.spiff import Program
from engine.world import DEPLOYMENT, World

_BEFORE = datetime(2020, 1, 1, tzinfo=UTC)  # a clock only moves forward, so it starts before every story

MakeWorld = Callable[[Path], World]
"""Wires a world whose database and spool lie in an empty folder."""
Watch = Callable[[int, int], None]
"""Hears how many stories have been told, and of how many."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The diagrams that were deployed, and how each story went."""

    program: Program
    told: tuple[Told, ...]

    @property
    def failures(self) -> list[str]:
        """Return what went otherwise than the stories say."""
        return [failure for story in self.told for failure in story.failures]


def rehearse(folder: Path, *, make_world: MakeWorld, watch: Watch | None = None) -> Rehearsal:
    """Deploy a process folder beside the real work and tell its stories; `watch` hears of each as it ends.

    Raises: DeploymentRefused; ScenarioInvalid for a file that is not a story.
    """
    stories = [scenarios.read_story(path) for path in scenarios.story_files(folder)]
    with TemporaryDirectory(prefix="redress-rehearsal-") as scratch:
        ready = Path(scratch) / "ready"
        program, loaded = _prepare(ready, _folders(folder, stories), make_world)
        told = []
        for number, story in enumerate(stories):
            stage = Path(scratch) / str(number)
            shutil.copytree(ready, stage)
            world = _world(stage, make_world)
            world.definitions = loaded
            told.append(scenarios.tell(world, story))
            if watch is not None:
                watch(number + 1, len(stories))
            world.db.close()
            shutil.rmtree(stage)
    return Rehearsal(program, tuple(told))


def _prepare(ready: Path, folders: list[Path], make_world: MakeWorld) -> tuple[Program, dict[int, LoadedDefinition]]:
    ready.mkdir()
    world = _world(ready, make_world)
    migrate(world.db)
    bank_holidays.seed(world)
    scenarios.cast(world, list(read_groups((folders[0].parent / "groups.toml").read_bytes())[0]))
    keys = [definitions.deploy(world, each, actor=DEPLOYMENT).key for each in folders]
    with world.db.read() as connection:
        loaded = [definitions.in_force(world, connection, key) for key in keys]
    with world.db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    world.db.close()
    return loaded[0].program, world.definitions


def _folders(folder: Path, stories: list[Scenario]) -> list[Path]:
    """Return a process folder, itself first, those that its stories begin in, and every one that cases can go on to."""
    begun_in = (folder.parent / key for key in sorted({story.process for story in stories} - {folder.name}))
    found = [folder, *(path for path in begun_in if (path / "process.toml").is_file())]
    for each in found:
        entries = read_sheet((each / "process.toml").read_bytes()).entries
        beside = [folder.parent / str(target) for target in _leads_to(entries) if target != folder.name]
        found += [path for path in dict.fromkeys(beside) if path not in found and (path / "process.toml").is_file()]
    return found


def _leads_to(entries: Mapping[str, object]) -> list[object]:
    """Return the procedures that a title page sends cases to: by a hand-over, or by a message after closure."""
    targets: list[object] = []
    for section, key in (("hand_overs", "to"), ("messages", "after_closure")):
        rows = entries.get(section)
        targets += [row[key] for row in rows if key in row] if isinstance(rows, list) else []
    return targets


def _world(folder: Path, make_world: MakeWorld) -> World:
    world = make_world(folder)
    world.clock = MovableClock(frozen_at=_BEFORE)
    return world
