"""The world that one process of the program runs in: wired once by `web.app`, lent to every verb.

The engine reaches upward (handlers, deliveries, letters) only through what lies here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.clock import Clock
from engine.db import Database
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.calendar import Calendar
    from engine.definitions import LoadedDefinition
    from engine.dictionary import Group
    from engine.lint import Known
    from engine.outbox import Owed
    from engine.spiff.host import Deferred
    from engine.step import Outcome

    Handler = Callable[..., Mapping[str, Any] | Deferred]
    Delivery = Callable[["World", Owed], Mapping[str, Any]]


LetterForm = Callable[[Mapping[str, bytes], str], bytes]
"""(letter files, letter id) -> the letter's boxes as a form-js schema."""

LetterFaults = Callable[[Mapping[str, bytes]], list[str]]
"""(letter files) -> a sentence for each letter that cannot be set."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person, or a part of the program (`person_id` is then None)."""

    name: str
    person_id: int | None = None

    @property
    def key(self) -> str:
        """Return the text that history keeps: no name, so that a person's name can change or be erased."""
        return f"person:{self.person_id}" if self.person_id is not None else f"system:{self.name}"


TIMERS = Actor("timers")
WORKER = Actor("worker")
DEPLOYMENT = Actor("deployment")


@dataclass(slots=True)
class World:
    """Everything a verb needs. `handlers` map a job type to a function of (context, **inputs); `deliveries` an outbox
    kind to a function of (world, owed message); `known` is what the deployment check may refer to; `letter_files` are
    the templates that go into each bundle."""

    settings: Settings
    db: Database
    clock: Clock
    handlers: Mapping[str, Handler]
    deliveries: Mapping[str, Delivery]
    known: Known
    letter_form: LetterForm
    letter_faults: LetterFaults
    groups: Mapping[str, Group] = field(default_factory=dict)
    letter_files: Mapping[str, bytes] = field(default_factory=dict)
    definitions: dict[int, LoadedDefinition] = field(default_factory=dict)
    calendar_cache: Calendar | None = None
    observer: Callable[[Outcome], None] | None = None
    """Told of each step after its rows are written; scenarios measure coverage with it."""
