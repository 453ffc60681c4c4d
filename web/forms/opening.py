"""What a form opens with: as if somebody had typed what is known already, or what was submitted before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.forms import INPUTS, Component
from engine.read_only import look_up
from web.forms import kinds
from web.forms.rows import MAX_ROWS
from web.forms.sheet import Surroundings, put, question_of

Typed = dict[str, list[str]]


def typed_from_names(components: Sequence[Component], surroundings: Surroundings) -> Typed:
    """Return what a form opens with: the values that its names have already, or the form's own defaults.

    A component with the property `prefill` = "no" opens empty: an answer of an earlier round is not today's answer.
    """
    typed: Typed = {}
    _prefill(components, surroundings, dict(surroundings.names), prefix="", into=typed)
    return typed


def typed_from_values(
    components: Sequence[Component], surroundings: Surroundings, values: Mapping[str, object]
) -> Typed:
    """Return what somebody must have typed who submitted these values, keys as the dictionary has them."""
    names: dict[str, object] = {}
    for key, value in values.items():
        put(names, key, value)
    typed: Typed = {}
    _prefill([_opening(one) for one in components], surroundings, names, prefix="", into=typed)
    return typed


def _opening(component: Component) -> Component:
    """Return a component that opens with its value, and with nothing where it has none."""
    properties = {name: text for name, text in component.properties.items() if name != "prefill"}
    inner = tuple(_opening(part) for part in component.components)
    return replace(component, properties=properties, components=inner, default=None)


def _prefill(
    components: Sequence[Component],
    surroundings: Surroundings,
    names: Mapping[str, object],
    *,
    prefix: str,
    into: Typed,
) -> None:
    for component in components:
        key = (component.key or "").rpartition("[].")[2]
        name = prefix + (key or component.id)
        value = look_up(names, key) if component.properties.get("prefill") != "no" else None
        if component.type == "group":
            _prefill(component.components, surroundings, names, prefix=prefix, into=into)
        elif component.type == "dynamiclist":
            needs_none = component.has_fixed_rows or component.properties.get("minimum") == "0"
            first: list[object] = [] if needs_none else [{}]
            rows = value if isinstance(value, list) and value else first
            into[f"{name}-rows"] = [str(min(len(rows), MAX_ROWS))]
            for index, row in enumerate(rows[:MAX_ROWS]):
                row_names = row if isinstance(row, Mapping) else {}
                _prefill(component.components, surroundings, row_names, prefix=f"{name}-{index}-", into=into)
        elif component.type in INPUTS:
            question = question_of(component, name, surroundings, names)
            into.update(kinds.write(question, component.default if value is None else value))
