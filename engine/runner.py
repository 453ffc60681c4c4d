"""Runs any BPMN file that the check accepts, outside the case world, by a script: `run(xml, case)`.

The case says what people, jobs, messages and time do; the result says what the diagram did. A file of our dialect and a
plain BPMN file are both taken (`engine.plain_bpmn` says how the latter is read). Nothing is stored: each instance is
nevertheless written down and read back at every turn, as the product does.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from functools import lru_cache
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
from engine.markup import BPMN, local, parse_xml
from engine.spiff import (
    BpmnError,
    Deferred,
    DiagramError,
    Due,
    EvaluationFailed,
    Happening,
    Job,
    Program,
    RunFailed,
    Stored,
    TokenNotOpen,
    Workflow,
    compile_program,
)
from engine.spiff.host import TimerKind
from engine.values import plain

BEGIN = datetime(2026, 1, 5, 9, tzinfo=UTC)
"""When a case begins that does not say so: a Monday."""
MAX_TURNS = 10_000
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
    case = case or {}
    unknown = set(case) - {"process", "at", "variables", "jobs", "step", "title"}
    if unknown:
        raise CaseInvalid(f"A case cannot say {', '.join(sorted(unknown))}.")
    findings = check_files({**(beside or {}), **files}, frozenset(files), known=Known())
    refused = tuple(f for f in findings if is_error(f) and f.rule not in RESOURCE_RULES)
    if refused:
        return Result("refused", findings=refused)
    try:
        play = _Play(files, dict(beside or {}), case)
    except DiagramError as error:
        return Result("refused", findings=tuple(_finding(found) for found in error.findings))
    for number, step in enumerate(case.get("step", ()), start=1):
        try:
            play.act(step)
        except NotDone as why:
            return replace(play.result(), stopped={"step": number, "message": str(why)})
    return play.result()


def _finding(found: Any) -> Finding:
    return Finding(found.file, found.element_id, found.rule, "error", found.message)


class _Host:
    """Lent to the engine: the case's clock, FEEL, decisions and jobs."""

    def __init__(self, play: _Play) -> None:
        self._play = play
        self.facts: dict[str, dict[str, object]] = {}
        self.happenings: list[Happening] = []

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
        self.happenings.append(event)


@dataclass(slots=True)
class _Instance:
    process_id: str
    host: _Host
    stored: Stored | None = None
    incident: Mapping[str, str] | None = None
    is_completed: bool = False


class _Play:
    """One case on its way: the instances, the clock, and what the jobs do."""

    def __init__(self, files: dict[str, bytes], beside: dict[str, bytes], case: Mapping[str, Any]) -> None:
        self.now = _instant(case.get("at", BEGIN))
        self.decisions: dict[str, Decision] = {}
        self._jobs = {name: _as_list(said) for name, said in dict(case.get("jobs", {})).items()}
        self._visits: dict[str, int] = {}
        self._scripts: dict[str, str] = {}
        self._owed: list[tuple[str, str, str, dict[str, Any]]] = []
        self._sent: list[dict[str, Any]] = []
        self._instances: list[_Instance] = []
        self.program = self._compile(files, beside, case.get("process"))
        self._starts = [(process, start) for process, starts in self.program.starts.items() for start in starts]
        self._timers = self._arm_starts(self.program.process_id)
        self._start(self.program.process_id, dict(case.get("variables", {})), self.program.process_id)
        self._carry_over()

    def _compile(self, files: dict[str, bytes], beside: dict[str, bytes], process_id: str | None) -> Program:
        diagrams = {}
        for path, data in {**beside, **files}.items():
            if path.endswith(".dmn"):
                self.decisions.update(load_decisions(data, file=path))
                continue
            if not path.endswith((".bpmn", ".xml")):
                continue
            root = parse_xml(data)
            etree.strip_tags(root, etree.Comment)
            if plain_bpmn.is_plain(root):
                self._scripts.update(plain_bpmn.scripts(root))
                plain_bpmn.to_dialect(root)
            diagrams[path.removesuffix(".xml").removesuffix(".bpmn") + ".bpmn"] = etree.tostring(root)
            if path in files and process_id is None:
                process_id = _first_process(root)
        return compile_program(diagrams, process_id or "")

    # What may happen

    def act(self, step: Mapping[str, Any]) -> None:
        """Do one step of the case. Raises: CaseInvalid; NotDone."""
        verbs = [
            verb for verb in ("complete", "message", "signal", "wait", "wait_until", "job", "retry") if verb in step
        ]
        unknown = set(step) - {*verbs, "with", "key", "returns", "error", "note"}
        if len(verbs) != 1 or unknown:
            raise CaseInvalid(f"a step says one thing that happens, not {', '.join(sorted(step)) or 'nothing'}.")
        verb, said = verbs[0], step[verbs[0]]
        if verb == "complete":
            self._complete(said, dict(step.get("with", {})))
        elif verb == "message":
            self._send("message", said, str(step.get("key", plain_bpmn.ANY_KEY)), dict(step.get("with", {})))
        elif verb == "signal":
            self._send("signal", said, "", dict(step.get("with", {})))
        elif verb == "job":
            self._end_job(said, step)
        elif verb == "retry":
            self._retry()
        else:
            self._pass_time(self._later(str(said)) if verb == "wait" else _instant(said))
        self._carry_over()

    def _complete(self, element: str, values: dict[str, Any]) -> None:
        for instance, workflow in self._live():
            for task in workflow.open_tasks():
                if element in (task.element_id, task.token):
                    self._move(instance, lambda found, token=task.token: found.complete_task(token, values))
                    return
        raise NotDone(f"there is no open task {element}; open are {', '.join(self._open()) or 'none'}.")

    def _end_job(self, name: str, step: Mapping[str, Any]) -> None:
        for instance, workflow in self._live():
            for wait in workflow.open_waits():
                if wait.kind == "job" and name in (wait.element_id, wait.name):
                    self._move(instance, lambda found, token=wait.token: _end(found, token, step))
                    return
        raise NotDone(f"no job {name} waits for its end.")

    def _send(self, kind: str, name: str, key: str, payload: dict[str, Any]) -> None:
        """Deliver a message to the one that waits for it, a signal to all; either may start a process."""
        taken = False
        for instance, _ in self._live():
            taken = self._hear(instance, kind, name, key, payload) or taken
            if taken and kind == "message":
                return
        for process_id, start in self._starts:
            if (start.kind, start.text) == (kind, name):
                self._start(process_id, payload, start.element_id)
                taken = True
        if not taken and kind == "message":
            self._sent.append({"kind": "message", "name": name, "taken": False})

    def _hear(self, instance: _Instance, kind: str, name: str, key: str, payload: dict[str, Any]) -> bool:
        taken = False

        def act(workflow: Workflow) -> None:
            nonlocal taken
            if kind == "signal":
                taken = workflow.deliver_signal(name, payload)
            else:
                taken = workflow.deliver_message(name, key, payload)

        if any(wait.kind == kind and wait.name == name for wait in self._workflow(instance).open_waits()):
            self._move(instance, act)
        return taken

    def _retry(self) -> None:
        failed = [instance for instance in self._instances if instance.incident]
        if not failed:
            raise NotDone("there is no incident to retry.")
        for instance in failed:
            instance.incident = None
            self._move(instance, lambda workflow: None)

    def _pass_time(self, until: datetime) -> None:
        """Let time pass, one due timer after the other, in every instance."""
        for _ in range(MAX_TURNS):
            due = [at for at, _, _ in self._timers if at <= until]
            due += [
                wait.due_at
                for _, workflow in self._live()
                for wait in workflow.open_waits()
                if wait.due_at is not None and wait.due_at <= until
            ]
            if not due:
                self.now = max(self.now, until)
                return
            self.now = max(self.now, min(due))
            self._fire()
            self._carry_over()
        raise NotDone(f"more than {MAX_TURNS} timers came due.")

    def _fire(self) -> None:
        for number, (at, process_id, element_id) in enumerate(list(self._timers)):
            if at <= self.now:
                del self._timers[number]
                self._start(process_id, {}, element_id)
                return
        for instance, workflow in self._live():
            if any(wait.due_at is not None and wait.due_at <= self.now for wait in workflow.open_waits()):
                self._move(instance, lambda found: found.fire_due_timers(most=1))
                return

    def _later(self, text: str) -> datetime:
        return work_out_due("duration", text, {}, now=self.now, calendar=None).at

    # How instances move

    def _start(self, process_id: str, variables: dict[str, Any], _element_id: str) -> None:
        host = _Host(self)
        instance = _Instance(process_id, host)
        self._instances.append(instance)
        workflow = Workflow.start(self.program, variables, host, process_id=process_id)
        self._run(instance, workflow)

    def _move(self, instance: _Instance, act: Any) -> None:
        workflow = self._workflow(instance)
        try:
            act(workflow)
        except TokenNotOpen as fault:
            raise NotDone("the task was withdrawn before.") from fault
        except RunFailed as failure:
            instance.incident = {"element": failure.element_id, "message": str(failure)}
            return
        self._run(instance, workflow)

    def _run(self, instance: _Instance, workflow: Workflow) -> None:
        """Run to rest; when that fails, what was done before stays and the rest is an incident."""
        instance.stored = workflow.store()
        mark, owed = len(instance.host.happenings), len(self._owed)
        try:
            workflow.run_to_rest()
            if workflow.is_stuck:
                raise RunFailed("The instance has nothing to do and nothing to wait for, and has not ended.")
            instance.stored = workflow.store()
        except RunFailed as failure:
            del instance.host.happenings[mark:]
            del self._owed[owed:]
            instance.incident = {"element": failure.element_id, "message": str(failure)}
            return
        instance.is_completed = workflow.is_completed
        self._owed += [("signal", name, "", {}) for name in workflow.thrown_signals]

    def _workflow(self, instance: _Instance) -> Workflow:
        assert instance.stored is not None
        return Workflow.restore(self.program, instance.stored, instance.host)

    def _live(self) -> Iterator[tuple[_Instance, Workflow]]:
        for instance in list(self._instances):
            if not instance.is_completed and not instance.incident:
                yield instance, self._workflow(instance)

    def _carry_over(self) -> None:
        """Bring what instances threw to the others. A signal was heard inside its own instance at once."""
        for _ in range(MAX_TURNS):
            if not self._owed:
                return
            kind, name, key, payload = self._owed.pop(0)
            self._sent.append({"kind": kind, "name": name})
            self._send(kind, name, key or plain_bpmn.ANY_KEY, payload)
            if self._sent[-1].get("taken") is False:
                self._sent.pop()
        raise NotDone(f"more than {MAX_TURNS} messages and signals were thrown.")

    def _arm_starts(self, main: str) -> list[tuple[datetime, str, str]]:
        host = _Host(self)
        armed = []
        for process_id, start in self._starts:
            if start.kind == "timer" and process_id != main:
                kind: TimerKind = "cycle" if start.text.startswith("R") else "duration"
                kind = kind if start.text.startswith(("R", "P", "=")) else "date"
                armed.append((host.due(kind, start.text, {}).at, process_id, start.element_id))
        return armed

    def run_job(self, host: _Host, job: Job) -> Mapping[str, object] | Deferred:
        """Do what the case says of a job. Raises: BpmnError; RuntimeError, as a handler that fails."""
        if job.type.startswith("script:") and job.element_id in self._scripts:
            return self._script(host, job)
        said = self._said(job)
        if job.type.startswith("message:"):
            self._owed.append(("message", job.type.removeprefix("message:"), plain_bpmn.ANY_KEY, {}))
        if "error" in said:
            error = dict(said["error"])
            raise BpmnError(str(error["code"]), str(error.get("message", "")), dict(error.get("variables", {})))
        if "fails" in said:
            raise RuntimeError(str(said["fails"]))
        return Deferred() if said.get("waits") else dict(said.get("returns", {}))

    def _said(self, job: Job) -> Mapping[str, Any]:
        name = job.element_id if job.element_id in self._jobs else job.type
        visit = self._visits.get(name, 0)
        self._visits[name] = visit + 1
        answers = self._jobs.get(name) or [{}]
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
        first = told[0]
        together = [happening for instance in self._instances for happening in instance.host.happenings]
        incidents = [item["incident"] for item in told if item["incident"]]
        statuses = {item["status"] for item in told}
        status: Status = "incident" if incidents else "waiting" if "waiting" in statuses else "completed"
        return Result(
            status=status,
            completed=tuple(self._completed(together)),
            flows=tuple(h.element_id for h in together if h.kind == "flow"),
            data=first["data"],
            tasks=tuple(task for item in told for task in item["tasks"]),
            waits=tuple(wait for item in told for wait in item["waits"]),
            sent=tuple({key: item[key] for key in ("kind", "name")} for item in self._sent),
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
        workflow = self._workflow(instance)
        status = "incident" if instance.incident else "completed" if instance.is_completed else "waiting"
        return {
            "process": instance.process_id,
            "status": status,
            "completed": self._completed(instance.host.happenings),
            "data": plain(dict(workflow.variables)),
            "tasks": [] if instance.is_completed else [task.element_id for task in workflow.open_tasks()],
            "waits": [] if instance.is_completed else [_wait(wait) for wait in workflow.open_waits()],
            "incident": instance.incident,
        }


def _wait(wait: Any) -> dict[str, Any]:
    due = wait.due_at.astimezone(UTC).isoformat() if wait.due_at is not None else None
    return {"element": wait.element_id, "kind": wait.kind, "name": wait.name, "key": wait.key, "due_at": due}


def _end(workflow: Workflow, token: str, step: Mapping[str, Any]) -> None:
    if "error" in step:
        error = dict(step["error"])
        workflow.throw_error(token, str(error["code"]), error.get("variables"), message=str(error.get("message", "")))
    else:
        workflow.complete_job(token, dict(step.get("returns", {})))


def _as_list(said: Any) -> list[Mapping[str, Any]]:
    return list(said) if isinstance(said, list) else [said]


def _first_process(root: Any) -> str:
    found = [p for p in root if local(p) == "process" and p.get("isExecutable") != "false"]
    plain_starts = [p for p in found if _has_plain_start(p)]
    if not found:
        raise CaseInvalid("The file has no executable process.")
    return str((plain_starts or found)[0].get("id"))


def _has_plain_start(process: Any) -> bool:
    starts = process.findall(f"{{{BPMN}}}startEvent")
    return any(not any(local(child).endswith("EventDefinition") for child in start) for start in starts)


def _instant(value: object) -> datetime:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
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
