"""Each part in a process and a folder of its own, so that none disturbs the next, whatever becomes of it."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from bench.report import Measured
from engine.settings import ROOT
from tests import postgres
from web import own_postgres

SERVER = {
    "shared_buffers": "512MB",
    "max_wal_size": "8GB",
    "maintenance_work_mem": "256MB",
    "max_connections": "100",
}
"""What the server is given beside its defaults; it waits for the disk at each commit, as in production."""


@contextmanager
def server() -> Iterator[str]:
    """Lend the address of a PostgreSQL server of our own that waits for the disk; empty where there is none.

    The server that tests use does not wait for it.
    """
    if own_postgres.programs() is None:
        print(f"PostgreSQL is not installed, and not measured. Install it with: {own_postgres.INSTALL}")
        yield ""
        return
    folder = Path(tempfile.mkdtemp(prefix="redress-bench-postgres-"))
    own_postgres.start(folder, options=SERVER)
    try:
        yield own_postgres.url(folder, database="postgres")
    finally:
        own_postgres.stop(folder, at_once=True)
        shutil.rmtree(folder, ignore_errors=True)


def measured(part: str, address: str, *, patience: float) -> Measured | str:
    """Measure a part on SQLite or on databases of a server; return what it found, or why it failed."""
    folder = Path(tempfile.mkdtemp(prefix="redress-bench-"))
    result = folder / "found"
    environment = {**os.environ, postgres.VARIABLE: address, "TMPDIR": str(folder)}
    command = [sys.executable, "-m", "bench", "--into", str(result), part]
    process = subprocess.Popen(command, env=environment, cwd=ROOT, start_new_session=True)
    try:
        code = process.wait(timeout=patience)
        if code:
            return f"FAILED with exit code {code}"
        found: Measured = pickle.loads(result.read_bytes())
        return found
    except subprocess.TimeoutExpired:
        return f"FAILED: not done after {patience / 60:.0f} minutes"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)
        if address:
            _empty(address)


def _empty(address: str) -> None:
    """Drop what a part has made on a server."""
    url = make_url(address).set(drivername="postgresql").render_as_string(hide_password=False)
    with suppress(psycopg.Error), psycopg.connect(url, autocommit=True) as connection:
        made = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 't\\_%'").fetchall()
        for (name,) in made:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
