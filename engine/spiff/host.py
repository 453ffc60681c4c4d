"""What the engine asks of the caller of a step, and what it hands back.

The caller lends a `Host` for one step: the frozen clock, the facts, expressions, decisions and handlers all live there.
Imports no SpiffWorkflow, so that handlers may import it cheaply.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from engine.errors import RedressError

HappeningKind = Literal[
    "process_started",
    "process_ended",
    "entered",
    "completed",
    "cancelled",
    "flow",
    "timer_fired",
    "message_received",
    "signal_received",
    "escalation_caught",
    "error_caught",
    "job_done",
]
TimerKind = Literal["date", "duration", "cycle"]


@dataclass(frozen=True, slots=True)
class Due:
    """When a timer is due and by what rule.

    A cycle also says how often in all (`repeats`, None = for ever) and how far apart (`every`, ISO 8601).
    """

    at: datetime
    rule: str = ""
    repeats: int | None = None
    every: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One visit of a service task to its handler. `token` and `visit` make an idempotency key."""

    type: str
    element_id: str
    token: str
    visit: int
    inputs: dict[str, object]
    headers: dict[str, str]
    retries: int
    properties: dict[str, str]
    callers: tuple[str, ...] = ()
    """The activities that it runs inside, the nearest first."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """A handler's answer that the work goes on elsewhere: the token waits for `complete_job` or `throw_error`."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that took place in a step. `element_id` is also the id of a sequence flow or of a process.

    `detail` says for timer_fired ``due_at`` and ``rule``; message_received ``name`` and ``key``; signal_received
    ``name``; error_caught ``code``, ``message`` and ``raised_by``; escalation_caught ``code`` and ``raised_by``;
    job_done ``type``.
    """

    kind: HappeningKind
    element_id: str
    process_id: str
    token: str = ""
    visit: int = 0
    detail: Mapping[str, object] = field(default_factory=dict)
    callers: tuple[str, ...] = ()
    """The activities that it took place inside, the nearest first."""


class BpmnError(Exception):
    """A business outcome that the diagram is meant to catch with an error event, as opposed to a technical failure."""

    def __init__(self, code: str, message: str = "", variables: Mapping[str, object] | None = None) -> None:
        super().__init__(message or code)
        self.code = code
        self.message = message or code
        self.variables = dict(variables or {})


class Host(Protocol):
    """Lent to the engine for one step."""

    @property
    def now(self) -> datetime:
        """The instant of this step, aware, frozen while it runs."""
        ...

    @property
    def facts(self) -> dict[str, dict[str, object]]:
        """The outermost scope of every process, by first name: ``request.status`` is in ``facts["request"]``."""
        ...

    def evaluate(self, expression: str, names: Mapping[str, object]) -> object:
        """Return the value of a FEEL expression given without its leading ``=``."""
        ...

    def condition(self, expression: str, names: Mapping[str, object]) -> bool:
        """Return whether a condition holds. Raises: EvaluationFailed when it is neither true nor false."""
        ...

    def reading(self, texts: Sequence[str], names: Mapping[str, object]) -> str:
        """Return what expressions read among the names, for the person who has to put an incident right."""
        ...

    def due(self, kind: TimerKind, text: str, names: Mapping[str, object]) -> Due:
        """Return when a timer armed now is due; `text` is as drawn, with ``=`` if it is FEEL."""
        ...

    def decide(self, decision_id: str, names: Mapping[str, object]) -> object:
        """Return the result of a decision."""
        ...

    def run_job(self, job: Job) -> Mapping[str, object] | Deferred:
        """Run a handler. Raises: BpmnError for the diagram to catch; anything else is a technical failure."""
        ...

    def happened(self, event: Happening) -> None:
        """Take note of something that took place."""
        ...


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason why a diagram cannot be run."""

    file: str
    element_id: str
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.element_id}: {self.message}"


class DiagramError(RedressError):
    """The diagrams say something that the engine does not run. `findings` holds every fault at once."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = findings


class RunFailed(RedressError):
    """An instance could not be moved on. The workflow in memory is half-run: restore the stored state."""

    def __init__(self, message: str, *, element_id: str = "") -> None:
        # What the engine made up around a drawn element has that one's id and a part behind "#" that nobody drew.
        drawn = element_id.partition("#")[0]
        super().__init__(message.replace(element_id, drawn) if drawn != element_id else message)
        self.element_id = drawn


class EvaluationFailed(RunFailed):
    """An expression did not give what its place needs. The host raises it bare; the engine says where."""

    def __init__(self, message: str, *, element_id: str = "", expression: str = "") -> None:
        where = f"{element_id}: {expression}: " if element_id else ""
        super().__init__(where + message, element_id=element_id)
        self.reason = message
        self.expression = expression


class HandlerFailed(RunFailed):
    """A handler failed for a technical reason; the same step may be tried again."""

    def __init__(self, element_id: str, cause: Exception) -> None:
        super().__init__(f"{element_id}: {type(cause).__name__}: {cause}", element_id=element_id)
        self.cause = cause


class UnhandledBpmnError(RunFailed):
    """An error was raised that no error event in the diagram catches."""

    def __init__(self, element_id: str, code: str, message: str = "") -> None:
        super().__init__(f"{element_id}: nothing catches the error {code}. {message}".strip(), element_id=element_id)
        self.code = code


class StepBudgetExceeded(RunFailed):
    """The instance kept running without ever waiting: a loop without a wait."""

    def __init__(self, element_id: str, budget: int) -> None:
        super().__init__(f"{element_id}: more than {budget} steps without waiting", element_id=element_id)


class StateMismatch(RedressError):
    """A stored state names elements that the definition does not have. `names` lists them."""

    def __init__(self, names: list[str]) -> None:
        super().__init__("The stored state names elements that this definition does not have: " + ", ".join(names))
        self.names = names


class TokenNotOpen(RedressError):
    """There is no open task or job with this token: it was completed or withdrawn, or never was."""
