"""What the program writes to its log: what happened and where, never with which values.

An error's own words may hold what somebody typed or who a case is about. Its kind, and the way to the line that raised
it, say enough to find a fault; the values stay in the database.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from types import TracebackType
from typing import TextIO

FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"

Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Discreet(logging.Formatter):
    """Formats a record; of an exception it tells the kinds and the places, and no words."""

    def formatException(self, ei: Raised) -> str:  # noqa: N802 - the library's name
        """Return the exception with those that led to it, the first first."""
        chain: list[BaseException] = []
        error = ei[1]
        while error is not None and error not in chain:
            chain.insert(0, error)
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n".join(line for one in chain for line in _told(one))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 - the library's name
        """Return a stack: places only, by their nature."""
        return stack_info


def set_up(stream: TextIO | None = None) -> None:
    """Let the whole program log to a stream, the error stream unless told otherwise, warnings and worse."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Discreet(FORMAT))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    threading.excepthook = _thread_failed


def _thread_failed(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        raised = (args.exc_type, args.exc_value, args.exc_traceback)
        logging.getLogger(__name__).error("A thread failed", exc_info=raised)


def _told(error: BaseException) -> list[str]:
    places = traceback.extract_tb(error.__traceback__)
    kind = type(error)
    return [f"  {place.filename}:{place.lineno} in {place.name}" for place in places] + [
        f"{kind.__module__}.{kind.__qualname__}"
    ]
