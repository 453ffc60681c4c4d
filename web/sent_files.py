"""What a browser sends with files: when it is too much at once, the files are dropped and what was typed is kept."""

from __future__ import annotations

from io import BytesIO
from typing import IO, Any, cast

import flask
from flask import request


class Request(flask.Request):
    """A request that drops its files when all that was sent is larger than `most_of_files`."""

    most_of_files: int | None = None
    has_dropped = False

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._opened: list[IO[bytes]] = []

    def close(self) -> None:
        """Close every file that was opened, also those that came before what the request was refused for."""
        super().close()
        for stream in self._opened:
            stream.close()

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        if self.most_of_files is not None and (total_content_length or 0) > self.most_of_files:
            self.has_dropped = True
            return _Nowhere()
        stream = super()._get_file_stream(total_content_length, content_type, filename, content_length)
        self._opened.append(stream)
        return stream


class _Nowhere(BytesIO):
    """A file that keeps nothing."""

    def write(self, data: object, /) -> int:
        """Forget what is written."""
        return len(data)  # type: ignore[arg-type]


def why_dropped() -> str:
    """Return why the files of this request were dropped, as a sentence for beside the question; empty if none were."""
    asked = cast(Request, request)
    if not asked.has_dropped:
        return ""
    return (
        f"The files are larger than {(asked.most_of_files or 0) // 1_000_000} MB together, so none was attached. "
        "What you typed is kept. Attach fewer files at a time, or smaller copies"
    )
