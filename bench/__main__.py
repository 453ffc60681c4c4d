"""All measurements in one run: `make bench`. Each part runs in a process of its own; the figures go to RESULTS.md.

    python -m bench                   every part, on both databases
    python -m bench --again           the same, but what the last run has measured is not measured again
    python -m bench growth steps      these parts alone: printed, and nothing is written
    python -m bench --small           all of it in a small form, to see that it works: nothing is written

A part that fails, or takes far longer than it should, is written down as failed, and the rest goes on.
"""

from __future__ import annotations

import os
import pickle
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench import apart, case_page, clients, expressions, growth, letters, scale, singles, steps, timers
from bench.report import RESULTS, Measured, Run, told, write
from engine.settings import ROOT
from tests.world import is_postgres

KEPT = ROOT / ".stamps" / "measured"


@dataclass(frozen=True, slots=True)
class Part:
    """One part: what measures it, told the database's name, and its minutes on SQLite and on PostgreSQL, if it has."""

    measure: Callable[[str], Measured]
    minutes: float
    on_postgres: float | None = None


PARTS = {
    "expressions": Part(lambda _: expressions.measure(), 0.2),
    "letters": Part(lambda _: letters.measure(), 0.5),
    "case_page": Part(case_page.measure, 0.3, 0.4),
    "singles": Part(singles.measure, 1, 1.2),
    "steps": Part(steps.measure, 0.7, 1),
    "clients": Part(clients.measure, 0.6, 0.8),
    "timers": Part(timers.measure, 1, 1.5),
    "growth": Part(growth.measure, 4, 6),
}


def main(arguments: Sequence[str]) -> int:
    """Measure every part, or those that are named; return the exit code."""
    if arguments[:1] == ["--into"]:
        _, path, name = arguments
        found = PARTS[name].measure("PostgreSQL" if is_postgres() else "SQLite")
        Path(path).write_bytes(pickle.dumps(found))
        return 0
    names = [name for name in arguments if not name.startswith("--")]
    unknown = (set(names) - set(PARTS)) | (set(arguments) - set(names) - {"--again", "--small"})
    if unknown:
        print(f"There is no part {', '.join(sorted(unknown))}. The parts are {', '.join(PARTS)}.")
        return 2
    is_whole = not names and "--small" not in arguments
    if "--small" in arguments:
        os.environ[scale.VARIABLE] = "small"
    begun = time.monotonic()
    with apart.server() as address:
        work = _work(names or list(PARTS), address)
        run = _run(work, keeps=is_whole, again="--again" in arguments)
    failed = [name for name, _, ended in run.parts if ended != "done"]
    print(f"All of it took {(time.monotonic() - begun) / 60:.1f} minutes.")
    if is_whole:
        write(run, on=datetime.now(UTC).date())
        print(f"Written to {RESULTS}")
    if failed:
        print(f"Failed: {', '.join(failed)}. To measure these alone and write all down: make bench AGAIN=yes")
    return 1 if failed else 0


def _work(names: Sequence[str], address: str) -> list[tuple[str, str, str, float]]:
    """Return what is to be done: part, name, database and minutes that it should take."""
    work = []
    for part in names:
        on_postgres = PARTS[part].on_postgres
        if on_postgres is None:
            work.append((part, part, "", PARTS[part].minutes))
            continue
        work.append((part, f"{part}, SQLite", "", PARTS[part].minutes))
        if address:
            work.append((part, f"{part}, PostgreSQL", address, on_postgres))
    return work


def _run(work: list[tuple[str, str, str, float]], *, keeps: bool, again: bool) -> Run:
    run = Run()
    left = sum(minutes for *_, minutes in work)
    for number, (part, name, address, minutes) in enumerate(work, start=1):
        kept = KEPT / f"{name.replace(', ', '-')}.pickle"
        found: Measured | str
        if again and kept.exists():
            seconds, found = pickle.loads(kept.read_bytes())
            print(f"[{number}/{len(work)}] {name}: measured before", flush=True)
        else:
            print(f"[{number}/{len(work)}] {name} ... about {left:.0f} minutes left", flush=True)
            kept.unlink(missing_ok=True)
            begun = time.perf_counter()
            found = apart.measured(part, address, patience=max(480, minutes * 60 * 4))
            seconds = time.perf_counter() - begun
            print(found if isinstance(found, str) else told(found))
            print(f"  ({seconds:.0f} seconds)", flush=True)
            if keeps and isinstance(found, Measured):
                KEPT.mkdir(parents=True, exist_ok=True)
                kept.write_bytes(pickle.dumps((seconds, found)))
        run.add(name, seconds, found)
        left -= minutes
    return run


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
