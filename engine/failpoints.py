"""Places where a test may kill the process, to prove that nothing is lost and nothing is sent twice.

REDRESS_FAILPOINT names one point; when it is reached the process ends at once, as if the power had failed.
"""

from __future__ import annotations

import os

POINTS = (
    "step_after_act",
    "step_before_commit",
    "letter_rendered",
    "payment_spooled",
    "delivery_claimed",
    "delivery_done",
    "delivery_before_commit",
)


def failpoint(name: str) -> None:
    """End the process here, if the environment asks for it."""
    if os.environ.get("REDRESS_FAILPOINT") == name:
        os._exit(137)
