"""`python -m web.restore BACKUP`: puts a backup back where nothing is, and checks what it put back.

The spool is added to and never taken back: what left after the backup was made is owed again in the restored database,
and the file that is still there is what keeps it from leaving twice.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from sqlalchemy import inspect, select

from engine import history
from engine.db import Database
from engine.errors import RedressError
from engine.models import ProcessInstance
from engine.schema import migrate
from engine.settings import Settings, read_settings
from web.backup import ABOUT, EMBEDDED, SECRET, SERVER, SPOOL, check_embedded, run_program
from web.security import keep_private
from web.serve import hold


class RestoreRefused(RedressError):
    """The backup was not put back."""


def main() -> int:
    """Put the named backup back. Returns the exit code."""
    try:
        settings = read_settings()
        if len(sys.argv) != 2:
            raise RestoreRefused("Say which backup: python -m web.restore data/backups/2026-11-22T081500.000000")
        keep_private(settings.data_dir)
        with hold(settings.data_dir):
            instances = restore(settings, Path(sys.argv[1]))
    except (RedressError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"The backup is back: {instances} procedures, each with its whole history.")
    return 0


def restore(settings: Settings, backup: Path) -> int:
    """Put a backup back, bring it to this version and check every history; return how many there are.

    Raises: RestoreRefused, before anything is changed when the backup or the place is not right; BackupFailed.
    """
    kept = backup / (SERVER if settings.server_url else EMBEDDED)
    if not (backup / ABOUT).is_file() or not kept.is_file():
        raise RestoreRefused(f"{backup} is not a backup of this kind of database: it has no {kept.name}.")
    _refuse_unless_empty(settings)
    if settings.server_url:
        run_program("pg_restore", settings, "--no-owner", "--no-privileges", "--single-transaction", kept)
    else:
        check_embedded(kept)
        shutil.copyfile(kept, settings.data_dir / EMBEDDED)
    _add_files(backup / SPOOL, settings.spool_dir)
    if (backup / SECRET).is_file() and not (settings.data_dir / SECRET).exists():
        shutil.copy2(backup / SECRET, settings.data_dir / SECRET)
    db = Database(settings.database_url)
    try:
        migrate(db)
        return _check_histories(db)
    finally:
        db.close()


def _refuse_unless_empty(settings: Settings) -> None:
    if not settings.server_url:
        if (settings.data_dir / EMBEDDED).exists():
            raise RestoreRefused(f"There is a database in {settings.data_dir} already. Move it away first.")
        return
    db = Database(settings.server_url)
    with db.read() as connection:
        tables = inspect(connection).get_table_names()
    db.close()
    if tables:
        raise RestoreRefused("The database has tables already. Make an empty one, and name it with DATABASE_URL.")


def _add_files(source: Path, target: Path) -> None:
    """Copy the files that are not there."""
    for path in source.rglob("*"):
        place = target / path.relative_to(source)
        if path.is_file() and not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, place)


def _check_histories(db: Database) -> int:
    with db.read() as connection:
        numbers = connection.execute(select(ProcessInstance.instance_id)).scalars().all()
        for number in numbers:
            fault = history.verify(connection, number)
            if fault is not None:
                raise RestoreRefused(f"The history of procedure {number} is not whole: {fault} Take an older backup.")
    return len(numbers)


if __name__ == "__main__":
    sys.exit(main())
