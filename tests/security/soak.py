"""The long form of the attacks on pages: `python -m tests.security.soak --seed 7 --minutes 10`.

Prints how many requests were sent and how they were answered. A failure prints the request, byte for byte, and the seed
that finds it again.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.security.attack import attacks, check
from tests.security.place import place

ROUND = 200


def main(arguments: list[str] | None = None) -> int:
    """Attack until the time is over. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=10)
    asked = parser.parse_args(arguments)
    here, answers = place(), Counter[int]()
    ends, number = time.monotonic() + asked.minutes * 60, asked.seed
    while time.monotonic() < ends:

        @seed(number)
        @settings(
            max_examples=ROUND,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
        )
        @given(data=st.data())
        def attack(data: st.DataObject) -> None:
            answers.update(check(here, data.draw(attacks(here))))

        try:
            attack()
        except Exception:
            print(f"Found with --seed {number}:")
            raise
        number += 1
    told = ", ".join(f"{status}: {count}" for status, count in sorted(answers.items()))
    print(f"attacks on pages: {sum(answers.values())} requests, seeds {asked.seed} to {number - 1}, no fault ({told})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
