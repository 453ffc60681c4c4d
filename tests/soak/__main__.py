"""Plays at random for long: ``make soak``, ``make soak SOAK_STEPS=20000``, ``make soak SOAK_SEEDS=123-123``.

Random processes against the token game first, then random walks through Log, Resolution and Review
(``SOAK_CASES=17-17`` plays one again). A seed that fails is written to a file, with the command that plays it again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from itertools import count, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from engine.spiff import DiagramError
from tests.engine.test_spiff_table import CELLS
from tests.soak.cases import walk_through
from tests.soak.drawing import draw
from tests.soak.instance import Disagreement
from tests.soak.play import Played, play, processes_of
from tests.soak.shrink import fails, shrink

STEPS = 1_000_000
CASES = 200
AT_ONCE = 10
"""How many seeds are played between two looks at the clock."""
SHRINKS_FOR = 60
"""Seconds."""
FAILURES = Path("soak-failures")
Result = tuple[Played, list[str]]


def main() -> int:
    """Play what the environment asks for; return how the program ends."""
    seeds, cases = os.environ.get("SOAK_SEEDS", ""), os.environ.get("SOAK_CASES", "")
    steps = int(os.environ.get("SOAK_STEPS", STEPS))
    processes = int(os.environ.get("SOAK_PROCESSES", os.cpu_count() or 1))
    failed = 0
    with ProcessPoolExecutor(processes, initializer=os.nice, initargs=(10,)) as pool:
        if seeds or not cases:
            chosen = span(seeds) if seeds else count()
            bound = 0 if isinstance(chosen, range) else steps
            failed += run(pool, processes, "random processes", play_seeds, chosen, bound)
        if cases or not seeds:
            # As many cases for a shorter soak as its share of the whole one.
            usual = max(3, CASES * min(steps, STEPS) // STEPS)
            chosen = span(cases) if cases else range(usual)
            failed += run(pool, processes, "cases", play_cases, chosen, 0)
    return 1 if failed else 0


def span(text: str) -> Iterable[int]:
    """Return the seeds of ``12-20``, ``12``, or ``12-`` for all from there on."""
    first, to, last = text.partition("-")
    if to and not last:
        return count(int(first))
    return range(int(first), int(last or first) + 1)


def run(
    pool: ProcessPoolExecutor,
    processes: int,
    what: str,
    play_some: Callable[[list[int]], Result],
    seeds: Iterable[int],
    steps: int,
) -> int:
    """Play seeds until there are so many steps (0: all of the seeds); return how many failed."""
    played, failures, began, told = Played(), 0, monotonic(), 0.0
    todo, batches = set(), batched(seeds)
    while True:
        while len(todo) < 2 * processes and (not steps or played.steps < steps):
            batch = next(batches, None)
            if batch is None:
                break
            todo.add(pool.submit(play_some, batch))
        if not todo:
            break
        done, todo = wait(todo, return_when=FIRST_COMPLETED)
        for future in done:
            some, failed = future.result()
            played.add(some)
            failures += len(failed)
            for text in failed:
                print(text, flush=True)
        if monotonic() - told > 10:
            told = monotonic()
            print(progress(what, played, failures, steps, told - began), flush=True)
    print(progress(what, played, failures, 0, monotonic() - began), flush=True)
    if played.rows:
        never = sorted({cell.name for cell in CELLS if cell.runs} - played.rows)
        print(f"rows of docs/bpmn.md that were passed: {len(played.rows)}; never passed: {', '.join(never) or 'none'}")
    return failures


def batched(seeds: Iterable[int]) -> Iterator[list[int]]:
    """Yield the seeds some at a time."""
    left = iter(seeds)
    while batch := list(islice(left, AT_ONCE)):
        yield batch


def progress(what: str, played: Played, failures: int, steps: int, seconds: float) -> str:
    """Return a line that says how far it is."""
    rate = played.steps / max(seconds, 0.001)
    line = f"{what}: {played.steps:,} steps in {played.walks:,} walks, {seconds:,.0f} s, {rate:,.0f} steps a second"
    if played.undecided:
        line += f", {played.undecided:,} walks ended where the standard says no more"
    line += f", {failures} failed"
    return line + (f", about {max(0, steps - played.steps) / max(rate, 0.001) / 60:,.0f} min to go" if steps else "")


def play_seeds(seeds: list[int]) -> Result:
    """Play some seeds of random processes."""
    played, failed = Played(), []
    for seed in seeds:
        try:
            played.add(play(seed))
        except (Disagreement, DiagramError) as error:
            failed.append(keep(seed, str(error)))
    return played, failed


def keep(seed: int, error: str) -> str:
    """Write a failing seed down, and a smaller process that fails too; return what to tell."""
    FAILURES.mkdir(exist_ok=True)
    whole = processes_of(seed)
    (FAILURES / f"{seed}.bpmn").write_bytes(draw(whole))
    (FAILURES / f"{seed}.txt").write_text(error + "\n", "utf-8")
    small = shrink(seed, whole, seconds=SHRINKS_FOR)
    if small != whole:
        (FAILURES / f"{seed}-small.bpmn").write_bytes(draw(small))
        (FAILURES / f"{seed}-small.txt").write_text(f"{fails(seed, small)}\n\n{small}\n", "utf-8")
    return f"{error}\nWritten to {FAILURES}/{seed}*. Again: make soak SOAK_SEEDS={seed}-{seed}"


def play_cases(seeds: list[int]) -> Result:
    """Play some walks through the product's own procedures."""
    played, failed = Played(), []
    for seed in seeds:
        with TemporaryDirectory() as folder:
            steps, faults = walk_through(Path(folder), seed)
        played.add(Played(steps, 1))
        if faults:
            failed.append(f"case {seed}:\n{faults}\nAgain: make soak SOAK_CASES={seed}-{seed}")
    return played, failed


if __name__ == "__main__":
    sys.exit(main())
