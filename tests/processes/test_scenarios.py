"""Every scenario of every process folder, told to the real engine with a moved clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.scenarios import ScenarioInvalid, read_scenario
from tests.processes.stories import STORIES, name_of, told


@pytest.mark.parametrize("path", STORIES, ids=name_of)
def test_a_scenario_goes_as_it_says(path: Path) -> None:
    assert told(path).failures == []


def test_a_story_that_says_what_none_can_say_is_refused_by_name() -> None:
    story = b'title = "x"\nprocess = "review"\nat = "2026-11-02T09:30"\nmood = "calm"\n[[step]]\ncomplet = "x"\n'
    with pytest.raises(ScenarioInvalid, match="a scenario cannot say mood, step 1: complet"):
        read_scenario(story, file="odd.toml")


def test_a_step_does_one_thing() -> None:
    story = b'title = "x"\nprocess = "review"\nat = "2026-11-02T09:30"\n[[step]]\ncomplete = "x"\nwait = "P1D"\n'
    with pytest.raises(ScenarioInvalid, match="step 1: more than one of complete"):
        read_scenario(story, file="odd.toml")


def test_a_story_begins_at_an_instant() -> None:
    with pytest.raises(ScenarioInvalid, match="'soon' is not a date and time"):
        read_scenario(b'title = "x"\nprocess = "review"\nat = "soon"\n', file="odd.toml")
