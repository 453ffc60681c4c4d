"""A compiled bundle of diagrams: what its elements and flows are, and the specifications that run them.

Immutable and shared by every instance of a version. Holds nothing of any instance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.spiff.host import TimerKind


@dataclass(frozen=True, slots=True)
class Element:
    """A node of a diagram. `kind` is its BPMN name (userTask ...); a synthetic one is not drawn and never reported."""

    id: str
    process_id: str
    kind: str
    name: str
    lane: str
    properties: dict[str, str]
    synthetic: bool = False
    file: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """A sequence flow as drawn."""

    id: str
    source: str
    target: str
    name: str
    properties: dict[str, str]
    process_id: str = ""
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    """What else starts a process besides a person: kind "message", "timer" or "signal", with its name or its rule.

    `how` says of a timer whether its rule is a date, a duration or a cycle.
    """

    element_id: str
    kind: str
    text: str
    how: TimerKind = "date"


@dataclass(frozen=True, slots=True)
class Process:
    """A process of the bundle; it begins at `start_element` unless an event starts it. `form_id` is its start form."""

    id: str
    name: str
    file: str
    properties: dict[str, str]
    start_element: str
    form_id: str = ""


@dataclass(frozen=True)
class Program:
    """All processes of a bundle, ready to run; `process_id` is the one that `Workflow.start` takes by default."""

    process_id: str
    processes: Mapping[str, Process]
    elements: Mapping[str, Element]
    flows: Mapping[str, Flow]
    starts: Mapping[str, tuple[Start, ...]]
    specs: Mapping[str, Any] = field(repr=False)
    """Process and sub-process id -> specification. Only engine.spiff looks inside."""

    @property
    def process_ids(self) -> tuple[str, ...]:
        """The ids of all processes of the bundle."""
        return tuple(self.processes)
