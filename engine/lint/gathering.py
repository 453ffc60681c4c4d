"""Which files are checked, and which stand behind them. Reads folders; bounded in number and size; follows no links."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from engine.bundle import SHARED, SHEET
from engine.lint.finding import Finding, error

MAX_FILES = 2_000
MAX_FILE_BYTES = 5_000_000
MAX_TOTAL_BYTES = 100_000_000
MAX_SIBLINGS = 200
ENDINGS = (".bpmn", ".xml", ".dmn", ".form", ".toml", ".md")
_LEVELS_UP = 4


@dataclass(frozen=True, slots=True)
class Unit:
    """Files that belong together. Strict where names must be declared: in a process folder and in what is shared."""

    files: Mapping[str, bytes]
    checked: frozenset[str]
    is_strict: bool


@dataclass(slots=True)
class Gathered:
    """Files by the names that findings use; `behind` are not checked themselves."""

    checked: dict[str, bytes] = field(default_factory=dict)
    behind: dict[str, bytes] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def gather(path: Path, *, root: Path | None) -> Gathered:
    """Read a file or folder, and what stands around it: its process folder, what is shared, or the product's own."""
    path = path.absolute()
    home = _home(path)
    base = _base(path, home)
    gathered = Gathered()
    _read(_walk(path), base, gathered.checked, gathered.findings, only=path if path.is_file() else None)
    if (path / SHEET).is_file() and home is not None and (home / "dictionary.toml").is_file():
        # A process folder is checked as it would be deployed: with what it shares.
        _read(_common(home), base, gathered.checked, gathered.findings)
    unheard: list[Finding] = []
    if home is None:
        if path.is_file():
            needs_processes = any(b"callActivity" in data for data in gathered.checked.values())
            _read(_siblings(path, with_diagrams=needs_processes), base, gathered.behind, unheard)
    else:
        folder = next((p for p in (path, *path.parents) if (p / SHEET).is_file()), None)
        if folder is not None:
            _read(_walk(folder), base, gathered.behind, unheard)
        _read(_common(home), base, gathered.behind, unheard)
    if root is not None and not _has_own_lists(gathered):
        _read(_common(root.absolute()), root.absolute().parent, gathered.behind, unheard)
    return gathered


def units(gathered: Gathered) -> Iterator[Unit]:
    """Yield one unit for every process folder, one for what they share, one for the rest."""
    files = {**gathered.behind, **gathered.checked}
    left = set(gathered.checked)
    folders = sorted({PurePosixPath(p).parent for p in files if PurePosixPath(p).name == SHEET})
    folders = [folder for folder in folders if folder.name != SHARED]
    for folder in folders:
        own = {p for p in left if is_below(p, folder)}
        if own:
            inside = {p: files[p] for p in sorted(files) if is_below(p, folder)}
            yield Unit({**inside, **_shared_by(files, folder.parent)}, frozenset(own), is_strict=True)
        left -= own
    common = {p for p in left if _is_common(p, {f.parent for f in folders}, files)}
    if common:
        yield Unit(dict(sorted(files.items())), frozenset(common), is_strict=True)
    left -= common
    if left:
        mine = {p: files[p] for p in sorted(left)}
        beside = {p: data for p, data in sorted(gathered.behind.items()) if p not in mine}
        # Every file may be found behind a foreign one; the checked ones come first and so win.
        yield Unit({**mine, **beside, **_lists(files, mine)}, frozenset(left), is_strict=False)


def is_below(path: str, folder: PurePosixPath) -> bool:
    """Tell whether a file lies in a folder, at any depth."""
    return folder in PurePosixPath(path).parents


def _home(path: Path) -> Path | None:
    """Return the folder of processes that a path belongs to: the one that holds process folders or the dictionary."""
    for candidate in (path, *path.parents[:_LEVELS_UP]):
        if (candidate / "dictionary.toml").is_file():
            return candidate
        if (candidate / SHEET).is_file():
            return candidate.parent
    return None


def _base(path: Path, home: Path | None) -> Path:
    """Return the folder that file names are told from: around `processes/`, or what was given."""
    if home is None:
        return path if path.is_dir() else path.parent
    return home.parent if (home / "dictionary.toml").is_file() else home


def _has_own_lists(gathered: Gathered) -> bool:
    names = (PurePosixPath(p).name for p in (*gathered.checked, *gathered.behind))
    return "dictionary.toml" in names


def _shared_by(files: Mapping[str, bytes], root: PurePosixPath) -> dict[str, bytes]:
    """Return what process folders under a root share; the product's own where that root has nothing of the kind."""
    own = {p: d for p, d in files.items() if is_below(p, root / SHARED) or PurePosixPath(p).parent == root}
    if any(PurePosixPath(p).name == "dictionary.toml" for p in own):
        return dict(sorted(own.items()))
    others = {p: d for p, d in files.items() if SHARED in PurePosixPath(p).parts[:-1] or _is_list(p)}
    return dict(sorted({**others, **own}.items()))


def _is_common(path: str, roots: set[PurePosixPath], files: Mapping[str, bytes]) -> bool:
    place = PurePosixPath(path)
    if place.parent in roots or any(is_below(path, root / SHARED) for root in roots):
        return True
    # A shared folder checked alone: the dictionary beside it makes it ours.
    return any(
        parent.name == SHARED and f"{parent.parent.as_posix()}/dictionary.toml" in files for parent in place.parents
    )


def _lists(files: Mapping[str, bytes], mine: Mapping[str, bytes]) -> dict[str, bytes]:
    return {p: d for p, d in files.items() if _is_list(p) and p not in mine}


def _is_list(path: str) -> bool:
    return PurePosixPath(path).name in ("dictionary.toml", "groups.toml")


def _common(root: Path) -> Iterator[Path]:
    """Yield what lies directly in a folder of processes, and its shared folder."""
    if not root.is_dir():
        return
    yield from (p for p in sorted(root.iterdir()) if p.suffix in (".toml", ".dmn") and not p.name.startswith("."))
    if (root / SHARED).is_dir():
        yield from _walk(root / SHARED)


def _siblings(path: Path, *, with_diagrams: bool) -> Iterator[Path]:
    endings = (".form", ".dmn", ".bpmn") if with_diagrams else (".form", ".dmn")
    found = (p for folder in (path.parent, path.parent / "forms") if folder.is_dir() for p in folder.iterdir())
    yield from sorted(p for p in found if p.suffix.lower() in endings and p != path)[:MAX_SIBLINGS]


def _walk(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, subfolders, names in os.walk(path, followlinks=False):
        subfolders[:] = sorted(s for s in subfolders if not s.startswith(".") and s != "node_modules")
        for name in sorted(names):
            if name.lower().endswith(ENDINGS) and not name.startswith("."):
                yield Path(folder, name)


def _read(
    paths: Iterator[Path], base: Path, files: dict[str, bytes], findings: list[Finding], *, only: Path | None = None
) -> None:
    """Read files; each that cannot be read is a finding. `only` is read whatever its ending and content."""
    total = sum(map(len, files.values()))
    for path in paths:
        name = path.relative_to(base).as_posix()
        data = _bytes(path, name, findings)
        if data is None:
            continue
        total += len(data)
        if len(files) >= MAX_FILES or total > MAX_TOTAL_BYTES:
            message = f"There are more than {MAX_FILES} files or 100 MB; the rest was not checked. Check it in parts."
            findings.append(error(name, "", "too-many-files", message))
            return
        if path.suffix.lower() != ".xml" or path == only or b"/spec/BPMN/" in data[:4000]:
            files[name] = data


def _bytes(path: Path, name: str, findings: list[Finding]) -> bytes | None:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return None  # a pipe or a device would never end
        if status.st_size <= MAX_FILE_BYTES:
            return path.read_bytes()
        message = f"The file is larger than {MAX_FILE_BYTES // 1_000_000} MB and was not read. Split it."
        findings.append(error(name, "", "file-too-large", message))
    except OSError as problem:
        message = f"The file cannot be read ({problem.strerror}). Check its permissions."
        findings.append(error(name, "", "file-not-readable", message))
    return None
