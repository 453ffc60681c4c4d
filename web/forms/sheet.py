"""A form being filled in: its questions in order, what was typed, the values, and which questions count.

Which questions count is decided here, by FEEL over what was typed, whatever a browser showed or hid: an answer to a
question that does not count is not checked and becomes null.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from engine.calendar import Calendar
from engine.dictionary import Dictionary, Option
from engine.feel import FeelError, compile_expression
from engine.forms import INPUTS, Component
from engine.read_only import look_up, parts_of, stored_rows
from web.forms import kinds
from web.forms.kinds import AnswerRefused, Question, Typed
from web.forms.rows import row_count

_SETTLING_ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a form may refer to: the names visible from its task, the dictionary, people by group, the moment.

    `files` are those that are attached already, as (document id, file name), by the key of the question; another may
    have `most_megabytes`.
    """

    names: Mapping[str, object]
    dictionary: Dictionary
    people: Callable[[str], Sequence[tuple[int, str]]]
    now: datetime
    calendar: Calendar | None = None
    files: Callable[[str], Sequence[tuple[int, str]]] = lambda _key: ()
    most_megabytes: int = 10

    def evaluate(self, expression: str, names: Mapping[str, object]) -> object:
        """Evaluate FEEL; a fault counts as null, so that a page never fails for it."""
        try:
            return compile_expression(expression).evaluate(names, now=self.now, calendar=self.calendar)
        except FeelError:
            return None


@dataclass(slots=True)
class Asked:
    """One component of the form as it stands: a question with its value, a container, or plain text."""

    component: Component
    name: str
    question: Question
    value: object = None
    problem: str = ""
    is_hidden: bool = False
    names: Mapping[str, object] = field(default_factory=dict)
    parts: list[Asked] = field(default_factory=list)
    rows: list[list[Asked]] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Return the name under which the value is kept: short inside a list."""
        return (self.component.key or "").rpartition("[].")[2]


@dataclass(slots=True)
class Sheet:
    """A form as it stands. `problems` maps the name of a question's inputs to the sentence beside it."""

    asked: list[Asked]
    typed: Typed
    values: dict[str, object]
    problems: dict[str, str]

    @property
    def hidden(self) -> list[str]:
        """Return the names of the questions that do not count at present."""
        return [asked.name for asked in _walk(self.asked) if asked.is_hidden]


def fill(components: Sequence[Component], typed: Typed, surroundings: Surroundings) -> Sheet:
    """Read a form from what was typed."""
    asked = _ask(components, typed, surroundings, prefix="", names=dict(surroundings.names))
    _settle(asked, surroundings)
    values: dict[str, object] = {}
    problems: dict[str, str] = {}
    _collect(asked, values, problems, is_hidden=False)
    return Sheet(asked, typed, values, problems)


def _ask(
    components: Sequence[Component], typed: Typed, surroundings: Surroundings, *, prefix: str, names: dict[str, object]
) -> list[Asked]:
    asked: list[Asked] = []
    for component in components:
        name = prefix + ((component.key or "").rpartition("[].")[2] or component.id)
        question = question_of(component, name, surroundings, names)
        entry = Asked(component, name, question, names=names)
        if component.type == "dynamiclist":
            for index, row_names in enumerate(_names_of_rows(component, entry.key, typed, name, names)):
                inner = f"{name}-{index}-"
                entry.rows.append(_ask(component.components, typed, surroundings, prefix=inner, names=row_names))
            rows = [_row_values(row) for row in entry.rows]
            entry.value = [row for row in rows if component.has_fixed_rows or not _is_blank(row)]
            put(names, entry.key, entry.value)
        elif component.type == "group":
            entry.parts = _ask(component.components, typed, surroundings, prefix=prefix, names=names)
        elif component.type in INPUTS and component.is_read_only:
            entry.value = look_up(names, entry.key)
        elif component.type in INPUTS:
            try:
                entry.value = kinds.read(question, typed)
            except AnswerRefused as refusal:
                entry.problem = str(refusal)
            put(names, entry.key, entry.value)
        asked.append(entry)
    return asked


def _names_of_rows(
    component: Component, key: str, typed: Typed, name: str, names: Mapping[str, object]
) -> list[dict[str, object]]:
    """Return what each row of a list sees. Settled rows are those that are stored, however many were sent."""
    if not component.has_fixed_rows:
        return [dict(names) for _ in range(row_count(typed, name))]
    # A field that a row lacks is empty: it is not the variable that happens to have the same name.
    unset: dict[str, object] = dict.fromkeys(parts_of(component))
    return [{**names, **unset, **row} for row in stored_rows(names, key)]


def question_of(component: Component, name: str, surroundings: Surroundings, names: Mapping[str, object]) -> Question:
    """Return a component as it is asked here and now."""
    declared = surroundings.dictionary.field_for(component.key) if component.key else None
    return Question(component, name, _options(component, surroundings, names), declared)


def _options(component: Component, surroundings: Surroundings, names: Mapping[str, object]) -> tuple[Option, ...]:
    source = component.values_key
    if component.type == "filepicker":
        return tuple(Option(str(document_id), name) for document_id, name in surroundings.files(component.key or ""))
    if not source:
        return tuple(Option(choice.value, choice.label) for choice in component.choices)
    first, _, rest = source.partition(".")
    if first == "picklists":
        picklist = surroundings.dictionary.picklists.get(rest)
        return picklist.options if picklist else ()
    if first == "people":
        return tuple(Option(str(person_id), name) for person_id, name in surroundings.people(rest))
    listed = look_up(names, source)
    return tuple(_option(item) for item in listed if item not in (None, "")) if isinstance(listed, list) else ()


def _option(item: object) -> Option:
    if not isinstance(item, Mapping):
        return Option(str(item), str(item))
    value = item.get("value", item.get("label", next(iter(item.values()), "")))
    return Option(str(value), str(item.get("label", value)))


def _settle(asked: list[Asked], surroundings: Surroundings) -> None:
    """Decide which questions count. Hiding one may hide or show another, so this is repeated until nothing changes."""
    before: dict[str, object] | None = None
    for _ in range(_SETTLING_ROUNDS):
        names = dict(surroundings.names)
        _overlay(asked, names)
        if names == before or not _hide(asked, surroundings, names):
            return
        before = names


def _overlay(asked: list[Asked], names: dict[str, object]) -> None:
    for entry in asked:
        if entry.component.type == "group" and not entry.is_hidden:
            _overlay(entry.parts, names)
        elif (
            entry.key
            and entry.component.type != "group"
            and not (entry.is_hidden and _is_shown_elsewhere(entry, asked))
        ):
            put(names, entry.key, None if entry.is_hidden else entry.value)


def _is_shown_elsewhere(entry: Asked, asked: list[Asked]) -> bool:
    return any(other is not entry and other.key == entry.key and not other.is_hidden for other in asked)


def _hide(asked: list[Asked], surroundings: Surroundings, names: Mapping[str, object]) -> bool:
    changed = False
    for entry in asked:
        was = entry.is_hidden
        entry.is_hidden = (
            entry.component.hide is not None and surroundings.evaluate(entry.component.hide, names) is True
        )
        changed |= was != entry.is_hidden
        changed |= _hide(entry.parts, surroundings, names)
        for row in entry.rows:
            row_names = dict(names)
            _overlay(row, row_names)
            changed |= _hide(row, surroundings, row_names)
    return changed


def _collect(asked: list[Asked], values: dict[str, object], problems: dict[str, str], *, is_hidden: bool) -> None:
    for entry in asked:
        hidden = is_hidden or entry.is_hidden
        if entry.component.type == "group":
            _collect(entry.parts, values, problems, is_hidden=hidden)
        elif not entry.key or entry.component.is_read_only or (hidden and entry.component.has_fixed_rows):
            continue
        elif hidden:
            # An answer of an earlier round must not steer the case; a fact of the case is not this form's to wipe.
            if not entry.key.startswith(("request.", "case.")):
                values.setdefault(entry.key, None)
        elif entry.component.type == "dynamiclist":
            values[entry.key] = _collect_rows(entry, problems)
        else:
            values[entry.key] = entry.value
            if entry.problem:
                problems[entry.name] = entry.problem


def _collect_rows(entry: Asked, problems: dict[str, str]) -> list[dict[str, object]]:
    fewest = _fewest_rows(entry.question)
    kept: list[dict[str, object]] = []
    if entry.component.has_fixed_rows:
        for row in entry.rows:
            kept.append({})
            _collect(row, kept[-1], problems, is_hidden=False)
        return kept
    for index, row in enumerate(entry.rows):
        is_blank = _is_blank(_row_values(row)) and not any(e.problem and _has_typed(e) for e in _walk(row))
        if is_blank and not (fewest and index == 0 and len(entry.rows) == 1):
            continue
        values: dict[str, object] = {}
        _collect(row, values, problems, is_hidden=False)
        kept.append(values)
    if len(kept) < fewest:
        entry.problem = f"Add {'at least one' if fewest == 1 else f'at least {fewest}'}: {entry.question.object}"
        problems[entry.name] = entry.problem
    return kept


def _fewest_rows(question: Question) -> int:
    text = question.component.properties.get("minimum", "")
    declared = question.field.minimum if question.field is not None else None
    return int(text) if text.isdecimal() else declared or 0


def _has_typed(entry: Asked) -> bool:
    # A required question left empty is a problem too; it does not make its row one that somebody began.
    return entry.problem != kinds.missing(entry.question)


def _row_values(row: list[Asked]) -> dict[str, object]:
    return {entry.key: entry.value for entry in _walk(row) if entry.key and entry.component.type != "group"}


def _is_blank(values: Mapping[str, object]) -> bool:
    return all(value in (None, False) or value == [] for value in values.values())


def _walk(asked: list[Asked]) -> Iterator[Asked]:
    for entry in asked:
        yield entry
        yield from _walk(entry.parts)
        for row in entry.rows:
            yield from _walk(row)


def put(names: dict[str, object], key: str, value: object) -> None:
    """Set a dotted name without changing the mappings that `names` shares with others."""
    first, _, rest = key.partition(".")
    if not rest:
        names[first] = value
        return
    inner = names.get(first)
    copy = dict(inner) if isinstance(inner, Mapping) else {}
    put(copy, rest, value)
    names[first] = copy
