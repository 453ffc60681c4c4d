"""Forms as GOV.UK pages: what was typed becomes checked values, and questions become components.

A `.form` file (read by `engine.forms`) is filled in through `sheet.fill`; `kinds` knows one kind of answer each,
`view` the GOV.UK component that asks for it. Nothing here needs JavaScript, and nothing here stores anything.
"""

from __future__ import annotations

from web.forms.opening import typed_from_names, typed_from_values
from web.forms.rows import with_row_added, with_row_removed
from web.forms.sheet import Sheet, Surroundings, fill
from web.forms.view import Block, blocks, error_summary

__all__ = [
    "Block",
    "Sheet",
    "Surroundings",
    "blocks",
    "error_summary",
    "fill",
    "typed_from_names",
    "typed_from_values",
    "with_row_added",
    "with_row_removed",
]
