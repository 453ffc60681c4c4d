"""Mutants: the program with one safeguard taken out. The test that is named beside each must fail on it.

``python -m tests.faults.mutants [NAME ...]`` applies them, one after the other, to a copy of the source, and tells
which were seen to fail. A mutant whose text is gone from the source is an error: the safeguard has moved, and so must
it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.settings import ROOT

_COPIED = ("engine", "handlers", "letters", "processes", "tests", "web", "docs", "pyproject.toml", "README.md")


@dataclass(frozen=True, slots=True)
class Mutant:
    """What is replaced in a file, and the test that must then fail (its file, and words of its name)."""

    file: str
    old: str
    new: str
    test: str
    words: str


MUTANTS: dict[str, Mutant] = {
    "no key for the provider": Mutant(
        "handlers/gateway.py",
        'headers = {"If-None-Match": "*", ',
        "headers = {",
        "tests/faults/test_provider.py",
        "taken_once and letters and hang",
    ),
    "another name in the spool at each try": Mutant(
        "handlers/delivery.py",
        'hand_over(world, "letters", f"{owed.key}.pdf", papers[0].content)',
        'hand_over(world, "letters", f"{owed.key}-{owed.attempts}.pdf", papers[0].content)',
        "tests/engine/test_outbox.py",
        "could_not_be_recorded",
    ),
    "another Message-ID at each try": Mutant(
        "handlers/delivery.py",
        "hashlib.sha256(owed.key.encode())",
        "hashlib.sha256(owed.owner.encode())",
        "tests/faults/test_provider.py",
        "taken_once and mail and hang",
    ),
    "no check of the version": Mutant(
        "engine/instance_row.py",
        ', _INSTANCE.c.version == bindparam("b_version")',
        ', _INSTANCE.c.version <= bindparam("b_version") + 999',
        "tests/faults/test_races.py",
        "saved_since_it_was_read",
    ),
    "sent before the commit": Mutant(
        "engine/context.py",
        "        owe(\n            self.connection,\n            key=f",
        '        from engine.outbox import Owed\n        early = f"{self.job.element_id}-{self.job.token[:8]}"\n'
        "        self.world.deliveries[kind](self.world, Owed(0, early, kind, payload, None, None, None, 1))\n"
        "        owe(\n            self.connection,\n            key=f",
        "tests/faults/test_sweep.py",
        "nothing_leaves and email",
    ),
    "a write that begins without the lock": Mutant(
        "engine/db.py",
        '_begin(connection, "IMMEDIATE")',
        '_begin(connection, "DEFERRED")',
        "tests/faults/test_races.py",
        "queue_and_neither_is_refused",
    ),
    "late work is missed": Mutant(
        "engine/worker.py",
        "        misfire_grace_time=None,\n",
        "",
        "tests/faults/test_scheduler.py",
        "an_hour_late",
    ),
    "no check of the owner": Mutant(
        "engine/outbox.py",
        ", Outbox.owner == owed.owner",
        "",
        "tests/engine/test_outbox.py",
        "slept_through_the_lease",
    ),
    "what ends its worker is tried for ever": Mutant(
        "engine/dispatch.py",
        "    if owed.attempts > world.settings.delivery_attempts:\n",
        "    if owed.attempts > 10**6:\n",
        "tests/engine/test_outbox.py",
        "ends_its_worker_each_time",
    ),
    "a step that ends its process is begun for ever": Mutant(
        "engine/background.py",
        "        if ended < MOST_ENDED:\n",
        "        if ended < 10**6:\n",
        "tests/engine/test_ended_processes.py",
        "left_to_a_person",
    ),
    "a note at each click": Mutant(
        "web/sent_once.py",
        "    if not key:\n",
        "    if key or not key:\n",
        "tests/faults/test_races.py",
        "kept_once_for_each_form",
    ),
    "a timer that nobody has is stepped for ever": Mutant(
        "engine/timers.py",
        "        if due and not has_fired and _due_of(",
        "        if not due and not has_fired and _due_of(",
        "tests/engine/test_timers.py",
        "knows_nothing_of",
    ),
    "a newer rule stops a deployed table": Mutant(
        "engine/decision_graph.py",
        "source.unread if self.is_deployed else source.findings",
        "source.findings",
        "tests/unit/test_decisions.py",
        "newer_than_a_deployed",
    ),
    "no mark before an instruction leaves": Mutant(
        "handlers/payments_delivery.py",
        "if row.instruction_ref is None:",
        "if False:",
        "tests/faults/test_provider.py",
        "may_have_left",
    ),
    "a file that is not whole": Mutant(
        "handlers/spool.py",
        "        beside.unlink(missing_ok=True)\n",
        "        pass\n",
        "tests/engine/test_outbox.py",
        "refuses_leaves_nothing",
    ),
    "an outage calls a person": Mutant(
        "engine/background.py",
        "    except DatabaseAway:\n",
        "    except MemoryError:\n",
        "tests/faults/test_database.py",
        "cuts_off",
    ),
    "a clock that ran ahead": Mutant(
        "engine/outbox.py",
        'and_(Outbox.state == "busy", Outbox.lease_until > now + LEASE)',
        'and_(Outbox.state == "never", Outbox.lease_until > now + LEASE)',
        "tests/engine/test_outbox.py",
        "ran_ahead",
    ),
}


def faults_of(mutant: Mutant) -> list[str]:
    """Return why a mutant cannot be applied, in sentences."""
    found = (ROOT / mutant.file).read_text().count(mutant.old)
    said = [] if found == 1 else [f"{mutant.file} has {found} places {mutant.old!r}."]
    return said if (ROOT / mutant.test).exists() else [*said, f"There is no {mutant.test}."]


def is_seen_to_fail(mutant: Mutant, copy: Path) -> bool:
    """Apply a mutant to a copy of the source, run its test, and take it back. Raises: AssertionError."""
    assert faults_of(mutant) == []
    path = copy / mutant.file
    path.write_text((ROOT / mutant.file).read_text().replace(mutant.old, mutant.new))
    command = [sys.executable, "-m", "pytest", "-q", mutant.test, "-k", mutant.words]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    try:
        ran = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    finally:
        shutil.copyfile(ROOT / mutant.file, path)
    # 1 says that tests failed; anything else, such as 5 for no test of that name, says nothing about the mutant.
    assert ran.returncode in (0, 1), ran.stdout + ran.stderr
    return ran.returncode == 1


@contextmanager
def a_copy_of_the_source() -> Iterator[Path]:
    """Lend a copy of the source, to be changed."""
    with tempfile.TemporaryDirectory(prefix="redress-mutants-") as folder:
        copy = Path(folder)
        for name in _COPIED:
            source, leave = ROOT / name, shutil.ignore_patterns("__pycache__", "dist", "node_modules")
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=leave)
            elif source.exists():
                shutil.copyfile(source, copy / name)
        for name in ("node_modules", ".venv"):
            if (ROOT / name).exists():
                (copy / name).symlink_to(ROOT / name)
        yield copy


def main(names: list[str]) -> int:
    """Apply mutants and tell which were seen to fail. Returns the exit code: 0 when every one was."""
    survivors = 0
    with a_copy_of_the_source() as copy:
        for name in names or MUTANTS:
            begun = time.monotonic()
            seen = is_seen_to_fail(MUTANTS[name], copy)
            survivors += not seen
            words = "seen to fail" if seen else "SURVIVED"
            print(f"{words}: {name} ({MUTANTS[name].test}, {time.monotonic() - begun:.0f} s)", flush=True)
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
