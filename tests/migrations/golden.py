"""Stored states of every format that was ever released, kept as files: each must load and run on for ever.

`python -m tests.migrations.golden` writes the files of the present format that are not there yet. What is there is
never written again: it is what a release has stored in people's databases. Where a story is stored in another way than
its files say, a further file is added: `NAME__2`.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import msgpack

from engine.spiff import Program, Stored, Workflow, compile_deployed
from engine.spiff.codec import FORMAT
from tests.engine.spiff_world import Run, World
from tests.migrations.kinds import kinds

STATES = Path(__file__).parent / "states"
MOST = 60
"""How much happens at most after a state was restored."""


def compiled(diagram: bytes) -> Program:
    """Compile the diagram of a story."""
    return compile_deployed({"p.bpmn": diagram}, "p")


def act(run: Run, acts: list[Any]) -> Run:
    """Do what a story says."""
    for verb, what, *values in acts:
        match verb:
            case "do":
                run.do(what, **values[0])
            case "keep":
                token = next(task.token for task in run.workflow.open_tasks() if task.element_id == what)
                run.workflow.complete_task(token, values[0])
            case "wait":
                run.wait(days=what)
            case "message":
                assert run.message(what, **values[0])
            case "signal":
                run.workflow.deliver_signal(what, values[0])
                run.go_on()
            case "job":
                run.job_done(what, **values[0])
            case _:
                raise ValueError(f"nothing is done by {verb}")
    return run


def to_the_end(run: Run) -> list[Any]:
    """Do all that is left to do, and return it."""
    done: list[Any] = []
    for _ in range(MOST):
        run.go_on()
        if run.ended:
            return done
        done.append(_next(run))
        act(run, done[-1:])
    raise AssertionError(f"it does not end: {done}")


def _next(run: Run) -> Any:
    jobs = [wait for wait in run.workflow.open_waits() if wait.kind == "job"]
    messages = [wait for wait in run.workflow.open_waits() if wait.kind == "message"]
    if run.tasks:
        return ["do", run.tasks[0], {"x": 2}]
    if jobs:
        return ["job", jobs[0].element_id, {"y": 3}]
    if messages:
        return ["message", messages[0].name, {"z": 4}]
    if any(wait.kind == "signal" for wait in run.workflow.open_waits()):
        return ["signal", "sig", {"z": 5}]
    return ["wait", 40]


def restored(diagram: bytes, state: str, variables: str) -> Run:
    """Return a run that begins from a stored state."""
    run = Run.__new__(Run)
    run.program, run.stored, run.world, run.signals = compiled(diagram), False, World(), []
    run.workflow = Workflow.restore(run.program, Stored(b64decode(state), variables), run.world)
    return run


def layout(state: str, variables: str) -> Any:
    """Return what a stored state says, without the tokens' names: those are drawn by lot."""
    version, names, workflows, visits = msgpack.unpackb(b64decode(state), raw=False, strict_map_key=False)
    rows = [[name, place, [[*row[:3], row[4]] for row in tokens], over] for name, place, tokens, over in workflows]
    return [version, names, rows, visits, json.loads(variables)]


def written(diagram: bytes, before: list[Any]) -> tuple[Run, str, str]:
    """Return a run after what is done before it is stored, and its state as it is stored now."""
    run = act(Run(compiled(diagram)), before)
    stored = run.save()
    return run, b64encode(stored.state).decode(), stored.variables


def files(version: int) -> dict[str, Any]:
    """Return name -> what is in the file, of all files of a format."""
    return {file.stem: json.loads(file.read_text()) for file in sorted((STATES / f"format_{version}").glob("*.json"))}


def main() -> None:
    """Write the files of the present format that are missing: of a story, or of how it is stored now."""
    folder = STATES / f"format_{FORMAT}"
    folder.mkdir(parents=True, exist_ok=True)
    older = {name: file for version in range(1, FORMAT + 1) for name, file in files(version).items()}
    stories = {name.split("__")[0]: (file["diagram"].encode(), file["before"]) for name, file in older.items()}
    for name, (diagram, before) in (stories | kinds()).items():
        there = [file for other, file in files(FORMAT).items() if other.split("__")[0] == name]
        run, state, variables = written(diagram, before)
        if layout(state, variables) in [layout(file["state"], file["variables"]) for file in there]:
            continue
        days = (run.world.now - World().now).days
        kept = {
            "state": state,
            "variables": variables,
            "diagram": diagram.decode(),
            "before": before,
            "after": [*([["wait", days]] if days else []), *to_the_end(run)],
            "ends_with": run.variables,
        }
        file = folder / (f"{name}__{len(there) + 1}.json" if there else f"{name}.json")
        file.write_text(json.dumps(kept, indent=1, default=int) + "\n")
        print(f"{folder.name}/{file.stem}")


if __name__ == "__main__":
    main()
