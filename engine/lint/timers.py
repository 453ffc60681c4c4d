"""Timers: one date, duration or cycle each, readable, and where such a timer may stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from engine.diagram import Diagram, Element, Timer
from engine.lint.finding import Finding, Findings, error, warning
from engine.lint.project import Project

# As in FEEL: either years and months, or days and time; and weeks alone. A mixture has no length of its own.
DURATION = re.compile(
    r"P(?=.)(?:\d+W|(?=[\dYM]+\Z)(?:\d+Y)?(?:\d+M)?|(?:\d+D)?(?:T(?=.)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?)",
    re.ASCII,
)
_ZERO = re.compile(r"P(?:0+[YMWD])*(?:T(?:0+(?:\.0+)?[HMS])*)?", re.ASCII)
_CYCLE = re.compile(r"R(\d*)/(?:([^/P]+)/)?(P[^/]*)", re.ASCII)
_EXAMPLES = {
    "timeDate": "a date and time such as 2026-11-22T09:30:00Z",
    "timeDuration": "a duration such as P7D or PT30M",
    "timeCycle": "a repetition such as R3/P1D",
}
MAX_DIGITS = 9


def timers(diagram: Diagram, project: Project) -> Findings:
    """Find timers without a time, with two, unreadable, or of a kind that their event cannot have."""
    for element in diagram.elements:
        for event in element.events:
            if event.kind != "timer":
                continue
            written = [t for t in event.timers if t.text]
            if len(written) != 1:
                said = "several times" if written else "no time"
                message = f"The timer has {said}. Give it one date, duration or cycle."
                yield error(diagram.file, element.id, "timer-not-valid", message)
                continue
            yield from _once(diagram, element, written[0])
            yield from _literal(diagram, element, written[0])


def _once(diagram: Diagram, element: Element, timer: Timer) -> Iterator[Finding]:
    """Say what a timer does where one might expect it to do more. Source: BPMN 2.0, table 10.101."""
    owner = diagram.element_by_id.get(element.scope)
    starts_handler = owner is not None and owner.is_event_sub_process and element.kind == "startEvent"
    interrupting = "isInterrupting" if starts_handler else "cancelActivity"
    is_either = element.kind == "boundaryEvent" or starts_handler
    happens_once = element.kind == "intermediateCatchEvent" or (
        is_either and element.attributes.get(interrupting) != "false"
    )
    if timer.kind == "timeCycle" and happens_once:
        message = (
            "The event happens once: the first time of its cycle counts, and the others never come. Write a duration."
        )
        yield warning(diagram.file, element.id, "timer-happens-once", message)
    elif timer.kind == "timeDuration" and element.kind == "startEvent" and not starts_handler:
        message = "The process starts once, this long after it was put in force. Write a date or a cycle to say when."
        yield warning(diagram.file, element.id, "timer-happens-once", message)


def _literal(diagram: Diagram, element: Element, timer: Timer) -> Iterator[Finding]:
    text = timer.text
    if text.startswith("="):
        return  # an expression, checked with the others
    if not is_literal(timer.kind, text):
        message = (
            f"“{text[:60]}” cannot be read here. Write {_EXAMPLES[timer.kind]}, or an expression that begins with “=”."
        )
        yield error(diagram.file, element.id, "timer-not-valid", message)
    elif timer.kind == "timeCycle" and _ZERO.fullmatch(text.rpartition("/")[2]):
        message = "The timer repeats without a pause, so it would never stop. Give it a duration above zero."
        yield error(diagram.file, element.id, "timer-not-valid", message)


def is_literal(kind: str, text: str) -> bool:
    """Tell whether a timer's text is a date, duration or cycle of ISO 8601."""
    if any(len(digits) > MAX_DIGITS for digits in re.findall(r"\d+", text)):
        return False
    if kind == "timeDuration":
        return DURATION.fullmatch(text) is not None
    if kind == "timeDate":
        return is_instant(text)
    match = _CYCLE.fullmatch(text)
    if match is None or match[1] == "0" or (match[2] is not None and not is_instant(match[2])):
        return False
    return DURATION.fullmatch(match[3]) is not None


def is_instant(text: str) -> bool:
    """Tell whether a text is a date and time with its offset, so that it means one instant."""
    try:
        return "T" in text and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
