"""What a random process can be asked to hold: one wish for each kind of element in each position."""

from __future__ import annotations

LEAVES = ("user", "later", "log", "risky", "plain", "manual", "send", "script", "rule", "receive")
ACTIVITIES = (*LEAVES, "subprocess", "call")
OUTSIDE = ("message", "signal", "timer duration", "timer date", "timer cycle")
INSIDE = ("error", "escalation")
CODES = {"error": ("E1", "E2"), "escalation": ("X1", "X2")}
SIGNALS = ("sig", "sig", "other")
TALK = ("Hi", "Ho")
"""The messages that instances send each other."""
LOOPS = ("parallel", "sequential", "until", "number", "numbers", "most", "while", "before")
STARTS = ("none", "message", "signal", "timer date", "timer duration", "timer cycle")
ENDS = ("none", "message", "signal", "error", "escalation", "terminate")
THROWS = ("none", "message", "signal", "escalation")

Wish = tuple[str, ...]


def wishes() -> list[Wish]:
    """Return everything that can be wished for, one for each kind and position."""
    found: list[Wish] = [("start", kind) for kind in STARTS]
    found += [("end", kind) for kind in ENDS]
    found += [("throw", kind) for kind in THROWS]
    found += [("catch", kind) for kind in OUTSIDE]
    found += [("events", kind) for kind in (*OUTSIDE, "receive")]
    stays = (*OUTSIDE, "escalation")
    for place in ("attached", "handled"):
        found += [(place, kind, "interrupting") for kind in (*OUTSIDE, *INSIDE)]
        found += [(place, kind, "staying") for kind in stays]
    found += [("many", kind, loop) for kind in ACTIVITIES for loop in LOOPS]
    found += [("leaf", kind) for kind in ACTIVITIES]
    found += [("every", kind) for kind in (*ACTIVITIES, "catch", "throw", "start")]
    found += [("choice", kind) for kind in ACTIVITIES]
    found += [("each", kind) for kind in ACTIVITIES]
    return found + [(kind,) for kind in ("xor", "par", "inc", "loop", "link", "links", "call", "starts")]


WISHES = wishes()
