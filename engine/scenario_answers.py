"""How a story fills in a form: as the page would, so that what is submitted is what a person could submit.

A form opens with what is known already, then come the usual answers, then the story's own; questions that are hidden
do not count. A text answer to a date or a person is read as one: ``P14D`` is 14 days from now, a user name a person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from engine.clock import LONDON
from engine.definitions import LoadedDefinition
from engine.errors import RedressError
from engine.feel import compile_expression
from engine.form_visibility import is_hidden
from engine.forms import INPUTS, Component


class AnswerInvalid(RedressError):
    """An answer of a scenario cannot be read as what its field asks for."""


class Answers:
    """The answers that most stories give, and how to read them."""

    def __init__(self, definition: LoadedDefinition, usual: Mapping[str, Any], *, person: Callable[[str], int]) -> None:
        self._definition = definition
        self._usual = usual
        self._person = person

    def for_task(
        self,
        element_id: str,
        form_id: str | None,
        letter: object,
        own: Mapping[str, Any],
        *,
        names: Mapping[str, Any],
        now: datetime,
    ) -> dict[str, Any]:
        """Return what a person submits for a task: its form's values, and the boxes of the letter that it writes."""
        given = {**self._usual.get("answers", {}).get(element_id, {}), **own}
        boxes = {key: given.pop(key) for key in ("slots", "paragraph") if key in given}
        form = self._definition.forms.get(form_id) if form_id else None
        values = self._filled(form.components if form else (), self.typed(given, now), names, now)
        if letter:
            values |= self._letter(str(letter), boxes, names, now)
        return values

    def typed(self, values: Mapping[str, Any], now: datetime, prefix: str = "") -> dict[str, Any]:
        """Give values their declared types; an empty text is no answer at all."""
        return {key: self._typed_value(prefix + key, value, now) for key, value in values.items() if value != ""}

    def _typed_value(self, key: str, value: Any, now: datetime) -> Any:
        declared = self._definition.dictionary.field_for(key)
        kind = declared.type if declared else ""
        if isinstance(value, list):
            return [self.typed(row, now, f"{key}[].") if isinstance(row, dict) else row for row in value]
        if kind == "person" and isinstance(value, str):
            return self._person(value)
        if kind == "date" and isinstance(value, str):
            return _day(key, value, now)
        if kind == "datetime" and isinstance(value, str | datetime):
            instant = datetime.fromisoformat(value) if isinstance(value, str) else value
            return (instant if instant.tzinfo else instant.replace(tzinfo=LONDON)).astimezone(UTC)
        return value

    def _filled(
        self, components: tuple[Component, ...], given: dict[str, Any], names: Mapping[str, Any], now: datetime
    ) -> dict[str, Any]:
        values: dict[str, Any] = {}
        asked = _asked(components)
        for component in asked:
            key = component.key or ""
            if key in given:
                values[key] = given.pop(key)
            else:
                opens = component.properties.get("prefill") != "no"
                values[key] = _open_with(component, _look_up(names, key)) if opens else None
            if component.type == "dynamiclist":
                self._complete_rows(component, values, given)
        for component in asked:
            if is_hidden(component, _overlaid(names, values), now=now):
                values[component.key or ""] = None
        shown = _overlaid(names, values)
        left_alone = {c.key for c in asked if _is_fact(c.key or "") and is_hidden(c, shown, now=now)}
        return {**{key: value for key, value in values.items() if key not in left_alone}, **given}

    def _complete_rows(self, component: Component, values: dict[str, Any], given: dict[str, Any]) -> None:
        """Answer ``list[].field`` once for every row of a list that does not say otherwise."""
        prefix = f"{component.key}[]."
        for name in [name for name in given if name.startswith(prefix)]:
            answer = given.pop(name)
            for row in values[component.key or ""] or []:
                if row.get(name.removeprefix(prefix)) is None:
                    row[name.removeprefix(prefix)] = answer

    def _letter(self, letter: str, boxes: Mapping[str, Any], names: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        form = self._definition.letter_form(letter)
        keys = {key.removeprefix("slots.") for key in form.names if key.startswith("slots.")}
        known = {key: value for key, value in (names.get("slots") or {}).items() if key in keys}
        usual = self._usual.get("letters", {}).get(letter, {})
        slots = {**known, **usual, **boxes.get("slots", {})}
        dates = {c.key for c in form.inputs if c.type == "datetime"}
        for key, value in slots.items():
            if f"slots.{key}" in dates and isinstance(value, str):
                slots[key] = _day(key, value, now)
        filled: dict[str, Any] = {"slots": {key: value for key, value in slots.items() if value not in ("", None)}}
        if "paragraph" in form.names:
            filled["paragraph"] = boxes.get("paragraph", names.get("paragraph"))
        return filled


def _asked(components: tuple[Component, ...]) -> list[Component]:
    """Return the questions and lists outside lists, in the order of the form."""
    found: list[Component] = []
    for component in components:
        if component.type == "group":
            found += _asked(component.components)
        elif component.key and not component.is_read_only and component.type in (*INPUTS, "dynamiclist"):
            found.append(component)
    return found


def _open_with(component: Component, known: Any) -> Any:
    if component.type == "dynamiclist" and isinstance(known, list):
        keys = {(part.key or "").rpartition("[].")[2] for part in _asked(component.components)}
        return [{key: value for key, value in row.items() if key in keys} for row in known]
    if known is None and component.type == "checkbox":
        return False
    return component.default if known is None else known


def _is_fact(key: str) -> bool:
    """A hidden question wipes a variable, as on the page, but never a fact of the case."""
    return key.startswith(("request.", "case."))


def _look_up(names: Mapping[str, Any], key: str) -> Any:
    found: Any = names
    for part in key.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _overlaid(names: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(names)
    for key, value in values.items():
        first, _, rest = key.partition(".")
        merged[first] = {**(merged.get(first) or {}), rest: value} if rest else value
    return merged


def _day(key: str, text: str, now: datetime) -> date:
    try:
        if "P" not in text:
            return date.fromisoformat(text)
    except ValueError as fault:
        raise AnswerInvalid(f"{key}: {text!r} is not a date such as 2026-11-22.") from fault
    length = compile_expression(f'duration("{text}")').evaluate({}, now=now)
    if not isinstance(length, timedelta):
        raise AnswerInvalid(f"{key}: {text!r} is not a duration such as P14D.")
    return (now + length).astimezone(LONDON).date()
