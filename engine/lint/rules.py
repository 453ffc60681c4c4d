"""Every rule, in the order in which findings are made. A new rule is written in its module and listed here."""

from __future__ import annotations

from collections.abc import Callable

from engine.diagram import Diagram
from engine.lint import unsupported
from engine.lint.finding import Findings
from engine.lint.project import Project

DiagramRule = Callable[[Diagram, Project], Findings]
ProjectRule = Callable[[Project], Findings]

DIAGRAM_RULES: tuple[DiagramRule, ...] = (
    unsupported.platform,
    unsupported.elements,
    unsupported.extensions,
)
PROJECT_RULES: tuple[ProjectRule, ...] = ()
