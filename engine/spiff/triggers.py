"""What an event waits for or throws: timers, messages, signals, errors, escalations, and when each is armed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from engine.spiff.host import EvaluationFailed, TimerKind
from engine.spiff.scopes import evaluate, located, visible_names


@dataclass(frozen=True, slots=True)
class Armed:
    """A trigger that a token waits for; `due` only for a timer, `key` only for a message."""

    name: str
    due: datetime | None = None
    rule: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Trigger:
    """The base: waits for nothing (a plain event)."""

    kind: ClassVar[str] = "none"
    element_id: str = ""

    def arm(self, task: Any) -> None:
        """Fix on arrival what the trigger depends on."""

    def due(self, task: Any) -> datetime | None:
        """Return when it fires by itself."""
        return None

    def armed(self, task: Any) -> Armed | None:
        """Return what the token waits for, if anything from outside."""
        return None


@dataclass(frozen=True, slots=True)
class Timer(Trigger):
    """A date, a duration or a cycle; due by the host's clock, fixed when the token arrives."""

    kind: ClassVar[str] = "timer"
    how: TimerKind = "duration"
    text: str = ""

    def arm(self, task: Any) -> None:
        """Ask the host when it is due."""
        dues = task.internal_data.setdefault("due", {})
        if self.element_id in dues:
            return
        host = task.workflow.top_workflow.host
        try:
            due = host.due(self.how, self.text, visible_names(task))
        except Exception as error:
            raise located(error, task, self.text) from error
        dues[self.element_id] = [due.at.isoformat(), due.rule, due.repeats, due.every]

    def due(self, task: Any) -> datetime | None:
        """Return the instant fixed on arrival."""
        return datetime.fromisoformat(task.internal_data["due"][self.element_id][0])

    def armed(self, task: Any) -> Armed:
        """Return the due instant and the rule that gave it."""
        return Armed(name="", due=self.due(task), rule=task.internal_data["due"][self.element_id][1])

    def next_round(self, task: Any) -> dict[str, Any] | None:
        """Return what a cycle's next token starts with, counted from when this one was due; None after the last.

        Raises: EvaluationFailed when the cycle does not go forward.
        """
        at, rule, repeats, every = task.internal_data["due"][self.element_id]
        if every is None or (repeats is not None and repeats <= 1):
            return None
        last = datetime.fromisoformat(at)
        host = task.workflow.top_workflow.host
        # Asked of the host as the first round was, so that a month is a month in every round.
        following = host.evaluate("last + duration(pause)", {"last": last, "pause": every})
        if not isinstance(following, datetime) or following <= last:
            raise located(EvaluationFailed(f"{every} leads from {at} to {following!r}"), task, self.text)
        left = None if repeats is None else repeats - 1
        return {"due": {self.element_id: [following.isoformat(), rule, left, every]}}


@dataclass(frozen=True, slots=True)
class Message(Trigger):
    """A message, by name and correlation key."""

    kind: ClassVar[str] = "message"
    name: str = ""
    key: str = ""

    def arm(self, task: Any) -> None:
        """Work out the correlation key.

        Raises: EvaluationFailed for a null key: it would match nothing, or messages without a key.
        """
        keys = task.internal_data.setdefault("keys", {})
        if self.element_id not in keys:
            value = evaluate(task, self.key)
            try:
                keys[self.element_id] = key_text(value)
            except ValueError as error:
                raise located(EvaluationFailed(str(error)), task, self.key) from error

    def armed(self, task: Any) -> Armed:
        """Return name and key."""
        return Armed(name=self.name, key=task.internal_data["keys"][self.element_id])


@dataclass(frozen=True, slots=True)
class Signal(Trigger):
    """A signal, by name: reaches everyone who waits for it."""

    kind: ClassVar[str] = "signal"
    name: str = ""

    def armed(self, task: Any) -> Armed:
        """Return the name."""
        return Armed(name=self.name)


@dataclass(frozen=True, slots=True)
class Error(Trigger):
    """An error, by code; without one it stands for all."""

    kind: ClassVar[str] = "error"
    code: str = ""


@dataclass(frozen=True, slots=True)
class Escalation(Trigger):
    """An escalation, by code; without one it stands for all."""

    kind: ClassVar[str] = "escalation"
    code: str = ""


@dataclass(frozen=True, slots=True)
class Terminate(Trigger):
    """The end of everything in a process or sub-process."""

    kind: ClassVar[str] = "terminate"


def key_text(value: object) -> str:
    """Return a correlation key as text, so that the number 1 and the text "1" are the same key.

    Raises: ValueError for null and for whatever is no text or number.
    """
    if isinstance(value, str) and value:
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        number = Decimal(value)
        return str(int(number)) if number == number.to_integral_value() else format(number.normalize(), "f")
    raise ValueError(f"the correlation key is {value!r}: it must be a text or a number")
