"""A BPMN file as a plain model: elements, flows, events, lanes, zeebe extensions, messages and the drawing.

The model holds what the file says, however wrong it is; saying what is wrong is `engine.lint`'s. Read by
`engine.diagram_reader`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from engine.markup import Node

SUB_PROCESSES = frozenset({"subProcess", "transaction", "adHocSubProcess"})
ACTIVITIES = SUB_PROCESSES | {
    "task", "userTask", "manualTask", "serviceTask", "sendTask", "receiveTask", "scriptTask", "businessRuleTask",
    "callActivity",
}  # fmt: skip
GATEWAYS = frozenset({"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway"})
EVENTS = frozenset({"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"})
FLOW_NODES = ACTIVITIES | GATEWAYS | EVENTS


@dataclass(frozen=True, slots=True)
class Extension:
    """One zeebe element under an element's extension elements."""

    name: str
    attributes: Mapping[str, str]
    children: tuple[Extension, ...] = ()

    def get(self, attribute: str) -> str | None:
        """Return an attribute without surrounding spaces, or None where it is absent or empty."""
        return (self.attributes.get(attribute) or "").strip() or None


@dataclass(frozen=True, slots=True)
class Timer:
    """The text of a timer: kind is timeDate, timeDuration or timeCycle."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class EventDefinition:
    """What an event reacts to or does: kind is message, timer, error, escalation, signal, link, terminate ..."""

    kind: str
    ref: str | None
    link: str | None
    timers: tuple[Timer, ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """Multi-instance or standard loop marker of an activity; `condition` and `maximum` are the latter's."""

    kind: str
    is_sequential: bool
    characteristics: Extension | None
    completion_condition: str | None
    behavior: str
    cardinality: str | None = None
    condition: str | None = None
    maximum: str | None = None
    data: Mapping[str, str] = field(default_factory=dict)
    """What plain BPMN says of lists and items: loopDataInputRef, inputDataItem ... -> the name of its variable."""

    @property
    def is_standard(self) -> bool:
        """Tell whether the activity repeats, as opposed to having many instances."""
        return self.kind == "standardLoopCharacteristics"


@dataclass(frozen=True, slots=True)
class VariableMapping:
    """One row of an input or output mapping."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Element:
    """A flow node. One without an id is named by its line, as in ``line 12``."""

    id: str
    kind: str
    name: str
    scope: str
    process: str
    line: int
    attributes: Mapping[str, str]
    events: tuple[EventDefinition, ...]
    extensions: tuple[Extension, ...]
    properties: Mapping[str, str]
    loop: Loop | None
    script: str | None
    lane: str | None = None

    def extension(self, name: str) -> Extension | None:
        """Return the first zeebe element of that name."""
        return next((e for e in self.extensions if e.name == name), None)

    @property
    def inputs(self) -> tuple[VariableMapping, ...]:
        """Return the input mappings."""
        return _mappings(self.extensions, "input")

    @property
    def outputs(self) -> tuple[VariableMapping, ...]:
        """Return the output mappings."""
        return _mappings(self.extensions, "output")

    @property
    def attached_to(self) -> str | None:
        """Return the id of the activity that a boundary event sits on; the reference may be a qualified name."""
        reference = self.attributes.get("attachedToRef")
        return None if reference is None else reference.rpartition(":")[2]

    @property
    def is_event_sub_process(self) -> bool:
        """Tell whether this is a sub-process that an event starts."""
        return self.kind in SUB_PROCESSES and self.attributes.get("triggeredByEvent") == "true"

    @property
    def event_kinds(self) -> tuple[str, ...]:
        """Return the kinds of the event definitions."""
        return tuple(e.kind for e in self.events)


@dataclass(frozen=True, slots=True)
class Flow:
    """A sequence flow as written: source and target may be missing or name nothing."""

    id: str
    name: str
    source: str | None
    target: str | None
    scope: str
    process: str
    line: int
    condition: str | None
    language: str | None
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Scope:
    """A process or a sub-process: what holds elements and flows. `parent` is None for a process."""

    id: str
    kind: str
    name: str
    parent: str | None
    process: str
    is_executable: bool
    extensions: tuple[Extension, ...]
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Definition:
    """A message, signal, error or escalation at the root of the file."""

    id: str
    kind: str
    name: str
    code: str
    correlation_key: str | None


@dataclass(frozen=True, slots=True)
class Shape:
    """A drawn element; numbers are as written, None where they are not finite numbers."""

    element: str
    bounds: tuple[float | None, float | None, float | None, float | None] | None


@dataclass(frozen=True, slots=True)
class Edge:
    """A drawn flow: its way points, None for a coordinate that is not a finite number."""

    element: str
    points: tuple[tuple[float | None, float | None], ...]


@dataclass(frozen=True, slots=True)
class Diagram:
    """Everything that the check, the trace and the pages need to know of one BPMN file."""

    file: str
    root: Node
    platform: str | None
    scopes: tuple[Scope, ...]
    elements: tuple[Element, ...]
    flows: tuple[Flow, ...]
    definitions: tuple[Definition, ...]
    shapes: tuple[Shape, ...]
    edges: tuple[Edge, ...]
    element_by_id: Mapping[str, Element] = field(repr=False)
    scope_by_id: Mapping[str, Scope] = field(repr=False)
    flow_by_id: Mapping[str, Flow] = field(repr=False)
    outgoing: Mapping[str, tuple[Flow, ...]] = field(repr=False)
    incoming: Mapping[str, tuple[Flow, ...]] = field(repr=False)
    by_scope: Mapping[str, tuple[Element, ...]] = field(repr=False)
    boundaries: Mapping[str, tuple[Element, ...]] = field(repr=False)
    definition_by_id: Mapping[tuple[str, str], Definition] = field(repr=False)

    @property
    def is_plain(self) -> bool:
        """Tell whether the file is plain BPMN and not of the Camunda 8 dialect: checked, not deployable."""
        return self.platform != "Camunda Cloud"

    @property
    def processes(self) -> tuple[Scope, ...]:
        """Return the processes, in the order of the file."""
        return tuple(s for s in self.scopes if s.parent is None)

    def definition(self, kind: str, ref: str | None) -> Definition | None:
        """Return the message, signal, error or escalation that a reference names."""
        return self.definition_by_id.get((kind, ref or ""))

    def inside(self, scope: str) -> tuple[Element, ...]:
        """Return the elements that stand directly in a process or sub-process."""
        return self.by_scope.get(scope, ())

    def boundaries_of(self, element: str) -> tuple[Element, ...]:
        """Return the boundary events attached to an activity."""
        return self.boundaries.get(element, ())

    def enclosing(self, scope: str) -> Iterator[str]:
        """Yield the ids of a scope and of those around it, innermost first."""
        seen: set[str] = set()
        current: str | None = scope
        while current is not None and current not in seen:
            seen.add(current)
            yield current
            found = self.scope_by_id.get(current)
            current = found.parent if found else None


def _mappings(extensions: tuple[Extension, ...], kind: str) -> tuple[VariableMapping, ...]:
    return tuple(
        VariableMapping(source=row.attributes.get("source", ""), target=row.attributes.get("target", ""))
        for extension in extensions
        if extension.name == "ioMapping"
        for row in extension.children
        if row.name == kind
    )
