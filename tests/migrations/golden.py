"""Stored states of every format that was ever released, kept as files: each must load and run on for ever.

`python -m tests.migrations.golden` writes those of the present format; files of an older one are never written again.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

from engine.spiff import Program, Stored, Workflow, compile_program
from engine.spiff.codec import FORMAT
from tests.engine import spiff_world as write
from tests.engine.spiff_world import Run, World

STATES = Path(__file__).parent / "states"

APPROVE = write.process(
    "approve",
    write.start("as"),
    write.user("decide", write.io(outputs={"approved": "=yes"})),
    write.end("ae"),
    write.seq("as", "decide", "ae"),
)


def _boundary() -> bytes:
    inner = (write.start("is"), write.user("work"), write.end("ie"), write.seq("is", "work", "ie"))
    return write.diagram(
        write.process(
            "p",
            write.start(),
            write.node("subProcess", "sub", *inner),
            write.node("boundaryEvent", "late", write.timer("P3D"), attachedToRef="sub"),
            write.user("remind"),
            write.end(),
            write.seq("s", "sub", "e"),
            write.seq("late", "remind", "e"),
        )
    )


def _halves() -> bytes:
    each = write.many("=[1, 2, 3]", "n", "answers", "=answer")
    return write.diagram(
        write.process(
            "p",
            write.start(),
            write.node("parallelGateway", "split"),
            write.user("one"),
            write.user("each", inner=each),
            write.node("parallelGateway", "join"),
            write.user("last"),
            write.end(),
            write.seq("s", "split", "one", "join", "last", "e"),
            write.seq("split", "each", "join"),
        )
    )


def _waits() -> bytes:
    called = write.extend('<zeebe:calledElement processId="approve" propagateAllChildVariables="false"/>')
    return write.diagram(
        write.process(
            "p",
            write.start(),
            write.node("callActivity", "call", called, ""),
            write.node("eventBasedGateway", "either"),
            write.node("intermediateCatchEvent", "reply", write.on_message()),
            write.node("intermediateCatchEvent", "week", write.timer("P7D")),
            write.service("send", "later"),
            write.end(),
            write.seq("s", "call", "either", "reply", "send", "e"),
            write.seq("either", "week", "send"),
        ),
        APPROVE,
    )


# name -> diagram, what was done before it was stored, what is done with what was stored
STORIES: dict[str, tuple[bytes, list[Any], list[Any]]] = {
    "sub_process_with_a_timer": (_boundary(), [], [["do", "work", {"x": 1}]]),
    "sub_process_whose_timer_comes_due": (_boundary(), [], [["wait", 3], ["do", "remind", {"y": 2}]]),
    "half_of_a_parallel_way": (
        _halves(),
        [["do", "one", {"a": 1}], ["do", "each", {"answer": "x"}]],
        [["do", "each", {"answer": "y"}], ["do", "each", {"answer": "z"}], ["do", "last", {}]],
    ),
    "inside_a_called_process": (
        _waits(),
        [],
        [["do", "decide", {"yes": True}], ["message", "Hi", {"said": "yes"}], ["job", "send", {"n": 1}]],
    ),
    "before_an_event": (_waits(), [["do", "decide", {"yes": True}]], [["wait", 7], ["job", "send", {"n": 1}]]),
    "with_a_job_that_is_out": (
        _waits(),
        [["do", "decide", {"yes": True}], ["wait", 7]],
        [["job", "send", {"n": 1}]],
    ),
}


def compiled(diagram: bytes) -> Program:
    """Compile the diagram of a story."""
    return compile_program({"p.bpmn": diagram}, "p")


def act(run: Run, acts: list[Any]) -> Run:
    """Do what a story says."""
    for verb, what, *values in acts:
        if verb == "do":
            run.do(what, **values[0])
        elif verb == "wait":
            run.wait(days=what)
        elif verb == "message":
            assert run.message(what, **values[0])
        else:
            run.job_done(what, **values[0])
    return run


def restored(diagram: bytes, state: str, variables: str) -> Run:
    """Return a run that begins from a stored state."""
    run = Run.__new__(Run)
    run.program, run.stored, run.world, run.signals = compiled(diagram), False, World(), []
    run.workflow = Workflow.restore(run.program, Stored(b64decode(state), variables), run.world)
    return run


def main() -> None:
    """Write the files of the present format."""
    folder = STATES / f"format_{FORMAT}"
    folder.mkdir(parents=True, exist_ok=True)
    for name, (diagram, before, after) in STORIES.items():
        stored = act(Run(compiled(diagram)), before).save()
        kept = {
            "state": b64encode(stored.state).decode(),
            "variables": stored.variables,
            "diagram": diagram.decode(),
            "after": after,
            "ends_with": act(Run(compiled(diagram)), [*before, *after]).variables,
        }
        (folder / f"{name}.json").write_text(json.dumps(kept, indent=1, default=int) + "\n")
        print(f"{folder.name}/{name}")


if __name__ == "__main__":
    main()
