"""Coverage: which elements and sequence flows of the diagrams the scenarios took, and which none of them did.

What counts is what is drawn: elements that the engine makes up for itself are left out. A flow counts when a token took
it, an event when it happened.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.scenarios import Told
from engine.spiff import Program


@dataclass(frozen=True, slots=True)
class NotTaken:
    """An element or a flow that no scenario took. `kind` is its BPMN name."""

    element: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class DiagramCoverage:
    """How much of one diagram file was taken."""

    file: str
    elements: int
    flows: int
    not_taken: tuple[NotTaken, ...]

    @property
    def percent(self) -> int:
        """Return the share that was taken, rounded down, so that 100 means everything."""
        total = self.elements + self.flows
        return 100 * (total - len(self.not_taken)) // total if total else 100


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the scenarios of a procedure took, by diagram file."""

    scenarios: int
    diagrams: tuple[DiagramCoverage, ...]

    @property
    def is_complete(self) -> bool:
        """Tell whether everything was taken."""
        return not any(diagram.not_taken for diagram in self.diagrams)


def measure(program: Program, told: Iterable[Told], *, under: str = "") -> Coverage:
    """Compare what a program draws with what scenarios took when they were told.

    `under` is the folder whose diagrams count (``processes/log/``): what all procedures share is taken by the stories
    of all of them together, and not by each.
    """
    stories = list(told)
    elements = frozenset().union(*(story.elements for story in stories))
    flows = frozenset().union(*(story.flows for story in stories))
    counts: dict[str, list[int]] = {}
    missing: dict[str, list[NotTaken]] = {}
    for element in program.elements.values():
        if element.synthetic or not element.file.startswith(under):
            continue
        counts.setdefault(element.file, [0, 0])[0] += 1
        if element.id not in elements:
            missing.setdefault(element.file, []).append(NotTaken(element.id, element.kind, element.name))
    for flow in program.flows.values():
        file = program.elements[flow.source].file
        if not file.startswith(under):
            continue
        counts.setdefault(file, [0, 0])[1] += 1
        if flow.id not in flows:
            missing.setdefault(file, []).append(NotTaken(flow.id, "sequenceFlow", flow.name))
    diagrams = (
        DiagramCoverage(file, drawn, connected, tuple(missing.get(file, ())))
        for file, (drawn, connected) in sorted(counts.items())
    )
    return Coverage(len(stories), tuple(diagrams))


def report(coverage: Coverage) -> str:
    """Return the coverage as a table to print, followed by what is missing."""
    width = max([len("Diagram"), *(len(diagram.file) for diagram in coverage.diagrams)])
    lines = [f"{'Diagram':{width}}  Elements  Flows  Taken"]
    for diagram in coverage.diagrams:
        lines.append(f"{diagram.file:{width}}  {diagram.elements:8}  {diagram.flows:5}  {diagram.percent:4}%")
    for diagram in coverage.diagrams:
        for gap in diagram.not_taken:
            called = f" ({gap.name})" if gap.name else ""
            lines.append(f"{diagram.file}:{gap.element}: no scenario takes this {gap.kind}{called}")
    verdict = "take everything" if coverage.is_complete else "do not take everything"
    lines.append(f"The {coverage.scenarios} scenarios {verdict} that the diagrams draw.")
    return "\n".join(lines)
