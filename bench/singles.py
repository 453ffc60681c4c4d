"""Single numbers: a deployment, laps of a loop, a start, memory, a parked case: `python -m bench.singles`."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

from sqlalchemy import func, select

from bench.office import bring_to_open_task, open_office
from bench.report import Fact, Figure, told
from engine import definitions, tasks
from engine.models import Outbox, ProcessInstance, UserTask, Wait
from engine.settings import ROOT
from engine.world import DEPLOYMENT
from tests import tiny
from tests.stage import Stage
from tests.world import PROCESSES

LAPS = 1000
_PARTS = (ProcessInstance, UserTask, Wait, Outbox)


def measure() -> tuple[list[Figure], list[Fact]]:
    """Measure each."""
    figures, facts = _laps()
    facts += [*_deploy(), *_parked(), *_service()]
    return figures, facts


def _laps() -> tuple[list[Figure], list[Fact]]:
    """Let one instance go round a loop; the last laps should cost what the first cost."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder))
        stage.deploy(
            tiny.node("startEvent", "begin"),
            tiny.user_task("ask", form="ask"),
            tiny.node("boundaryEvent", "week", tiny.timer("P7D"), attachedToRef="ask"),
            tiny.node("exclusiveGateway", "again", default="again_to_ask"),
            tiny.node("endEvent", "done"),
            tiny.chain("begin", "ask", "again", "ask"),
            tiny.flow("again", "done", '=answer = "stop"'),
            tiny.flow("week", "again"),
        )
        stage.start()
        taken = []
        for _ in range(LAPS):
            with stage.world.db.read() as connection:
                opened = select(UserTask.task_id).where(UserTask.instance_id == 1, UserTask.status == "open")
                task_id = connection.execute(opened).scalar_one()
            begun = time.perf_counter()
            tasks.claim(stage.world, task_id, actor=stage.caseworker)
            tasks.complete(stage.world, task_id, {"answer": "again"}, actor=stage.caseworker)
            taken.append(time.perf_counter() - begun)
        state = len(stage.rows(ProcessInstance)[0].state)
        stage.world.db.close()
    last, first = taken[-100:], taken[10:110]
    return (
        [Figure(f"lap {LAPS:,} of a loop, claimed and completed", last, "the first laps", first, aim=1.5)],
        [Fact(f"state after {LAPS:,} laps", state, "bytes", 4096)],
    )


def _deploy() -> list[Fact]:
    """Check and put in force a changed copy of Review: every diagram, table, form and letter of it."""
    with open_office() as world:
        folder = Path(tempfile.mkdtemp(dir=world.settings.data_dir)) / "processes"
        subprocess.run(["cp", "-r", str(PROCESSES), str(folder)], check=True)
        diagram = folder / "review" / "review_plan.bpmn"
        diagram.write_text(
            diagram.read_text().replace('source="=7" target="reply_days"', 'source="=10" target="reply_days"')
        )
        begun = time.perf_counter()
        deployed = definitions.deploy(world, folder / "review", actor=DEPLOYMENT)
        seconds = time.perf_counter() - begun
    if not deployed.is_new:
        raise SystemExit("Nothing was deployed.")
    return [Fact("deploy a changed Review, every check included", seconds, "s")]


def _parked() -> list[Fact]:
    """Weigh the rows of one parked case: instance, work, waits and outbox, as bytes of their values."""
    with open_office() as world:
        instance_id = bring_to_open_task(world)
        weight = 0
        with world.db.read() as connection:
            for model in _PARTS:
                columns = [func.coalesce(func.length(column), 0) for column in model.__table__.c]
                rows = connection.execute(select(*columns).where(model.instance_id == instance_id))
                weight += sum(sum(row) for row in rows)
    return [Fact("rows of a parked case: instance, work, waits, outbox", weight, "bytes", 3000)]


def _service() -> list[Fact]:
    """Start the service on a database that is ready, and weigh its process when it answers."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        environment = {**os.environ, "DATA_DIR": folder, "PORT": str(port)}
        _until_it_answers(environment, port)
        seconds, megabytes = _until_it_answers(environment, port)
    return [Fact("start-up, until it answers", seconds, "s", 2), Fact("memory of the service", megabytes, "MB")]


def _until_it_answers(environment: dict[str, str], port: int) -> tuple[float, float]:
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "web.serve"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        while time.perf_counter() - begun < 120:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                    seconds = time.perf_counter() - begun
                    return seconds, _resident(process.pid)
            except (URLError, ConnectionError):
                time.sleep(0.02)
        raise SystemExit("The service did not answer within two minutes.")
    finally:
        process.terminate()
        process.wait(timeout=30)


def _resident(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    """Print the figures."""
    print(told(*measure()))


if __name__ == "__main__":
    main()
