"""All measurements in one run: `python -m bench`, or `make bench`."""

from __future__ import annotations

from bench import case_page, expressions, http, letters, step, timers


def main() -> None:
    """Measure everything, one after the other."""
    for part in (step, expressions, timers, http, case_page, letters):
        part.main()
        print()


if __name__ == "__main__":
    main()
