"""Decision tables: every cell can be read, required decisions are there, and the task provides what the table asks."""

from __future__ import annotations

from engine.diagram import Diagram
from engine.lint.finding import Findings, error, warning
from engine.lint.names import names_at
from engine.lint.project import Project
from engine.table_coverage import gaps, not_decided, overlaps

MOST_NAMED = 5  # cells that one sentence lists


def decisions(project: Project) -> Findings:
    """Find what the checked decision tables have wrong."""
    for decision in project.decisions.values():
        if decision.file not in project.checked:
            continue
        for place, sentence in decision.findings():
            where = f"In {place}: " if place else ""
            message = f"{where}{sentence.rstrip('.')}. Correct the table in the modeler."
            yield error(decision.file, decision.id, "decision-not-valid", message)
        for place, sentence in decision.doubts():
            message = f"In {place}: {sentence.rstrip('.')}. Say what you mean, so that the table does it."
            yield warning(decision.file, decision.id, "decision-doubtful", message)
        for required in decision.requires:
            if required not in project.decisions:
                message = f"It requires the decision “{required}”, which is not here. Add it, or remove the line to it."
                yield error(decision.file, decision.id, "missing-decision", message)


def coverage(project: Project) -> Findings:
    """Find inputs that no rule of a table applies to, and those that two rules claim against its hit policy."""
    for decision in project.decisions.values():
        table = decision.table if decision.file in project.checked else None
        if table is None:
            continue
        for example in gaps(table):
            message = f"No rule applies to {example}: the result is then null. Add a rule, or a default output."
            yield warning(decision.file, decision.id, "table-gap", message)
        for found in overlaps(table):
            message = (
                f"Rules {found.first} and {found.second} both apply to {found.example}, which the hit policy "
                f"{table.hit_policy} does not allow. Narrow one of them, or choose another hit policy."
            )
            yield error(decision.file, decision.id, "table-overlap", message)
        left_open = not_decided(table)
        if left_open:
            more = f" and {len(left_open) - MOST_NAMED} more" if len(left_open) > MOST_NAMED else ""
            message = (
                f"Gaps and overlaps are not decided for {'; '.join(left_open[:MOST_NAMED])}{more}. "
                "Write values, comparisons and intervals, or check these by hand."
            )
            yield warning(decision.file, decision.id, "table-not-decided", message)


def inputs(diagram: Diagram, project: Project) -> Findings:
    """Find business rule tasks whose decision asks for a name that is not there."""
    if diagram.is_plain:
        return
    make = error if project.is_strict else warning
    for element in diagram.elements:
        called = element.extension("calledDecision")
        decision = project.decisions.get(called.get("decisionId") or "") if called is not None else None
        if decision is None:
            continue
        names = names_at(diagram, project, element, own_inputs=True)
        for asked in _asked(project, decision.id, frozenset()):
            if not names.has(tuple(asked.split("."))):
                message = (
                    f"The decision “{decision.id}” asks for “{asked}”, which nothing provides. "
                    "Add an input of that name, or declare it in dictionary.toml."
                )
                yield make(diagram.file, element.id, "unknown-variable", message)


def _asked(project: Project, decision_id: str, above: frozenset[str]) -> list[str]:
    """Return the names that a decision and those that it requires ask for."""
    decision = project.decisions.get(decision_id)
    if decision is None or decision_id in above or len(above) > 20:
        return []
    asked = list(decision.inputs)
    for required in decision.requires:
        asked += _asked(project, required, above | {decision_id})
    return list(dict.fromkeys(asked))
