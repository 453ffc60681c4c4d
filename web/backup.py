"""`python -m web.backup [FOLDER]`: one copy of everything, made while people work; `web.restore` puts it back.

A backup is a folder: the database, checked as it is written; then the spool, so that it holds at least what the
database says was sent; the key that signs sessions; and a note of what it is. The newest 14 are kept.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import make_url

from engine.errors import RedressError
from engine.settings import VERSION, Settings, read_settings
from web import own_postgres

KEPT = 14
EMBEDDED, SERVER = "redress.db", "redress.dump"
SECRET, SPOOL, ABOUT = "secret-key", "spool", "about.json"


class BackupFailed(RedressError):
    """The backup could not be made, and nothing was kept of it."""


def main() -> int:
    """Make a backup below a folder, DATA_DIR/backups if none is named. Returns the exit code."""
    try:
        settings = read_settings()
        below = Path(sys.argv[1]) if len(sys.argv) > 1 else settings.data_dir / "backups"
        made = back_up(settings, below)
    except (RedressError, OSError, sqlite3.Error) as error:
        print(f"There is no new backup. {error}", file=sys.stderr)
        return 1
    print(f"The backup is {made}. To see that it can be put back: docs/production.md")
    return 0


def back_up(settings: Settings, below: Path) -> Path:
    """Make a backup below a folder and return where it is. Raises: BackupFailed; OSError; sqlite3.Error."""
    os.umask(0o077)
    name = datetime.now(UTC).strftime("%Y-%m-%dT%H%M%S.%f")
    begun = below / f".{name}"
    begun.mkdir(parents=True)
    try:
        if settings.server_url:
            _dump(settings, begun / SERVER)
        else:
            _copy(settings.data_dir / EMBEDDED, begun / EMBEDDED)
        if settings.spool_dir.is_dir():
            shutil.copytree(settings.spool_dir, begun / SPOOL)
        if (settings.data_dir / SECRET).is_file():
            shutil.copy2(settings.data_dir / SECRET, begun / SECRET)
        about = {"version": VERSION, "made_at": datetime.now(UTC).isoformat(timespec="seconds")}
        (begun / ABOUT).write_text(json.dumps(about, indent=2) + "\n")
        os.sync()
        done = begun.rename(below / name)
    except BaseException:
        shutil.rmtree(begun, ignore_errors=True)
        raise
    for old in sorted(path for path in below.iterdir() if (path / ABOUT).is_file())[:-KEPT]:
        shutil.rmtree(old)
    return done


def run_program(name: str, settings: Settings, *arguments: object) -> None:
    """Run a program of PostgreSQL on the settings' database. Raises: BackupFailed."""
    folder = own_postgres.programs()
    program = str(folder / name) if folder is not None else shutil.which(name)
    if program is None:
        raise BackupFailed(f"{name} is not installed. Install it with: sudo apt-get install postgresql-client")
    url = make_url(settings.server_url).set(drivername="postgresql")
    # A password on the command line could be read by everybody on this machine.
    environment = {**os.environ, "PGPASSWORD": url.password or os.environ.get("PGPASSWORD", "")}
    address = url._replace(password=None).render_as_string()
    command: Sequence[str] = [program, "--no-password", f"--dbname={address}", *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise BackupFailed(f"{name} failed: {done.stderr.strip()}")


def _dump(settings: Settings, target: Path) -> None:
    run_program("pg_dump", settings, "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")


def _copy(source: Path, target: Path) -> None:
    """Copy an embedded database that may be in use, and check the copy."""
    if not source.is_file():
        raise BackupFailed(f"There is no database at {source}.")
    with closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as connection:
        connection.execute("VACUUM INTO ?", [str(target)])
    check_embedded(target)


def check_embedded(path: Path) -> None:
    """Raises: BackupFailed when an embedded database is damaged."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        faults = [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
        faults += [f"a row of {row[0]} refers to none" for row in connection.execute("PRAGMA foreign_key_check")]
    if faults:
        raise BackupFailed(f"{path.name} is damaged: {'; '.join(map(str, faults[:3]))}.")


if __name__ == "__main__":
    sys.exit(main())
