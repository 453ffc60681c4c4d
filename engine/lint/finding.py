"""What a check says, and what its caller lends it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Severity = Literal["error", "warning"]

# The rules about what surrounds a diagram. A runner that has no case world around it may set these aside.
RESOURCE_RULES = frozenset(
    {
        "missing-form",
        "missing-letter",
        "missing-group",
        "assignment-not-honoured",
        "unknown-job-type",
        "unknown-job-input",
        "missing-job-input",
        "unknown-field",
        "unknown-variable",
        "unknown-step",
        "not-deployable",
    }
)


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong or doubtful: a sentence of what, and a remedy."""

    file: str
    element: str
    rule: str
    severity: Severity
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.element}" if self.element else self.file
        return f"{place}: {self.message}"

    def as_json(self) -> dict[str, str]:
        """Return the finding for a JSON list."""
        return {
            "file": self.file,
            "element": self.element,
            "rule": self.rule,
            "severity": self.severity,
            "message": self.message,
        }


Findings = Iterable[Finding]


def error(file: str, element: str, rule: str, message: str) -> Finding:
    """Make a finding that refuses deployment."""
    return _finding(file, element, rule, "error", message)


def warning(file: str, element: str, rule: str, message: str) -> Finding:
    """Make a finding that is shown and refuses nothing."""
    return _finding(file, element, rule, "warning", message)


def _finding(file: str, element: str, rule: str, severity: Severity, message: str) -> Finding:
    return Finding(_one_line(file, 300), _one_line(element, 200), rule, severity, _one_line(message, 2_000))


def _one_line(text: str, longest: int) -> str:
    """Make a file's own words fit for any terminal and log: one line, no stray surrogates, bounded."""
    line = " ".join(text.encode("utf-8", "replace").decode("utf-8").split())
    return line if len(line) <= longest else f"{line[:longest]}…"


def is_error(finding: Finding) -> bool:
    """Tell whether a finding refuses deployment."""
    return finding.severity == "error"


@dataclass(frozen=True, slots=True)
class JobInputs:
    """What a service task's handler accepts: required and optional inputs; `is_open` where it takes any other too."""

    required: frozenset[str]
    optional: frozenset[str]
    is_open: bool

    @classmethod
    def of(cls, handler: Callable[..., object]) -> JobInputs:
        """Read the inputs from a handler's keyword parameters; its first, the context, is not an input."""
        parameters = list(inspect.signature(handler).parameters.values())[1:]
        named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        return cls(
            required=frozenset(p.name for p in named if p.default is p.empty),
            optional=frozenset(p.name for p in named if p.default is not p.empty),
            is_open=any(p.kind is p.VAR_KEYWORD for p in parameters),
        )


@dataclass(frozen=True, slots=True)
class Known:
    """What the caller lends the check: None means "not known here", and that part is not checked.

    `letters` holds the ids of the letters; `root` is the product's own folder of processes, where shared called
    processes, the dictionary and the groups are looked for when the checked folder has none.
    """

    job_types: frozenset[str] | None = None
    letters: Mapping[str, object] | None = None
    root: Path | None = None
    job_inputs: Mapping[str, JobInputs] | None = None
