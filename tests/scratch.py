"""Folders that a run of tests makes once and shares: removed when the process that made them ends."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path


def scratch(what: str) -> Path:
    """Return a new folder that goes with this process; a process that is forked from it leaves it alone."""
    folder = Path(tempfile.mkdtemp(prefix=f"redress-{what}-"))
    atexit.register(_remove, folder, os.getpid())
    return folder


def _remove(folder: Path, maker: int) -> None:
    if os.getpid() == maker:
        shutil.rmtree(folder, ignore_errors=True)
