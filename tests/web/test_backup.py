"""A backup that is made while the service runs can be put back elsewhere, and work goes on from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from engine import tasks
from engine.models import Base, Document, Outbox
from engine.people import get_person
from engine.settings import Settings
from engine.worker import work_until_rest
from engine.world import World
from tests import postgres, tiny
from tests.stage import Stage
from tests.world import is_postgres, open_world
from web.backup import ABOUT, EMBEDDED, KEPT, SERVER, BackupFailed, back_up, check_embedded
from web.restore import RestoreRefused, restore

LETTER = (
    tiny.node("startEvent", "begin"),
    tiny.service_task("make", "create_request", {"kind": "Review", "main": "=true"}),
    tiny.service_task("send", "issue_letter", {"letter": "CMSL5829", "facts": "={contact_days: 10}"}),
    tiny.user_task("ask", form="ask"),
    tiny.node("endEvent", "done"),
    tiny.chain("begin", "make", "send", "ask", "done"),
)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A case with a letter that was sent and a task that is open, and one whose letter is owed."""
    (tmp_path / "here").mkdir()
    made = Stage(tmp_path / "here")
    made.deploy(*LETTER)
    made.start()
    work_until_rest(made.world)
    made.start()
    yield made
    made.world.db.close()


def elsewhere(stage: Stage, folder: Path) -> Settings:
    """Return the settings of an empty place."""
    folder.mkdir()
    if is_postgres():
        postgres.make_database(folder)
    return replace(stage.world.settings, data_dir=folder, server_url=postgres.url_of(folder))


def contents(world: World) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table."""
    with world.db.read() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
        }


def test_what_was_backed_up_comes_back_whole_and_work_goes_on(stage: Stage, tmp_path: Path) -> None:
    (stage.folder / "secret-key").write_bytes(b"key")
    before = contents(stage.world)
    with stage.world.db.read():  # somebody looks meanwhile
        made = back_up(stage.world.settings, tmp_path / "backups")
    stage.complete("ask", {"answer": "after the backup"})
    place = elsewhere(stage, tmp_path / "there")
    assert restore(place, made) == 2
    there = open_world(place.data_dir, processes=stage.folder / "processes")
    assert contents(there) == before
    assert (place.data_dir / "secret-key").read_bytes() == b"key"
    work_until_rest(there)
    with there.db.read() as connection:
        assert set(connection.execute(select(Outbox.state)).scalars()) == {"sent"}
        sent = set(connection.execute(select(Document.dispatch_ref)).scalars())
        open_tasks = connection.execute(select(tasks.UserTask.task_id)).scalars().all()
        caseworker = get_person(connection, stage.caseworker.person_id)
    assert {path.name for path in (place.spool_dir / "letters").iterdir()} == sent
    for task_id in open_tasks:
        tasks.claim(there, task_id, actor=caseworker)
        tasks.complete(there, task_id, {"answer": "x"}, actor=caseworker)
    there.db.close()


def test_a_letter_that_left_after_the_backup_does_not_leave_again(stage: Stage, tmp_path: Path) -> None:
    made = back_up(stage.world.settings, tmp_path / "backups")
    work_until_rest(stage.world)  # the second letter leaves now
    place = elsewhere(stage, tmp_path / "there")
    (stage.world.settings.spool_dir).rename(place.spool_dir)
    written = {path.name: path.stat().st_ino for path in (place.spool_dir / "letters").iterdir()}
    assert len(written) == 2
    restore(place, made)
    there = open_world(place.data_dir, processes=stage.folder / "processes")
    work_until_rest(there)
    assert {path.name: path.stat().st_ino for path in (place.spool_dir / "letters").iterdir()} == written
    there.db.close()


def test_a_backup_is_put_back_only_where_nothing_is(stage: Stage, tmp_path: Path) -> None:
    made = back_up(stage.world.settings, tmp_path / "backups")
    with pytest.raises(RestoreRefused, match="already"):
        restore(stage.world.settings, made)
    with pytest.raises(RestoreRefused, match="is not a backup"):
        restore(elsewhere(stage, tmp_path / "there"), tmp_path)
    stage.world.db.close()


def test_the_newest_backups_are_kept_and_one_that_failed_leaves_nothing(stage: Stage, tmp_path: Path) -> None:
    below = tmp_path / "backups"
    for number in range(KEPT):
        (below / f"2020-01-{number + 1:02d}").mkdir(parents=True)
        (below / f"2020-01-{number + 1:02d}" / ABOUT).write_text("{}")
    made = back_up(stage.world.settings, below)
    assert len(list(below.iterdir())) == KEPT
    assert (made / (SERVER if is_postgres() else EMBEDDED)).is_file()
    assert not (below / "2020-01-01").exists()
    nowhere = replace(stage.world.settings, data_dir=tmp_path / "none", server_url=_nowhere())
    with pytest.raises(BackupFailed):
        back_up(nowhere, below)
    assert len(list(below.iterdir())) == KEPT
    stage.world.db.close()


@pytest.mark.skipif(is_postgres(), reason="of the embedded database")
def test_a_damaged_copy_is_noticed(stage: Stage, tmp_path: Path) -> None:
    copy = back_up(stage.world.settings, tmp_path / "backups") / EMBEDDED
    with copy.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096 * 2)
    with pytest.raises((BackupFailed, Exception), match=r"damaged|malformed"):
        check_embedded(copy)
    stage.world.db.close()


def _nowhere() -> str:
    return f"{postgres.server_url()}&dbname=none" if is_postgres() else ""
