"""Runs any BPMN file that the check accepts, outside the case world, by a script: `run(xml, case)`.

The case says what people, jobs, messages and time do; the result says what the diagram did. A file of our dialect and a
plain BPMN file are both taken (`engine.plain_bpmn` says how the latter is read). Nothing is stored: each instance is
nevertheless written down and read back at every turn, as the product does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.lint import Finding, Known
from engine.lint.check import check_files
from engine.lint.finding import RESOURCE_RULES, is_error
from engine.runner.files import needed, read_files
from engine.runner.play import Play
from engine.runner.result import Result, result_of
from engine.runner.script import CaseInvalid, NotDone, read, read_case
from engine.spiff import DiagramError

# Whether a person or a job worker is told of a user task matters to a deployment, not to a run by a script.
_SET_ASIDE = RESOURCE_RULES | {"user-task-not-native"}


def run(
    xml: bytes | str | Mapping[str, bytes | str],
    case: Mapping[str, Any] | None = None,
    *,
    beside: Mapping[str, bytes] | None = None,
) -> Result:
    """Play a case on a BPMN file (or several: path -> bytes); `beside` are DMN tables and called processes, by path.

    The case is a mapping as its TOML reads::

        process = "order"                    # which process to start; not needed where there is one
        at = 2026-01-05T09:00:00Z            # when it begins
        variables = { amount = 5 }
        [jobs.charge]                        # what a job of a type (or an element id) does at each visit ...
        returns = { paid = true }            # ... or error = { code = "NO_MONEY" }, fails = "why", or waits = true
        [[step]]
        complete = "approve"                 # a user task, with what was submitted
        with = { approved = true }
        [[step]]
        message = "reply"                    # key = "..." where it has one, with = {...}; also signal = "name"
        [[step]]
        wait = "P7D"                         # or wait_until = 2026-02-01T00:00:00Z
        [[step]]
        job = "charge"                       # ends a job that waits: returns = {...} or error = {...}
        [[step]]
        start = "order"                      # one more instance, with = {...}
        [[step]]
        retry = true                         # after an incident

    A list of tables under `jobs` is taken one after the other; the last one stays. `docs/running-a-diagram.md` tells
    the rest. Raises: CaseInvalid when the case says what no case can; a refused file is a result.
    """
    given = {"diagram.bpmn": xml} if isinstance(xml, bytes | str) else xml
    files = {path: data.encode() if isinstance(data, str) else data for path, data in given.items()}
    script = read({} if case is None else case)
    found = needed(files, beside or {})
    findings = check_files({**found, **files}, frozenset(files), known=Known())
    refused = tuple(f for f in findings if is_error(f) and f.rule not in _SET_ASIDE)
    if refused:
        return Result("refused", findings=refused)
    try:
        bundle = read_files(files, found, script.process)
    except DiagramError as error:
        told = tuple(Finding(item.file, item.element_id, item.rule, "error", item.message) for item in error.findings)
        return Result("refused", findings=told)
    play = Play(bundle, script)
    number = 0
    try:
        play.begin()
        for step in script.steps:
            number += 1
            play.act(step)
    except NotDone as why:
        return replace(result_of(play), stopped={"step": number, "message": str(why)})
    return result_of(play)


__all__ = ["CaseInvalid", "Result", "read_case", "run"]
