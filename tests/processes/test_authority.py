"""Who may authorise redress: the EXAMPLE table at each of its boundaries, and what a leader may do at the limit."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import scenarios
from engine.definitions import LoadedDefinition, in_force
from engine.world import World
from tests.world import PROCESSES, deployed_world

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
NATIONS = ("england_wales", "scotland", "northern_ireland")
TYPES = ("Consolatory payment", "Financial loss or costs", "Loss of statutory entitlement", None)
GRADES = ("Team leader", "Manager", "National team", "Director")
LIMIT = 100_00  # EXAMPLE: what a team leader may authorise, in pence
BOUNDARIES = [
    (0, "Team leader"), (LIMIT - 1, "Team leader"), (LIMIT, "Team leader"), (LIMIT + 1, "Manager"),
    (500_00, "Manager"), (500_01, "National team"), (5_000_00, "National team"), (5_000_01, "Director"),
    (1_000_000_00, "Director"),
]  # fmt: skip
PENCE = st.integers(0, 10_000_00) | st.sampled_from([edge + step for edge, _ in BOUNDARIES for step in (0, 1)])


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> LoadedDefinition:
    world = deployed_world(tmp_path_factory.mktemp("authority"))
    with world.db.read() as connection:
        return in_force(world, connection, "review")


def authority(review: LoadedDefinition, amount: int, nation: str, redress_type: str | None) -> Any:
    names = {"case": {"nation": nation}, "redress_type": redress_type, "total_amount": amount}
    return review.decisions["redress_authority"].evaluate(names, now=NOW, decisions=review.decisions)


@pytest.mark.parametrize("nation", NATIONS)
@pytest.mark.parametrize(("amount", "grade"), BOUNDARIES)
def test_each_grade_ends_at_its_limit_to_the_penny(
    review: LoadedDefinition, amount: int, grade: str, nation: str
) -> None:
    assert {authority(review, amount, nation, kind)["grade"] for kind in TYPES} == {grade}


@given(amount=PENCE, more=PENCE, nation=st.sampled_from(NATIONS), kind=st.sampled_from(TYPES))
def test_more_money_never_takes_a_lower_grade(
    review: LoadedDefinition, amount: int, more: int, nation: str, kind: str | None
) -> None:
    lower, higher = (GRADES.index(authority(review, pence, nation, kind)["grade"]) for pence in sorted((amount, more)))
    assert lower <= higher


@given(amount=PENCE, nation=st.sampled_from(NATIONS), kind=st.sampled_from(TYPES))
def test_what_the_page_tells_a_leader_is_what_the_table_lets_a_leader_do(
    review: LoadedDefinition, amount: int, nation: str, kind: str | None
) -> None:
    found = authority(review, amount, nation, kind)
    assert (amount <= found["leader_limit"]) == (found["grade"] == "Team leader")
    assert found["form"] == ("CMSF5551_NI" if nation == "northern_ireland" else "CMSF5551")


def test_every_row_says_that_its_amount_is_an_example() -> None:
    table = (PROCESSES / "shared" / "redress_authority.dmn").read_text()
    assert table.count("<rule ") == table.count("EXAMPLE - set by your finance authority")


@pytest.mark.parametrize(
    ("has_redress", "rejected", "asked_for", "needed"),
    [(True, False, False, True), (False, True, False, True), (False, False, True, True), (False, False, False, False)],
)
def test_a_plan_goes_to_the_leader_for_redress_after_a_rejection_or_when_asked_for(
    review: LoadedDefinition, has_redress: bool, rejected: bool, asked_for: bool, needed: bool
) -> None:
    names = {"has_redress": has_redress, "previous_round_rejected": rejected, "tl_authorisation": asked_for}
    decided = review.decisions["plan_needs_approval"].evaluate(names, now=NOW, decisions=review.decisions)
    assert decided is needed


STORY = """
title = "A plan for {amount} pence"
process = "review"
[case]
nation = "{nation}"
[[step]]
complete = ["call_client", "allocate_review", "check_gate", "call_client"]
[[step]]
complete = ["complete_complaints_details", "decide_further_action"]
[[step]]
complete = "create_plan"
with = {{ "request.redress_items" = [{{ type = "Consolatory payment", amount = {amount}, reason = "Delay" }}] }}
[[step]]
complete = "decide_on_plan"
with = {{ approval_decision = "approved", decided_amount = {amount} }}
then = {{ tasks = {tasks}, payments = ["{payment}"] }}
"""


@pytest.mark.parametrize("nation", ["england_wales", "northern_ireland"])
@pytest.mark.parametrize(
    ("amount", "tasks", "status"),
    [(1, ["call_client"], "Approved"), (LIMIT, ["call_client"], "Approved"),
     (LIMIT + 1, ["prepare_referral", "set_lock_flag"], "Draft")],
)  # fmt: skip
def test_a_leader_approves_up_to_the_limit_and_not_a_penny_more(
    tmp_path: Path, nation: str, amount: int, tasks: list[str], status: str
) -> None:
    text = STORY.format(amount=amount, nation=nation, tasks=tasks, payment=f"{status} {amount}")
    usual = (PROCESSES / "review" / "scenarios" / scenarios.USUAL).read_bytes()
    world: World = deployed_world(tmp_path)
    story = scenarios.read_scenario(text.encode(), file="at_the_limit.toml", usual=usual)
    assert scenarios.tell(world, story).failures == []
    world.db.close()
