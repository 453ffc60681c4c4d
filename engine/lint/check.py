"""Runs every rule over a folder, a file or a bundle. Never raises and never hangs, whatever the files hold."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from engine.bundle import SHARED, SHEET, Bundle
from engine.lint import rules
from engine.lint.finding import Finding, Findings, Known, error
from engine.lint.project import Project

MAX_FILES = 2_000
MAX_FILE_BYTES = 5_000_000
MAX_TOTAL_BYTES = 100_000_000
MAX_FINDINGS = 5_000
ENDINGS = (".bpmn", ".bpmn20.xml", ".xml", ".dmn", ".form", ".toml", ".md")


def check_bundle(bundle: Bundle, *, known: Known) -> list[Finding]:
    """Check everything that a deployment would store. An error among the findings refuses it."""
    folder = PurePosixPath(bundle.folder)
    shared = folder.parent / SHARED
    files = bundle.files
    own = _unit(files, checked={p for p in files if _below(p, folder) or PurePosixPath(p).parent == folder.parent})
    common = {p for p in files if _below(p, shared)}
    return _sorted(_check(own, known) + _check(_Unit(files, frozenset(common), is_strict=True), known))


def check_path(path: Path, *, known: Known) -> list[Finding]:
    """Check a folder or a single file, of this product or of anyone's.

    Files of `known.root` stand behind the checked ones: a folder checked alone finds its shared processes there.
    """
    if not path.exists():
        return [error(path.name, "", "file-not-found", "There is nothing at this path. Check the spelling.")]
    findings: list[Finding] = []
    base = _base(path, known.root)
    checked = _read(path, base, findings)
    behind = {} if known.root is None or base == path else _read(known.root, _base(known.root, known.root), [])
    for unit in _units({**behind, **checked}, frozenset(checked)):
        findings += _check(unit, known)
    return _sorted(findings)


class _Unit:
    """Files that are looked at together."""

    def __init__(self, files: Mapping[str, bytes], checked: frozenset[str], *, is_strict: bool) -> None:
        self.files = files
        self.checked = checked
        self.is_strict = is_strict


def _unit(files: Mapping[str, bytes], *, checked: set[str]) -> _Unit:
    return _Unit(files, frozenset(checked), is_strict=True)


def _units(files: Mapping[str, bytes], checked: frozenset[str]) -> Iterator[_Unit]:
    """Yield one unit for every process folder, one for what they share, one for the rest."""
    folders = sorted({str(PurePosixPath(p).parent) for p in files if PurePosixPath(p).name == SHEET})
    folders = [f for f in folders if PurePosixPath(f).name != SHARED]
    roots = {str(PurePosixPath(f).parent) for f in folders}
    left = set(checked)
    for folder in folders:
        root = PurePosixPath(folder).parent
        own = {p for p in checked if _below(p, PurePosixPath(folder))}
        around = {p for p in files if _below(p, root / SHARED) or PurePosixPath(p).parent == root}
        members = {p for p in files if _below(p, PurePosixPath(folder))} | around
        if own:
            yield _Unit({p: files[p] for p in sorted(members)}, frozenset(own), is_strict=True)
        left -= own
    for root_name in sorted(roots):
        common = {p for p in left if _below(p, PurePosixPath(root_name) / SHARED)}
        common |= {p for p in left if str(PurePosixPath(p).parent) == root_name}
        if common:
            members = {p for p in files if _below(p, PurePosixPath(root_name))}
            yield _Unit({p: files[p] for p in sorted(members)}, frozenset(common), is_strict=True)
        left -= common
    if left:
        others = {p for p in files if p in left or PurePosixPath(p).name in ("dictionary.toml", "groups.toml")}
        yield _Unit({p: files[p] for p in sorted(others)}, frozenset(left), is_strict=False)


def _check(unit: _Unit, known: Known) -> list[Finding]:
    project = Project(files=unit.files, checked=unit.checked, known=known, is_strict=unit.is_strict)
    findings = [f for f in project.unreadable if f.file in unit.checked]
    for rule in rules.PROJECT_RULES:
        findings += _guarded(lambda rule=rule: rule(project), file="", rule=rule.__name__)  # type: ignore[misc]
    for diagram in project.diagrams:
        if diagram.file not in unit.checked:
            continue
        for diagram_rule in rules.DIAGRAM_RULES:
            findings += _guarded(
                lambda rule=diagram_rule, diagram=diagram: rule(diagram, project),  # type: ignore[misc]
                file=diagram.file,
                rule=diagram_rule.__name__,
            )
    return findings


def _guarded(run: Callable[[], Findings], *, file: str, rule: str) -> list[Finding]:
    """Run a rule. Its own failure becomes a finding, so that it can neither hide the others nor let a file pass."""
    found: list[Finding] = []
    try:
        for finding in run():
            found.append(finding)
            if len(found) >= MAX_FINDINGS:
                break
    except Exception as problem:  # noqa: BLE001 - the edge: whatever a hostile file provokes must be a finding
        message = f"The check “{rule}” could not read this file ({type(problem).__name__}). Report it with the file."
        found.append(error(file, "", "check-failed", message))
    return found


def _sorted(findings: list[Finding]) -> list[Finding]:
    return sorted(set(findings))[:MAX_FINDINGS]


def _below(path: str, folder: PurePosixPath) -> bool:
    return folder in PurePosixPath(path).parents


def _base(path: Path, root: Path | None) -> Path:
    """Return the folder that file names are told from: the one around `processes/`, or around what was given."""
    path = path.absolute()
    if root is not None and (path == root.absolute() or root.absolute() in path.parents):
        return root.absolute().parent
    return path if path.is_dir() and not (path / SHEET).exists() else path.parent


def _read(path: Path, base: Path, findings: list[Finding]) -> dict[str, bytes]:
    """Read the files that the check understands; each that cannot be read is a finding."""
    files: dict[str, bytes] = {}
    total = 0
    for found in _walk(path.absolute()):
        name = found.relative_to(base).as_posix()
        try:
            status = found.stat()
            if not stat.S_ISREG(status.st_mode):
                continue
            if status.st_size > MAX_FILE_BYTES:
                message = f"The file is larger than {MAX_FILE_BYTES // 1_000_000} MB and was not read. Split it."
                findings.append(error(name, "", "file-too-large", message))
                continue
            data = found.read_bytes()
        except OSError as problem:
            message = f"The file cannot be read ({problem.strerror}). Check its permissions."
            findings.append(error(name, "", "file-not-readable", message))
            continue
        total += len(data)
        if len(files) >= MAX_FILES or total > MAX_TOTAL_BYTES:
            message = f"There is more than {MAX_FILES} files or 100 MB here; the rest was not checked. Check parts."
            findings.append(error(name, "", "too-many-files", message))
            break
        if found.suffix.lower() != ".xml" or found == path.absolute() or b"/spec/BPMN/" in data[:4000]:
            files[name] = data
    return files


def _walk(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, subfolders, names in os.walk(path, followlinks=False):
        subfolders[:] = sorted(s for s in subfolders if not s.startswith(".") and s != "node_modules")
        for name in sorted(names):
            if name.lower().endswith(ENDINGS) and not name.startswith("."):
                yield Path(folder, name)
