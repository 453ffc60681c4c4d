"""PostgreSQL for tests: `TEST_DATABASE_URL` names a server, and every folder of a test then has a database there.

To run any tests on PostgreSQL, let this module start a server of its own and stop it at the end:

    .venv/bin/python -m tests.postgres pytest tests/engine -q

It needs Debian's `postgresql` (no running server, no root: as root the server runs as the user postgres). To keep
one server through several runs, `eval $(python -m tests.postgres keep FOLDER)` in a shell, and `... stop FOLDER`
at the end.

What a test has to know: `tests.world.make_world(folder)` opens the database of that folder, wherever it lies, also from
another process; `tests.world.copy_world(source, target)` copies a folder with its database (close the source's world
first); `tests.world.is_postgres()` tells which one it is. Databases of folders under `tmp_path` go when the test ends.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from web import own_postgres

VARIABLE = "TEST_DATABASE_URL"
_ROOMY = 1_000_000_000  # bytes that a folder in memory must have free
# A power cut would destroy what tests made, and nobody would miss it; a killed server still finds every commit.
_FAST = {"fsync": "off", "full_page_writes": "off", "max_connections": "200", "autovacuum": "off"}

_made: set[Path] = set()


def server_url() -> str:
    """Return the server's address; empty when tests run on SQLite."""
    return os.environ.get(VARIABLE, "")


def url_of(folder: Path) -> str:
    """Return the address of a folder's database; empty when tests run on SQLite."""
    if not server_url():
        return ""
    return make_url(server_url()).set(database=_name_of(folder)).render_as_string(hide_password=False)


def make_database(folder: Path, *, like: Path | None = None) -> bool:
    """Make the database of a folder, unless it is there: empty, or a copy of another folder's that nobody uses now.

    Returns whether it was made.
    """
    template = _name_of(like) if like is not None else "template0"
    with _server() as server:
        if _is_there(server, _name_of(folder)):
            return False
        server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                sql.Identifier(_name_of(folder)), sql.Identifier(template)
            )
        )
    _made.add(folder)
    return True


def drop_databases(under: Path) -> None:
    """Drop what was made for folders under this one."""
    gone = [folder for folder in _made if folder == under or under in folder.parents]
    if not gone:
        return
    with _server() as server:
        for folder in gone:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(_name_of(folder))))
            _made.discard(folder)


def _name_of(folder: Path) -> str:
    return f"t_{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:24]}"


def has_database(folder: Path) -> bool:
    """Tell whether a folder has a database yet."""
    with _server() as server:
        return _is_there(server, _name_of(folder))


def _is_there(server: psycopg.Connection[Any], name: str) -> bool:
    return server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def _server() -> psycopg.Connection[Any]:
    url = make_url(server_url()).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(url, autocommit=True)


def start(folder: Path) -> str:
    """Start a fast, careless server in a folder and return its address."""
    own_postgres.start(folder, options=_FAST)
    return own_postgres.url(folder, database="postgres")


def place() -> Path:
    """Return a new folder for a server: in memory where there is room."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOMY
    return Path(tempfile.mkdtemp(prefix="redress-postgres-", dir=memory if roomy else None))


def main(arguments: list[str]) -> int:
    """Run a command with a server, or keep one, or stop one. Returns the exit code."""
    match arguments:
        case ["keep", folder]:
            print(f"export {VARIABLE}='{start(Path(folder))}'")
            return 0
        case ["stop", folder]:
            own_postgres.stop(Path(folder), at_once=True)
            return 0
    folder = place()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # or the server would outlive us
    try:
        environment = {**os.environ, VARIABLE: start(folder)}
        return subprocess.run([sys.executable, "-m", *arguments], env=environment, check=False).returncode
    finally:
        own_postgres.stop(folder, at_once=True)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except own_postgres.NoPostgres as missing:
        sys.exit(str(missing))
