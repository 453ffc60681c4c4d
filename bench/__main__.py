"""All measurements in one run: `make bench`. Each part runs in a process of its own, and its figures go to RESULTS.md.

`python -m bench steps growth` measures these parts alone and prints them; nothing is written then.
"""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bench import case_page, clients, expressions, growth, letters, singles, steps, waits
from bench.report import RESULTS, Fact, Figure, told, write
from tests import postgres
from tests.world import is_postgres
from web import own_postgres

Measured = tuple[list[Figure], list[Fact]]


def _database() -> str:
    return "PostgreSQL" if is_postgres() else "SQLite"


PARTS: dict[str, Callable[[], Measured]] = {
    "steps": lambda: steps.measure(_database(), peers=not is_postgres()),
    "clients": lambda: clients.measure(_database()),
    "waits": lambda: waits.measure(_database()),
    "growth": lambda: growth.measure(_database()),
    "singles": singles.measure,
    "case_page": case_page.measure,
    "expressions": expressions.measure,
    "letters": letters.measure,
}
ON_BOTH = ("steps", "clients", "waits", "growth")
SERVER = {"shared_buffers": "512MB", "max_wal_size": "4GB", "max_connections": "100"}
"""What the server is given beside its defaults; it waits for the disk at each commit, as in production."""


def main(names: list[str]) -> int:
    """Measure every part, or those that are named; return the exit code."""
    if names[:1] == ["--into"]:
        Path(names[1]).write_bytes(pickle.dumps(PARTS[names[2]]()))
        return 0
    unknown = set(names) - set(PARTS)
    if unknown:
        print(f"There is no part {', '.join(sorted(unknown))}. The parts are {', '.join(PARTS)}.")
        return 2
    figures: list[Figure] = []
    facts: list[Fact] = []
    with _server() as address:
        for name in names or PARTS:
            for url in ["", address] if name in ON_BOTH and address else [""]:
                begun = time.perf_counter()
                print(f"{name} on {'PostgreSQL' if url else 'SQLite'} ...", flush=True)
                found = _apart(name, url)
                print(told(*found))
                print(f"  ({time.perf_counter() - begun:.0f} seconds)", flush=True)
                figures += found[0]
                facts += found[1]
    if not names:
        write(figures, facts, on=datetime.now(UTC).date())
        print(f"Written to {RESULTS}")
    return 0


@contextmanager
def _server() -> Iterator[str]:
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


def _apart(name: str, url: str) -> Measured:
    """Measure a part in a process of its own, on SQLite or on databases of a server."""
    with tempfile.NamedTemporaryFile() as result:
        command = [sys.executable, "-m", "bench", "--into", result.name, name]
        subprocess.run(command, check=True, env={**os.environ, postgres.VARIABLE: url})
        found: Measured = pickle.loads(Path(result.name).read_bytes())
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
