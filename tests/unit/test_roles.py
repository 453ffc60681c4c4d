"""Roles and teams, as groups.toml words them."""

from engine.dictionary import Role, read_groups
from engine.roles import answers_for, leads, overseen_by, role_of, roles_of, sight_of, teams_answered_for
from engine.settings import ROOT

GROUPS = read_groups((ROOT / "processes" / "groups.toml").read_bytes())[0]


def test_a_groups_role_follows_from_whom_it_leads_or_is_named():
    named = {key: role_of(group) for key, group in GROUPS.items()}
    assert named["review_caseworker"] is Role.CASEWORKER
    assert named["review_team_leader"] is Role.LEADER
    assert named["manager"] is Role.MANAGER
    assert named["redress_authority"] is Role.MANAGER
    assert (named["analyst"], named["operations"], named["auditor"]) == (Role.ANALYST, Role.OPERATIONS, Role.AUDITOR)


def test_somebody_without_a_group_is_a_caseworker_who_sees_nothing():
    assert roles_of(GROUPS, ()) == {Role.CASEWORKER}
    assert sight_of(GROUPS, ()) == frozenset()


def test_a_manager_sees_the_leaders_below_and_their_teams_and_no_others():
    seen = sight_of(GROUPS, {"manager"})
    assert {"review_team_leader", "review_caseworker", "owning_team"} <= seen
    assert not seen & {"legacy_team", "redress_authority", "operations"}


def test_a_leader_leads_their_team_and_fellow_leaders_and_nobody_else():
    own = {"review_team_leader"}
    assert leads(GROUPS, own, "review_caseworker")
    assert leads(GROUPS, own, "review_team_leader")
    assert not leads(GROUPS, own, "owning_team")
    assert not leads(GROUPS, {"review_caseworker"}, "review_caseworker")
    assert teams_answered_for(GROUPS, own) == ["review_team_leader", "review_caseworker"]


def test_a_manager_answers_for_the_teams_below_without_leading_them():
    assert answers_for(GROUPS, {"manager"}, "review_caseworker")
    assert not leads(GROUPS, {"manager"}, "review_caseworker")


def test_groups_that_oversee_each_other_come_to_an_end():
    circle, _ = read_groups(b'[groups.a]\noversees = ["b"]\n[groups.b]\noversees = ["a"]')
    assert overseen_by(circle, {"a"}) == {"a", "b"}


def test_what_groups_toml_gets_wrong_is_said():
    faults = read_groups(b'[groups.a]\noversees = ["nobody"]\nrole = "king"')[1]
    assert ["to oversee" in fault.message or "is no role" in fault.message for fault in faults] == [True, True]
