"""One evaluation: how much work it may still do, its clock, its calendar, and why it met null.

Carried through every call instead of kept in a thread-local, so that one evaluation inside another disturbs neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from engine.calendar import LONDON, Calendar, CalendarUse
from engine.feel.errors import FeelLimit, Note, quoted

MAX_STEPS = 100_000  # loop turns, calls and list items touched
MAX_LIST = 20_000  # items
MAX_TEXT = 200_000  # characters
MAX_CALLS = 40  # functions written in FEEL, inside each other
MAX_NOTES = 20
NO_TYPES: Mapping[str, Callable[[object], bool]] = {}
NO_PATTERNS: frozenset[tuple[str, str]] = frozenset()


class Run:
    """State of one evaluation; `types` are those of the host, by name, for `instance of`."""

    __slots__ = ("calendar", "calendar_uses", "calls", "notes", "now", "patterns", "steps_left", "types")

    def __init__(self, now: datetime, calendar: Calendar | None = None) -> None:
        self.now = now
        self.calendar = calendar
        self.steps_left = MAX_STEPS
        self.calls = 0
        self.notes: list[Note] = []
        self.calendar_uses: list[CalendarUse] = []
        self.types: Mapping[str, Callable[[object], bool]] = NO_TYPES
        self.patterns: frozenset[tuple[str, str]] = NO_PATTERNS

    def charge(self, steps: int) -> None:
        """Count work done.

        Raises:
            FeelLimit: more than 100,000 steps.
        """
        self.steps_left -= steps
        if self.steps_left < 0:
            raise FeelLimit(f"the expression takes more than {MAX_STEPS} steps")

    def charge_text(self, length: int) -> None:
        """Count memory: a text of so many characters is made.

        Raises:
            FeelLimit: longer than 200,000 characters, or too many such texts.
        """
        if length > MAX_TEXT:
            raise FeelLimit(f"the expression makes a text of more than {MAX_TEXT} characters")
        self.charge(1 + (length >> 8))

    def charge_list(self, length: int) -> None:
        """Count memory: a list of so many items is made.

        Raises:
            FeelLimit: longer than 20,000 items, or too many such lists.
        """
        if length > MAX_LIST:
            raise FeelLimit(f"the expression makes a list of more than {MAX_LIST} items")
        self.charge(1 + (length >> 4))

    def null(self, position: int, message: str) -> object:
        """FEEL's answer to every mistake; the reason is kept for whoever asks."""
        if len(self.notes) < MAX_NOTES:
            self.notes.append(Note(position, message))
        return None

    def missing(self, position: int, name: str, wanted: str, among: Callable[[], Iterable[str]]) -> object:
        """As `null`, for a name that is not there."""
        if len(self.notes) < MAX_NOTES:
            self.notes.append(Note(position, f"there is no {quoted(name)}", wanted, among))
        return None

    @property
    def local_now(self) -> datetime:
        """The same moment throughout one evaluation, on the clock of London."""
        return self.now.astimezone(LONDON)
