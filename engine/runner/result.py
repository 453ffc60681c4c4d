"""What a run tells: the result, its trace, and both as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any, Literal

from engine.evaluation import as_json
from engine.lint import Finding
from engine.runner.instances import Instance
from engine.runner.play import Play
from engine.runner.starts import Armed
from engine.spiff import Happening, OpenWait, Program
from engine.values import plain

Status = Literal["completed", "waiting", "incident", "refused"]


@dataclass(frozen=True, slots=True)
class Result:
    """What a diagram did with a case.

    `completed` are the ids of the elements in the order in which they completed, `flows` those of the sequence flows
    taken; `data` the variables of the first instance; `tasks` the ids of the open user tasks; `waits` dicts of element,
    kind, name, key, due_at; `sent` the messages and signals thrown, as dicts of kind, name; `lost` the messages that
    nobody waited for, as dicts of kind, name, key; `incident` a dict of element and message, `stopped` one of step and
    message when a step of the case could not be done: its rest was then not played. `instances` tells the same of each
    instance, the first one included; `trace` everything that happened, in order. `findings` say why a file was refused.
    """

    status: Status
    completed: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    tasks: tuple[str, ...] = ()
    waits: tuple[Mapping[str, Any], ...] = ()
    sent: tuple[Mapping[str, Any], ...] = ()
    lost: tuple[Mapping[str, Any], ...] = ()
    incident: Mapping[str, str] | None = None
    stopped: Mapping[str, Any] | None = None
    instances: tuple[Mapping[str, Any], ...] = ()
    trace: tuple[Mapping[str, Any], ...] = ()
    findings: tuple[Finding, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON holds it: numbers are numbers; dates, times and durations are texts of ISO 8601."""
        told = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "findings"}
        return {**as_json(told), "findings": [finding.as_json() for finding in self.findings]}


def result_of(play: Play) -> Result:
    """Tell what happened."""
    instances = play.instances.all
    told = [_told(play, instance) for instance in instances]
    happened = sorted((item for i in instances for item in i.host.happenings), key=lambda item: item[0])
    together = [happening for _, _, happening in happened]
    incidents = [instance.incident for instance in instances if instance.incident]
    waits = [wait for item in told for wait in item["waits"]]
    is_waiting = not told or any(item["status"] == "waiting" for item in told)
    return Result(
        status="incident" if incidents else "waiting" if is_waiting else "completed",
        completed=tuple(_completed(play.program, together)),
        flows=tuple(h.element_id for h in together if h.kind == "flow"),
        data=told[0]["data"] if told else {},
        tasks=tuple(task for item in told for task in item["tasks"]),
        waits=tuple(waits if told else map(_wait_to_start, play.armed)),
        sent=tuple(play.sent),
        lost=tuple(play.lost),
        incident=incidents[0] if incidents else None,
        instances=tuple(told),
        trace=tuple(_trace(play)),
    )


def _told(play: Play, instance: Instance) -> dict[str, Any]:
    workflow = play.instances.workflow(instance) if instance.stored is not None else None
    return {
        "number": instance.number,
        "process": instance.process_id,
        "status": "incident" if instance.incident else "completed" if instance.is_completed else "waiting",
        "completed": _completed(play.program, [happening for _, _, happening in instance.host.happenings]),
        "data": plain(dict(workflow.variables)) if workflow is not None else {},
        "tasks": [task.element_id for task in instance.tasks],
        "waits": [_wait(wait) for wait in instance.waits],
        "incident": instance.incident,
    }


def _completed(program: Program, happenings: Sequence[Happening]) -> list[str]:
    return [h.element_id for h in happenings if h.kind == "completed" and _is_drawn(program, h.element_id)]


def _is_drawn(program: Program, element_id: str) -> bool:
    element = program.elements.get(element_id)
    return element is not None and not element.synthetic


def _trace(play: Play) -> Iterator[dict[str, Any]]:
    program = play.program
    found: list[tuple[int, dict[str, Any]]] = []
    for instance in play.instances.all:
        for number, at, happening in instance.host.happenings:
            known = happening.element_id in program.flows or happening.element_id in program.processes
            if known or _is_drawn(program, happening.element_id):
                line = {"at": at, "instance": instance.number, "kind": happening.kind, "element": happening.element_id}
                found.append((number, {**line, **_detail(happening.detail)}))
    for note in play.instances.notes:
        found.append((note.number, {"at": note.at, "instance": note.instance, "kind": note.kind, **note.detail}))
    for _, line in sorted(found, key=lambda item: item[0]):
        yield line


def _detail(detail: Mapping[str, object]) -> dict[str, object]:
    """Return what a happening says, without the ids of what nobody drew."""
    told = dict(detail)
    if "raised_by" in told:
        told["raised_by"] = str(told["raised_by"]).partition("#")[0]
    return told


def _wait(wait: OpenWait) -> dict[str, Any]:
    due = wait.due_at.astimezone(UTC).isoformat() if wait.due_at is not None else None
    return {"element": wait.element_id, "kind": wait.kind, "name": wait.name, "key": wait.key, "due_at": due}


def _wait_to_start(armed: Armed) -> dict[str, Any]:
    start, due = armed.start, armed.due.at.astimezone(UTC).isoformat() if armed.due is not None else None
    name = "" if start.kind == "timer" else start.text
    return {"element": start.element_id, "kind": start.kind, "name": name, "key": "", "due_at": due}
