"""What groups are called: their titles in the deployed processes."""

from __future__ import annotations

from sqlalchemy import Connection

from engine import definitions
from engine.definitions import LoadedDefinition
from web.current import world


def group_title(definition: LoadedDefinition, group: str | None) -> str:
    """Return what a group is called in a version."""
    if group is None:
        return ""
    found = definition.groups.get(group)
    return found.title if found else group.replace("_", " ").capitalize()


def titles(connection: Connection) -> dict[str, str]:
    """Return what every group is called in the versions in force."""
    found: dict[str, str] = {}
    for definition_id in definitions.ids_in_force(connection).values():
        groups = definitions.load(world(), connection, definition_id).groups
        found.update({key: group.title for key, group in groups.items()})
    return found
