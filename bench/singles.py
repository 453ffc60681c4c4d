"""Single numbers: a deployment, laps of a loop, a start, memory, a parked case: `python -m bench singles`."""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

from sqlalchemy import func, select

from bench.office import TASK, bring_to_open_task, open_office
from bench.report import Curve, Fact, Figure, Measured
from bench.scale import scale
from bench.stock import StockPeer
from engine import definitions, tasks
from engine.models import Outbox, ProcessInstance, UserTask, Wait
from engine.settings import ROOT
from engine.world import DEPLOYMENT
from tests import postgres, tiny
from tests.stage import Stage
from tests.world import PROCESSES, is_postgres

TURNS = 5
_PARTS = (ProcessInstance, UserTask, Wait, Outbox)


def measure(database: str) -> Measured:
    """Measure each."""
    lapped, started, deployed = _laps(database), _service(database), _deploy(database)
    return Measured(
        [*lapped.figures, *deployed.figures, *started.figures],
        [*lapped.facts, *_parked(database), *started.facts],
        lapped.curves,
    )


def _laps(database: str) -> Measured:
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
        for _ in range(scale().laps):
            with stage.world.db.read() as connection:
                opened = select(UserTask.task_id).where(UserTask.instance_id == 1, UserTask.status == "open")
                task_id = connection.execute(opened).scalar_one()
            begun = time.perf_counter()
            tasks.claim(stage.world, task_id, actor=stage.caseworker)
            tasks.complete(stage.world, task_id, {"answer": "again"}, actor=stage.caseworker)
            taken.append(time.perf_counter() - begun)
        state = len(stage.rows(ProcessInstance)[0].state)
        stage.world.db.close()
    tenth = len(taken) // 10
    first, last = taken[tenth // 10 : tenth + tenth // 10], taken[-tenth:]  # the very first read what is kept
    points = [(f"{at + tenth:,}", taken[at : at + tenth]) for at in range(0, tenth * 10, tenth)]
    name = f"lap {len(taken):,} of a loop, claimed and completed, {database}"
    return Measured(
        [Figure(name, last, "the first laps", first, aim=1.5)],
        [Fact(f"state after {len(taken):,} laps, {database}", state, "bytes", 4096)],
        [Curve("Laps of a loop", database, points)],
    )


def _deploy(database: str) -> Measured:
    """Check and put in force changed copies of Review, beside stock SpiffWorkflow's parser on the same diagrams."""
    ours, theirs = [], []
    with open_office() as world:
        folder = Path(tempfile.mkdtemp(dir=world.settings.data_dir)) / "processes"
        shutil.copytree(PROCESSES, folder)
        diagram = folder / "review" / "review_plan.bpmn"
        as_drawn = diagram.read_text()
        [review] = [one for one in world.definitions.values() if one.key == "review"]
        for days in range(10, 10 + TURNS):
            changed = as_drawn.replace('source="=7" target="reply_days"', f'source="={days}" target="reply_days"')
            diagram.write_text(changed)
            begun = time.perf_counter()
            deployed = definitions.deploy(world, folder / "review", actor=DEPLOYMENT)
            ours.append(time.perf_counter() - begun)
            if not deployed.is_new:
                raise SystemExit("Nothing was deployed.")
            begun = time.perf_counter()
            StockPeer(review.files, review.process_id)
            theirs.append(time.perf_counter() - begun)
    name = f"deploy a changed Review, every check included, {database}"
    return Measured([Figure(name, ours, "stock SpiffWorkflow only parses it", theirs)])


def _parked(database: str) -> list[Fact]:
    """Weigh the rows of one parked case: instance, work, waits and outbox, as bytes of their values."""
    with open_office() as world:
        instance_id = bring_to_open_task(world)
        weigh = func.length if world.db.is_sqlite else func.pg_column_size
        rows = 0
        with world.db.read() as connection:
            for model in _PARTS:
                columns = [func.coalesce(weigh(column), 0) for column in model.__table__.c]
                found = connection.execute(select(*columns).where(model.instance_id == instance_id))
                rows += sum(sum(row) for row in found)
            instance = ProcessInstance.instance_id == instance_id
            stored = connection.execute(select(ProcessInstance.state, ProcessInstance.variables).where(instance)).one()
        [review] = [one for one in world.definitions.values() if one.key == "review"]
        theirs = len(StockPeer(review.files, review.process_id).begin(TASK))
    state = len(stored.state) + len(stored.variables)
    return [
        Fact(f"rows of a parked case: instance, work, waits, outbox, {database}", rows, "bytes", 3000),
        Fact(f"state of a parked case, {database}", state, "bytes"),
        Fact(f"its state to that of stock SpiffWorkflow, {database}", state / theirs, "times", 1),
    ]


def _service(database: str) -> Measured:
    """Start the service on a database that is ready, and weigh its process when it answers; beside a bare page."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        environment = {**os.environ, "DATA_DIR": folder, "PORT": str(port)}
        if is_postgres():
            postgres.make_database(Path(folder))
            environment["DATABASE_URL"] = postgres.url_of(Path(folder))
        bare = {**environment, "BENCH_DATABASE": environment.get("DATABASE_URL", f"sqlite:///{folder}/bare.db")}
        _until_it_answers("web.serve", environment, port)
        ours, theirs = [], []
        for _ in range(TURNS):
            ours.append(_until_it_answers("web.serve", environment, port))
            theirs.append(_until_it_answers("bench.bare_service", bare, port))
    beside = "a bare page by the same libraries"
    name = f"start-up, until it answers, {database}"
    seconds, memory = zip(*ours, strict=True)
    bare_seconds, bare_memory = zip(*theirs, strict=True)
    return Measured(
        [Figure(name, seconds, beside, bare_seconds)],
        [
            Fact(name, statistics.median(seconds), "s", 2),
            Fact(f"memory of the service, {database}", statistics.median(memory), "MB"),
            Fact(f"memory to that of {beside}, {database}", max(memory) / max(bare_memory), "times"),
        ],
    )


def _until_it_answers(module: str, environment: dict[str, str], port: int) -> tuple[float, float]:
    begun = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", module], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
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
