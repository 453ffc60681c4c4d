"""What a release deployed runs on in every later one, whatever the check of the later one would say of it.

`bundles/` holds the procedures and letters of each release as they were. A file there is never written again; when a
procedure changes much, `git archive` of `processes/` and `letters/` at the release is added beside it.
"""

from __future__ import annotations

import json
import tarfile
import tomllib
from pathlib import Path
from typing import Any

import pytest

from engine import definitions, scenarios
from engine.bundle import read_bundle
from engine.definitions import LoadedDefinition
from engine.world import DEPLOYMENT, World
from letters.catalogue import load_letters
from tests.world import deployed_world

BUNDLES = sorted((Path(__file__).parent / "bundles").glob("*.tar.xz"))
STORIES = {"log": "resolved_early", "resolution": "closure_late_reply", "review": "dispatch_and_outage"}


@pytest.fixture(scope="session", params=BUNDLES, ids=lambda path: path.name.partition(".")[0])
def released(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what a release had."""
    folder = tmp_path_factory.mktemp("released")
    with tarfile.open(request.param) as archive:
        archive.extractall(folder, filter="data")
    return folder


def put_in_force(world: World, released: Path) -> None:
    """Put all procedures of a release in force as if they had been deployed long ago: without any check."""
    extra = {str(path.relative_to(released)): path.read_bytes() for path in _files(released / "letters")}
    for folder in definitions.process_folders(released / "processes"):
        bundle = read_bundle(folder, processes_root=released / "processes", extra=extra)
        with world.db.write() as connection:
            definitions.put_in_force(world, connection, bundle, actor=DEPLOYMENT)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture(scope="session")
def loaded(released: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, LoadedDefinition]:
    """The procedures of the release as a running case loads them."""
    world = deployed_world(tmp_path_factory.mktemp("loaded"))
    put_in_force(world, released)
    with world.db.read() as connection:
        found = {key: definitions.in_force(world, connection, key) for key in STORIES}
    world.db.close()
    return found


def parts_of(schema: dict[str, Any]) -> int:
    """Return how many components a form's file has, at any depth."""
    return sum(1 + parts_of(part) for part in schema.get("components", ()))


@pytest.mark.parametrize("key", STORIES)
def test_everything_of_a_released_procedure_is_still_read(loaded: dict[str, LoadedDefinition], key: str) -> None:
    definition = loaded[key]
    assert definition.program.processes
    assert definition.decisions
    assert not [fault for decision in definition.decisions.values() for fault in decision.unread]
    for path, data in definition.files.items():
        if path.endswith(".form"):
            schema = json.loads(data)
            assert len(list(definition.forms[schema["id"]].walk())) == parts_of(schema), path
    fields = tomllib.loads(definition.files["processes/dictionary.toml"].decode())["fields"]
    assert fields.keys() <= definition.dictionary.fields.keys()
    assert definition.groups
    assert definition.sheet["key"] == key
    for letter in load_letters(definition.letter_files):
        assert definition.letter_form(letter).id == letter


@pytest.mark.parametrize("key", STORIES)
def test_a_case_of_a_released_procedure_goes_on_as_its_own_story_says(released: Path, tmp_path: Path, key: str) -> None:
    world = deployed_world(tmp_path)
    put_in_force(world, released)
    story = released / "processes" / key / "scenarios" / f"{STORIES[key]}.toml"
    assert scenarios.tell(world, scenarios.read_story(story)).failures == []
    world.db.close()
