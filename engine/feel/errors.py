"""What can go wrong with an expression, as exceptions and as notes.

A mistake in the *text* is an exception when the model is saved; a mistake in the *data* is FEEL's null, and a `Note`
says why. Only too much work is an exception while a case runs.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from engine.errors import RedressError

MOST_NAMES, LONGEST_NAME = 500, 60  # that a misspelt name is compared with


class FeelError(RedressError):
    """An expression cannot be used."""


class FeelSyntaxError(FeelError):
    """The text is not FEEL."""

    def __init__(self, message: str, line: int = 1, column: int = 1, hint: str = "") -> None:
        tail = f": {hint}" if hint else ""
        super().__init__(f"{message} (line {line}, column {column}){tail}")
        self.message, self.line, self.column, self.hint = message, line, column, hint


class FeelLimit(FeelError):
    """The expression does more work than one evaluation may."""


@dataclass(frozen=True, slots=True)
class Note:
    """Why something became null, and at which character of the text (counted from 0).

    `wanted` is a name that was not there, `among` gives those that were; nothing is compared until somebody reads it.
    """

    position: int
    message: str
    wanted: str = ""
    among: Callable[[], Iterable[str]] | None = None

    def __str__(self) -> str:
        known = [name for name in islice(self.among(), MOST_NAMES) if len(name) <= LONGEST_NAME] if self.among else []
        known = known if len(self.wanted) <= LONGEST_NAME else []
        similar = difflib.get_close_matches(self.wanted, known, n=1)
        return f"{self.message}, did you mean {similar[0]!r}?" if similar else self.message


def quoted(name: str) -> str:
    """A name in a sentence: a very long one is cut."""
    return repr(name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]} ...")


def syntax_error(message: str, source: str, position: int, hint: str = "") -> FeelSyntaxError:
    """Build the error for a character `position` of `source`."""
    line = source.count("\n", 0, position) + 1
    column = position - source.rfind("\n", 0, position)
    return FeelSyntaxError(message, line, column, hint)


def located(note: Note, source: str) -> str:
    """A note with its line and column in the text; without them for what was not read from one text."""
    if not source:
        return str(note)
    line = source.count("\n", 0, note.position) + 1
    column = note.position - source.rfind("\n", 0, note.position)
    return f"{note} (line {line}, column {column})"
