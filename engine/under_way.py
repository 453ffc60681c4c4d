"""Marks of background steps that are under way, so that one which ends its process each time is found out.

A mark is a file named by its instance, locked by who works on it, with one byte for each begin. Whoever comes to an end
takes it away; a process that was killed, or ran out of memory, leaves it behind unlocked. It is no part of the step: it
costs no commit, and where it cannot be written the work goes on without it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def marked(folder: Path, instance_id: int) -> Iterator[int]:
    """Mark an instance as worked on; yield how many processes in a row ended over it (0 where nobody can tell)."""
    path = folder / str(instance_id)
    held = None
    try:
        held, ended = _begin(path)
    except OSError:  # somebody else works on it just now, or this disk is full or not ours to write on
        ended = 0
    try:
        yield ended
    finally:
        if held is not None:
            with suppress(OSError):
                path.unlink()
            os.close(held)


def _begin(path: Path) -> tuple[int, int]:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    mark = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        ended = os.fstat(mark).st_size
        os.write(mark, b".")
    except OSError:
        os.close(mark)
        raise
    return mark, ended
