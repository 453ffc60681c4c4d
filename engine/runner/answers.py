"""What jobs do in a run: what the case says of them, the scripts of plain files, and the messages that they throw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine import plain_bpmn
from engine.runner.files import Bundle
from engine.runner.host import Host
from engine.runner.script import Answer, CaseInvalid
from engine.spiff import BpmnError, Deferred, Job
from engine.values import plain

_NOTHING = (Answer({}),)


@dataclass(frozen=True, slots=True)
class Thrown:
    """A message or a signal on its way to the other instances; `sender` is the number of the instance."""

    kind: str
    name: str
    key: str | None
    payload: Mapping[str, Any]
    sender: int


class Answers:
    """The answers of a case. `thrown` takes the messages whose jobs have ended."""

    def __init__(self, bundle: Bundle, jobs: Mapping[str, tuple[Answer, ...]]) -> None:
        self.thrown: list[Thrown] = []
        self._bundle = bundle
        self._jobs = jobs
        self._visits: dict[str, int] = {}
        self._postponed: dict[str, Thrown] = {}
        self._refuse_unknown()

    def _refuse_unknown(self) -> None:
        known: set[str] = set()
        for element_id, job_type in self._bundle.job_types.items():
            known |= {element_id, job_type, self._name_of(element_id)}
        unknown = sorted(set(self._jobs) - known)
        if unknown:
            there = ", ".join(sorted(set(self._bundle.job_types) - set(self._bundle.scripts))) or "none"
            raise CaseInvalid(f"jobs: no element or job type is called {', '.join(unknown)}. There are {there}.")

    def _name_of(self, element_id: str) -> str:
        element = self._bundle.program.elements.get(element_id)
        return element.name if element is not None else ""

    def fits(self, name: str, element_id: str, job_type: str) -> bool:
        """Tell whether a name of the case means a job: its element's id, its type, or its element's name."""
        return name in (element_id, job_type, self._name_of(element_id))

    def run_job(self, host: Host, job: Job, *, sender: int) -> Mapping[str, object] | Deferred:
        """Do what the case says of a job. Raises: BpmnError; RuntimeError, as a handler that fails."""
        if job.type.startswith("script:") and job.element_id in self._bundle.scripts:
            return self._script(host, job)
        said = self._said(job)
        if said.error is not None:
            raise BpmnError(said.error.code, said.error.message, said.error.variables)
        if said.fails:
            raise RuntimeError(said.fails)
        if plain_bpmn.THROWN in job.headers:
            thrown = _message_of(job, sender, said.carries)
            if said.waits:
                self._postponed[job.token] = thrown
            else:
                self.thrown.append(thrown)
        return Deferred() if said.waits else dict(said.returns)

    def ended(self, token: str, answer: Answer) -> None:
        """Let the message go that a job which waited stands for, unless the job ended in an error."""
        thrown = self._postponed.pop(token, None)
        if thrown is not None and answer.error is None:
            self.thrown.append(thrown)

    def _said(self, job: Job) -> Answer:
        names = (job.element_id, job.type, self._name_of(job.element_id))
        name = next((name for name in names if name in self._jobs), "")
        answers = self._jobs.get(name, _NOTHING)
        visit = self._visits.get(name, 0)
        self._visits[name] = visit + 1
        return answers[min(visit, len(answers) - 1)]

    def _script(self, host: Host, job: Job) -> Mapping[str, object]:
        """Evaluate a plain file's script: a context gives variables, any other value is named by the element's id."""
        names = job.inputs.get(plain_bpmn.SCRIPT_NAMES)
        value = host.evaluate(self._bundle.scripts[job.element_id], names if isinstance(names, dict) else {})
        return value if isinstance(value, dict) else {job.element_id: value}


def _message_of(job: Job, sender: int, carries: Mapping[str, Any]) -> Thrown:
    """Return the message of a job. It carries the job's inputs, as a thrown signal does, and what the case adds."""
    key = job.inputs.get(plain_bpmn.THROWN_KEY)
    payload = {name: value for name, value in job.inputs.items() if name != plain_bpmn.THROWN_KEY}
    text = None if key is None else str(plain(key))
    return Thrown("message", job.headers[plain_bpmn.THROWN], text, {**payload, **carries}, sender)
