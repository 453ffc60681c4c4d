"""What the token game shows: joins that wait for ever, and steps that would run twice."""

from __future__ import annotations

from engine.diagram import Diagram
from engine.lint.finding import Findings, error, warning
from engine.lint.project import Project
from engine.soundness import play

_SHOWN = 12


def soundness(diagram: Diagram, project: Project) -> Findings:
    """Find dead locks and lacks of synchronisation, each with the way that leads to it."""
    for scope in diagram.scopes:
        for fault in play(diagram, scope.id).faults:
            way = _shown(diagram, fault.path)
            if fault.kind == "lack-of-synchronisation":
                message = (
                    f"Several branches that run at once meet here, so the rest runs once for each (by way of {way}). "
                    "Join them with a parallel gateway."
                )
                yield warning(diagram.file, fault.element, fault.kind, message)
            elif fault.kind == "dead-lock":
                message = (
                    f"This join waits for branches that never all arrive (by way of {way}). "
                    "Use an exclusive gateway to join what an exclusive gateway split."
                )
                yield error(diagram.file, fault.element, fault.kind, message)
            else:
                message = (
                    f"This join can wait for ever (by way of {way}). "
                    "Make sure that every branch reaches it whichever way is taken."
                )
                yield warning(diagram.file, fault.element, fault.kind, message)


def _shown(diagram: Diagram, path: tuple[str, ...]) -> str:
    names = list(dict.fromkeys(path))
    if not names:
        return "the start"
    return " → ".join(names if len(names) <= _SHOWN else ["…", *names[-_SHOWN:]])
