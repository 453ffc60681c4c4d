"""`python -m web.scaled`: PostgreSQL, two web processes and two workers on this machine.

The server is our own, in DATA_DIR, unless DATABASE_URL names another. Ctrl-C stops everything in order; SIGHUP restarts
the processes one after the other, while people work on.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace

import psycopg

from engine.errors import RedressError
from engine.settings import ROOT, Settings, read_settings
from web import logs, own_postgres
from web.app import make_world
from web.serve import check_port, greet, hold, prepare

WORKERS = 2
DATABASE = "redress"
_PAGES = ("gunicorn", "-c", str(ROOT / "web" / "gunicorn_settings.py"), "web.pages:create()")
_WORKER = ("web.worker",)
_PATIENCE = 40  # seconds in which a process ends what it has begun


class Processes:
    """The processes of this machine: started, looked after, replaced, stopped."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self.pages = self._start(_PAGES)
        self.workers = [self._start(_WORKER) for _ in range(WORKERS)]

    def _start(self, module: tuple[str, ...]) -> subprocess.Popen[bytes]:
        # A session of their own: Ctrl-C reaches this process alone, which then stops them in order.
        command = [sys.executable, "-m", *module]
        return subprocess.Popen(command, cwd=ROOT, env=self._environment, start_new_session=True)

    def look_after(self) -> bool:
        """Start again a worker that died; return whether the pages are still served."""
        for number, worker in enumerate(self.workers):
            if worker.poll() is not None:
                self.workers[number] = self._start(_WORKER)
        return self.pages.poll() is None

    def replace_all(self) -> None:
        """Replace every process by a new one, one after the other."""
        self.pages.send_signal(signal.SIGHUP)
        for number, worker in enumerate(self.workers):
            _end(worker)
            self.workers[number] = self._start(_WORKER)

    def stop(self) -> None:
        """Stop everything; what has begun is ended first."""
        for process in (self.pages, *self.workers):
            process.terminate()
        for process in (self.pages, *self.workers):
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()  # its lease runs out, and another does its work
        process.wait()


def main() -> int:
    """Run until told to stop. Returns the exit code."""
    logs.set_up()
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda given, _frame: asked.append(given))
    try:
        settings = read_settings()
        lock = hold(settings.data_dir)
        check_port(settings)
        settings = settings if settings.server_url else _own_server(settings)
        world = make_world(settings)
        prepare(world)
        world.db.close()
    except RedressError as error:
        print(error, file=sys.stderr)
        return 1
    processes = Processes({**os.environ, "DATABASE_URL": settings.server_url})
    greet(settings)
    code = 0
    while not {signal.SIGTERM, signal.SIGINT} & set(asked):
        if signal.SIGHUP in asked:
            asked.remove(signal.SIGHUP)
            processes.replace_all()
        if not processes.look_after():
            print("The pages are not served any more. What gunicorn said stands above.", file=sys.stderr)
            code = 1
            break
        time.sleep(0.2)
    processes.stop()
    own_postgres.stop(settings.data_dir / "postgresql")
    lock.close()
    return code


def _own_server(settings: Settings) -> Settings:
    """Start the server of this data directory and make its database. Raises: NoPostgres."""
    folder = settings.data_dir / "postgresql"
    own_postgres.start(folder)
    with psycopg.connect(own_postgres.url(folder, database="postgres", driver=""), autocommit=True) as server:
        if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
            server.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0")
    return replace(settings, server_url=own_postgres.url(folder, database=DATABASE))


if __name__ == "__main__":
    sys.exit(main())
