"""Events that start a process of the file: a message, a signal, a timer that comes due as often as its cycle says."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import RedressError
from engine.runner.host import Host
from engine.runner.script import NotDone
from engine.spiff import Due, Start


@dataclass(slots=True)
class Armed:
    """An event that starts a process; a timer's `due` says when, and how often."""

    process_id: str
    start: Start
    due: Due | None = None


def arm(process_id: str, start: Start, host: Host) -> Armed:
    """Return a start that waits for its event. Raises: NotDone when its timer cannot be worked out."""
    if start.kind != "timer":
        return Armed(process_id, start)
    try:
        return Armed(process_id, start, host.due(start.how, start.text, {}))
    except RedressError as fault:
        raise NotDone(f"the timer of {start.element_id} cannot be worked out: {fault}") from fault
