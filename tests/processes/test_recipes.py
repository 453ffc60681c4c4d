"""The edits that the README shows, made as they stand there: one file each, and the procedure does what they say."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from engine import definitions, scenarios
from engine.settings import ROOT
from engine.world import DEPLOYMENT, World
from tests.world import PROCESSES

DIFF = re.compile(r"```diff\n--- (?P<file>\S+)\n(?P<lines>.*?)```", re.DOTALL)
RECIPES = {found["file"]: found["lines"] for found in DIFF.finditer((ROOT / "README.md").read_text())}


def edited(folder: Path, file: str) -> None:
    """Make the edit that the README shows for a file."""
    lines = RECIPES[file].splitlines()
    before = "\n".join(line[1:] for line in lines if line.startswith("-"))
    after = "\n".join(line[1:] for line in lines if line.startswith("+"))
    path = folder.parent / file
    text = path.read_text()
    assert text.count(before) == 1, f"The README's line must occur once in {file}."
    path.write_text(text.replace(before, after))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(PROCESSES, tmp_path / "processes")
    return tmp_path / "processes"


def told(world: World, folder: Path, story: str, *, key: str = "review") -> list[str]:
    definitions.deploy(world, folder / key, actor=DEPLOYMENT)
    usual = (PROCESSES / key / "scenarios" / scenarios.USUAL).read_bytes()
    return scenarios.tell(world, scenarios.read_scenario(story.encode(), file="recipe.toml", usual=usual)).failures


def test_the_readme_shows_three_edits_of_one_file_each() -> None:
    assert sorted(RECIPES) == [
        "processes/dictionary.toml",
        "processes/review/review_plan.bpmn",
        "processes/shared/review_tier.dmn",
    ]


TEN_DAYS = """
title = "Ten days to reply to CMSL5800"
process = "review"

[[step]]
complete = ["call_client", "allocate_review", "check_gate", "call_client", "complete_complaints_details"]

[[step]]
complete = "decide_further_action"
with = { further_action = false, resolution_was_right = true }

[[step]]
complete = ["call_client", "write_letter", "check_letter"]
then = { letters = ["CMSL5800"], letter_facts = { reply_days = 10, reply_by = 2026-11-12 }, due = "2026-11-12" }

[[step]]
wait_until = "2026-11-12T23:58"
then = { tasks = [] }

[[step]]
wait_until = "2026-11-13T00:01"
then = { tasks = ["check_no_reply_to_decision"] }
"""


def test_seven_days_become_ten_in_the_letter_and_in_the_wait(deployed: World, folder: Path) -> None:
    edited(folder, "processes/review/review_plan.bpmn")
    assert told(deployed, folder, TEN_DAYS) == []


LOST_IN_THE_POST = """
title = "A new root cause"
process = "review"

[[step]]
complete = ["call_client", "allocate_review", "check_gate", "call_client"]

[[step]]
complete = "complete_complaints_details"
with = { "request.root_cause" = "Letter lost in the post" }
then = { %s }
"""


def test_a_value_that_the_picklist_does_not_have_is_refused(deployed: World, folder: Path) -> None:
    assert told(deployed, folder, LOST_IN_THE_POST % 'refused = "Root Cause"') == []


def test_a_new_value_of_a_picklist_is_taken(deployed: World, folder: Path) -> None:
    edited(folder, "processes/dictionary.toml")
    taken = LOST_IN_THE_POST % 'facts = { "request.root_cause" = "Letter lost in the post" }'
    assert told(deployed, folder, taken) == []
