"""The table of all built-in functions: importing the modules that define them fills it."""

from engine.feel import (
    functions_calendar,
    functions_contexts,
    functions_dates,
    functions_lists,
    functions_numbers,
    functions_ranges,
    functions_text,
)
from engine.feel.functions import BUILTINS

FUNCTION_MODULES = (
    functions_calendar,
    functions_contexts,
    functions_dates,
    functions_lists,
    functions_numbers,
    functions_ranges,
    functions_text,
)
__all__ = ["BUILTINS", "FUNCTION_MODULES"]
