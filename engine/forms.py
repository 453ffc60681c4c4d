"""form-js schemas as data: components, keys, options and conditions, read for the check and for the pages.

Refuses, as faults kept beside what could be read: components that are not rendered here, keys that cannot be stored,
options that have two sources or none, and attributes that would be ignored without a word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from engine.file_kinds import BY_EXTENSION

INPUTS = frozenset(
    {"textfield", "textarea", "number", "checkbox", "radio", "select", "checklist", "datetime", "filepicker"}
)
CHOICES = frozenset({"radio", "select", "checklist"})
CONTAINERS = frozenset({"group", "dynamiclist"})
COMPONENT_TYPES = INPUTS | CONTAINERS | {"text", "separator"}
KEY = re.compile(r"\w+(\.\w+)*", re.ASCII)
MAX_BYTES = 1_000_000
MAX_DEPTH = 8
MAX_COMPONENTS = 500
_MAX_PATTERN = 500
# What form-js writes on a component, whether it matters here or only to how the form's editor shows it. A name that is
# in neither list is misspelt, and a misspelt `readonly` would open what must stay as it was decided.
_ATTRIBUTES = frozenset({
    "id", "type", "key", "path", "label", "description", "components", "conditional", "validate", "properties",
    "readonly", "disabled", "defaultValue", "values", "valuesKey", "valuesExpression", "text", "subtype",
    "dateLabel", "timeLabel", "allowAddRemove", "isRepeating", "defaultRepetitions",
    "layout", "appearance", "showOutline", "verticalAlignment", "searchable", "disableCollapse", "nonCollapsedItems",
    "use24h", "timeInterval", "timeSerializingFormat", "increment", "multiple", "accept",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """One static option of a radio, select or checklist."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class FormFault:
    """What a form has wrong: the component, a rule's id, and a sentence with a remedy."""

    component: str
    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class Component:
    """One component. `key` is the full dictionary name: ``request.root_cause``, ``plan_actions[].due_on``.

    `hide` is FEEL without its leading "=". `values_key` names a picklist (``picklists.root_cause``), people
    (``people.review_caseworker``) or a variable that holds a list. `subtype` is date, time or datetime.
    `has_fixed_rows` says of a list that its rows are those that are stored: none is added, removed or moved.
    `accepted` are the extensions of the files that a filepicker takes, without dots; none means every known one.
    """

    id: str
    type: str
    key: str | None
    label: str
    description: str
    text: str
    hide: str | None
    choices: tuple[Choice, ...]
    values_key: str | None
    subtype: str
    default: object
    is_required: bool
    is_read_only: bool
    has_fixed_rows: bool
    is_multiple: bool
    accepted: tuple[str, ...]
    validation: Mapping[str, object]
    properties: Mapping[str, str]
    components: tuple[Component, ...]

    @property
    def name(self) -> str:
        """Return what findings call the component: its key, or its id."""
        return self.key or self.id or self.type


@dataclass(frozen=True, slots=True)
class Form:
    """A form: its id is what user tasks name."""

    id: str
    file: str
    components: tuple[Component, ...]
    faults: tuple[FormFault, ...]

    def walk(self) -> Iterator[Component]:
        """Return every component, containers before what they hold."""
        return _every(self.components)

    @property
    def inputs(self) -> tuple[Component, ...]:
        """Return the components that a person fills in."""
        return tuple(c for c in self.walk() if c.type in INPUTS)

    @property
    def names(self) -> frozenset[str]:
        """Return the names that a submit writes: keys outside lists, and the lists' own."""
        keys = (c.key for c in self.walk() if c.key and (c.type in INPUTS or c.type == "dynamiclist"))
        return frozenset(key for key in keys if "[]" not in key)


def read_form(data: bytes, *, file: str) -> Form:
    """Read a .form file; whatever is wrong with it is in `faults`."""
    faults: list[FormFault] = []
    schema = _load(data, faults)
    reader = _Reader(faults)
    rows = schema.get("components")
    components = reader.read(rows if isinstance(rows, list) else [], prefix="", depth=1)
    if schema and not isinstance(rows, list):
        faults.append(FormFault("", "form-not-valid", "The form has no components. Add at least one field."))
    identity = schema.get("id")
    if not isinstance(identity, str) or not identity:
        identity = PurePosixPath(file).stem
        if schema:
            faults.append(FormFault("", "form-without-id", f"The form has no id. Give it the id “{identity}”."))
    elif identity != PurePosixPath(file).stem:
        message = f"The form's id “{identity}” differs from its file name. Make them the same."
        faults.append(FormFault("", "form-id-differs", message))
    reader.check_repeated_keys(components)
    reader.check_rows(components)
    return Form(id=identity, file=file, components=components, faults=tuple(faults))


def _load(data: bytes, faults: list[FormFault]) -> Mapping[str, object]:
    message = "The form is too large. Split it into two tasks."
    if len(data) <= MAX_BYTES:
        try:
            schema = json.loads(data)
            if isinstance(schema, dict):
                return schema
            message = "The form is not a form-js schema. Save it again in the form editor."
        except (ValueError, RecursionError) as problem:
            message = f"The form is not valid JSON ({problem}). Save it again in the form editor."
    faults.append(FormFault("", "form-not-valid", message))
    return {}


class _Reader:
    def __init__(self, faults: list[FormFault]) -> None:
        self.faults = faults
        self.count = 0

    def fault(self, component: str, rule: str, message: str) -> None:
        self.faults.append(FormFault(component, rule, message))

    def read(self, rows: list[object], *, prefix: str, depth: int) -> tuple[Component, ...]:
        if depth > MAX_DEPTH:
            self.fault("", "form-not-valid", f"Groups are nested more than {MAX_DEPTH} deep. Flatten the form.")
            return ()
        components: list[Component] = []
        for row in rows:
            self.count += 1
            if self.count > MAX_COMPONENTS:
                self.fault("", "form-not-valid", f"The form has over {MAX_COMPONENTS} components. Split it.")
                return tuple(components)
            if isinstance(row, dict):
                components.append(self._component(row, prefix=prefix, depth=depth))
            else:
                self.fault("", "form-not-valid", "A component is not an object. Save the form in the form editor.")
        return tuple(components)

    def _component(self, row: Mapping[str, object], *, prefix: str, depth: int) -> Component:
        kind = _string(row, "type")
        key = self._key(row, kind, prefix)
        name = key or _string(row, "id") or kind
        if kind not in COMPONENT_TYPES:
            allowed = ", ".join(sorted(COMPONENT_TYPES))
            message = f"The component type “{kind}” is not shown here. Use one of {allowed}."
            self.fault(name, "form-component-not-supported", message)
        inner = f"{key}[]." if kind == "dynamiclist" and key else prefix
        children = row.get("components")
        validation = _table(row, "validate")
        self._check_validation(name, kind, validation)
        if kind in COMPONENT_TYPES:
            self._check_attributes(row, name)
        choices = self._choices(row, name, kind)
        return Component(
            id=_string(row, "id"),
            type=kind,
            key=key,
            label=_string(row, "label") or _string(row, "dateLabel") or _string(row, "timeLabel"),
            description=_string(row, "description"),
            text=_string(row, "text"),
            hide=self._hide(row, name),
            choices=choices,
            values_key=_string(row, "valuesKey") or None,
            subtype=_string(row, "subtype") or ("date" if kind == "datetime" else ""),
            default=row.get("defaultValue"),
            is_required=validation.get("required") is True,
            is_read_only=row.get("readonly") is True or row.get("disabled") is True,
            has_fixed_rows=kind == "dynamiclist" and row.get("allowAddRemove") is False,
            is_multiple=row.get("multiple") is True,
            accepted=self._accepted(row, name) if kind == "filepicker" else (),
            validation=validation,
            properties={str(k): str(v) for k, v in _table(row, "properties").items()},
            components=self.read(children, prefix=inner, depth=depth + 1) if isinstance(children, list) else (),
        )

    def _key(self, row: Mapping[str, object], kind: str, prefix: str) -> str | None:
        attribute = "path" if kind in CONTAINERS else "key"
        text = _string(row, attribute)
        if not text:
            if kind in INPUTS or kind == "dynamiclist":
                who = _string(row, "label") or _string(row, "id") or kind
                self.fault(_string(row, "id"), "form-without-key", f"“{who}” has no {attribute}. Name its field.")
            return None
        if kind == "group":
            # A path on a group moves its fields into a context: their keys would no longer be dictionary names.
            message = f"A group may not have a path (“{text}”). Empty it; name the fields in full in their keys."
            self.fault(_string(row, "id"), "form-component-not-supported", message)
            return None
        if not KEY.fullmatch(text):
            message = f"The {attribute} “{text}” cannot be a name. Use letters, digits, _ and dots."
            self.fault(text, "form-key-not-valid", message)
        return prefix + text

    def _hide(self, row: Mapping[str, object], name: str) -> str | None:
        text = _string(_table(row, "conditional"), "hide").strip()
        if not text:
            return None
        if not text.startswith("="):
            message = "The condition to hide this is not an expression. Begin it with “=”."
            self.fault(name, "form-condition-not-feel", message)
        return text.removeprefix("=").strip()

    def _choices(self, row: Mapping[str, object], name: str, kind: str) -> tuple[Choice, ...]:
        values = row.get("values")
        sources = [s for s in ("values", "valuesKey", "valuesExpression") if row.get(s)]
        if kind not in CHOICES:
            return ()
        if "valuesExpression" in sources:
            self.fault(
                name,
                "form-options-not-valid",
                "Options by expression are not supported. Name a picklist as values key: picklists.…",
            )
        elif len(sources) != 1:
            said = "two sources of options" if sources else "no options"
            message = f"This field has {said}. Give it either a values key (picklists.…) or a list of values."
            self.fault(name, "form-options-not-valid", message)
        choices: list[Choice] = []
        for option in values if isinstance(values, list) else []:
            value = option.get("value") if isinstance(option, dict) else None
            if isinstance(value, str | int) and not isinstance(value, bool) and str(value):
                choices.append(Choice(str(value), str(option.get("label") or value)))
            else:
                message = "An option has no value. Give every option a label and a value."
                self.fault(name, "form-options-not-valid", message)
        if len({choice.value for choice in choices}) != len(choices):
            self.fault(name, "form-options-not-valid", "Two options have the same value. Make each different.")
        return tuple(choices)

    def _check_validation(self, name: str, kind: str, validation: Mapping[str, object]) -> None:
        pattern = validation.get("pattern")
        if isinstance(pattern, str) and len(pattern) > _MAX_PATTERN:
            self.fault(name, "form-not-valid", "The pattern is too long. Use a shorter one.")
        pairs = (("min", "max"), ("minLength", "maxLength"))
        for low_name, high_name in pairs:
            low, high = validation.get(low_name), validation.get(high_name)
            if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
                message = f"The smallest allowed value {low} is above the largest, {high}. No answer could be right."
                self.fault(name, "form-not-valid", message)

    def _accepted(self, row: Mapping[str, object], name: str) -> tuple[str, ...]:
        extensions = [part.strip().removeprefix(".").lower() for part in _string(row, "accept").split(",")]
        accepted = tuple(extension for extension in extensions if extension)
        for unknown in (extension for extension in accepted if extension not in BY_EXTENSION):
            known = ", ".join(f".{extension}" for extension in BY_EXTENSION)
            message = f"Files of the kind “{unknown}” cannot be attached. Accept some of {known}, or leave it out."
            self.fault(name, "form-accept-not-valid", message)
        return accepted

    def _check_attributes(self, row: Mapping[str, object], name: str) -> None:
        for unknown in sorted(row.keys() - _ATTRIBUTES):
            message = f"The attribute “{unknown}” means nothing here. Correct its spelling, or remove it."
            self.fault(name, "form-attribute-not-known", message)
        for attribute in ("readonly", "disabled", "allowAddRemove", "multiple"):
            if not isinstance(row.get(attribute, False), bool):
                message = f"“{attribute}” must be true or false: an expression is not read here."
                self.fault(name, "form-attribute-not-known", message)

    def check_rows(self, components: tuple[Component, ...]) -> None:
        """Find what rows of a list cannot hold.

        Read-only fields need rows that stay: which stored row would a row of the page be?
        """
        for component in _every(components):
            if component.has_fixed_rows and "[]." in (component.key or ""):
                message = "A list inside a list cannot keep its rows. Let its rows be added and removed, or show them."
                self.fault(component.name, "form-read-only-row", message)
            for part in _every(component.components) if component.type == "dynamiclist" else ():
                if part.type == "filepicker":
                    message = "A row of a list cannot hold files. Ask for them once, beside the list."
                    self.fault(part.name, "form-component-not-supported", message)
                if part.is_read_only and not component.has_fixed_rows:
                    message = (
                        f"“{part.label or part.name}” is read-only in a list whose rows can be added and removed. "
                        "Set allowAddRemove to false on the list, or let the field be filled in."
                    )
                    self.fault(part.name, "form-read-only-row", message)

    def check_repeated_keys(self, components: tuple[Component, ...]) -> None:
        """Find two fields of one key that could show at the same time: one would overwrite the other."""
        seen: dict[str, Component] = {}
        for component in _every(components):
            if component.key is None:
                continue
            first = seen.setdefault(component.key, component)
            if first is not component and not (first.hide and component.hide):
                message = f"Two fields have the key “{component.key}”. Remove one, or hide each by a condition."
                self.fault(component.key, "form-key-twice", message)


def _every(components: tuple[Component, ...]) -> Iterator[Component]:
    pending = list(reversed(components))
    while pending:
        component = pending.pop()
        yield component
        pending.extend(reversed(component.components))


def _string(row: Mapping[str, object], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _table(row: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = row.get(name)
    return value if isinstance(value, dict) else {}
