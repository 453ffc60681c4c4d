"""A process folder read into an immutable bundle: everything that a version needs to run, addressed by its sha256.

A bundle holds every file of the folder, the shared called processes, the tables and lists at the root of `processes/`
and what the caller adds (the letter templates). Whether the content is right is `engine.lint`'s to say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from engine.dictionary import read_sheet
from engine.errors import RedressError

SHARED = "shared"
SHEET = "process.toml"
MAX_FILES = 1_000
MAX_BYTES = 50_000_000


class BundleInvalid(RedressError):
    """The folder is not a process folder."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """One version of a process. Paths of `files` are as in the repository: ``processes/review/review.bpmn``."""

    key: str
    files: Mapping[str, bytes]
    sha256: str
    process_id: str
    title: str

    @property
    def folder(self) -> str:
        """Return the path of the process's own folder."""
        return next(str(PurePosixPath(path).parent) for path in self.files if _is_own_sheet(path))


def read_bundle(folder: Path, *, processes_root: Path, extra: Mapping[str, bytes]) -> Bundle:
    """Read a process folder, what it shares with the others, and the caller's extra files.

    Raises: BundleInvalid when process.toml is missing or does not name the main process, or there is too much to read.
    """
    sheet_path = folder / SHEET
    if not sheet_path.is_file():
        raise BundleInvalid(f"{folder.name} has no process.toml. Add one that says key, title and process.")
    sheet = read_sheet(sheet_path.read_bytes())
    if not sheet.key or not sheet.process:
        raise BundleInvalid("\n".join(f"{folder.name}/process.toml: {fault.message}" for fault in sheet.faults))
    files = dict(extra)
    paths = [*_below(folder), *_below(processes_root / SHARED), *_beside(processes_root)]
    for path in sorted(set(paths)):
        files[f"{processes_root.name}/{path.relative_to(processes_root).as_posix()}"] = path.read_bytes()
    if len(files) > MAX_FILES or sum(map(len, files.values())) > MAX_BYTES:
        raise BundleInvalid(f"{folder.name} holds too much to deploy: at most {MAX_FILES} files and 50 MB.")
    return Bundle(
        key=sheet.key,
        files=MappingProxyType(dict(sorted(files.items()))),
        sha256=fingerprint(files),
        process_id=sheet.process,
        title=sheet.title or sheet.key,
    )


def fingerprint(files: Mapping[str, bytes]) -> str:
    """Return the sha256 of paths and contents, in hexadecimal; the order of the files does not count."""
    digest = hashlib.sha256()
    for path in sorted(files):
        for part in (path.encode(), files[path]):
            # The length in front keeps "ab" + "c" apart from "a" + "bc".
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()


def _below(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and _belongs(path.relative_to(folder)))


def _beside(root: Path) -> Iterator[Path]:
    return (p for p in root.iterdir() if p.suffix in (".toml", ".dmn") and p.is_file() and _belongs(Path(p.name)))


def _belongs(path: Path) -> bool:
    """Tell whether a file is part of a folder: not hidden, not an editor's backup."""
    return not any(part.startswith((".", "~")) or part.endswith(("~", ".bak")) for part in path.parts)


def _is_own_sheet(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return parts[-1] == SHEET and len(parts) > 1 and parts[-2] != SHARED
