"""When a timer of a diagram is due, worked out once, as it is armed, with the rule that says so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from engine.calendar import Calendar
from engine.clock import LONDON
from engine.feel import compile_expression
from engine.feel.values import Months
from engine.spiff.host import Due, EvaluationFailed, TimerKind

_WEEKS = re.compile(r"P(\d{1,9})W", re.ASCII)


def work_out_due(
    kind: TimerKind, text: str, names: Mapping[str, object], *, now: datetime, calendar: Calendar | None
) -> Due:
    """Return when a timer armed now is due. `text` is as drawn, with ``=`` if it is FEEL.

    Raises: EvaluationFailed when the text gives no instant.
    """
    value, rule = _value(text, names, now, calendar)
    if kind == "cycle":
        return _cycle(str(value), rule, now)
    if kind == "duration":
        return Due(at=_after(value, text, now), rule=rule)
    at = _instant(_read_instant(value) if isinstance(value, str) else value)
    if at is None:
        raise EvaluationFailed(f"The timer {text} gives {value!r}, not a date or a date and time.")
    return Due(at=at, rule=rule)


def next_round(due: Due) -> Due | None:
    """Return when a cycle is due again; None after its last round, and for what is no cycle.

    Raises: EvaluationFailed when the cycle does not go forward.
    """
    if due.every is None or (due.repeats is not None and due.repeats <= 1):
        return None
    add = compile_expression("last + duration(pause)")
    following = add.evaluate({"last": due.at, "pause": due.every}, now=due.at)
    if not isinstance(following, datetime) or following <= due.at:
        raise EvaluationFailed(f"The timer cycle {due.rule} does not go forward.")
    return replace(due, at=following.astimezone(UTC), repeats=None if due.repeats is None else due.repeats - 1)


def _value(text: str, names: Mapping[str, object], now: datetime, calendar: Calendar | None) -> tuple[object, str]:
    if not text.startswith("="):
        return text, f"{text} after the wait began" if text.startswith("P") else text
    evaluated = compile_expression(text[1:]).explain(names, now=now, calendar=calendar)
    if evaluated.value is None:
        why = "; ".join(str(note) for note in evaluated.notes)
        raise EvaluationFailed(f"The timer {text} gives no date: {why}.")
    return evaluated.value, "; ".join(use.rule for use in evaluated.calendar_uses) or text[1:].strip()


def _after(value: object, text: str, now: datetime) -> datetime:
    if isinstance(value, str):
        quoted = _in_days(value.replace('"', ""))
        value = compile_expression(f'duration("{quoted}")').evaluate({}, now=now)
    if isinstance(value, timedelta):
        return now + value
    if isinstance(value, Months):
        added = compile_expression("start + wait").evaluate({"start": now, "wait": value}, now=now)
        if isinstance(added, datetime):
            return added
    raise EvaluationFailed(f"The timer {text} gives no duration.")


def _cycle(text: str, rule: str, now: datetime) -> Due:
    head, *begins, every = text.split("/") if "/" in text else (text, "")
    first = _instant(_read_instant(begins[0])) if begins else None
    is_cycle = (head.startswith("R") and head[1:].isdecimal()) or head == "R"
    if not is_cycle or not every or len(begins) > 1 or (begins and first is None):
        raise EvaluationFailed(f"The timer cycle {text!r} is not like R3/P1D or R3/2026-11-22T09:30:00Z/P1D.")
    repeats = int(head[1:]) if head[1:] else None
    after = _after(every, text, now)
    return Due(at=after if first is None else first, rule=rule, repeats=repeats, every=_in_days(every))


def _in_days(duration: str) -> str:
    """Return a duration of weeks in days, as FEEL knows no weeks; any other as it is."""
    weeks = _WEEKS.fullmatch(duration)
    return f"P{int(weeks[1]) * 7}D" if weeks else duration


def _read_instant(text: str) -> object:
    try:
        return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    except ValueError:
        return text


def _instant(value: object) -> datetime | None:
    """Return an instant; a day alone means the end of that day in London."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=LONDON)).astimezone(UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(23, 59, 59), tzinfo=LONDON).astimezone(UTC)
    return None
