"""The spool: folders from which a print room, a mail gateway or a payment system takes files.

A file appears whole or not at all, and once: it is written apart, flushed to disk, then linked under the name that its
key gives; a link that exists already means that an earlier try got this far.
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from engine.failpoints import failpoint


def put_once(folder: Path, name: str, content: bytes) -> Path:
    """Put a file into a folder under a name, once; a second try with the same name changes nothing.

    Raises: OSError when the disk refuses; nothing half-written is left then.
    """
    target = folder / safe_name(name)
    apart = folder.parent / ".leaving"
    for place in (folder, apart):
        place.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        _link(apart, target, content)
    for left in apart.glob(f"{target.name}.*"):  # by a try that was killed
        left.unlink(missing_ok=True)
    _flush_folder(folder)
    return target


def safe_name(name: str) -> str:
    """Return a name that stays in its folder."""
    return re.sub(r"[^\w.-]", "_", name)


def _link(apart: Path, target: Path, content: bytes) -> None:
    # The name is this try's alone: whoever wrote into a file that another has linked would change what has left.
    beside = apart / f"{target.name}.{secrets.token_hex(8)}"
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        failpoint("file_written")
        os.link(beside, target)
        failpoint("file_linked")
    except (FileExistsError, FileNotFoundError):
        if not target.exists():  # somebody else who put the same file has cleared this one away
            raise
    finally:
        beside.unlink(missing_ok=True)


def _flush_folder(folder: Path) -> None:
    """Make the new name survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
