"""The other peer: django-viewflow, as its own documentation uses it, on the same kind of database with our settings.

Run in a process of its own: `python -m bench.viewflow_peer COUNT FOLDER ADDRESS` prints the seconds of each start and
of each completed task as JSON. The flow has what the measured step has: a task of a person, an automatic one, a choice,
the next task of a person.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import django
from django.conf import settings
from sqlalchemy import make_url

PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"


def _database(folder: Path, address: str) -> dict[str, object]:
    """Return Django's settings of the database; without an address it is SQLite in the folder."""
    if address:
        url = make_url(address)
        engine = "django.db.backends.postgresql"
        return {"ENGINE": engine, "NAME": url.database, "USER": url.username, "HOST": url.query["host"]}
    options = {"init_command": PRAGMAS, "transaction_mode": "IMMEDIATE"}
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "viewflow.db"), "OPTIONS": options}


def _set_up(folder: Path, address: str) -> None:
    settings.configure(
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "viewflow",
            "viewflow.workflow",
            "bench",
        ],
        DATABASES={"default": _database(folder, address)},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        SECRET_KEY="bench",
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, run_syncdb=True)


def main(count: int, folder: Path, address: str) -> None:
    """Print what each start and each completed task took."""
    _set_up(folder, address)
    from django.contrib.auth.models import User
    from django.db import transaction
    from viewflow.workflow.models import Task

    from bench.viewflow_flow import Review

    leader = User.objects.create(username="leader")
    created, completed = [], []
    for _ in range(count):
        begun = time.perf_counter()
        with transaction.atomic():
            Review.start.run()
        created.append(time.perf_counter() - begun)
    for task in Task.objects.filter(flow_task=Review.allocate, status="NEW"):
        with task.activation() as taken:
            taken.assign(leader)
        begun = time.perf_counter()
        with transaction.atomic(), Task.objects.get(pk=task.pk).activation() as activation:
            activation.process.data["caseworker"] = 7
            activation.process.save()
            activation.start(None)
            activation.execute()
        completed.append(time.perf_counter() - begun)
    if Task.objects.filter(flow_task=Review.gate).count() != count:
        raise SystemExit("The flow did not reach its next task.")
    print(json.dumps({"create": created, "complete": completed}))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
