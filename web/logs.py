"""What the program writes to its log: what happened and where, never with which values.

Each event is one line, as text or as JSON, with the ids of what it is about. An error's own words may hold what
somebody typed or who a case is about: its kind, and the way to the line that raised it, say enough to find a fault.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import TextIO

FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"

ABOUT = ("case_id", "instance_id", "outbox_id", "task_id", "status", "milliseconds", "endpoint", "error", "work")
"""What an event may be about: the names that `extra` carries."""

OURS = ("engine", "handlers", "letters", "web")

Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Discreet(logging.Formatter):
    """Formats a record; of an exception it tells the kinds and the places, and no words."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        """Return the line of an event, with the ids after its words."""
        about = " ".join(f"{key}={value}" for key, value in _about(record).items())
        return super().formatMessage(record) + (f" ({about})" if about else "")

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


class JsonLines(Discreet):
    """JSON, one object a line, for a program that collects it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of an event; where an exception came from is one of its fields, so that it stays one line."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **_about(record),
        }
        if record.exc_info:
            line["raised"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def set_up(stream: TextIO | None = None, *, as_json: bool = False) -> None:
    """Let the whole program log to a stream, the error stream unless told otherwise.

    As text for a person who looks on: warnings and worse. As JSON for a program: what we did, too.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if as_json else Discreet(FORMAT))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO if as_json else logging.NOTSET)
    threading.excepthook = _thread_failed


def _thread_failed(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        raised = (args.exc_type, args.exc_value, args.exc_traceback)
        logging.getLogger(__name__).error("A thread failed", exc_info=raised)


def _about(record: logging.LogRecord) -> dict[str, object]:
    given = {key: record.__dict__[key] for key in ABOUT if key in record.__dict__}
    return {key: value for key, value in given.items() if value is not None}


def _told(error: BaseException) -> list[str]:
    places = traceback.extract_tb(error.__traceback__)
    kind = type(error)
    return [f"  {place.filename}:{place.lineno} in {place.name}" for place in places] + [
        f"{kind.__module__}.{kind.__qualname__}"
    ]
