"""Places where a test may kill the process, to prove that nothing is lost and nothing is sent twice.

REDRESS_FAILPOINT names one: ``commit_after`` ends the process there at once, as if the power had failed;
``commit_after:3`` when it is reached for the third time; ``commit_after:1:stop`` stops the process instead (SIGSTOP),
so that it sleeps through its lease until somebody lets it go on. docs/faults.md tells what is promised at each.
"""

from __future__ import annotations

import os
import re
import signal
from collections import Counter

POINTS = (
    "step_after_act",
    "letter_rendered",
    "step_before_commit",
    "commit_before",
    "commit_after",
    "delivery_claimed",
    "payment_marked",
    "file_written",
    "file_linked",
    "delivery_done",
    "delivery_before_commit",
    "delivery_failed",
)
_SPELLING = re.compile(r"(\w+)(?::(\d+))?(?::(stop))?")

reached: Counter[str] = Counter()
"""How often each point was reached, in the order of the first time; counted only while one is asked for."""

_asked: tuple[str, int, bool] | None = None


def is_failpoint(text: str) -> bool:
    """Tell whether a text names a point, with how often it must be reached and what is done there."""
    spelt = _SPELLING.fullmatch(text)
    return spelt is not None and spelt[1] in POINTS


def ask_for(text: str | None) -> None:
    """Ask for the end of the process at a point; ``POINT:0`` is never met, and only counts. None asks for nothing."""
    global _asked
    reached.clear()
    spelt = _SPELLING.fullmatch(text or "")
    _asked = (spelt[1], int(spelt[2] or 1), spelt[3] is not None) if spelt else None


def failpoint(name: str) -> None:
    """End or stop the process here, if that was asked for."""
    if _asked is None:
        return
    reached[name] += 1
    if (name, reached[name]) == _asked[:2]:
        if not _asked[2]:
            os._exit(137)
        os.kill(os.getpid(), signal.SIGSTOP)


ask_for(os.environ.get("REDRESS_FAILPOINT"))
