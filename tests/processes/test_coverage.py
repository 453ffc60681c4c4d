"""The scenarios of a process folder take every element and every sequence flow that its diagrams draw."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import coverage, scenarios
from engine.definitions import in_force
from engine.scenarios import Told
from engine.world import World
from tests.processes.stories import FOLDERS, STORIES, name_of, told


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
