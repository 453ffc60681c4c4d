"""What changed while somebody had a task open: question by question, now against what they typed, by whom and when.

A page carries a fingerprint of what the case said when it was drawn. Where the case says something else now, the two
are shown beside each other, and the person chooses: nobody's answer is overwritten unseen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from engine.forms import INPUTS
from engine.queries.told import HistoryRow, names_of_people
from engine.values import dumps
from web import history_words
from web.forms import Surroundings, fill, typed_from_names, typed_from_values
from web.forms.components import identity
from web.forms.sheet import Asked, Sheet
from web.forms.view import shown
from web.labels import label_of, say
from web.what_history_gave import by, rows_about, values_of
from web.words import moment

Typed = dict[str, list[str]]
_NOTHING = "Nothing"
WHOLE = "*"  # of everything at once
_FACT = "="  # before the key of a fact that the form does not ask for


@dataclass(frozen=True, slots=True)
class Difference:
    """One question with two answers: what stands in the form, and what somebody else's answer is."""

    name: str
    href: str
    label: str
    yours: str
    theirs: str
    by: str = ""
    before: str = ""
    """What the case said when the page was drawn; empty where that is not known."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact of the case that changed and that the form does not ask for."""

    label: str
    now: str
    by: str
    before: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed on the case since a page was drawn."""

    answers: list[Difference]
    facts: list[Fact]

    def __bool__(self) -> bool:
        return bool(self.answers or self.facts)


def fingerprints(components: Sequence[Any], around: Surroundings) -> dict[str, str]:
    """Return what the case says now, as a short digest by question, and by fact of the service request."""
    known = typed_from_names(components, around)
    marks = {name: digest(_inputs(name, known)) for name in _questions(fill(components, known, around))}
    request = around.names.get("request")
    for key, value in request.items() if isinstance(request, Mapping) else ():
        if f"request.{key}" not in marks and around.dictionary.field_for(f"request.{key}") and value is not None:
            marks[f"{_FACT}request.{key}"] = digest(dumps(value))
    return marks


def changes(
    connection: Connection,
    case_id: int | None,
    components: Sequence[Any],
    around: Surroundings,
    *,
    typed: Typed,
    seen: Mapping[str, str],
) -> Changes:
    """Return what the case says differently than when a page with these fingerprints was drawn.

    An answer that was typed and is the same as the new one is no difference.
    """
    now = fingerprints(components, around)
    changed = {name for name, mark in now.items() if name in seen and seen[name] != mark}
    changed |= {name for name in now if seen and name.startswith(_FACT) and name not in seen}
    if not changed:
        return Changes([], [])
    rows = rows_about(connection, case_id, {name.removeprefix(_FACT) for name in changed})
    people = names_of_people(connection)
    theirs = typed_from_names(components, around)
    answers = [
        replace(one, by=by(rows, one.name, people), before=_answer_before(rows, one.name, components, around, seen))
        for one in differences(components, around, yours=typed, theirs=theirs)
        if one.name in changed
    ]
    facts = []
    for name in sorted(changed):
        key = name.removeprefix(_FACT)
        if name != key:
            value = around.names["request"][key.removeprefix("request.")]  # type: ignore[index]
            said = say(around.dictionary, key, value, people)
            was = [one for one in values_of(rows, key) if digest(dumps(one)) == seen.get(name)]
            before = say(around.dictionary, key, was[0], people) if was else "" if name in seen else _NOTHING
            facts.append(Fact(label_of(around.dictionary, key), said, by(rows, key, people), before))
    return Changes(answers, [fact for fact in facts if fact.now])


def _answer_before(
    rows: list[HistoryRow], name: str, components: Sequence[Any], around: Surroundings, seen: Mapping[str, str]
) -> str:
    """Return the answer that a page was drawn with: the one that history gave and that fits the page's fingerprint."""
    if digest({}) == seen[name]:
        return _NOTHING
    for value in values_of(rows, name):
        typed = typed_from_values(components, around, {name: value})
        if digest(_inputs(name, typed)) == seen[name]:
            found = _questions(fill(components, typed, around)).get(name)
            return in_words(found, typed) if found is not None else ""
    return ""


def differences(components: Sequence[Any], around: Surroundings, *, yours: Typed, theirs: Typed) -> list[Difference]:
    """Return the questions that two ways to fill in a form answer differently."""
    mine, other = fill(components, yours, around), fill(components, theirs, around)
    ours, said = _questions(mine), _questions(other)
    found = [
        Difference(
            name,
            f"#{identity(name)}",
            entry.component.label or label_of(around.dictionary, name),
            in_words(entry, mine.typed),
            in_words(said[name], other.typed) if name in said else "",
        )
        for name, entry in ours.items()
        if _kept(_inputs(name, yours)) != _kept(_inputs(name, theirs))
    ]
    # A page sends no inputs for what a settled list only shows.
    settled = {name for name, entry in ours.items() if entry.component.has_fixed_rows}
    return [one for one in found if one.name not in settled or one.yours != one.theirs]


def with_theirs(typed: Typed, theirs: Typed, name: str) -> Typed:
    """Return what was typed with one question answered as somebody else did."""
    own = _inputs(name, typed)
    return {key: values for key, values in typed.items() if key not in own} | _inputs(name, theirs)


def answers_in_words(components: Sequence[Any], typed: Typed, around: Surroundings) -> dict[str, tuple[str, str]]:
    """Return label and answer of every question that was answered, by name."""
    sheet = fill(components, typed, around)
    found = {name: (entry.component.label, in_words(entry, typed)) for name, entry in _questions(sheet).items()}
    return {name: pair for name, pair in found.items() if pair[1]}


def in_words(entry: Asked, typed: Mapping[str, Sequence[str]]) -> str:
    """Return an answer as a person would write it: a list a row a line, what cannot be read as it was typed."""
    if entry.component.type == "dynamiclist":
        rows = (", ".join(filter(None, (_in_row(part, typed) for part in _inner(row)))) for row in entry.rows)
        return "\n".join(filter(None, rows))
    text = shown(entry.question, entry.value) if entry.value not in (None, []) else ""
    return text or " ".join(value for values in _inputs(entry.name, typed).values() for value in values if value)


def who_held(rows: list[HistoryRow], task: Any, people: Mapping[int, str], *, since: int) -> list[str]:
    """Return how a task changed hands after its version `since`, a sentence each, the newest first."""
    own = [row for row in rows if row.instance_id == task.instance_id and row.element_id == task.element_id]
    moved = [row for row in own if row.kind in ("claimed", "released", "assigned")][: max(task.version - since, 0)]
    return [f"{line.title}, {moment(line.at)}." for line in history_words.tell(moved, people, {})]


def _questions(sheet: Sheet) -> dict[str, Asked]:
    """Return the questions of a form by name; a list is one, and what is only shown is none."""
    return {entry.name: entry for entry in _flat(sheet.asked)}


def _flat(asked: Sequence[Asked]) -> Iterator[Asked]:
    for entry in asked:
        if entry.component.type == "group":
            yield from _flat(entry.parts)
        elif entry.component.type == "dynamiclist" or (
            entry.component.type in INPUTS and not entry.component.is_read_only and entry.component.type != "filepicker"
        ):
            yield entry


def _inner(row: Sequence[Asked]) -> Iterator[Asked]:
    for entry in row:
        if entry.component.type == "group":
            yield from _inner(entry.parts)
        elif entry.component.type in INPUTS:
            yield entry


def _in_row(part: Asked, typed: Mapping[str, Sequence[str]]) -> str:
    text = in_words(part, typed)
    return f"{part.component.label}: {text}" if text else ""


def _inputs(name: str, typed: Mapping[str, Sequence[str]]) -> Typed:
    return {key: list(values) for key, values in typed.items() if key == name or key.startswith(f"{name}-")}


def _kept(inputs: Typed) -> Typed:
    """Return inputs without those that are empty, and texts as a form reads them."""
    tidied = {key: [value.replace("\r\n", "\n").strip() for value in values] for key, values in inputs.items()}
    filled = {key: [value for value in values if value] for key, values in tidied.items()}
    return {key: values for key, values in filled.items() if values}


def digest(said: object) -> str:
    """Return a short mark of a text, or of inputs."""
    text = said if isinstance(said, str) else json.dumps(_kept(said), sort_keys=True)  # type: ignore[arg-type]
    return hashlib.sha256(text.encode()).hexdigest()[:10]
