"""One value in one table says whether there is a Review after Resolution; nothing else is edited."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine import definitions, scenarios
from engine.world import DEPLOYMENT, World
from tests.world import PROCESSES

ONE_TIER_AT_CLOSURE = """
title = "One tier: the answer of Resolution is final, and no Review is offered"
process = "resolution"
earlier = []

[[step]]
complete = ["allocate_resolution", "check_entry", "call_client", "complete_complaints_details", "record_findings"]

[[step]]
complete = ["decide_further_action", "create_plan"]

[[step]]
complete = "call_client"
with = { plan_answer = "agree" }

[[step]]
complete = ["agree_due_dates", "write_letter", "check_letter", "update_resolution_actions", "progress_actions"]

[[step]]
complete = "call_client"
with = { closure_answer = "disagree" }

[[step]]
complete = ["write_letter", "check_letter", "record_learning"]
then = { ended = true, letters = ["RES-CLOSED-NOTOK"], letter_facts = { review_tier = false } }
"""

ONE_TIER_AT_LOG = """
title = "One tier: unhappy with a closed Resolution, signposted to ICE"
process = "log"
earlier = [{ number = "SR-000900", closed_on = 2026-10-05 }]
start = { "request.issue_kind" = "outcome", "request.resolution_number" = "SR-000900" }

[[step]]
complete = ["identify_client", "look_for_outstanding_actions"]
then = { tasks = ["pass_on"] }

[[step]]
complete = "pass_on"
then = { ended = true, requests = [] }
"""


@pytest.fixture
def one_tier(deployed: World, tmp_path: Path) -> World:
    folder = tmp_path / "processes"
    shutil.copytree(PROCESSES, folder)
    table = folder / "shared" / "review_tier.dmn"
    text = table.read_text()
    assert text.count("<text>true</text>") == 1
    table.write_text(text.replace("<text>true</text>", "<text>false</text>"))
    for key in ("log", "resolution"):
        definitions.deploy(deployed, folder / key, actor=DEPLOYMENT)
    return deployed


@pytest.mark.parametrize(("folder", "story"), [("resolution", ONE_TIER_AT_CLOSURE), ("log", ONE_TIER_AT_LOG)])
def test_without_a_review_tier_resolution_is_the_final_response(one_tier: World, folder: str, story: str) -> None:
    usual = (PROCESSES / folder / "scenarios" / scenarios.USUAL).read_bytes()
    told = scenarios.tell(one_tier, scenarios.read_scenario(story.encode(), file="one_tier.toml", usual=usual))
    assert told.failures == []
