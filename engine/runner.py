"""Runs any BPMN file that the check accepts, outside the case world, by a script: `run(xml, case)`.

The case says what people, jobs, messages and time do; the result says what the diagram did. A file of our dialect and a
plain BPMN file are both taken (`engine.plain_bpmn` says how the latter is read). Nothing is stored: each instance is
nevertheless written down and read back at every turn, as the product does.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache, partial
from math import isfinite
from typing import Any, Literal

from lxml import etree

from engine import plain_bpmn
from engine.calendar import Calendar, seed_holidays
from engine.decisions import Decision, load_decisions
from engine.due import work_out_due
from engine.errors import RedressError
from engine.feel import compile_expression
from engine.lint import Finding, Known
from engine.lint.check import check_files
from engine.lint.finding import RESOURCE_RULES, is_error
from engine.markup import BPMN, MarkupRefused, Node, local, parse_xml
from engine.spiff import (
    BpmnError,
    Deferred,
    DiagramError,
    Due,
    EvaluationFailed,
    Happening,
    Job,
    OpenWait,
    Program,
    RunFailed,
    Start,
    Stored,
    TokenNotOpen,
    Workflow,
    compile_program,
)
from engine.spiff import Finding as EngineFinding
from engine.spiff.host import TimerKind
from engine.values import plain

BEGIN = datetime(2026, 1, 5, 9, tzinfo=UTC)
"""When a case begins that does not say so: a Monday."""
MAX_TURNS = 10_000
MAX_INSTANCES = 500
# Whether a person or a job worker is told of a user task matters to a deployment, not to a run by a script.
_SET_ASIDE = RESOURCE_RULES | {"user-task-not-native"}
_NO_DIAGRAMS = (".dmn", ".form", ".toml", ".md", ".json")
VERBS = ("complete", "message", "signal", "wait", "wait_until", "job", "retry")
Status = Literal["completed", "waiting", "incident", "refused"]


class CaseInvalid(RedressError):
    """The case cannot be played: it names what is not there, or says what no case can say."""


class NotDone(RedressError):
    """A step of the case cannot be done where the diagram stands."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a diagram did with a case.

    `completed` are the ids of the elements in the order in which they completed, `flows` those of the sequence flows
    taken; `data` the variables of the first instance; `tasks` the ids of the open user tasks; `waits` dicts of element,
    kind, name, key, due_at; `sent` the messages and signals thrown, as dicts of kind, name; `incident` a dict of
    element and message, `stopped` one of step and message when a step of the case could not be done: its rest was then
    not played. `instances` tells the same of each instance, the first one included. `findings` say why a file was
    refused.
    """

    status: Status
    completed: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    tasks: tuple[str, ...] = ()
    waits: tuple[Mapping[str, Any], ...] = ()
    sent: tuple[Mapping[str, Any], ...] = ()
    incident: Mapping[str, str] | None = None
    stopped: Mapping[str, Any] | None = None
    instances: tuple[Mapping[str, Any], ...] = ()
    findings: tuple[Finding, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as what JSON can hold, apart from decimals, dates and durations."""
        return {
            "status": self.status,
            "completed": list(self.completed),
            "flows": list(self.flows),
            "data": dict(self.data),
            "tasks": list(self.tasks),
            "waits": [dict(wait) for wait in self.waits],
            "sent": [dict(item) for item in self.sent],
            "incident": self.incident,
            "stopped": self.stopped,
            "instances": [dict(item) for item in self.instances],
            "findings": [finding.as_json() for finding in self.findings],
        }


def read_case(text: str) -> dict[str, Any]:
    """Read a case from TOML. Raises: CaseInvalid with the line."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise CaseInvalid(f"The case is not TOML: {fault}.") from fault


def run(
    xml: bytes | Mapping[str, bytes],
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
        retry = true                         # after an incident

    A list of tables under `jobs` is taken one after the other; the last one stays. Raises: CaseInvalid.
    """
    files = {"diagram.bpmn": xml} if isinstance(xml, bytes) else dict(xml)
    case = _read(case or {})
    found = _needed(files, beside or {})
    findings = check_files({**found, **files}, frozenset(files), known=Known())
    refused = tuple(f for f in findings if is_error(f) and f.rule not in _SET_ASIDE)
    if refused:
        return Result("refused", findings=refused)
    try:
        play = _Play(files, found, case)
    except DiagramError as error:
        return Result("refused", findings=tuple(_finding(found) for found in error.findings))
    number = 0
    try:
        play.begin(case["variables"])
        for step in case["step"]:
            number += 1
            play.act(step)
    except NotDone as why:
        return replace(play.result(), stopped={"step": number, "message": str(why)})
    return play.result()


def _read(case: Mapping[str, Any]) -> dict[str, Any]:
    """Return a case with everything that it may say. Raises: CaseInvalid before anything is played."""
    unknown = set(case) - {"process", "at", "variables", "jobs", "step", "title"}
    if unknown:
        raise CaseInvalid(f"A case cannot say {', '.join(sorted(map(str, unknown)))}.")
    process, steps, jobs = case.get("process"), case.get("step", ()), case.get("jobs", {})
    if process is not None and not isinstance(process, str):
        raise CaseInvalid("process is the id of the process to start: a text.")
    if not isinstance(steps, Sequence) or isinstance(steps, str | bytes):
        raise CaseInvalid("step is a list of tables: write [[step]] above each.")
    if not isinstance(jobs, Mapping):
        raise CaseInvalid("jobs are tables: write [jobs.TYPE] above each.")
    return {
        "process": process,
        "at": _instant(case.get("at", BEGIN)),
        "variables": _table(case.get("variables", {}), "variables"),
        "jobs": {str(name): [_read_job(str(name), item) for item in _as_list(said)] for name, said in jobs.items()},
        "step": [_read_step(number, step) for number, step in enumerate(steps, start=1)],
    }


def _read_job(name: str, said: object) -> dict[str, Any]:
    job = _table(said, f"jobs.{name}")
    if set(job) - {"returns", "error", "fails", "waits", "note"}:
        raise CaseInvalid(f"jobs.{name} says returns, error, fails or waits, not {', '.join(sorted(job))}.")
    return _read_answer(job, f"jobs.{name}")


def _read_step(number: int, said: object) -> dict[str, Any]:
    step = _table(said, f"step {number}")
    verbs = [verb for verb in VERBS if verb in step]
    if len(verbs) != 1 or set(step) - {*verbs, "with", "key", "returns", "error", "note"}:
        raise CaseInvalid(f"A step says one thing that happens, not {', '.join(sorted(step)) or 'nothing'}.")
    verb = verbs[0]
    if verb == "wait_until":
        step[verb] = _instant(step[verb])
    elif verb == "wait":
        try:
            work_out_due("duration", str(step[verb]), {}, now=BEGIN, calendar=None)
        except (RedressError, OverflowError, ValueError) as fault:
            raise CaseInvalid(f"Step {number} waits for {step[verb]!r}, which is no duration such as P7D.") from fault
    elif verb != "retry" and not isinstance(step[verb], str):
        raise CaseInvalid(f"Step {number}: {verb} takes a name, not {step[verb]!r}.")
    step["with"] = _table(step.get("with", {}), f"with of step {number}")
    return _read_answer(step, f"step {number}")


def _read_answer(said: dict[str, Any], where: str) -> dict[str, Any]:
    if "returns" in said:
        said["returns"] = _table(said["returns"], f"returns of {where}")
    if "error" in said:
        said["error"] = error = _table(said["error"], f"error of {where}")
        if "code" not in error:
            raise CaseInvalid(f"The error of {where} has no code.")
        error["variables"] = _table(error.get("variables", {}), f"variables of {where}")
    return said


def _table(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise CaseInvalid(f"{where} is a table of names and values, not {value!r}.")
    return {str(name): _value(item) for name, item in value.items()}


def _value(value: object) -> Any:
    """Return a value of a case as expressions know it."""
    if isinstance(value, float):
        if not isfinite(value):
            raise CaseInvalid(f"{value!r} is no number.")
        return Decimal(str(value))
    if isinstance(value, Mapping):
        return {str(name): _value(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_value(item) for item in value]
    return value


def _needed(files: Mapping[str, bytes], beside: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files beside that the diagrams call, directly or through others; all else in the folder is let be."""
    found: dict[str, bytes] = {}
    pending = list(files.values())
    there = {name for data in files.values() for name in _mentions(data)[0]}
    while pending:
        for called in sorted(_mentions(pending.pop())[1] - there):
            for path, data in sorted(beside.items()):
                if path not in files and called.encode() in data and called in _mentions(data)[0]:
                    there |= _mentions(data)[0]
                    found[path] = data
                    pending.append(data)
                    break
    return found


@lru_cache(maxsize=200)
def _mentions(data: bytes) -> tuple[frozenset[str], frozenset[str]]:
    """Return the ids of the processes and decisions of a file, and of those that it calls."""
    try:
        root = parse_xml(data)
    except MarkupRefused:
        return frozenset(), frozenset()
    defined, called = set(), set()
    for node in root.iter("{*}process", "{*}decision"):
        if node.get("isExecutable") != "false" or plain_bpmn.is_plain(root):
            defined.add(str(node.get("id")))
    for node in root.iter("{*}callActivity", "{*}calledElement", "{*}calledDecision"):
        for name in ("calledElement", "processId", "decisionId"):
            called.add(str(node.get(name, "")).rpartition(":")[2])
    return frozenset(defined), frozenset(called - {""})


def _finding(found: Any) -> Finding:
    return Finding(found.file, found.element_id, found.rule, "error", found.message)


class _Host:
    """Lent to the engine: the case's clock, FEEL, decisions and jobs."""

    def __init__(self, play: _Play) -> None:
        self._play = play
        self.facts: dict[str, dict[str, object]] = {}
        self.happenings: list[tuple[int, Happening]] = []

    @property
    def now(self) -> datetime:
        return self._play.now

    def evaluate(self, expression: str, names: Mapping[str, object]) -> object:
        return compile_expression(expression).evaluate(names, now=self.now, calendar=_calendar())

    def condition(self, expression: str, names: Mapping[str, object]) -> bool:
        evaluated = compile_expression(expression).explain(names, now=self.now, calendar=_calendar())
        if isinstance(evaluated.value, bool):
            return evaluated.value
        why = "; ".join(str(note) for note in evaluated.notes) or f"it is {evaluated.value!r}"
        raise EvaluationFailed(f"The condition {expression.strip()} is neither true nor false: {why}.")

    def due(self, kind: TimerKind, text: str, names: Mapping[str, object]) -> Due:
        return work_out_due(kind, text.strip(), names, now=self.now, calendar=_calendar())

    def decide(self, decision_id: str, names: Mapping[str, object]) -> object:
        decisions = self._play.decisions
        if decision_id not in decisions:
            raise EvaluationFailed(f"There is no decision {decision_id!r} beside the diagram.")
        return decisions[decision_id].evaluate(names, now=self.now, calendar=_calendar(), decisions=decisions)

    def run_job(self, job: Job) -> Mapping[str, object] | Deferred:
        return self._play.run_job(self, job)

    def happened(self, event: Happening) -> None:
        self._play.count += 1
        self.happenings.append((self._play.count, event))


@dataclass(slots=True)
class _Instance:
    process_id: str
    host: _Host
    stored: Stored | None = None
    incident: Mapping[str, str] | None = None
    is_completed: bool = False
    waits: tuple[OpenWait, ...] = ()

    @property
    def is_live(self) -> bool:
        """Whether something can still happen to it."""
        return self.stored is not None and not self.is_completed and not self.incident


@dataclass(slots=True)
class _Armed:
    """An event that starts a process; a timer's `due` says when, and how often."""

    process_id: str
    start: Start
    due: Due | None = None


@dataclass(frozen=True, slots=True)
class _Thrown:
    """A message or a signal on its way to the other instances."""

    kind: str
    name: str
    key: str | None
    sender: _Instance


class _Play:
    """One case on its way: the instances, the clock, and what the jobs do."""

    def __init__(self, files: dict[str, bytes], beside: dict[str, bytes], case: Mapping[str, Any]) -> None:
        self.now: datetime = case["at"]
        self.count = 0
        self.decisions: dict[str, Decision] = {}
        self._jobs: dict[str, list[dict[str, Any]]] = case["jobs"]
        self._steps: list[dict[str, Any]] = case["step"]
        self._visits: dict[str, int] = {}
        self._scripts: dict[str, str] = {}
        self._thrown: list[_Thrown] = []
        self._postponed: dict[str, _Thrown] = {}
        self._sent: list[dict[str, Any]] = []
        self._instances: list[_Instance] = []
        self._variables: dict[str, Any] = {}
        self._armed: list[_Armed] = []
        self.program = self._compile(files, beside, case["process"])

    def _compile(self, files: dict[str, bytes], beside: dict[str, bytes], process_id: str | None) -> Program:
        diagrams = {}
        for path, data in {**beside, **files}.items():
            if path.lower().endswith(".dmn"):
                self.decisions.update(load_decisions(data, file=path))
            if path.lower().endswith(_NO_DIAGRAMS):
                continue
            root = parse_xml(data)
            etree.strip_tags(root, etree.Comment)
            if plain_bpmn.is_plain(root):
                self._scripts.update(plain_bpmn.scripts(root))
                plain_bpmn.to_dialect(root, process_id)
            plain_bpmn.ask_people(root)
            plain_bpmn.name_thrown_messages(root)
            diagrams[f"{path}.bpmn"] = etree.tostring(root)
            if path in files and process_id is None:
                process_id = _first_process(path, root)
        return compile_program(diagrams, process_id or "")

    def begin(self, variables: dict[str, Any]) -> None:
        """Start the first instance, or arm the event that is to start it. Raises: NotDone."""
        main = self.program.process_id
        self._variables = variables
        awaited = any(self._comes(start) for start in self.program.starts.get(main, ()))
        for process_id, starts in self.program.starts.items():
            still = [start for start in starts if process_id != main or awaited or start.kind != "timer"]
            self._armed += [self._arm(process_id, start) for start in still]
        if not awaited:
            self._start(main, {})
        self._pass_time(self.now)

    def _comes(self, start: Start) -> bool:
        """Tell whether the case lets the event happen that starts the process; else it has happened already."""
        if start.kind == "timer":
            return any("wait" in step or "wait_until" in step for step in self._steps)
        return any(step.get(start.kind) == start.text for step in self._steps)

    def _arm(self, process_id: str, start: Start) -> _Armed:
        armed = _Armed(process_id, start)
        if start.kind == "timer":
            host = _Host(self)
            try:
                armed.due = host.due("cycle" if start.text.startswith("R") else "date", start.text, {})
            except RedressError as fault:
                if not start.text.startswith("="):
                    raise NotDone(f"the timer of {start.element_id} cannot be worked out: {fault}") from fault
                try:
                    armed.due = host.due("cycle", start.text, {})
                except RedressError:
                    raise NotDone(f"the timer of {start.element_id} cannot be worked out: {fault}") from fault
        return armed

    # What may happen

    def act(self, step: Mapping[str, Any]) -> None:
        """Do one step of the case. Raises: NotDone."""
        if "complete" in step:
            self._complete(step["complete"], step["with"])
        elif "message" in step:
            key = step.get("key")
            self._send_message(step["message"], None if key is None else str(key), step["with"])
        elif "signal" in step:
            self._send_signal(step["signal"], step["with"], None)
        elif "job" in step:
            self._end_job(step["job"], step)
        elif "retry" in step:
            self._retry()
        else:
            self._pass_time(step["wait_until"] if "wait_until" in step else self._later(str(step["wait"])))
        self._pass_time(self.now)

    def _complete(self, element: str, values: dict[str, Any]) -> None:
        for instance, workflow in self._live():
            for task in workflow.open_tasks():
                if element in (task.element_id, task.token):
                    self._move(instance, partial(Workflow.complete_task, token=task.token, values=values))
                    return
        raise NotDone(f"there is no open task {element}; open are {', '.join(self._open()) or 'none'}.")

    def _end_job(self, name: str, step: Mapping[str, Any]) -> None:
        for instance in self._live_instances():
            for wait in instance.waits:
                if wait.kind == "job" and name in (wait.element_id, wait.name):
                    thrown = self._postponed.pop(wait.token, None)
                    if thrown is not None and "error" not in step:
                        self._thrown.append(thrown)
                    self._move(instance, partial(_end, token=wait.token, step=step))
                    return
        raise NotDone(f"no job {name} waits for its end.")

    def _send_message(self, name: str, key: str | None, payload: dict[str, Any]) -> None:
        """Deliver a message to the first that waits for it; else it starts each process that it may start.

        Without a key it fits every key. When nobody waits for it, nothing happens.
        """
        for instance in self._live_instances():
            for wait in instance.waits:
                fits = key is None or wait.key in (key, plain_bpmn.ANY_KEY)
                if wait.kind == "message" and wait.name == name and fits:
                    self._move(instance, partial(Workflow.deliver_message, name=name, key=wait.key, payload=payload))
                    return
        self._start_by("message", name, payload)

    def _send_signal(self, name: str, payload: dict[str, Any], sender: _Instance | None) -> None:
        """Let everyone hear a signal who waits for it now; inside the instance that threw it, it was heard at once."""
        hearers = [
            instance
            for instance in self._live_instances()
            if instance is not sender and any(w.kind == "signal" and w.name == name for w in instance.waits)
        ]
        for instance in hearers:
            self._move(instance, partial(Workflow.deliver_signal, name=name, payload=payload))
        self._start_by("signal", name, payload)

    def _start_by(self, kind: str, name: str, payload: dict[str, Any]) -> None:
        for armed in self._armed:
            if (armed.start.kind, armed.start.text) == (kind, name):
                self._start(armed.process_id, payload)

    def _retry(self) -> None:
        failed = [instance for instance in self._instances if instance.incident]
        if not failed:
            raise NotDone("there is no incident to retry.")
        for instance in failed:
            instance.incident = None
            self._move(instance, lambda workflow: None)

    def _pass_time(self, until: datetime) -> None:
        """Let time pass, one due timer after the other, in every instance; what they throw arrives at once."""
        self._carry_over()
        for _ in range(MAX_TURNS):
            due = [armed.due.at for armed in self._armed if armed.due is not None]
            due += [wait.due_at for instance in self._live_instances() for wait in instance.waits if wait.due_at]
            due = [at for at in due if at <= until]
            if not due:
                self.now = max(self.now, until)
                return
            self.now = max(self.now, min(due))
            self._fire()
            self._carry_over()
        raise NotDone(f"more than {MAX_TURNS:,} timers came due.")

    def _fire(self) -> None:
        """Fire the timer that has been due the longest."""
        starts = [(armed.due.at, armed) for armed in self._armed if armed.due is not None]
        waits = [(w.due_at, i) for i in self._live_instances() for w in i.waits if w.due_at is not None]
        first_start = min(starts, key=lambda item: item[0], default=None)
        first_wait = min(waits, key=lambda item: item[0], default=None)
        if first_start is not None and (first_wait is None or first_start[0] <= first_wait[0]):
            armed = first_start[1]
            armed.due = self._next_round(armed.due)
            self._start(armed.process_id, {})
        elif first_wait is not None:
            self._move(first_wait[1], lambda found: found.fire_due_timers(most=1))

    def _next_round(self, due: Due | None) -> Due | None:
        if due is None or due.every is None or (due.repeats is not None and due.repeats <= 1):
            return None
        following = _Host(self).evaluate("last + duration(pause)", {"last": due.at, "pause": due.every})
        if not isinstance(following, datetime) or following <= due.at:
            raise NotDone(f"the cycle {due.rule} does not go forward.")
        return replace(due, at=following, repeats=None if due.repeats is None else due.repeats - 1)

    def _later(self, text: str) -> datetime:
        try:
            return work_out_due("duration", text, {}, now=self.now, calendar=None).at
        except (RedressError, OverflowError, ValueError) as fault:
            raise NotDone(f"the time cannot pass: {fault}") from fault

    # How instances move

    def _start(self, process_id: str, payload: dict[str, Any]) -> None:
        if len(self._instances) >= MAX_INSTANCES:
            raise NotDone(f"more than {MAX_INSTANCES:,} instances were started.")
        host = _Host(self)
        instance = _Instance(process_id, host)
        self._instances.append(instance)
        begins_with = self._variables if process_id == self.program.process_id else {}
        workflow = Workflow.start(self.program, {**begins_with, **payload}, host, process_id=process_id)
        self._run(instance, workflow)

    def _move(self, instance: _Instance, act: Callable[[Workflow], object]) -> None:
        workflow = self._workflow(instance)
        mark, thrown = len(instance.host.happenings), len(self._thrown)
        try:
            act(workflow)
        except TokenNotOpen as fault:
            raise NotDone("the task was withdrawn before.") from fault
        except Exception as failure:  # noqa: BLE001 - the edge: whatever a diagram provokes is an incident
            self._undo(instance, mark, thrown, failure)
            return
        self._run(instance, workflow)

    def _run(self, instance: _Instance, workflow: Workflow) -> None:
        """Run to rest; when that fails, what was done before stays and the rest is an incident."""
        mark, thrown = len(instance.host.happenings), len(self._thrown)
        try:
            instance.stored = workflow.store()
            workflow.run_to_rest()
            instance.stored = workflow.store()
        except Exception as failure:  # noqa: BLE001 - the edge: whatever a diagram provokes is an incident
            self._undo(instance, mark, thrown, failure)
            return
        instance.is_completed = workflow.is_completed
        instance.waits = () if workflow.is_completed else tuple(workflow.open_waits())
        self._thrown += [_Thrown("signal", name, None, instance) for name in workflow.thrown_signals]
        if workflow.is_stuck:
            message = "The instance has nothing to do and nothing to wait for, and has not ended."
            instance.incident = {"element": self._stuck_at(instance), "message": message}

    def _stuck_at(self, instance: _Instance) -> str:
        """Return the join that the last flow led to: its other tokens cannot come any more."""
        elements = self.program.elements
        for _, happening in reversed(instance.host.happenings):
            flow = self.program.flows.get(happening.element_id) if happening.kind == "flow" else None
            if flow is not None and elements[flow.target].kind in ("parallelGateway", "inclusiveGateway"):
                return flow.target
        return ""

    def _undo(self, instance: _Instance, mark: int, thrown: int, failure: Exception) -> None:
        del instance.host.happenings[mark:]
        del self._thrown[thrown:]
        element = failure.element_id if isinstance(failure, RunFailed) else ""
        why = str(failure) if isinstance(failure, RedressError) else f"{type(failure).__name__}: {failure}"
        # What the engine made up around an event sub-process has its id and a part behind "#" that nobody drew.
        drawn = element.partition("#")[0]
        instance.incident = {"element": drawn, "message": why.replace(element, drawn) if element else why}

    def _workflow(self, instance: _Instance) -> Workflow:
        assert instance.stored is not None
        return Workflow.restore(self.program, instance.stored, instance.host)

    def _live_instances(self) -> list[_Instance]:
        return [instance for instance in self._instances if instance.is_live]

    def _live(self) -> Iterator[tuple[_Instance, Workflow]]:
        for instance in self._live_instances():
            yield instance, self._workflow(instance)

    def _carry_over(self) -> None:
        """Bring what instances threw to the others."""
        for _ in range(MAX_TURNS):
            if not self._thrown:
                return
            thrown = self._thrown.pop(0)
            self._sent.append({"kind": thrown.kind, "name": thrown.name})
            if thrown.kind == "signal":
                self._send_signal(thrown.name, {}, thrown.sender)
            else:
                self._send_message(thrown.name, thrown.key, {})
        raise NotDone(f"more than {MAX_TURNS:,} messages and signals were thrown.")

    def run_job(self, host: _Host, job: Job) -> Mapping[str, object] | Deferred:
        """Do what the case says of a job. Raises: BpmnError; RuntimeError, as a handler that fails."""
        if job.type.startswith("script:") and job.element_id in self._scripts:
            return self._script(host, job)
        said = self._said(job)
        if "error" in said:
            error = said["error"]
            raise BpmnError(str(error["code"]), str(error.get("message", "")), error["variables"])
        if "fails" in said:
            raise RuntimeError(str(said["fails"]))
        if plain_bpmn.THROWN in job.headers:
            key = job.inputs.get(plain_bpmn.THROWN_KEY)
            sender = next(instance for instance in self._instances if instance.host is host)
            name = job.headers[plain_bpmn.THROWN]
            thrown = _Thrown("message", name, None if key is None else str(plain(key)), sender)
            if said.get("waits"):
                self._postponed[job.token] = thrown
            else:
                self._thrown.append(thrown)
        return Deferred() if said.get("waits") else dict(said.get("returns", {}))

    def _said(self, job: Job) -> Mapping[str, Any]:
        name = job.element_id if job.element_id in self._jobs else job.type
        visit = self._visits.get(name, 0)
        self._visits[name] = visit + 1
        answers: Sequence[Mapping[str, Any]] = self._jobs.get(name) or [{}]
        return answers[min(visit, len(answers) - 1)]

    def _script(self, host: _Host, job: Job) -> Mapping[str, object]:
        """Evaluate a plain file's script: a context gives variables, any other value is named by the element's id."""
        names = job.inputs.get(plain_bpmn.SCRIPT_NAMES)
        value = host.evaluate(self._scripts[job.element_id], names if isinstance(names, dict) else {})
        return value if isinstance(value, dict) else {job.element_id: value}

    def _open(self) -> list[str]:
        return [task.element_id for _, workflow in self._live() for task in workflow.open_tasks()]

    def result(self) -> Result:
        """Tell what happened."""
        told = [self._told(instance) for instance in self._instances]
        happened = sorted((item for i in self._instances for item in i.host.happenings), key=lambda item: item[0])
        together = [happening for _, happening in happened]
        incidents = [item["incident"] for item in told if item["incident"]]
        statuses = {item["status"] for item in told}
        waits = tuple(wait for item in told for wait in item["waits"])
        if not told:
            waits = tuple(_wait_to_start(armed) for armed in self._armed)
        is_waiting = not told or "waiting" in statuses
        status: Status = "incident" if incidents else "waiting" if is_waiting else "completed"
        return Result(
            status=status,
            completed=tuple(self._completed(together)),
            flows=tuple(h.element_id for h in together if h.kind == "flow"),
            data=told[0]["data"] if told else {},
            tasks=tuple(task for item in told for task in item["tasks"]),
            waits=waits,
            sent=tuple(self._sent),
            incident=incidents[0] if incidents else None,
            instances=tuple(told),
        )

    def _completed(self, happenings: Sequence[Happening]) -> list[str]:
        elements = self.program.elements
        return [
            h.element_id
            for h in happenings
            if h.kind == "completed" and h.element_id in elements and not elements[h.element_id].synthetic
        ]

    def _told(self, instance: _Instance) -> dict[str, Any]:
        workflow = self._workflow(instance) if instance.stored is not None else None
        status = "incident" if instance.incident else "completed" if instance.is_completed else "waiting"
        is_open = workflow is not None and not instance.is_completed
        return {
            "process": instance.process_id,
            "status": status,
            "completed": self._completed([happening for _, happening in instance.host.happenings]),
            "data": plain(dict(workflow.variables)) if workflow is not None else {},
            "tasks": [task.element_id for task in workflow.open_tasks()] if workflow and is_open else [],
            "waits": [_wait(wait) for wait in workflow.open_waits()] if workflow and is_open else [],
            "incident": instance.incident,
        }


def _wait(wait: OpenWait) -> dict[str, Any]:
    due = wait.due_at.astimezone(UTC).isoformat() if wait.due_at is not None else None
    return {"element": wait.element_id, "kind": wait.kind, "name": wait.name, "key": wait.key, "due_at": due}


def _wait_to_start(armed: _Armed) -> dict[str, Any]:
    start, due = armed.start, armed.due.at.astimezone(UTC).isoformat() if armed.due is not None else None
    name = "" if start.kind == "timer" else start.text
    return {"element": start.element_id, "kind": start.kind, "name": name, "key": "", "due_at": due}


def _end(workflow: Workflow, token: str, step: Mapping[str, Any]) -> None:
    if "error" in step:
        error = step["error"]
        workflow.throw_error(token, str(error["code"]), error["variables"], message=str(error.get("message", "")))
    else:
        workflow.complete_job(token, step.get("returns", {}))


def _as_list(said: object) -> list[object]:
    return list(said) if isinstance(said, list | tuple) else [said]


def _first_process(file: str, root: Node) -> str:
    """Return the process that a case means which names none: the first that begins by itself."""
    found = [p for p in root if local(p) == "process" and p.get("isExecutable") != "false"]
    plain_starts = [p for p in found if _has_plain_start(p)]
    if not found:
        message = "No process of the file is executable. Tick “Executable” in the properties of the one to run."
        drawn = next((str(node.get("id")) for node in root if local(node) == "process"), "")
        raise DiagramError([EngineFinding(file, drawn, "not-executable", message)])
    return str((plain_starts or found)[0].get("id"))


def _has_plain_start(process: Node) -> bool:
    starts = process.findall(f"{{{BPMN}}}startEvent")
    return any(not any(local(child).endswith("EventDefinition") for child in start) for start in starts)


def _instant(value: object) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as fault:
            raise CaseInvalid(f"{value!r} is no date and time such as 2026-01-05T09:00:00Z.") from fault
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(0), tzinfo=UTC)
    raise CaseInvalid(f"{value!r} is no date and time.")


@lru_cache(maxsize=1)
def _calendar() -> Calendar:
    """Return a calendar of the years around a case, made when an expression is first evaluated."""
    table: dict[str, dict[date, str]] = {}
    for nation, day, title, _ in seed_holidays(2020, 2035):
        table.setdefault(nation, {})[day] = title
    return Calendar(table)


__all__ = ["CaseInvalid", "Result", "read_case", "run"]
