"""Stored states: bytes for the tokens, text for the variables. The definition is not in them.

Elements are named, with the kind of thing that each is, through a table stored with the state, never by a position that
another version of the compiler could shift.
Only live tokens exist, so the size depends on where an instance stands and on its variables, never on how it got there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgpack
from SpiffWorkflow.util.task import TaskState

from engine import values
from engine.spiff.host import Host, StateMismatch
from engine.spiff.instance import Instance, SubInstance
from engine.spiff.program import Program
from engine.spiff.token import Token

FORMAT = 1

# What holds values of the case goes to the text, the rest to the bytes.
_VALUES = ("locals", "payload", "items", "results", "result", "work")


@dataclass(frozen=True, slots=True)
class Stored:
    """A state at rest.

    `variables` is `engine.values` JSON: ``{"process": {...}}`` and, where there are any, inner scopes.
    """

    state: bytes
    variables: str


class _Names:
    """The table of the names in use."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}

    def __getitem__(self, name: str) -> int:
        return self.names.setdefault(name, len(self.names))


def store(instance: Instance) -> Stored:
    """Write an instance down."""
    names = _Names()
    private: dict[str, dict[str, Any]] = {}
    scopes: dict[str, Any] = {}
    places: dict[Any, tuple[int, int]] = {}
    written: list[Any] = []
    for number, workflow in enumerate(instance.workflows()):
        rows = _rows(workflow, number, names, private, places)
        place = places[workflow.parent_task.id] if workflow.parent_task is not None else None
        written.append([names[workflow.spec.name], place, rows, workflow.completed])
        # An embedded sub-process and its activity share one dict; it is written with the activity.
        if number and workflow.parent_task.task_spec.starts_a_root:
            scopes[str(number)] = workflow.data
    visits = [[names[element_id], count] for element_id, count in instance.visits.items()]
    state = msgpack.packb([FORMAT, list(names.names), written, visits], use_bin_type=True)
    text: dict[str, Any] = {"process": instance.data}
    if scopes:
        text["called"] = scopes
    if private:
        text["private"] = private
    return Stored(state, values.dumps(text))


def _rows(
    workflow: Any, number: int, names: _Names, private: dict[str, dict[str, Any]], places: dict[Any, tuple[int, int]]
) -> list[Any]:
    rows: list[Any] = []
    for task in workflow.tasks.values():
        if task is workflow.task_tree:
            continue
        row = len(rows)
        places[task.id] = (number, row)
        kept = {key: task.internal_data[key] for key in _VALUES if key in task.internal_data}
        if kept:
            private[f"{number}.{row}"] = kept
        flags = {key: value for key, value in task.internal_data.items() if key not in _VALUES}
        parent = -1 if task.parent is workflow.task_tree else places[task.parent.id][1]
        rows.append([names[task.task_spec.signature], parent, task.state, task.id.bytes, flags])
    return rows


def restore(program: Program, stored: Stored, host: Host) -> Instance:
    """Read an instance back.

    Raises: StateMismatch when the program lacks an element that the state names.
    """
    version, names, written, visits = msgpack.unpackb(stored.state, raw=False, strict_map_key=False)
    if version != FORMAT:
        raise StateMismatch([f"format {version}"])
    text = values.loads(stored.variables)
    _check(program, names, written)
    instance = Instance(program, names[written[0][0]], host, empty=True)
    instance.visits = {names[element]: count for element, count in visits}
    made: list[list[Any]] = []
    for number, (spec_name, place, rows, completed) in enumerate(written):
        workflow: Any = instance
        if place is not None:
            workflow = _inner(program, instance, names[spec_name], made[place[0]][place[1]])
        workflow.completed = completed
        made.append(_tasks(workflow, number, rows, names, text.get("private", {})))
        workflow.data = _data(workflow, number, text)
    return instance


def _check(program: Program, names: list[str], written: list[Any]) -> None:
    missing: list[str] = []
    for spec_name, _, rows, _ in written:
        spec = program.specs.get(names[spec_name])
        if spec is None:
            missing.append(names[spec_name])
            continue
        for row in rows:
            found = spec.task_specs.get(_name(names[row[0]]))
            if found is None or found.signature != names[row[0]]:
                missing.append(names[row[0]])
    if missing:
        drawn = [name for name in map(_name, missing) if "#" not in name]
        raise StateMismatch(drawn or missing)


def _name(signature: str) -> str:
    return signature.split("|", 1)[0]


def _inner(program: Program, instance: Instance, spec_name: str, parent: Any) -> SubInstance:
    workflow = SubInstance(program.specs[spec_name], parent, empty=True)
    instance.subprocesses[parent.id] = workflow
    return workflow


def _data(workflow: Any, number: int, text: dict[str, Any]) -> dict[str, Any]:
    if workflow.parent_task is None:
        data: dict[str, Any] = text["process"]
    elif workflow.parent_task.task_spec.starts_a_root:
        data = text["called"][str(number)]
    else:
        data = workflow.parent_task.internal_data.setdefault("locals", {})
    return data


def _tasks(workflow: Any, number: int, rows: list[Any], names: list[str], private: dict[str, Any]) -> list[Any]:
    root = Token(workflow, workflow.spec.start, None, TaskState.COMPLETED)
    root.internal_data["done"] = 1
    workflow.task_tree = root
    made: list[Any] = []
    for row, (name, parent, state, token, flags) in enumerate(rows):
        spec = workflow.spec.task_specs[_name(names[name])]
        task = Token(workflow, spec, root if parent < 0 else made[parent], state, UUID(bytes=token))
        task.internal_data = {**flags, **private.get(f"{number}.{row}", {})}
        made.append(task)
    return made
