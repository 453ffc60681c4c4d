"""Reads what a case says, and refuses what no case can say, before anything is played."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any

from engine.due import work_out_due
from engine.errors import RedressError
from engine.feel import Months, compile_expression
from engine.values import as_written, dumps

BEGIN = datetime(2026, 1, 5, 9, tzinfo=UTC)
"""When a case begins that does not say so: a Monday."""
BUDGET, LARGEST_BUDGET = 2_000, 100_000

_CASE = ("process", "at", "variables", "jobs", "step", "budget", "title", "note")
_ANSWER = ("returns", "error", "fails", "waits")
_CALENDAR = {"@date": "date", "@time": "time", "@datetime": "date and time", "@duration": "duration"}

_SCALARS = (str, bool, int, Decimal, date, time, timedelta, Months)

_WHICH = ("instance", "nth")
_MAY_SAY: dict[str, tuple[str, ...]] = {
    "complete": ("with", *_WHICH),
    "message": ("key", "with", "instance"),
    "signal": ("with",),
    "wait": (),
    "wait_until": (),
    "job": ("returns", "error", *_WHICH),
    "start": ("with",),
    "retry": ("instance",),
}
"""What happens in a step, and what else such a step may say."""


class CaseInvalid(RedressError):
    """The case cannot be played: it names what is not there, or says what no case can say."""


class NotDone(RedressError):
    """A step of the case cannot be done where the diagram stands."""


@dataclass(frozen=True, slots=True)
class Error:
    """A BPMN error that a job ends in."""

    code: str
    message: str
    variables: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a job does: it returns variables, raises a BPMN error, fails for a technical reason, or waits.

    `carries` is what the message that it throws brings to others, besides the job's inputs.
    """

    returns: Mapping[str, Any]
    error: Error | None = None
    fails: str = ""
    waits: bool = False
    carries: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens. `what` is its subject: a name, an instant, or nothing for a retry.

    `instance` and `nth` (both from 1) say which, where there are several.
    """

    verb: str
    what: Any
    values: Mapping[str, Any]
    key: str | None = None
    answer: Answer | None = None
    instance: int | None = None
    nth: int = 1


@dataclass(frozen=True, slots=True)
class Script:
    """A whole case."""

    process: str | None
    at: datetime
    variables: Mapping[str, Any]
    jobs: Mapping[str, tuple[Answer, ...]]
    steps: tuple[Step, ...]
    budget: int


def read_case(text: str) -> dict[str, Any]:
    """Read a case from TOML. Raises: CaseInvalid with the line."""
    try:
        return tomllib.loads(text)
    except ValueError as fault:  # not TOML, or a number of too many digits
        raise CaseInvalid(f"The case is not TOML: {fault}.") from fault
    except RecursionError:
        raise CaseInvalid("The case is nested too deep.") from None


def read(case: Mapping[str, Any]) -> Script:
    """Return what a case says. Raises: CaseInvalid."""
    try:
        return _read(case)
    except RecursionError:
        raise CaseInvalid("The case is nested too deep.") from None


def _read(case: Mapping[str, Any]) -> Script:
    if not isinstance(case, Mapping):
        raise CaseInvalid(f"A case is a table of names and values, not {case!r}.")
    _refuse_unknown(case, _CASE, "A case")
    process, steps, jobs = case.get("process"), case.get("step", ()), case.get("jobs", {})
    if process is not None and not isinstance(process, str):
        raise CaseInvalid("process is the id of the process to start: a text.")
    if not isinstance(steps, Sequence) or isinstance(steps, str | bytes):
        raise CaseInvalid("step is a list of tables: write [[step]] above each.")
    if not isinstance(jobs, Mapping):
        raise CaseInvalid("jobs are tables: write [jobs.TYPE] above each.")
    budget = _whole(case.get("budget", BUDGET), "budget")
    if budget > LARGEST_BUDGET:
        raise CaseInvalid(f"budget is {budget:,}; the largest is {LARGEST_BUDGET:,}.")
    return Script(
        process=process,
        at=_instant(case.get("at", BEGIN), "at"),
        variables=_table(case.get("variables", {}), "variables"),
        jobs={str(name): _read_job(f"jobs.{name}", said) for name, said in jobs.items()},
        steps=tuple(_read_step(f"step {number}", said) for number, said in enumerate(steps, start=1)),
        budget=budget,
    )


def _read_job(where: str, said: object) -> tuple[Answer, ...]:
    visits = said if isinstance(said, list | tuple) else [said]
    if not visits:
        raise CaseInvalid(f"{where} is an empty list. Say what at least one visit does.")
    return tuple(_read_answer(_mapping(visit, where), where, (*_ANSWER, "carries", "note")) for visit in visits)


def _read_step(where: str, said: object) -> Step:
    step = _mapping(said, where)
    verbs = [verb for verb in _MAY_SAY if verb in step]
    if len(verbs) != 1:
        said_so = ", ".join(step) or "nothing"
        raise CaseInvalid(f"{where} says {said_so}: a step says one thing that happens, of {', '.join(_MAY_SAY)}.")
    verb = verbs[0]
    _refuse_unknown(step, (verb, *_MAY_SAY[verb], "note"), f"{where} ({verb})")
    what = step[verb]
    if verb == "wait_until":
        what = _instant(what, where)
    elif verb == "wait":
        what = _duration(what, where)
    elif verb == "retry":
        if what is not True:
            raise CaseInvalid(f"{where}: write retry = true, not {what!r}.")
    elif not isinstance(what, str) or not what:
        raise CaseInvalid(f"{where}: {verb} takes a name, not {what!r}.")
    answer = _read_answer({k: step[k] for k in ("returns", "error") if k in step}, where) if verb == "job" else None
    return Step(
        verb=verb,
        what=what,
        values=_table(step.get("with", {}), f"with of {where}"),
        key=_key(step["key"], where) if "key" in step else None,
        answer=answer,
        instance=_whole(step["instance"], f"instance of {where}") if "instance" in step else None,
        nth=_whole(step.get("nth", 1), f"nth of {where}"),
    )


def _read_answer(said: Mapping[str, Any], where: str, known: Sequence[str] = _ANSWER) -> Answer:
    _refuse_unknown(said, known, where)
    kinds = [name for name in _ANSWER if name in said]
    if len(kinds) > 1:
        raise CaseInvalid(f"{where} says {' and '.join(kinds)}: a job does one of {', '.join(_ANSWER)}.")
    fails, waits = said.get("fails", ""), said.get("waits", False)
    if "fails" in said and (not isinstance(fails, str) or not fails):
        raise CaseInvalid(f"fails of {where} is the technical reason: a text, not {fails!r}.")
    if not isinstance(waits, bool):
        raise CaseInvalid(f"waits of {where} is true or false, not {waits!r}.")
    error = _read_error(said["error"], f"error of {where}") if "error" in said else None
    carries = _table(said.get("carries", {}), f"carries of {where}")
    return Answer(_table(said.get("returns", {}), f"returns of {where}"), error, fails, waits, carries)


def _read_error(said: object, where: str) -> Error:
    if isinstance(said, str):
        said = {"code": said}
    error = _mapping(said, where)
    _refuse_unknown(error, ("code", "message", "variables"), where)
    code = error.get("code")
    if not isinstance(code, str | int) or isinstance(code, bool) or code == "":
        raise CaseInvalid(f"The {where} has no code. Write the error code of the diagram.")
    return Error(
        str(code), str(error.get("message", "")), _table(error.get("variables", {}), f"variables of the {where}")
    )


def _refuse_unknown(said: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    unknown = [str(name) for name in said if name not in known]
    if unknown:
        raise CaseInvalid(f"{where} cannot say {', '.join(sorted(unknown))}. It may say {', '.join(known)}.")


def _mapping(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise CaseInvalid(f"{where} is a table of names and values, not {value!r}.")
    return {str(name): item for name, item in value.items()}


def _table(value: object, where: str) -> dict[str, Any]:
    return {name: _value(item, where) for name, item in _mapping(value, where).items()}


def _value(value: object, where: str) -> Any:
    """Return a value of a case as expressions know it."""
    if isinstance(value, float):
        if not isfinite(value):
            raise CaseInvalid(f"{where}: {value!r} is no number.")
        return Decimal(str(value))
    if isinstance(value, Mapping):
        tags = [name for name in value if name in _CALENDAR or name == "@feel"]
        if tags and len(value) == 1:
            return _tagged(tags[0], value[tags[0]], where)
        return {str(name): _value(item, where) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_value(item, where) for item in value]
    if value is None or isinstance(value, _SCALARS):
        return as_written(value)
    raise CaseInvalid(f"{where}: {value!r} is no value that a case can hold.")


def _tagged(tag: str, text: object, where: str) -> Any:
    """Return the value of ``{ "@date" = "2026-11-22" }`` or ``{ "@feel" = "an expression" }``."""
    try:
        if tag == "@feel":
            value = compile_expression(str(text).removeprefix("=")).evaluate({}, now=BEGIN)
            dumps(value)
            return value
        value = compile_expression(f"{_CALENDAR[tag]}(text)").evaluate({"text": text}, now=BEGIN)
    except (RedressError, ValueError) as fault:
        raise CaseInvalid(f"{where}: {tag} {text!r} is no value: {fault}") from fault
    if value is None:
        raise CaseInvalid(f"{where}: {text!r} is no {_CALENDAR[tag]} of FEEL.")
    return value


def _key(value: object, where: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise CaseInvalid(f"key of {where} is a text or a whole number, not {value!r}.")
    return str(value)


def _whole(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise CaseInvalid(f"{where} is a whole number from 1, not {value!r}.")
    return value


def _duration(value: object, where: str) -> str:
    try:
        work_out_due("duration", str(value), {}, now=BEGIN, calendar=None)
    except (RedressError, OverflowError, ValueError) as fault:
        raise CaseInvalid(f"{where} waits for {value!r}, which is no duration such as P7D or PT30M.") from fault
    return str(value)


def _instant(value: object, where: str) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as fault:
            raise CaseInvalid(f"{where}: {value!r} is no date and time such as 2026-01-05T09:00:00Z.") from fault
    if isinstance(value, datetime):
        try:
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
        except OverflowError as fault:
            raise CaseInvalid(f"{where}: {value.isoformat()} lies outside the years 1 to 9999.") from fault
    if isinstance(value, date):
        return datetime.combine(value, time(0), tzinfo=UTC)
    raise CaseInvalid(f"{where}: {value!r} is no date and time.")
