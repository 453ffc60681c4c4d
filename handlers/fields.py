"""set_fields: writes facts of the service request or the case, after checking them against the dictionary."""

from __future__ import annotations

from collections.abc import Mapping

from engine.context import StepContext
from engine.dictionary import validate
from engine.facts import READ_ONLY


def set_fields(context: StepContext, **fields: object) -> Mapping[str, object]:
    """Set `request.*` fields by their short names; a name that begins with ``case_`` sets a field of the case.

    Raises: ValueError for a field that is not declared, may not be written, or a value outside its type or picklist.
    """
    for name, value in fields.items():
        owner, short = ("case", name.removeprefix("case_")) if name.startswith("case_") else ("request", name)
        key = f"{owner}.{short}"
        field = context.definition.dictionary.field_for(key)
        if field is None or key in READ_ONLY:
            raise ValueError(f"{key} is not a field that can be set. Declare it in dictionary.toml.")
        problem = validate(value, field)
        if problem:
            raise ValueError(f"{key} cannot be set to {value!r}: {problem}.")
        context.facts.values[owner][short] = value
    return {}
