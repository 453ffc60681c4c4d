"""Separation of duties: whom the drawing keeps from a task, with its reason, and whether a leader may say otherwise.

A task's property ``not_by`` names somebody, or a list of people, such as whoever wrote the plan that is to be decided
on; ``not_by_reason`` is the sentence that they read. ``[[separation]]`` of process.toml says the same of all tasks of a
group in a procedure, those of called processes included; it is worked out afresh each time somebody asks. With
``not_by_override = "leader"`` (there ``override``) a leader of the group may give the task to such a person all the
same, with a reason that goes into the history; nobody may do so for themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from engine import instance_row
from engine.definitions import LoadedDefinition
from engine.feel import compile_expression
from engine.values import loads

LEADER = "leader"
ALLOWED = "allowed"
"""The property of a task's row that holds whom a leader has given it to all the same."""
_REASON = "Somebody else has to do this task, so that two people see it."


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Why somebody is kept from a task, and whether a leader may give it to them with a reason."""

    reason: str
    may_be_overridden: bool


def exclusion_of(definition: LoadedDefinition, task: Any, person_id: int, *, now: datetime) -> Exclusion | None:
    """Return why somebody is kept from a task; None where nothing keeps them from it.

    `task` is a row with its instance, as `engine.tasks.get_task` reads it.
    """
    properties: dict[str, Any] = loads(task.properties)
    for kept, found in _exclusions(definition, task, properties, now=now):
        is_allowed = found.may_be_overridden and person_id in properties.get(ALLOWED, ())
        if person_id in kept and not is_allowed:
            return found
    return None


def _exclusions(
    definition: LoadedDefinition, task: Any, properties: Mapping[str, Any], *, now: datetime
) -> Iterator[tuple[frozenset[int], Exclusion]]:
    if properties.get("not_by") is not None:
        reason = str(properties.get("not_by_reason") or _REASON)
        yield _people(properties["not_by"]), Exclusion(reason, properties.get("not_by_override") == LEADER)
    yield from _of_group(definition, task.candidate_group, task.instance, now=now)


def exclusion_from_group(
    definition: LoadedDefinition, group: str | None, instance: Any, person_id: int, *, now: datetime
) -> Exclusion | None:
    """Return why somebody is kept from all of a group's work in an instance; None where nothing keeps them from it."""
    kept = _of_group(definition, group, instance, now=now)
    return next((found for people, found in kept if person_id in people), None)


def _of_group(
    definition: LoadedDefinition, group: str | None, instance: Any, *, now: datetime
) -> Iterator[tuple[frozenset[int], Exclusion]]:
    for entry in separations_of(definition.sheet):
        if entry.get("group") == group:
            expression = compile_expression(str(entry.get("not_by", "")).strip().removeprefix("="))
            kept = _people(expression.evaluate(instance_row.facts_of(instance).values, now=now))
            yield kept, Exclusion(str(entry.get("reason") or _REASON), entry.get("override") == LEADER)


def separations_of(sheet: Mapping[str, object]) -> list[Mapping[str, object]]:
    """Return what a process.toml says of whole groups."""
    entries = sheet.get("separation")
    return [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []


def _people(value: object) -> frozenset[int]:
    """Return the people that a value names: one, or a list of them."""
    named = value if isinstance(value, list | tuple) else [value]
    return frozenset(int(one) for one in named if isinstance(one, int | Decimal) and not isinstance(one, bool))
