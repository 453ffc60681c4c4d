"""Roles and teams: what a person is to the program, whom they lead and whose cases they see, all from groups.toml.

A team is a candidate group. A group that `leads` another assigns its tasks and sees its cases; one that `oversees`
others sees what those see, and stands in for their leaders when work has to be handed over.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engine.dictionary import Group, Role

Groups = Mapping[str, Group]


def role_of(group: Group | None) -> Role:
    """Return the role of a group's members: the one that it names, or what follows from whom it leads or oversees."""
    if group is not None and group.role in set(Role):
        return Role(group.role)
    if group is not None and group.oversees:
        return Role.MANAGER
    return Role.LEADER if group is not None and group.leads else Role.CASEWORKER


def roles_of(groups: Groups, own: Collection[str]) -> frozenset[Role]:
    """Return every role of somebody with these groups; who has no group yet is a caseworker without cases."""
    return frozenset(role_of(groups.get(key)) for key in own) or frozenset({Role.CASEWORKER})


def sight_of(groups: Groups, own: Collection[str]) -> frozenset[str]:
    """Return the groups whose cases somebody sees: their own, those that they lead, and those that they oversee."""
    return frozenset(own) | led_by(groups, own) | overseen_by(groups, own)


def led_by(groups: Groups, own: Collection[str]) -> frozenset[str]:
    """Return the groups that somebody leads."""
    return frozenset(groups[key].leads for key in own if key in groups and groups[key].leads)


def overseen_by(groups: Groups, own: Collection[str]) -> frozenset[str]:
    """Return the groups that somebody oversees, with what those lead or oversee in turn."""
    found: set[str] = set()
    ahead = [below for key in own if key in groups for below in groups[key].oversees]
    while ahead:
        key = ahead.pop()
        if key not in found and key in groups:
            found.add(key)
            ahead += [*groups[key].oversees, *filter(None, [groups[key].leads])]
    return frozenset(found)


def leads(groups: Groups, own: Collection[str], group: str | None) -> bool:
    """Tell whether somebody may assign the tasks of a group: they lead it, or it is a group of leaders and theirs."""
    is_own_group_of_leaders = group is not None and group in own and group in groups and bool(groups[group].leads)
    return is_own_group_of_leaders or group in led_by(groups, own)


def answers_for(groups: Groups, own: Collection[str], group: str | None) -> bool:
    """Tell whether somebody may hand over the work of a group: its leaders may, and the managers above them."""
    return leads(groups, own, group) or group in overseen_by(groups, own)


def teams_answered_for(groups: Groups, own: Collection[str]) -> list[str]:
    """Return the groups whose people and work somebody answers for, in the order of groups.toml."""
    return [key for key in groups if answers_for(groups, own, key)]
