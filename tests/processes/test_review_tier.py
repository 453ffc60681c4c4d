"""One value in one table says whether there is a Review after Resolution; nothing else is edited."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from engine import definitions, scenarios
from engine.models import Blob, Document
from engine.world import DEPLOYMENT, World
from tests.letters.pdf import words_of
from tests.world import PROCESSES, close_whole, copy_world, deployed_world, open_world

CLOSING = ("RES-NFA", "RES-DONE-NOCONTACT", "RES-CLOSED-OK", "RES-CLOSED-NOTOK")

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

NOTHING_MORE = """
title = "One tier: nothing more can be done, and the letter is the final response"
process = "resolution"
earlier = []

[[step]]
complete = ["allocate_resolution", "check_entry", "call_client", "complete_complaints_details", "record_findings"]

[[step]]
complete = "decide_further_action"
with = { further_action = false, decision_rationale = "Everything was done." }

[[step]]
complete = ["call_client", "write_letter", "check_letter"]
then = { letters = ["RES-NFA"], letter_facts = { review_tier = false } }

[[step]]
message = "client_reply"

[[step]]
note = "the client is not happy, and there is no Review to ask for"
complete = ["discuss_decision", "record_learning"]
then = { ended = true, status = "Closed" }
"""

NOT_REACHED = """
title = "One tier: the actions are complete and the client cannot be reached"
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
with = { contact_outcome = "write_instead" }

[[step]]
complete = ["write_letter", "check_letter"]
then = { letters = ["RES-DONE-NOCONTACT"], letter_facts = { review_tier = false } }

[[step]]
message = "client_reply"
with = { closure_answer = "agree" }

[[step]]
complete = ["write_letter", "check_letter", "record_learning"]
then = { ended = true, letters = ["RES-CLOSED-OK"], letter_facts = { review_tier = false } }
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


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world in which the table was changed, deployed once and closed."""
    folder, data = tmp_path_factory.mktemp("changed") / "processes", tmp_path_factory.mktemp("data")
    shutil.copytree(PROCESSES, folder)
    table = folder / "shared" / "review_tier.dmn"
    text = table.read_text()
    assert text.count("<text>true</text>") == 1
    table.write_text(text.replace("<text>true</text>", "<text>false</text>"))
    world = deployed_world(data)
    for key in ("log", "resolution"):
        definitions.deploy(world, folder / key, actor=DEPLOYMENT)
        with world.db.read() as connection:
            definitions.in_force(world, connection, key)
    close_whole(world)
    return world


@pytest.fixture
def one_tier(changed: World, tmp_path: Path) -> Iterator[World]:
    copy_world(changed.settings.data_dir, tmp_path / "data")
    world = open_world(tmp_path / "data")
    world.definitions = dict(changed.definitions)
    yield world
    world.db.close()


STORIES = [
    ("resolution", ONE_TIER_AT_CLOSURE),
    ("resolution", NOTHING_MORE),
    ("resolution", NOT_REACHED),
    ("log", ONE_TIER_AT_LOG),
]
REVIEW, EXAMINER, FINAL = "ask us to review it", "Independent Case Examiner", "final response"


@pytest.mark.parametrize(("folder", "story"), STORIES)
def test_without_a_review_tier_resolution_is_the_final_response(one_tier: World, folder: str, story: str) -> None:
    assert _tell(one_tier, folder, story) == []


@pytest.mark.parametrize("story", [ONE_TIER_AT_CLOSURE, NOTHING_MORE, NOT_REACHED])
def test_a_closing_letter_of_one_tier_names_the_examiner_and_never_offers_a_review(one_tier: World, story: str) -> None:
    assert _tell(one_tier, "resolution", story) == []
    for letter in _closing_letters(one_tier):
        assert EXAMINER in letter
        assert FINAL in letter
        assert REVIEW not in letter


def test_with_a_review_tier_the_same_letter_offers_a_review_and_is_not_final(deployed: World) -> None:
    story = ONE_TIER_AT_CLOSURE.replace("ended = true, ", "").replace("review_tier = false", "review_tier = true")
    assert _tell(deployed, "resolution", story) == []
    (letter,) = _closing_letters(deployed)
    assert REVIEW in letter
    assert EXAMINER not in letter
    assert FINAL not in letter


def _tell(world: World, folder: str, story: str) -> list[str]:
    usual = (PROCESSES / folder / "scenarios" / scenarios.USUAL).read_bytes()
    return scenarios.tell(world, scenarios.read_scenario(story.encode(), file="tier.toml", usual=usual)).failures


def _closing_letters(world: World) -> list[str]:
    """Return the words of every letter that tells the outcome, as they stand in the PDF."""
    with world.db.read() as connection:
        rows = connection.execute(
            select(Blob.content)
            .join(Document, Document.sha256 == Blob.sha256)
            .where(Document.kind == "letter", Document.template_id.in_(CLOSING))
        ).all()
    assert rows
    return [" ".join(word.text for word in words_of(row.content)) for row in rows]
