"""What a diagram may refer to: the handlers and their inputs, and the letters. Lent to the deployment check."""

from __future__ import annotations

from pathlib import Path

from engine.lint.finding import JobInputs, Known
from handlers import HANDLERS
from letters.catalogue import letter_files, load_letters


def known_to_diagrams(root: Path) -> Known:
    """Return the job types, their inputs and the letters of this installation; `root` is its folder of processes."""
    return Known(
        job_types=frozenset(HANDLERS),
        letters=load_letters(letter_files()),
        root=root,
        job_inputs={name: JobInputs.of(handler) for name, handler in HANDLERS.items()},
    )
