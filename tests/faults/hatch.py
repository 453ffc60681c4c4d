"""The hatch: one process that has loaded the product and hatches others that play a flow, so that each starts at once.

It reads orders, one a line of JSON, and answers each with one line. ``python -m tests.faults.hatch FOLDER``, where
FOLDER is one in which the flow "complete" was set up: playing it there loads all that is imported late. Letters are
left out of that, because the press has threads, which no child would inherit.

    {"do": "play", "flow": ..., "folder": ..., "run": 0, "failpoint": "commit_after:2", "gateway": ..., "mail": ...}
        -> {"code": how it ended, "stopped": whether it sleeps now}
    {"do": "start", ... as above}     -> {"pid": ...}
    {"do": "wait", "pid": ...}        -> {"code": ..., "stopped": ...}
"""

from __future__ import annotations

import json
import os
import resource
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

from engine import failpoints
from tests.faults import flows

COUNTED = "counted"  # how often each point was reached, in the folder of the play
FAULT = "fault"  # why it failed


def main() -> None:
    """Take orders until there are no more."""
    flows.play("complete", Path(sys.argv[1]), run=0)
    import_module("alembic.command")
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "wait":
            answer = _wait(order["pid"])
        elif order["do"] == "start":
            answer = {"pid": _hatch(order)}
        else:
            answer = _wait(_hatch(order))
        print(json.dumps(answer), flush=True)


def _wait(pid: int) -> dict[str, Any]:
    _, status = os.waitpid(pid, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        return {"code": None, "stopped": True}
    return {"code": os.waitstatus_to_exitcode(status), "stopped": False}


def _hatch(order: dict[str, Any]) -> int:
    child = os.fork()
    if child:
        return child
    code, folder = 0, Path(order["folder"])
    try:
        failpoints.ask_for(order.get("failpoint") or f"{failpoints.POINTS[0]}:0")
        if order.get("file_size"):
            resource.setrlimit(resource.RLIMIT_FSIZE, (order["file_size"], resource.RLIM_INFINITY))
        flows.play(
            order["flow"], folder, run=order["run"], gateway=order.get("gateway", ""), mail=order.get("mail", "")
        )
        (folder / COUNTED).write_text(json.dumps(failpoints.reached))
    except BaseException:  # noqa: BLE001 - whatever it was, whoever ordered must see it
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        (folder / FAULT).write_text(traceback.format_exc())
        code = 1
    os._exit(code)


if __name__ == "__main__":
    main()
