"""The long form of the fault tests: every flow killed at every point, every mutant, and a server killed by chance.

``python -m tests.faults.soak [--seed N] [--minutes M] [--only PART]``. It tells each part in a line and, last, all of
it as JSON. The same seed takes the same moments; how long a machine needs between them is its own affair. It exits 1
when anything was wrong, and says what.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.settings import ROOT
from tests.faults import mutants
from tests.faults.flows import FLOWS
from tests.faults.killed_server import kill_again_and_again
from tests.faults.sweep import Sweep, sweep
from tests.world import is_postgres

# Where a worker may sleep without holding the database: whoever sleeps inside a transaction keeps all others waiting.
ASLEEP = ("delivery_claimed", "file_written", "file_linked", "payment_marked", "delivery_done", "delivery_failed")
DELIVERED = ("letter", "letter outside", "letter refused", "email", "email outside", "payment outside")
RACES = 25

Figures = dict[str, Any]


def every_point(_seed: int, _minutes: float) -> Figures:
    """Kill every flow at every point, each time that it is reached."""
    kills, wrong = 0, []
    with sweep() as swept:
        for flow in FLOWS:
            for point, times in swept.peaceful(flow).reached.items():
                for time_reached in range(1, times + 1):
                    kills += 1
                    wrong += _tried(swept.kill, flow, f"{point}:{time_reached}")
    return {"flows": len(FLOWS), "kills": kills, "wrong": wrong}


def every_sleeper(_seed: int, _minutes: float) -> Figures:
    """Let a worker sleep through its lease at every point of every delivery."""
    sleepers, wrong = 0, []
    with sweep() as swept:
        for flow in DELIVERED:
            for point in ASLEEP:
                if point in swept.peaceful(flow).reached:
                    sleepers += 1
                    wrong += _tried(swept.sleep_through_the_lease, flow, f"{point}:1")
    return {"sleepers": sleepers, "wrong": wrong}


def any_moment(seed: int, minutes: float) -> Figures:
    """Kill players of flows at any moment, again and again, until one of them comes to the end."""
    chance, kills, runs, wrong = random.Random(seed), 0, 0, []
    until = time.monotonic() + minutes * 60
    flows = [name for name, flow in FLOWS.items() if not flow.is_slow]
    with sweep() as swept:
        while time.monotonic() < until or not runs:
            flow = chance.choice(flows)
            found, killed = _killed_at_any_moment(swept, flow, chance)
            runs, kills = runs + 1, kills + killed
            wrong += found
    return {"runs": runs, "kills": kills, "wrong": wrong}


def _killed_at_any_moment(swept: Sweep, flow: str, chance: random.Random) -> tuple[list[str], int]:
    folder, kills = swept.copy(flow), 0
    points = [(point, times) for point, times in swept.peaceful(flow).reached.items()]
    for run in range(chance.randint(1, 4)):
        point, times = chance.choice(points)
        answer = swept.play(flow, folder, run, failpoint=f"{point}:{chance.randint(1, times)}")
        kills += answer["code"] != 0
        if answer["code"] == 0:
            break
    found = _tried(swept.play_to_the_end, flow, folder, 5) or _tried(swept.compare, flow, folder, run=5)
    if not found:
        shutil.rmtree(folder)
    return found, kills


def killed_server(seed: int, minutes: float) -> Figures:
    """Kill the real server while people work, in offices of their own, one after the other."""
    figures: Figures = {"offices": 0, "kills": 0, "confirmed": 0, "letters": 0, "sent_again": 0, "wrong": []}
    until = time.monotonic() + minutes * 60
    while time.monotonic() < until or not figures["offices"]:
        root = Path(tempfile.mkdtemp(prefix="redress-killed-"))
        told = kill_again_and_again(root, seed=seed + figures["offices"], kills=10, cases=20)
        figures["offices"] += 1
        for name in ("kills", "confirmed", "letters", "sent_again"):
            figures[name] += getattr(told, name)
        figures["wrong"] += [f"{root}: {fault}" for fault in told.faults]
        if not told.faults:
            shutil.rmtree(root)
    return figures


def every_mutant(_seed: int, _minutes: float) -> Figures:
    """Take out each safeguard, and see the test fail that is there for it."""
    with mutants.a_copy_of_the_source() as copy:
        survived = [name for name, mutant in mutants.MUTANTS.items() if not mutants.is_seen_to_fail(mutant, copy)]
    return {"mutants": len(mutants.MUTANTS), "wrong": [f"SURVIVED: {name}" for name in survived]}


def races(_seed: int, _minutes: float) -> Figures:
    """Run each race many times."""
    command = [sys.executable, "-m", "pytest", "-q", "tests/faults/test_races.py"]
    environment = {**os.environ, "RACES": str(RACES)}
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return {"rounds": RACES, "wrong": [] if ran.returncode == 0 else ran.stdout.splitlines()[-20:]}


def full_disk(_seed: int, _minutes: float) -> Figures:
    """Play a letter on a disk that is really full, smaller by smaller; needs the right to mount one."""
    place = Path(tempfile.mkdtemp(prefix="redress-full-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(place)], capture_output=True, check=False
    )
    if mounted.returncode or is_postgres():
        return {"full": 0, "wrong": [], "left out": "no right to mount a disk, or the database is a server's"}
    wrong: list[str] = []
    try:
        with sweep() as swept:
            for room in range(0, 400_000, 40_000):
                wrong += _tried(_on_a_full_disk, swept, place, room)
    finally:
        subprocess.run(["umount", str(place)], check=False)
        place.rmdir()
    return {"full": 10, "wrong": wrong}


def _on_a_full_disk(swept: Sweep, place: Path, room: int) -> None:
    folder = place / f"room{room}"
    shutil.copytree(swept.peaceful("letter").folder, folder)
    rest = place / "rest"
    with rest.open("wb") as filled:
        filled.write(b"x" * max(shutil.disk_usage(place).free - room, 0))
    swept.play("letter", folder, 0)
    rest.unlink()
    swept.play_to_the_end("letter", folder, 1)
    swept.compare("letter", folder)
    shutil.rmtree(folder)


PARTS: dict[str, Callable[[int, float], Figures]] = {
    "every point": every_point,
    "every sleeper": every_sleeper,
    "full disk": full_disk,
    "races": races,
    "every mutant": every_mutant,
    "any moment": any_moment,
    "killed server": killed_server,
}


def _tried(attempt: Callable[..., object], *arguments: object, **named: object) -> list[str]:
    """Make an attempt; return what was wrong with it."""
    try:
        attempt(*arguments, **named)
    except AssertionError as wrong:
        return [f"{' '.join(map(str, arguments))}: {wrong}"]
    return []


def main() -> int:
    """Do every part, or one. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--minutes", type=float, default=5, help="for each part that goes on by chance")
    parser.add_argument("--only", choices=PARTS)
    asked = parser.parse_args()
    figures: Figures = {"seed": asked.seed, "database": "PostgreSQL" if is_postgres() else "SQLite"}
    for name, part in PARTS.items():
        if asked.only in (None, name):
            begun = time.monotonic()
            figures[name] = part(asked.seed, asked.minutes) | {"seconds": round(time.monotonic() - begun)}
            print(f"{name}: {json.dumps(figures[name])}", flush=True)
    print(json.dumps(figures))
    return 1 if any(part["wrong"] for part in figures.values() if isinstance(part, dict)) else 0


if __name__ == "__main__":
    sys.exit(main())
