"""Who may authorise redress: the EXAMPLE table at each of its boundaries, and what a leader may do at the limit."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import definitions, scenarios
from engine.decisions import load_decisions
from engine.definitions import LoadedDefinition, in_force
from engine.world import DEPLOYMENT, World
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
    kinds = [] if redress_type is None else [redress_type]
    names = {"case": {"nation": nation}, "redress_types": kinds, "total_amount": amount}
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


ONE_KIND = "Loss of statutory entitlement"
ANOTHER_ROW = """
      <rule id="redress_authority_rule_9">
        <inputEntry id="redress_authority_rule_9_in_1"><text>-</text></inputEntry>
        <inputEntry id="redress_authority_rule_9_in_2"><text>"Loss of statutory entitlement"</text></inputEntry>
        <inputEntry id="redress_authority_rule_9_in_3"><text>-</text></inputEntry>
        <outputEntry id="redress_authority_rule_9_out_1"><text>"National team"</text></outputEntry>
        <outputEntry id="redress_authority_rule_9_out_4"><text>3</text></outputEntry>
        <outputEntry id="redress_authority_rule_9_out_2"><text>0</text></outputEntry>
        <outputEntry id="redress_authority_rule_9_out_3"><text>"CMSF5551"</text></outputEntry>
      </rule>
"""
TWO_KINDS = """
title = "Two kinds of redress, of which a team leader may authorise one"
process = "review"
[[step]]
complete = ["call_client", "allocate_review", "check_gate", "call_client"]
[[step]]
complete = ["complete_complaints_details", "decide_further_action"]
[[step]]
complete = "create_plan"
with = { "request.redress_items" = [
  { type = "Consolatory payment", amount = 1000, reason = "Delay" },
  { type = "Loss of statutory entitlement", amount = 1, reason = "A month that was not paid" },
] }
[[step]]
complete = "decide_on_plan"
with = { approval_decision = "approved", decided_amount = 1001 }
then = { tasks = ["prepare_referral", "set_lock_flag"], payments = ["Draft 1001"] }
"""


def limiting_one_kind(folder: Path) -> Path:
    """Copy the processes with a row that lets a team leader authorise nothing of one kind of redress."""
    shutil.copytree(PROCESSES, folder / "processes")
    table = folder / "processes" / "shared" / "redress_authority.dmn"
    first = '<rule id="redress_authority_rule_1">'
    table.write_text(table.read_text().replace(first, f"{ANOTHER_ROW.strip()}\n      {first}"))
    return folder / "processes"


def test_the_highest_grade_of_all_kinds_of_redress_in_a_plan_counts(tmp_path: Path) -> None:
    table = limiting_one_kind(tmp_path) / "shared" / "redress_authority.dmn"
    made = load_decisions(table.read_bytes(), file=table.name)
    assert made["redress_authority_of_kind"].findings() == []

    def found(*kinds: str, total: int = 100) -> Any:
        names = {"case": {"nation": "scotland"}, "redress_types": list(kinds), "total_amount": total}
        return made["redress_authority"].evaluate(names, now=NOW, decisions=made)

    assert found("Consolatory payment")["grade"] == "Team leader"
    for kinds in (
        (ONE_KIND,),
        ("Consolatory payment", ONE_KIND),
        (ONE_KIND, "Consolatory payment", "Consolatory payment"),
    ):
        assert (found(*kinds)["grade"], found(*kinds)["leader_limit"]) == ("National team", 0)
    above = found("Consolatory payment", ONE_KIND, total=5_000_01)  # another kind, at the same total, takes a director
    assert (above["grade"], above["leader_limit"]) == ("Director", 0)


def test_a_leader_does_not_approve_a_plan_whose_second_kind_of_redress_is_above_them(tmp_path: Path) -> None:
    (tmp_path / "world").mkdir()
    world = deployed_world(tmp_path / "world")
    definitions.deploy(world, limiting_one_kind(tmp_path) / "review", actor=DEPLOYMENT)
    usual = (PROCESSES / "review" / "scenarios" / scenarios.USUAL).read_bytes()
    story = scenarios.read_scenario(TWO_KINDS.encode(), file="two_kinds.toml", usual=usual)
    assert scenarios.tell(world, story).failures == []
    world.db.close()


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
