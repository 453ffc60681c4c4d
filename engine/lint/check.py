"""Runs every rule over a folder, a file or a bundle. Never raises and never hangs, whatever the files hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath

from engine.bundle import SHARED, Bundle
from engine.diagram import Diagram
from engine.lint import rules
from engine.lint.finding import Finding, Findings, Known, error, is_error, warning
from engine.lint.gathering import Unit, gather, is_below, units
from engine.lint.project import Project
from engine.lint.schema import schema

MAX_FINDINGS = 5_000
# Beyond this nobody can read a diagram, and what compares its parts would take long.
MAX_ELEMENTS = 4_000


def check_bundle(bundle: Bundle, *, known: Known) -> list[Finding]:
    """Check everything that a deployment would store. An error among the findings refuses it."""
    folder = PurePosixPath(bundle.folder)
    shared = folder.parent / SHARED
    common = frozenset(p for p in bundle.files if is_below(p, shared))
    own = frozenset(p for p in bundle.files if is_below(p, folder) or PurePosixPath(p).parent == folder.parent)
    findings = _check(Unit(bundle.files, own, is_strict=True), known)
    return _sorted(findings + _check(Unit(bundle.files, common, is_strict=True), known))


def check_path(path: Path, *, known: Known) -> list[Finding]:
    """Check a folder or a single file, of this product or of anyone's.

    What stands around the path is looked at too: its process folder, `shared`, or else the same of `known.root`.
    """
    try:
        if not path.exists():
            return [error(path.name, "", "file-not-found", "There is nothing at this path. Check the spelling.")]
        gathered = gather(path, root=known.root)
    except (OSError, ValueError) as problem:
        return [error(path.name, "", "file-not-readable", f"The path cannot be read ({problem}). Check it.")]
    findings = list(gathered.findings)
    if not gathered.checked and not findings:
        findings.append(warning(path.name, "", "nothing-to-check", "There is no diagram here. Check the path."))
    for unit in units(gathered):
        findings += _check(unit, known)
    return _sorted(findings)


def check_files(files: Mapping[str, bytes], checked: frozenset[str], *, known: Known) -> list[Finding]:
    """Check files that stand in no folder, by their names; those not in `checked` are only looked at for the others."""
    return _sorted(_check(Unit(files, checked, is_strict=False), known))


def _check(unit: Unit, known: Known) -> list[Finding]:
    project = Project(files=unit.files, checked=unit.checked, known=known, is_strict=unit.is_strict)
    findings = [f for f in project.unreadable if f.file in unit.checked]
    for rule in rules.PROJECT_RULES:
        findings += _guarded(partial(rule, project), file="", rule=rule.__name__)
    for diagram in project.diagrams:
        if diagram.file not in unit.checked:
            continue
        if len(diagram.elements) + len(diagram.flows) > MAX_ELEMENTS:
            message = f"The file has more than {MAX_ELEMENTS:,} elements and flows. Split it into called processes."
            findings.append(error(diagram.file, "", "diagram-too-large", message))
        else:
            findings += _of_diagram(diagram, project)
    return findings


def _of_diagram(diagram: Diagram, project: Project) -> list[Finding]:
    found: list[Finding] = []
    for rule in rules.DIAGRAM_RULES:
        found += _guarded(partial(rule, diagram, project), file=diagram.file, rule=rule.__name__)
    # The schema knows no remedy: where a rule of ours has said something, that is enough.
    told = {finding.element for finding in found if is_error(finding)}
    by_schema = _guarded(partial(schema, diagram, project), file=diagram.file, rule=schema.__name__)
    return found + [finding for finding in by_schema if finding.element not in told]


def _guarded(run: Callable[[], Findings], *, file: str, rule: str) -> list[Finding]:
    """Run a rule. Its own failure becomes a finding, so that it can neither hide the others nor let a file pass."""
    found: list[Finding] = []
    try:
        found.extend(islice(run(), MAX_FINDINGS))
    except Exception as problem:  # noqa: BLE001 - the edge: whatever a hostile file provokes must be a finding
        message = f"The check “{rule}” could not read this file ({type(problem).__name__}). Report it with the file."
        found.append(error(file, "", "check-failed", message))
    return found


def _sorted(findings: list[Finding]) -> list[Finding]:
    return sorted(set(findings))[:MAX_FINDINGS]
