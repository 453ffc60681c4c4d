"""A state that any released version stored loads in this one and runs on to the same end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.spiff.codec import FORMAT
from tests.migrations.golden import STATES, act, restored

FILES = sorted(STATES.glob("*/*.json"))


def test_the_present_format_is_among_them() -> None:
    assert f"format_{FORMAT}" in {file.parent.name for file in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_stored_state_loads_and_runs_on(file: Path) -> None:
    kept = json.loads(file.read_text())
    run = restored(kept["diagram"].encode(), kept["state"], kept["variables"])
    act(run, kept["after"])
    assert run.ended
    assert run.variables == kept["ends_with"]
