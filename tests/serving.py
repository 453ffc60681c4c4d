"""Serve pages on a free port from a thread, and stop without leaving a request behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import waitress
from flask import Flask
from waitress import wasyncore


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve `app` while the block runs; lends its address. Requests under way are answered before it stops."""
    channels: dict[int, Any] = {}
    server: Any = waitress.create_server(app, host="127.0.0.1", port=0, map=channels)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.task_dispatcher.shutdown()
        # The loop closes its own sockets: closed from here, it would still be waiting on them.
        server.trigger.pull_trigger(lambda: wasyncore.close_all(channels, ignore_all=True))
        thread.join(timeout=5)
