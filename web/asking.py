"""Forms of tasks, messages and starts, as pages ask them: what is around a form, what was sent, what is drawn.

A form's page is the same for all three; only what its buttons do differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flask import abort, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from engine.bank_holidays import calendar
from engine.clock import LONDON
from engine.definitions import LoadedDefinition
from engine.forms import INPUTS, Component, Form, read_form
from engine.people import members
from engine.queries import cases, running
from web.current import world
from web.forms import Block, Sheet, Surroundings, blocks, error_summary, fill, with_row_added, with_row_removed
from web.forms.components import identity
from web.forms.view import every, shown

Typed = dict[str, list[str]]
_OURS = frozenset(["csrf_token", "do", "version", "back", "once", "seen", "draft", "window", "differs"]) | frozenset(
    ["call", "call_note", "size", "brand"]
)
_BUTTONS = frozenset({"complete", "save", "preview", "questions", "claim", "call"})
_ROW_BUTTON = re.compile(r"add:.+|remove:.+:\d{1,4}|upload:.+|detach:\d{1,18}|take:(?:case|draft):[\w.]+")

RECEIVED_ON = read_form(
    b"""{"id": "received", "components": [{"type": "datetime", "subtype": "date", "key": "received_on",
    "id": "received_on", "label": "When did this reach us?", "validate": {"required": true},
    "description": "The day it arrived, whatever the channel. A reply that arrived on the due date is in time.",
    "properties": {"requiredMessage": "Enter the date that this reached us"}}]}""",
    file="received.form",
).components[0]


@dataclass(slots=True)
class Asking:
    """A form as it is about to be drawn: where it is sent, what was typed, what is wrong with it."""

    components: Sequence[Component]
    surroundings: Surroundings
    typed: Typed
    problems: dict[str, str] = field(default_factory=dict)
    shows_problems: bool = False
    pressed: str = ""
    """The button that changed the rows of a list, so that whoever pressed it goes on there."""

    @property
    def sheet(self) -> Sheet:
        """Return the form read from what was typed."""
        return fill(self.components, self.typed, self.surroundings)

    def draw(self) -> tuple[list[Block], dict[str, Any] | None]:
        """Return what to draw and the error summary."""
        sheet = self.sheet
        if not self.shows_problems:
            sheet.problems.clear()  # nobody has tried to submit: only what was found otherwise is said
        sheet.problems.update(self.problems)
        drawn = blocks(sheet, self.surroundings, with_problems=True)
        _put_focus(drawn, self.pressed)
        return drawn, error_summary(sheet, self.problems)


def _put_focus(drawn: Sequence[Block], pressed: str) -> None:
    """Go on at the row that was added, or at the list that a row was removed from."""
    button, _, rest = pressed.partition(":")
    name = identity(rest if button == "add" else rest.rpartition(":")[0])
    for block in drawn:
        if block.macro == "list" and block.question == name:
            block.params["focus"] = "last" if button == "add" else "list"
        _put_focus(block.parts, pressed)


def surroundings(
    connection: Connection,
    definition: LoadedDefinition,
    names: Mapping[str, object],
    components: Sequence[Component],
) -> Surroundings:
    """Return what a form may refer to. The people that it offers are read now, while there is a connection."""
    groups = {group for component in components for group in _groups_asked(component)}
    known = {group: members(connection, group) for group in groups}
    return Surroundings(
        names=names,
        dictionary=definition.dictionary,
        people=lambda group: known.get(group, []),
        now=world().clock.now(),
        calendar=calendar(world()),
        most_megabytes=world().settings.upload_megabytes,
    )


def _groups_asked(component: Component) -> Iterator[str]:
    if component.values_key and component.values_key.startswith("people."):
        yield component.values_key.removeprefix("people.")
    for part in component.components:
        yield from _groups_asked(part)


def names_of_instance(connection: Connection, instance_id: int) -> dict[str, object]:
    """Return what a message's form may refer to: the instance's variables and the facts of its case."""
    row = running.get_instance_row(connection, instance_id)
    names: dict[str, object] = dict(row.variables)
    if row.case_id is not None:
        names["case"] = cases.case_facts(connection, row.case_id)
        requests = cases.requests_of(connection, row.case_id)
        names["request"] = next((r.fields for r in requests if r.number == row.business_key), {})
    return names


def without_answers(around: Surroundings, components: Sequence[Component]) -> Surroundings:
    """Return the surroundings without the values that the form itself asks for."""
    keys = {component.key for component in components}
    return replace(around, names={name: value for name, value in around.names.items() if name not in keys})


def earlier_requests(connection: Connection, case_id: int) -> dict[str, object]:
    """Return what a start form may open with: the newest closed request of each kind.

    Its number, the day it was closed and its fields are `request.<kind>_<name>`: request.resolution_number.
    """
    known: dict[str, object] = {}
    for earlier in reversed(cases.requests_of(connection, case_id)):
        if earlier.closed_at is None:
            continue
        kind = re.sub(r"\W+", "_", earlier.kind.lower())
        known.update({f"{kind}_{name}": value for name, value in earlier.fields.items() if value is not None})
        known[f"{kind}_closed_on"] = earlier.closed_at.astimezone(LONDON).date()
    return {"request": known}


def questions_that_count(ask: Asking) -> ResponseReturnValue:
    """Answer the script of a page: which questions are needless with what is typed now."""
    return jsonify(hidden=[identity(name) for name in ask.sheet.hidden])


def pressed() -> str:
    """Return which button was pressed; a browser that sends none means the page's own. Raises: BadRequest."""
    action = request.form.get("do", "complete")
    if action not in _BUTTONS and _ROW_BUTTON.fullmatch(action) is None:
        abort(400)
    return action


def components_of(*forms: Form | None) -> list[Component]:
    """Return the components of forms one after the other."""
    return [component for form in forms if form is not None for component in form.components]


def sent() -> Typed:
    """Return what the browser sent, without our own fields and without NUL, which no database column need take."""
    sent_by_name = request.form.lists()
    return {name: [value.replace("\0", "") for value in values] for name, values in sent_by_name if name not in _OURS}


def with_row_change(typed: Typed, action: str) -> Typed | None:
    """Return what was typed after "Add another" or "Remove"; None when the button was another."""
    added = re.fullmatch(r"add:(.+)", action)
    if added is not None:
        return with_row_added(typed, added[1])
    removed = re.fullmatch(r"remove:(.+):(\d+)", action)
    return with_row_removed(typed, removed[1], int(removed[2])) if removed is not None else None


def by_input_name(problems: Mapping[str, str]) -> dict[str, str]:
    """Return the engine's problems by the names of inputs: plan_actions[0].due_on is plan_actions-0-due_on here."""
    return {re.sub(r"\[(\d+)\]\.", r"-\1-", key): sentence for key, sentence in problems.items()}


def nested_slots(values: Mapping[str, object]) -> dict[str, object]:
    """Return the values with a letter's boxes gathered under `slots`, as the engine takes them."""
    plain = {key: value for key, value in values.items() if not key.startswith("slots.")}
    slots = {key.removeprefix("slots."): value for key, value in values.items() if key.startswith("slots.")}
    return {**plain, "slots": slots} if slots else plain


def kept_answers(components: Sequence[Component], typed: Typed, around: Surroundings) -> list[dict[str, Any]]:
    """Return what was typed as rows of a summary list, for a page that can no longer take it."""
    sheet = fill(components, typed, around)
    left = {name: [value for value in values if value] for name, values in typed.items()}
    rows = []
    for entry in every(sheet.asked):
        of_this = [name for name in left if name == entry.name or name.startswith(f"{entry.name}-")]
        if entry.component.type not in INPUTS or not any(left[name] for name in of_this):
            continue
        text = shown(entry.question, entry.value) or " ".join(" ".join(left[name]) for name in of_this)
        rows.append({"key": {"text": entry.component.label or entry.name}, "value": {"text": text}})
        for name in of_this:
            left[name] = []
    rows += [
        {"key": {"text": name}, "value": {"text": ", ".join(values)}}
        for name, values in left.items()
        if values and not name.endswith("-rows")
    ]
    return rows
