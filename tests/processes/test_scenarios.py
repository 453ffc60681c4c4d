"""Every scenario of every process folder, told to the real engine with a moved clock; what the scenarios take of it.

They take every element and every sequence flow that the diagrams draw. In one file, because one process has to tell a
story only once.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import coverage, scenarios
from engine.definitions import in_force
from engine.scenarios import ScenarioInvalid, Told, read_scenario
from engine.world import World
from tests.processes.stories import FOLDERS, STORIES, name_of, told


@pytest.mark.parametrize("path", STORIES, ids=name_of)
def test_a_scenario_goes_as_it_says(path: Path) -> None:
    assert told(path).failures == []


@pytest.mark.parametrize("folder", FOLDERS, ids=name_of)
def test_scenarios_take_everything_that_is_drawn(folder: Path, deployed: World) -> None:
    with deployed.db.read() as connection:
        program = in_force(deployed, connection, folder.name).program
    stories = [told(path) for path in scenarios.story_files(folder)]
    covered = coverage.measure(program, stories, under=f"processes/{folder.name}/")
    assert covered.is_complete, coverage.report(covered)


def test_the_scenarios_of_all_procedures_take_everything_that_they_share(deployed: World) -> None:
    with deployed.db.read() as connection:
        program = in_force(deployed, connection, "review").program
    covered = coverage.measure(program, [told(path) for path in STORIES], under="processes/shared/")
    assert covered.is_complete, coverage.report(covered)


def test_what_no_scenario_takes_is_named(deployed: World) -> None:
    with deployed.db.read() as connection:
        program = in_force(deployed, connection, "review").program
    nothing = Told(scenarios.read_story(STORIES[0]))
    covered = coverage.measure(program, [nothing])
    table = coverage.report(covered)
    assert {diagram.percent for diagram in covered.diagrams} == {0}
    assert "processes/review/review.bpmn:allocate_review: no scenario takes this userTask" in table
    assert table.endswith("The 1 scenarios do not take everything that the diagrams draw.")


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
